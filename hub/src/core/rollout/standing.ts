/** What each node was told to run, and the hub itself runs: what a hub must find again to say the same after a restart. */
import type { Millis } from "@interactor/shared/kernel/units";
import type { Target } from "@interactor/shared/wire/messages/plan";

/** A plan, by the revision that it is of. Revision 0: nothing at all. */
export interface Stand {
  readonly revision: number;
  readonly digest: string;
}

/** Until when a node waits with what it has prepared. */
export type Hold = Exclude<Target["hold"], { readonly kind: "none" }>;

export interface NodeStanding extends Stand {
  /** It was told to wait with it. Missing: it need not. */
  readonly hold?: Hold;
  /** What it had before the newest rollout told it something else: it gets that back when that is taken back. */
  readonly before?: Stand;
}

export interface Standing {
  /** The hub's own part: routes between nodes, groups, zones. */
  readonly hub: { readonly revision: number; readonly before: number };
  /** How long nodes have to be well with what they are told. */
  readonly probation: Millis;
  readonly nodes: Readonly<Record<string, NodeStanding>>;
  /** The newest revision that had begun its way by then. Missing: none had, or an older hub wrote it. */
  readonly rollout?: number;
}

/** What a site says of its nodes. */
export interface PlanDigests {
  readonly nodes: ReadonlyMap<string, { readonly digest: string }>;
}

export interface NodeChanges {
  /** By node: the digest that it is to come to. */
  readonly changed: ReadonlyMap<string, string>;
  /** They have it already, from an earlier revision. */
  readonly same: ReadonlyMap<string, string>;
  /** By node that has to change: the revision that it runs, or is on its way to. */
  readonly runs: ReadonlyMap<string, number>;
}

/**
 * Who has to do something for a site. A node that some revision named and this one does not is told to run nothing; one
 * that none ever named is let alone. `isDone`: it came to what it was told last; `wentBack`: it will not.
 */
export function changesFor(
  site: PlanDigests,
  standing: ReadonlyMap<string, NodeStanding>,
  {
    emptyDigest,
    isDone,
    wentBack = () => false,
  }: {
    readonly emptyDigest: string;
    readonly isDone: (node: string) => boolean;
    readonly wentBack?: (node: string) => boolean;
  },
): NodeChanges {
  const changed = new Map<string, string>();
  const same = new Map<string, string>();
  const runs = new Map<string, number>();
  for (const node of new Set([...site.nodes.keys(), ...standing.keys()])) {
    const digest = site.nodes.get(node)?.digest ?? emptyDigest;
    const stand = standing.get(node);
    if (stand?.digest === digest && isDone(node)) same.set(node, digest);
    else {
      changed.set(node, digest);
      // Who does not come to what it was told has what it had before.
      runs.set(node, (wentBack(node) ? (stand?.before ?? stand) : stand)?.revision ?? 0);
    }
  }
  return { changed, same, runs };
}
