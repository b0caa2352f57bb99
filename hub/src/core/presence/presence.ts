/**
 * Which nodes are there. A node is known from its first birth. A death counts only when it is of the life and
 * the connection that is current: the will of a connection that was taken over arrives after the new birth.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import type { Micros } from "@interactor/shared/kernel/units";
import { nodesMax } from "@interactor/shared/wire/limits";
import type { Reported } from "@interactor/shared/wire/messages/reported";
import type { Birth, Death } from "@interactor/shared/wire/messages/state";

export interface NodePresence {
  readonly node: string;
  readonly state: "ready" | "lost" | "stopped";
  readonly birth: Birth;
  readonly reported: Reported | undefined;
}

export type PresenceState = ReadonlyMap<string, NodePresence>;

export type PresenceEvent =
  | { readonly kind: "birth"; readonly node: string; readonly birth: Birth }
  | { readonly kind: "death"; readonly node: string; readonly death: Death }
  | { readonly kind: "reported"; readonly node: string; readonly reported: Reported };

export type PresenceEffect =
  | { readonly kind: "born"; readonly node: string; readonly isNewLife: boolean }
  /** A new life of the same unit, although nobody said that the old one was gone. */
  | { readonly kind: "taken-over"; readonly node: string; readonly unit: string }
  | { readonly kind: "gone"; readonly node: string; readonly state: "lost" | "stopped" };

export type PresenceRefusal = "stale-session" | "unborn" | "too-many-nodes";

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
      return put(state, { ...known, reported: event.reported }, []);
    default:
      return unreachable(event);
  }
}

function born(
  state: PresenceState,
  known: NodePresence | undefined,
  { node, birth }: Extract<PresenceEvent, { kind: "birth" }>,
): PresenceStep {
  if (known === undefined && state.size >= nodesMax) return { ok: false, refusal: "too-many-nodes" };
  const isSameLife = known?.birth.session === birth.session;
  if (isSameLife && birth.connection < known.birth.connection) return { ok: false, refusal: "stale-session" };
  const reported = isSameLife ? known.reported : undefined;
  // Said again on the same connection, because an instance has other ports now: nobody was away.
  const isSaidAgain = isSameLife && known.state === "ready" && birth.connection === known.birth.connection;
  const effects: PresenceEffect[] = isSaidAgain ? [] : [{ kind: "born", node, isNewLife: !isSameLife }];
  if (!isSameLife && known?.state === "ready") effects.push({ kind: "taken-over", node, unit: birth.unit });
  return put(state, { node, state: "ready", birth, reported }, effects);
}

function died(
  state: PresenceState,
  known: NodePresence | undefined,
  { node, death }: Extract<PresenceEvent, { kind: "death" }>,
): PresenceStep {
  if (known === undefined) return { ok: false, refusal: "unborn" };
  const { session, connection } = known.birth;
  if (death.session !== session || death.connection !== connection)
    return { ok: false, refusal: "stale-session" };
  if (known.state === death.reason) return put(state, known, []);
  return put(state, { ...known, state: death.reason }, [{ kind: "gone", node, state: death.reason }]);
}

function put(state: PresenceState, presence: NodePresence, effects: readonly PresenceEffect[]): PresenceStep {
  return { ok: true, state: new Map(state).set(presence.node, presence), effects };
}

/** Instances that a node has now and did not have before. */
export function newInstances(birth: Birth, before: Birth | undefined): ReadonlySet<string> {
  const known = before?.instances ?? {};
  return new Set(Object.keys(birth.instances).filter((name) => !Object.hasOwn(known, name)));
}

/** When a node was last heard of, kept apart because every message touches it. */
export class LastSeen {
  readonly #at = new Map<string, Micros>();

  heard(node: string, at: Micros): void {
    this.#at.set(node, at);
  }

  of(node: string): Micros | undefined {
    return this.#at.get(node);
  }
}
