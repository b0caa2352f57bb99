import type { Birth } from "@interactor/shared/wire/messages/state";

/** Instances that a node has now and did not have before. */
export function newInstances(birth: Birth, before: Birth | undefined): ReadonlySet<string> {
  const known = before?.instances ?? {};
  return new Set(Object.keys(birth.instances).filter((name) => !Object.hasOwn(known, name)));
}
