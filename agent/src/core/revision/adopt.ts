/** Whether a desired document may be taken over, and what runs then. */
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import { prepareRoute, type RouteRunner } from "@interactor/shared/routing/run-route";
import { type Desired, decodeDesired } from "@interactor/shared/wire/messages/desired";

export interface Adoption {
  readonly desired: Desired;
  readonly runners: readonly RouteRunner[];
}

/** Before the first document: nothing is desired, which is not the same as an empty document. */
export const nothingDesired: Desired = { v: 1, revision: 0, digest: "", routes: [] };

/** `same`: it runs already and nothing is restarted; else words for a log and a counter. */
export function adopt(document: Uint8Array, running: Desired): Result<Adoption, string> {
  const decoded = decodeDesired(document);
  if (!decoded.ok) return failed(decoded.error);
  const desired = decoded.value;
  if (desired.digest === running.digest && desired.revision === running.revision) return failed("same");
  const runners: RouteRunner[] = [];
  for (const route of desired.routes) {
    const prepared = prepareRoute(route);
    if (!prepared.ok) return failed("wrong-expression");
    runners.push(prepared.value);
  }
  return ok({ desired, runners });
}
