/** The steps towards a revision: what each asks of the shell, and until when. */
import { type Instant, later, millis } from "@interactor/shared/kernel/units";
import {
  type ApplyEffect,
  type ApplyState,
  type ApplyStep,
  type Awaited,
  contentOf,
  heldMax,
  type Kept,
  type KeptContent,
  type Phase,
  prepareMax,
  probeGrace,
  switchMax,
  writeMax,
} from "./apply-state.ts";

const stay = (state: ApplyState, ...effects: ApplyStep["effects"]): ApplyStep => ({ state, effects });

/** Of a way that is left before it touched anything. */
export function drop({ phase }: ApplyState): readonly ApplyEffect[] {
  const isUnderWay =
    phase.kind === "fetching" ||
    phase.kind === "verifying" ||
    phase.kind === "held" ||
    phase.kind === "preparing";
  return isUnderWay ? [{ kind: "drop", target: contentOf(phase.target) }] : [];
}

/** Without an attempt of its own: nothing is asked, and what an earlier one still answers means nothing. */
export function hold(state: ApplyState, target: Awaited, why: "mode" | "group", at: Instant): ApplyStep {
  const phase: Phase = { kind: "held", why, target, until: later(at, heldMax) };
  return stay({ ...state, phase, attempt: state.attempt + 1 });
}

export function prepare(state: ApplyState, target: Awaited, at: Instant): ApplyStep {
  const attempt = state.attempt + 1;
  const phase: Phase = { kind: "preparing", target, until: later(at, prepareMax) };
  return stay({ ...state, phase, attempt }, { kind: "prepare", attempt, target });
}

/** From here on a power cut leads to the new revision, under probation, or to the old one. */
export function apply(state: ApplyState, target: Awaited, at: Instant): ApplyStep {
  const attempt = state.attempt + 1;
  const { current } = state.kept;
  const kept: Kept = {
    ...state.kept,
    current: withGroup(target, state.kept),
    previous: current,
    starts: 1,
    isWithdrawn: false,
    awaited: target,
    vote: undefined,
    over: state.vote.over,
  };
  const phase: Phase = { kind: "applying", step: "writing", target, until: later(at, writeMax) };
  return stay({ ...state, phase, attempt, kept }, { kind: "write", attempt, kept });
}

/** One of its group that it had to leave, and has again, may not be left for another one either. */
function withGroup(target: Awaited, { isWithdrawn, broken }: Kept): KeptContent {
  const again = isWithdrawn && broken?.digest === target.digest ? broken.group : undefined;
  const group = target.hold.kind === "group" ? target.hold.group : again;
  return { ...contentOf(target), ...(group !== undefined && { group }) };
}

export function change(state: ApplyState, target: Awaited, at: Instant): ApplyStep {
  const attempt = state.attempt + 1;
  const phase: Phase = { kind: "applying", step: "switching", target, until: later(at, switchMax) };
  return stay({ ...state, phase, attempt }, { kind: "switch", attempt, to: contentOf(target) });
}

export function probe(state: ApplyState, target: Awaited, at: Instant): ApplyStep {
  const attempt = state.attempt + 1;
  const until = later(at, millis(target.probation + probeGrace));
  return stay(
    { ...state, phase: { kind: "probing", target, until }, attempt },
    { kind: "probe", attempt, target },
  );
}
