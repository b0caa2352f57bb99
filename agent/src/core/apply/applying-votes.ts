/** What the change-over of a group means for the revision that waits for it. */
import { unreachable } from "@interactor/shared/kernel/assert";
import type { Instant } from "@interactor/shared/kernel/units";
import type { ApplyEvent, ApplyState, ApplyStep, Kept } from "./apply-state.ts";
import { apply } from "./going-forward.ts";
import { stepVote, type VoteEffect, type VoteEvent } from "./group-vote.ts";

const stay = (state: ApplyState, ...effects: ApplyStep["effects"]): ApplyStep => ({ state, effects });

type FromWire = Extract<ApplyEvent, { kind: "vote-written" | "vote-not-written" | "word" | "connected" }>;

export function voteEventOf({ phase }: ApplyState, event: FromWire): VoteEvent {
  switch (event.kind) {
    case "vote-written": {
      const { round, outcome } = event.vote;
      return { kind: "written", id: round.id, outcome, clock: event.clock, at: event.at };
    }
    case "vote-not-written":
      return { kind: "not-written", id: event.vote.round.id, at: event.at };
    case "connected":
      return event;
    case "word": {
      const { word } = event;
      const isWaiting = phase.kind === "held" && phase.why === "group" && phase.target.hold.kind === "group";
      const isPrepared =
        isWaiting &&
        word.kind === "propose" &&
        word.round.revision === phase.target.revision &&
        phase.target.hold.kind === "group" &&
        word.round.group === phase.target.hold.group;
      return { ...event, isPrepared };
    }
    default:
      return unreachable(event);
  }
}

export function voted(state: ApplyState, event: VoteEvent, at: Instant): ApplyStep {
  const { state: vote, effects } = stepVote(state.vote, event);
  let step = stay({ ...state, vote });
  for (const effect of effects) {
    const next = voteEffect(step.state, effect, at);
    step = stay(next.state, ...step.effects, ...next.effects);
  }
  return step;
}

function voteEffect(state: ApplyState, effect: VoteEffect, at: Instant): ApplyStep {
  const { phase } = state;
  switch (effect.kind) {
    case "write": {
      const awaited = phase.kind === "held" ? phase.target : undefined;
      const kept: Kept = { ...state.kept, vote: effect.kept, awaited };
      return stay({ ...state, kept }, { kind: "write-vote", vote: effect.kept, kept });
    }
    case "say":
    case "suspend":
      return stay(state, effect);
    case "switch":
      return phase.kind === "held" ? apply(state, phase.target, at) : stay(state);
    case "resume": {
      const kept: Kept = { ...state.kept, vote: undefined, awaited: undefined, over: state.vote.over };
      // One that was withdrawn before runs nothing still: the old one must not come back beside the others' new one.
      const resume = kept.isWithdrawn ? [] : [{ kind: "resume" } as const];
      return stay({ ...state, kept }, { kind: "keep", kept }, ...resume);
    }
    default:
      return unreachable(effect);
  }
}
