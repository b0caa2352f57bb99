/**
 * The link to the hub as a state machine. One attempt at a time; every attempt has a number, because what an
 * old one still has to say must not be taken for the new one.
 */
import { unreachable } from "@interactor/shared/kernel/assert";

export type LinkState =
  | { readonly kind: "idle"; readonly connection: number }
  | { readonly kind: "connecting"; readonly connection: number }
  | { readonly kind: "up"; readonly connection: number }
  | { readonly kind: "waiting"; readonly connection: number }
  | { readonly kind: "stopped"; readonly connection: number };

export type LinkEvent =
  | { readonly kind: "start" }
  | { readonly kind: "connected"; readonly connection: number }
  | { readonly kind: "closed"; readonly connection: number; readonly reason: string }
  | { readonly kind: "retry-due" }
  | { readonly kind: "stop" };

export type LinkEffect =
  | { readonly kind: "open"; readonly connection: number }
  /** Birth, reported, and everything that waits. */
  | { readonly kind: "announce"; readonly connection: number }
  | { readonly kind: "lost"; readonly reason: string; readonly wasUp: boolean }
  | { readonly kind: "retry-later" }
  | { readonly kind: "say-goodbye" };

export interface LinkStep {
  readonly state: LinkState;
  readonly effects: readonly LinkEffect[];
}

export const linkAtStart: LinkState = { kind: "idle", connection: 0 };

export function stepLink(state: LinkState, event: LinkEvent): LinkStep {
  switch (event.kind) {
    case "start":
      return state.kind === "idle" ? open(state) : stay(state);
    case "connected":
      if (state.kind !== "connecting" || event.connection !== state.connection) return stay(state);
      return {
        state: { kind: "up", connection: state.connection },
        effects: [{ kind: "announce", connection: state.connection }],
      };
    case "closed":
      return closed(state, event);
    case "retry-due":
      return state.kind === "waiting" ? open(state) : stay(state);
    case "stop":
      return {
        state: { kind: "stopped", connection: state.connection },
        effects: state.kind === "up" ? [{ kind: "say-goodbye" }] : [],
      };
    default:
      return unreachable(event);
  }
}

const stay = (state: LinkState): LinkStep => ({ state, effects: [] });

function open(state: LinkState): LinkStep {
  const connection = state.connection + 1;
  return { state: { kind: "connecting", connection }, effects: [{ kind: "open", connection }] };
}

function closed(state: LinkState, event: Extract<LinkEvent, { kind: "closed" }>): LinkStep {
  if (event.connection !== state.connection) return stay(state);
  if (state.kind !== "connecting" && state.kind !== "up") return stay(state);
  return {
    state: { kind: "waiting", connection: state.connection },
    effects: [{ kind: "lost", reason: event.reason, wasUp: state.kind === "up" }, { kind: "retry-later" }],
  };
}
