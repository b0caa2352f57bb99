/** The way back to the last revision that was well, and what a start makes of one that has not proved itself. */
import { type Instant, later } from "@interactor/shared/kernel/units";
import {
  type ApplyEvent,
  type ApplyState,
  type ApplyStep,
  type Content,
  contentOf,
  isSameContent,
  type Kept,
  type Phase,
  probationStartsMax,
  type RollBackCode,
  switchMax,
  writeMax,
} from "./apply-state.ts";
import { drop } from "./going-forward.ts";

/** The node was started while `current` was under probation: another try, until it is clear that it ends the node. */
export function begun(state: ApplyState, current: Content, starts: number, at: Instant): ApplyStep {
  const { awaited } = state.kept;
  const attempt = state.attempt + 1;
  const until = later(at, writeMax);
  if (awaited === undefined || starts >= probationStartsMax) {
    const reason = `the node was started ${starts} times before it had proved itself`;
    return goBackFrom(state, current, { code: "START_LOOP", reason }, at);
  }
  const kept: Kept = { ...state.kept, starts: starts + 1 };
  const phase: Phase = { kind: "applying", step: "writing", target: awaited, until };
  return { state: { ...state, kept, phase, attempt }, effects: [{ kind: "write", attempt, kept }] };
}

export function goBack(state: ApplyState, code: RollBackCode, reason: string, at: Instant): ApplyStep {
  const { phase } = state;
  if (phase.kind === "idle") return { state, effects: [] };
  return goBackFrom(state, contentOf(phase.target), { code, reason }, at);
}

/**
 * It had proved itself, and does not hold. What is on its way is left to come, and whether this goes on is told again
 * after a while; what waits for people, or for another try, may do so for weeks, and is begun anew after the way back.
 * Others of its group run it: none of them may leave it alone.
 */
export function escalated(
  state: ApplyState,
  { current, reason, at }: Extract<ApplyEvent, { kind: "escalated" }>,
): ApplyStep {
  const { phase, kept, vote } = state;
  const isOver = !mayLeave(phase) || !isSameContent(kept.current, current);
  if (isOver || kept.previous === undefined || vote.vote.kind !== "free" || groupOf(kept) !== undefined)
    return { state, effects: [] };
  const next = state.next ?? waitingIn(phase);
  const back = goBackFrom({ ...state, next }, contentOf(current), { code: "CRASH_LOOP", reason }, at);
  return { state: back.state, effects: [...drop(state), ...back.effects] };
}

const mayLeave = (phase: Phase): boolean =>
  phase.kind === "applied" || phase.kind === "rejected" || (phase.kind === "held" && phase.why === "mode");

function waitingIn(phase: Phase): ApplyState["next"] {
  if (phase.kind === "held") return phase.target;
  return phase.kind === "rejected" ? phase.again : undefined;
}

interface Why {
  readonly code: RollBackCode;
  readonly reason: string;
}

function goBackFrom(state: ApplyState, target: Content, why: Why, at: Instant): ApplyStep {
  const attempt = state.attempt + 1;
  // Others of its group may run the new one: the old one must not run beside it.
  const group = groupOf(state.kept);
  const isWithdrawn = group !== undefined;
  const kept: Kept = {
    ...state.kept,
    current: state.kept.previous,
    previous: undefined,
    starts: undefined,
    isWithdrawn,
    broken: { ...target, ...why, ...(group !== undefined && { group }) },
    awaited: undefined,
  };
  const phase: Phase = { kind: "going-back", step: "writing", target, ...why, until: later(at, writeMax) };
  return {
    state: { ...state, phase, attempt, kept },
    effects: [
      ...(isWithdrawn ? [{ kind: "suspend", isInDoubt: false } as const] : []),
      { kind: "write", attempt, kept },
    ],
  };
}

/** An agent of before wrote it only while it was on its way. */
const groupOf = ({ current, awaited }: Kept): string | undefined =>
  current?.group ?? (awaited?.hold.kind === "group" ? awaited.hold.group : undefined);

/** On disk or not: what runs now is worse than what ran before. */
export function beginSwitchingBack(
  state: ApplyState,
  phase: Extract<Phase, { kind: "going-back" }>,
  at: Instant,
): ApplyStep {
  const attempt = state.attempt + 1;
  const { current, isWithdrawn } = state.kept;
  return {
    state: { ...state, attempt, phase: { ...phase, step: "switching", until: later(at, switchMax) } },
    effects: [
      { kind: "switch", attempt, to: isWithdrawn || current === undefined ? undefined : contentOf(current) },
    ],
  };
}

export function rolledBack(state: ApplyState): ApplyStep {
  const { broken } = state.kept;
  if (broken === undefined) return { state, effects: [] };
  const { code, reason } = broken;
  const phase: Phase = { kind: "rolled-back", target: contentOf(broken), code, reason };
  return { state: { ...state, phase, attempt: state.attempt + 1 }, effects: [] };
}
