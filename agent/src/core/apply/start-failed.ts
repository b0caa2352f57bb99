/** What was confirmed does not start: its files are damaged. Nothing runs, and nobody may be told that it does. */
import type { Instant } from "@interactor/shared/kernel/units";
import { type ApplyState, type ApplyStep, contentOf, type Phase } from "./apply-state.ts";
import { goBack } from "./going-back.ts";
import { drop } from "./going-forward.ts";

const stay = (state: ApplyState, ...effects: ApplyStep["effects"]): ApplyStep => ({ state, effects });

interface Failure {
  readonly reason: string;
  readonly at: Instant;
}

export function startFailed(before: ApplyState, { reason, at }: Failure): ApplyStep {
  const state: ApplyState = { ...before, startAttempt: undefined, isDown: true };
  const { phase } = state;
  switch (phase.kind) {
    case "applied":
      return state.kept.previous === undefined
        ? nothingWhole(state, reason)
        : goBack(state, "DAMAGED", reason, at);
    case "rolled-back": {
      // It stays known what was broken: the hub that still desires it must not have it tried for ever.
      const words = `${phase.reason}; and what ran before it cannot be brought up: ${reason}`;
      return stay({ ...state, phase: { ...phase, reason: words }, attempt: state.attempt + 1 });
    }
    case "fetching":
    case "verifying":
    case "held":
    case "preparing":
      return aside(state, phase.target, { reason, at });
    case "rejected":
      return aside(state, phase.again, { reason, at });
    default:
      // What takes its place is begun already.
      return stay(state);
  }
}

/** The one before runs first; what came meanwhile is begun after it. Without one, what came is the next hope. */
function aside(state: ApplyState, next: ApplyState["next"], { reason, at }: Failure): ApplyStep {
  const { current, previous } = state.kept;
  if (current === undefined || previous === undefined || state.vote.vote.kind !== "free") return stay(state);
  const applied: Phase = { kind: "applied", target: contentOf(current) };
  const back = goBack({ ...state, phase: applied, next: state.next ?? next }, "DAMAGED", reason, at);
  return stay(back.state, ...drop(state), ...back.effects);
}

/** The record stays as it is: what cannot be read now may be read at the next start. */
function nothingWhole(state: ApplyState, reason: string): ApplyStep {
  const { current } = state.kept;
  if (current === undefined) return stay(state);
  const phase: Phase = { kind: "rolled-back", target: contentOf(current), code: "DAMAGED", reason };
  return stay({ ...state, phase, attempt: state.attempt + 1 });
}
