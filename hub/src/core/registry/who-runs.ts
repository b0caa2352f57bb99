/** Who runs what: what the hub wants of each node, and what the node says of itself. */
import type { RunningModule } from "@interactor/shared/bundle/registry-api";
import { isHere } from "@interactor/shared/wire/node-state";
import type { NodePresence } from "../presence/presence.ts";

export interface WantedModule {
  readonly instance: string;
  readonly module: string;
  readonly version: string;
}

/** Instances of these modules, or of all, in the order of nodes and their names. */
export function whoRuns(
  wanted: ReadonlyMap<string, readonly WantedModule[]>,
  presences: ReadonlyMap<string, NodePresence>,
  modules?: ReadonlySet<string>,
): readonly RunningModule[] {
  const isAsked = (module: string): boolean => modules?.has(module) !== false;
  const nodes = [...new Set([...wanted.keys(), ...presences.keys()])].toSorted();
  return nodes.flatMap((node) => {
    const presence = presences.get(node);
    const there = presence !== undefined && isHere(presence.state);
    const found = new Map<string, RunningModule>();
    for (const [instance, { module, version }] of Object.entries(presence?.birth.instances ?? {})) {
      const state = own(presence?.reported?.instances, instance)?.state;
      found.set(`${instance} ${module}`, {
        module,
        node,
        instance,
        version,
        there,
        ...(state === undefined ? {} : { state }),
      });
    }
    for (const { instance, module, version } of wanted.get(node) ?? []) {
      const key = `${instance} ${module}`;
      found.set(key, { module, node, instance, there, ...found.get(key), wanted: version });
    }
    return [...found.values()]
      .filter(({ module }) => isAsked(module))
      .toSorted((left, right) => (left.instance < right.instance ? -1 : 1));
  });
}

/** An instance may be called `constructor`. */
const own = <Value>(record: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined =>
  record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
