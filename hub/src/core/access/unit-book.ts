/**
 * Which unit fills which node, also while it is away: a node is a role, and a card that was cloned or a name that was
 * given twice must not take it over because the right one happens to be off. The first that comes is the one; somebody
 * who swaps lets another in.
 */
import { nodesMax } from "@interactor/shared/wire/limits";

/** The unit that fills a node; or the one that was taken out of it, and any other may come. */
export type KeptUnit = { readonly unit: string } | { readonly not: string };
export type KeptUnits = Readonly<Record<string, KeptUnit>>;

/** Nodes that are remembered. More: the one that was learnt first is evicted, and its next unit is the one. */
const remembered = 2 * nodesMax;

export class UnitBook {
  readonly #isAny: boolean;
  readonly #nodes: Map<string, KeptUnit>;

  /** `isAny`: every unit may fill every node. */
  constructor(kept: KeptUnits, isAny: boolean) {
    this.#nodes = new Map(Object.entries(kept));
    this.#isAny = isAny;
  }

  get kept(): KeptUnits {
    return Object.fromEntries(this.#nodes);
  }

  /** The unit that fills a node, or would if it were here. */
  unitOf(node: string): string | undefined {
    const known = this.#nodes.get(node);
    return known !== undefined && "unit" in known ? known.unit : undefined;
  }

  /** Why a unit may not fill a node; `undefined`: it may. */
  refusal(node: string, unit: string): string | undefined {
    const known = this.#nodes.get(node);
    if (known === undefined || this.#isAny) return undefined;
    if ("not" in known) {
      if (unit !== known.not) return undefined;
      return `unit ${unit} was taken out of node "${node}" by a swap, and was refused`;
    }
    if (unit === known.unit) return undefined;
    return `node "${node}" is filled by unit ${known.unit}, also while that is away; unit ${unit} was refused: is its card a copy? \`interactor node swap ${node}\` lets another unit in`;
  }

  /** It may take the node over from one that is here. */
  isAwaited(node: string, unit: string, here: string): boolean {
    const known = this.#nodes.get(node);
    if (known === undefined || unit === here) return false;
    return "not" in known ? known.not === here : known.unit === unit;
  }

  /** A unit fills a node. Returns whether that is news. */
  born(node: string, unit: string): boolean {
    if (this.unitOf(node) === unit) return false;
    if (!this.#nodes.has(node) && this.#nodes.size >= remembered) {
      const [first] = this.#nodes.keys();
      if (first !== undefined) this.#nodes.delete(first);
    }
    this.#nodes.set(node, { unit });
    return true;
  }

  /** Lets another unit in: this one, or any but the one that fills the node now. Fails for a node that nobody filled. */
  swap(node: string, here: string | undefined, unit: string | undefined): boolean {
    const old = here ?? this.unitOf(node);
    if (old === undefined && !this.#nodes.has(node)) return false;
    if (unit !== undefined) this.#nodes.set(node, { unit });
    else if (old !== undefined) this.#nodes.set(node, { not: old });
    return true;
  }

  /** Returns whether that is news. */
  forget(node: string): boolean {
    return this.#nodes.delete(node);
  }
}
