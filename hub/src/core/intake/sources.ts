/** What stands behind an address that a node sends values of: looked up once for each of its lives. */
import type { Delivery, PortSpec } from "@interactor/shared/wire/messages/port";
import { findPort } from "@interactor/shared/wire/messages/port";
import type { Birth } from "@interactor/shared/wire/messages/state";
import { parsePortAddress, siteAddress } from "@interactor/shared/wire/names";
import type { ValueType } from "@interactor/shared/wire/value";

export interface Source {
  readonly node: string;
  /** `node/instance/port` */
  readonly address: string;
  readonly type: ValueType;
  readonly unit: string;
  readonly isOutput: boolean;
  readonly deliver: Delivery;
  /** What it gives lasts until the next value, and is kept for those who come later. */
  readonly isLevel: boolean;
}

/** Sources of one node that are remembered: it has fewer. More: all are looked up again. */
const rememberedMax = 4096;

interface OfNode {
  readonly birth: Birth;
  readonly byAddress: Map<string, Source>;
}

export class Sources {
  readonly #nodes = new Map<string, OfNode>();

  /** `from` is `instance/port`, as the node says it. */
  find(node: string, birth: Birth, from: string): Source | "wrong-address" | "unknown-output" {
    let known = this.#nodes.get(node);
    if (known?.birth !== birth) this.#nodes.set(node, (known = { birth, byAddress: new Map() }));
    const found = known.byAddress.get(from);
    if (found !== undefined) return found;
    const source = sourceOf(node, birth, from);
    if (typeof source === "string") return source;
    if (known.byAddress.size >= rememberedMax) known.byAddress.clear();
    known.byAddress.set(from, source);
    return source;
  }

  forget(node: string): void {
    this.#nodes.delete(node);
  }
}

function sourceOf(node: string, birth: Birth, from: string): Source | "wrong-address" | "unknown-output" {
  const parsed = parsePortAddress(from);
  if (!parsed.ok) return "wrong-address";
  const { instance, port } = parsed.value;
  const declared = Object.hasOwn(birth.instances, instance) ? birth.instances[instance] : undefined;
  if (declared === undefined) return "unknown-output";
  const output = findPort(declared.outputs, port);
  const spec: PortSpec | undefined = output ?? findPort(declared.inputs, port);
  if (spec === undefined) return "unknown-output";
  return {
    node,
    address: siteAddress({ node, instance, port }),
    type: spec.type,
    unit: spec.unit ?? "",
    isOutput: output !== undefined,
    deliver: output?.deliver ?? "latest",
    isLevel: output?.level === true,
  };
}
