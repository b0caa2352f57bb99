/**
 * Which nodes are there. A node is known from its first birth. A death counts only when it is of the life and
 * the connection that is current: the will of a connection that was taken over arrives after the new birth.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import type { Micros } from "@interactor/shared/kernel/units";
import { nodesMax } from "@interactor/shared/wire/limits";
import type { Reported } from "@interactor/shared/wire/messages/reported";
import type { Birth, Death } from "@interactor/shared/wire/messages/state";
import { hasReported, healthOf, isHere, type NodeHealth } from "@interactor/shared/wire/node-state";

export interface NodePresence extends NodeHealth {
  readonly node: string;
  /** When it came into its state. */
  readonly since: Micros;
  readonly birth: Birth;
  /** Of the current connection. */
  readonly death: Death | undefined;
  readonly reported: Reported | undefined;
  /** Whether all its instances have once said how they are, in this life. */
  readonly hasBegun: boolean;
  /** What the hub finds wrong with it. */
  readonly problems: readonly string[];
}

export type PresenceState = ReadonlyMap<string, NodePresence>;

/** What was learnt of a node, and when. */
export type PresenceEvent = { readonly node: string; readonly at: Micros } & (
  | { readonly kind: "birth"; readonly birth: Birth }
  | { readonly kind: "death"; readonly death: Death }
  | { readonly kind: "reported"; readonly reported: Reported }
  /** What the hub finds wrong with it now; empty: nothing. */
  | { readonly kind: "problems"; readonly problems: readonly string[] }
  /** Somebody says that it will not come back. */
  | { readonly kind: "forget" }
);

export type PresenceEffect =
  | { readonly kind: "born"; readonly node: string; readonly isNewLife: boolean }
  /** A new life of the same unit, although nobody said that the old one was gone. */
  | { readonly kind: "taken-over"; readonly node: string; readonly unit: string }
  | { readonly kind: "gone"; readonly node: string }
  /** Nothing is known of it any more. */
  | { readonly kind: "forgotten"; readonly node: string }
  /** It is in another state than before. */
  | { readonly kind: "changed"; readonly presence: NodePresence };

export type PresenceRefusal = "stale-session" | "unborn" | "too-many-nodes" | "node-is-here";

export type PresenceStep =
  | { readonly ok: true; readonly state: PresenceState; readonly effects: readonly PresenceEffect[] }
  | { readonly ok: false; readonly refusal: PresenceRefusal };

export const nobody: PresenceState = new Map();

export function stepPresence(state: PresenceState, event: PresenceEvent): PresenceStep {
  const known = state.get(event.node);
  switch (event.kind) {
    case "birth":
      return born(state, known, event);
    case "death":
      return died(state, known, event);
    case "reported":
      if (known === undefined) return { ok: false, refusal: "unborn" };
      if (event.reported.session !== known.birth.session) return { ok: false, refusal: "stale-session" };
      return put(state, known, { ...known, reported: event.reported }, event.at);
    case "problems":
      if (known === undefined) return { ok: false, refusal: "unborn" };
      return put(state, known, { ...known, problems: event.problems }, event.at);
    case "forget":
      if (known === undefined) return { ok: false, refusal: "unborn" };
      if (isHere(known.state)) return { ok: false, refusal: "node-is-here" };
      return {
        ok: true,
        state: without(state, event.node),
        effects: [{ kind: "forgotten", node: event.node }],
      };
    default:
      return unreachable(event);
  }
}

/** Whether a node may come: it is known, there is room, or one that is gone gives way. */
export const hasRoomFor = (state: PresenceState, node: string): boolean =>
  state.has(node) || state.size < nodesMax || longestGone(state) !== undefined;

export const fullWords = (node: string): string =>
  `node "${node}" was refused: the site has ${nodesMax} nodes, and all are here`;

/** Of the nodes that are lost or said goodbye. One that sleeps means to come back. */
function longestGone(state: PresenceState): string | undefined {
  let longest: NodePresence | undefined;
  for (const each of state.values()) {
    if (each.state !== "lost" && each.state !== "disconnected") continue;
    if (longest === undefined || each.since < longest.since) longest = each;
  }
  return longest?.node;
}

function without(state: PresenceState, node: string): PresenceState {
  const next = new Map(state);
  next.delete(node);
  return next;
}

function born(
  state: PresenceState,
  known: NodePresence | undefined,
  { node, at, birth }: Extract<PresenceEvent, { kind: "birth" }>,
): PresenceStep {
  if (!hasRoomFor(state, node)) return { ok: false, refusal: "too-many-nodes" };
  const givesWay = known === undefined && state.size >= nodesMax ? longestGone(state) : undefined;
  const isSameLife = known?.birth.session === birth.session;
  if (isSameLife && birth.connection < known.birth.connection) return { ok: false, refusal: "stale-session" };
  const ofLife = isSameLife ? known : { reported: undefined, hasBegun: false };
  const { reported, hasBegun } = ofLife;
  const wasHere = known !== undefined && isHere(known.state);
  // Said again on the same connection, because an instance has other ports now: nobody was away.
  const isSaidAgain = isSameLife && wasHere && birth.connection === known.birth.connection;
  const effects: PresenceEffect[] = givesWay === undefined ? [] : [{ kind: "forgotten", node: givesWay }];
  if (!isSaidAgain) effects.push({ kind: "born", node, isNewLife: !isSameLife });
  if (!isSameLife && wasHere) effects.push({ kind: "taken-over", node, unit: birth.unit });
  const problems = known?.problems ?? [];
  const others = givesWay === undefined ? state : without(state, givesWay);
  return put(others, known, { node, birth, death: undefined, reported, hasBegun, problems }, at, effects);
}

function died(
  state: PresenceState,
  known: NodePresence | undefined,
  { node, at, death }: Extract<PresenceEvent, { kind: "death" }>,
): PresenceStep {
  if (known === undefined) return { ok: false, refusal: "unborn" };
  const { session, connection } = known.birth;
  if (death.session !== session || death.connection !== connection)
    return { ok: false, refusal: "stale-session" };
  // The will of a node that has said goodbye tells nothing new; a goodbye after its will tells more than that.
  if (known.death !== undefined && (death.reason === "lost" || known.death.reason === death.reason))
    return { ok: true, state, effects: [] };
  const effects: PresenceEffect[] = known.death === undefined ? [{ kind: "gone", node }] : [];
  return put(state, known, { ...known, death }, at, effects);
}

function put(
  state: PresenceState,
  before: NodePresence | undefined,
  known: Omit<NodePresence, keyof NodeHealth | "since">,
  at: Micros,
  effects: readonly PresenceEffect[] = [],
): PresenceStep {
  const hasBegun = known.hasBegun || hasReported(known.reported);
  const health = healthOf({ ...known, hasBegun });
  const isChanged = health.state !== before?.state;
  const presence = { ...known, hasBegun, ...health, since: isChanged ? at : before.since };
  const next = new Map(state).set(presence.node, presence);
  const told: readonly PresenceEffect[] = isChanged ? [...effects, { kind: "changed", presence }] : effects;
  return { ok: true, state: next, effects: told };
}

/** When a node was last heard of, kept apart because every message touches it. */
export class LastSeen {
  readonly #at = new Map<string, Micros>();

  heard(node: string, at: Micros): void {
    this.#at.set(node, at);
  }

  forget(node: string): void {
    this.#at.delete(node);
  }

  of(node: string): Micros | undefined {
    return this.#at.get(node);
  }
}
