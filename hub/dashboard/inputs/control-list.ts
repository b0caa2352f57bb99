/** The inputs of the site that get a control, grouped as people find them: by node and instance. */
import type { InputSpec } from "@interactor/shared/wire/messages/port";
import type { SiteAddress } from "@interactor/shared/wire/names";
import type { Nodes } from "../live/node-record.ts";
import { countedShownMax } from "../live/limits.ts";

export interface ControlGroup {
  /** `node/instance`. */
  readonly name: string;
  readonly controls: readonly {
    readonly address: SiteAddress;
    readonly spec: InputSpec;
    readonly label: string;
  }[];
}

export interface ControlList {
  readonly groups: readonly ControlGroup[];
  /** Those that are left out, for they are too many. */
  readonly hidden: number;
}

export function controlList(nodes: Nodes, filter: string, max: number): ControlList {
  const groups: ControlGroup[] = [];
  let total = 0;
  for (const { name: node, birth } of sortedByName(nodes.values())) {
    for (const [instance, { inputs }] of Object.entries(birth?.instances ?? {}).toSorted(byKey)) {
      const name = `${node}/${instance}`;
      const all = Object.entries(inputs)
        .flatMap(([port, spec]) => expanded(port, spec))
        .map(({ port, spec, label }) => ({ address: { node, instance, port }, spec, label }))
        .filter(({ address, label }) => `${name}/${address.port} ${label}`.toLowerCase().includes(filter));
      const controls = all.slice(0, Math.max(max - total, 0));
      total += all.length;
      if (controls.length > 0) groups.push({ name, controls });
    }
  }
  return { groups, hidden: Math.max(total - max, 0) };
}

export function sortedByName<Named extends { readonly name: string }>(named: Iterable<Named>): Named[] {
  return [...named].toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** A port that stands for a few is shown as these; one that stands for many has a screen of its own. */
function expanded(
  port: string,
  spec: InputSpec,
): { readonly port: string; readonly spec: InputSpec; readonly label: string }[] {
  const { count, label = port } = spec;
  if (count === undefined) return [{ port, spec, label }];
  if (count > countedShownMax) return [];
  return Array.from({ length: count }, (_, index) => ({
    port: `${port}${index + 1}`,
    spec,
    label: `${label} ${index + 1}`,
  }));
}

const byKey = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number =>
  left < right ? -1 : 1;
