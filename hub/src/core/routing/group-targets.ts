/** Which nodes of a group take a value. */
import { unreachable } from "@interactor/shared/kernel/assert";
import type { Random } from "@interactor/shared/kernel/random";
import type { Sample } from "@interactor/shared/routing/run-route";
import { quality } from "@interactor/shared/wire/entry";
import type { CompiledRoute, RouteGroup } from "@interactor/shared/wire/messages/desired";
import type { Origin } from "@interactor/shared/wire/origin";
import { rendezvous } from "./rendezvous.ts";

export interface Choice {
  readonly nodes: readonly string[];
  /** A node that held what this one takes over: it lets go. */
  readonly left?: string;
}

export class GroupTargets {
  readonly #random: Random;
  /** By route: whose turn it was. */
  readonly #turns = new Map<string, number>();
  /** By route without a key: the node that holds its value. */
  readonly #holders = new Map<string, string>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Routes that are gone are forgotten. */
  keep(routes: readonly CompiledRoute[]): void {
    const names = new Set(routes.map(({ name }) => name));
    for (const map of [this.#turns, this.#holders]) {
      for (const name of map.keys()) if (!names.has(name)) map.delete(name);
    }
  }

  /**
   * A broadcast goes to every node: one that is away has it wait, as with any route. The others choose among those
   * that are present; when nobody is, nobody is chosen.
   */
  choose(
    route: CompiledRoute,
    group: RouteGroup,
    key: string | undefined,
    isPresent: (node: string) => boolean,
  ): Choice {
    if (group.strategy === "broadcast") return { nodes: group.nodes };
    const present = group.nodes.filter(isPresent);
    if (present.length === 0) return { nodes: [] };
    switch (group.strategy) {
      case "round-robin": {
        // By the place in the whole list, so that a node that comes back finds its turn where it was.
        const last = this.#turns.get(route.name) ?? -1;
        const next = group.nodes.findIndex((node, index) => index > last && isPresent(node));
        const turn = next < 0 ? group.nodes.findIndex(isPresent) : next;
        this.#turns.set(route.name, turn);
        return { nodes: group.nodes.slice(turn, turn + 1) };
      }
      case "random": {
        const index = Math.floor(this.#random.next() * present.length);
        return { nodes: present.slice(index, index + 1) };
      }
      case "consistent-hash":
        return this.#hashed(route, key, present);
      default:
        return unreachable(group.strategy);
    }
  }

  #hashed(route: CompiledRoute, key: string | undefined, present: readonly string[]): Choice {
    const node = rendezvous(key ?? route.from, present);
    if (node === undefined) return { nodes: [] };
    // A route without a key has one holder; with keys a node holds what came last, whoever it was for.
    if (key !== undefined) return { nodes: [node] };
    const before = this.#holders.get(route.name);
    this.#holders.set(route.name, node);
    return before === undefined || before === node ? { nodes: [node] } : { nodes: [node], left: before };
  }
}

/** Whether one of the group takes a value, and the others do not. */
export const isOneOf = ({ strategy }: RouteGroup): boolean => strategy !== "broadcast";

/**
 * Whether all of a group of which one takes each value are told: `null` lets go, and nobody knows for certain who of them
 * holds what came before. With a key it is known, and others hold what came for theirs.
 */
export const isForAll = (
  group: RouteGroup,
  { value, quality: how }: Pick<Sample, "value" | "quality">,
  key: string | undefined,
): boolean =>
  value === null &&
  how === quality.good &&
  isOneOf(group) &&
  (group.strategy !== "consistent-hash" || key === undefined);

/** Who of a group takes an event when nobody is present yet: the same one for the same event, however often the hub begins. */
export function takerAtStart(
  { nodes, strategy }: RouteGroup,
  key: string,
  { seq, sample }: Origin,
): string | undefined {
  return strategy === "consistent-hash" ? rendezvous(key, nodes) : nodes[(seq + sample) % nodes.length];
}
