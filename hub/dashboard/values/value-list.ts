/** The rows of the value list: what is declared, and what is heard though nobody declares it any more. */
import { findPort, type PortSpec } from "@interactor/shared/wire/messages/port";
import type { InstanceDeclaration } from "@interactor/shared/wire/messages/state";
import type { SiteAddress } from "@interactor/shared/wire/names";
import { countedShownMax } from "../live/limits.ts";
import type { Nodes } from "../live/node-record.ts";

export interface ValueRow {
  readonly address: SiteAddress;
  readonly spec: PortSpec | undefined;
  readonly isInput: boolean;
}

export interface ValueGroup {
  /** `node/instance`. */
  readonly name: string;
  readonly rows: readonly ValueRow[];
}

export interface ValueList {
  readonly groups: readonly ValueGroup[];
  /** Rows that are left out, for they are too many. */
  readonly hidden: number;
}

export function valueList(
  nodes: Nodes,
  heard: Iterable<SiteAddress>,
  filter: string,
  max: number,
): ValueList {
  const byInstance = new Map<string, ValueRow[]>();
  for (const address of heard) {
    const name = `${address.node}/${address.instance}`;
    const row = heardRow(nodes, address);
    if (row === undefined) continue;
    const rows = byInstance.get(name);
    if (rows === undefined) byInstance.set(name, [row]);
    else rows.push(row);
  }
  addSilentOutputs(nodes, byInstance);
  const groups: ValueGroup[] = [];
  let total = 0;
  for (const [name, rows] of [...byInstance].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const all = rows.filter((row) => matches(row, name, filter)).toSorted(byOrder);
    const shown = withoutCrowds(all).slice(0, Math.max(max - total, 0));
    total += withoutCrowds(all).length;
    if (shown.length > 0) groups.push({ name, rows: shown });
  }
  return { groups, hidden: Math.max(total - max, 0) };
}

function heardRow(nodes: Nodes, address: SiteAddress): ValueRow | undefined {
  const declared = nodes.get(address.node)?.birth?.instances[address.instance];
  if (declared === undefined) return { address, spec: undefined, isInput: false };
  const input = findPort(declared.inputs, address.port);
  const spec = input ?? findPort(declared.outputs, address.port);
  if (spec?.count !== undefined && spec.count > countedShownMax) return undefined;
  return { address, spec, isInput: input !== undefined };
}

/** An output that has not given a value yet has its place already. */
function addSilentOutputs(nodes: Nodes, byInstance: Map<string, ValueRow[]>): void {
  for (const { name: node, birth } of nodes.values()) {
    for (const [instance, declared] of Object.entries(birth?.instances ?? {})) {
      const rows = byInstance.get(`${node}/${instance}`) ?? [];
      const heard = new Set(rows.map(({ address }) => address.port));
      const silent = silentOutputs(declared, heard).map((port) => ({
        address: { node, instance, port },
        spec: declared.outputs[port],
        isInput: false,
      }));
      if (silent.length > 0) byInstance.set(`${node}/${instance}`, [...rows, ...silent]);
    }
  }
}

function silentOutputs(declared: InstanceDeclaration, heard: ReadonlySet<string>): string[] {
  return Object.entries(declared.outputs)
    .filter(([port, { count }]) => count === undefined && !heard.has(port))
    .map(([port]) => port);
}

/**
 * A node that is away has left no declarations, only its last values: the channels of a universe would bury all
 * else. Many names that differ in their number only are such a crowd.
 */
function withoutCrowds(rows: readonly ValueRow[]): readonly ValueRow[] {
  const sizes = new Map<string, number>();
  const familyOf = ({ address }: ValueRow): string => address.port.replace(/\d+$/, "#");
  for (const row of rows) sizes.set(familyOf(row), (sizes.get(familyOf(row)) ?? 0) + 1);
  return rows.filter((row) => row.spec !== undefined || (sizes.get(familyOf(row)) ?? 0) <= countedShownMax);
}

const matches = ({ address, spec }: ValueRow, name: string, filter: string): boolean =>
  `${name}/${address.port} ${spec?.label ?? ""}`.toLowerCase().includes(filter);

/** Outputs first, then by name, `2` before `10`. */
function byOrder(left: ValueRow, right: ValueRow): number {
  if (left.isInput !== right.isInput) return left.isInput ? 1 : -1;
  return left.address.port.localeCompare(right.address.port, "en", { numeric: true });
}
