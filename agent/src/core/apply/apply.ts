/**
 * How a node comes to a revision, as a transaction: what it is on its way to stands in `apply-state.ts`. The shell does
 * what the effects say and answers; whatever it answers, in whatever order, this ends with the new revision or with the
 * last one that was well, and is ready for the next.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import { type Instant, later } from "@interactor/shared/kernel/units";
import type { Target } from "@interactor/shared/wire/messages/plan";
import {
  type ApplyEffect,
  type ApplyEvent,
  type ApplyState,
  type ApplyStep,
  type Awaited,
  contentOf,
  fetchStallMax,
  heldMax,
  isSameContent,
  keepAgainAfter,
  type Kept,
  nothingKept,
  type Phase,
  type RejectCode,
  retryAfter,
  type RollBackCode,
  verifyMax,
} from "./apply-state.ts";
import { voted, voteEventOf } from "./applying-votes.ts";
import { beginSwitchingBack, begun, escalated, goBack, rolledBack } from "./going-back.ts";
import { apply, change, drop, hold, prepare, probe } from "./going-forward.ts";
import { type VoteEvent, voteAtStart } from "./group-vote.ts";
import { startFailed } from "./start-failed.ts";

export const applyAtStart: ApplyState = {
  phase: { kind: "idle" },
  kept: nothingKept,
  vote: voteAtStart,
  next: undefined,
  attempt: 0,
  startAttempt: undefined,
  isDown: false,
  keepAt: undefined,
};

export function stepApply(state: ApplyState, event: ApplyEvent): ApplyStep {
  switch (event.kind) {
    case "started":
      return started(event.kept, event.at);
    case "target":
      return event.target === undefined ? stay(state) : targeted(state, event.target, event.at);
    case "progress":
      if (event.attempt !== state.attempt || state.phase.kind !== "fetching") return stay(state);
      return stay({ ...state, phase: { ...state.phase, until: later(event.at, fetchStallMax) } });
    case "done": {
      const known = event.attempt === state.startAttempt ? { ...state, startAttempt: undefined } : state;
      return event.attempt === state.attempt ? ready(done(known, event.at), event.at) : stay(known);
    }
    case "failed":
      if (event.attempt === state.startAttempt) return ready(startFailed(state, event), event.at);
      return event.attempt === state.attempt ? ready(failed(state, event), event.at) : stay(state);
    case "escalated":
      return ready(escalated(state, event), event.at);
    case "kept":
      return stay({ ...state, keepAt: undefined });
    case "not-kept":
      return stay({ ...state, keepAt: later(event.at, keepAgainAfter) });
    case "vote-written":
    case "vote-not-written":
    case "word":
    case "connected":
      return ready(voted(state, voteEventOf(state, event), event.at), event.at);
    case "tick":
      return ready(tick(state, event.at), event.at);
    default:
      return unreachable(event);
  }
}

const stay = (state: ApplyState, ...effects: readonly ApplyEffect[]): ApplyStep => ({ state, effects });

/** Two steps as one. */
function join(first: ApplyStep, next: (state: ApplyState) => ApplyStep): ApplyStep {
  const second = next(first.state);
  return { state: second.state, effects: [...first.effects, ...second.effects] };
}

/** What cannot be put aside any more: the disk may call it current, or the group counts on it. */
const isBusy = ({ phase, vote }: ApplyState): boolean =>
  phase.kind === "applying" ||
  phase.kind === "probing" ||
  phase.kind === "going-back" ||
  vote.vote.kind !== "free";

/** What came meanwhile is begun as soon as it can be. */
function ready(step: ApplyStep, at: Instant): ApplyStep {
  const { next } = step.state;
  if (next === undefined || isBusy(step.state)) return step;
  return join(step, (state) => begin({ ...state, next: undefined }, next, at));
}

/** The record is written before anything is begun that it must know of. */
function started(kept: Kept, at: Instant): ApplyStep {
  const { current, awaited, broken } = kept;
  const state: ApplyState = { ...applyAtStart, kept };
  if (kept.vote !== undefined && awaited !== undefined) {
    const held: Phase = { kind: "held", why: "group", target: awaited, until: later(at, heldMax) };
    const event: VoteEvent = { kind: "booted", kept: kept.vote, over: kept.over, at };
    return voted({ ...state, phase: held }, event, at);
  }
  const known: ApplyState = { ...state, vote: { ...state.vote, over: kept.over } };
  if (broken !== undefined && kept.isWithdrawn) return rolledBack({ ...known, phase: endOf(broken) });
  if (kept.starts !== undefined && current !== undefined) return begun(known, current, kept.starts, at);
  if (current === undefined) return stay(broken === undefined ? known : { ...known, phase: endOf(broken) });
  const isBehind = broken !== undefined && broken.revision > current.revision;
  const phase: Phase = isBehind ? endOf(broken) : { kind: "applied", target: current };
  const starting = { ...known, phase, attempt: 1, startAttempt: 1 };
  return stay(starting, { kind: "switch", attempt: 1, to: contentOf(current) });
}

const endOf = (broken: NonNullable<Kept["broken"]>): Phase => ({
  kind: "rolled-back",
  target: contentOf(broken),
  code: broken.code,
  reason: broken.reason,
});

function targeted(state: ApplyState, target: Target, at: Instant): ApplyStep {
  const { phase } = state;
  if ("target" in phase && isSameContent(phase.target, target)) {
    return sameAgain({ ...state, next: undefined }, target, at);
  }
  return isBusy(state) ? stay({ ...state, next: target }) : begin(state, target, at);
}

/** Restarts nothing: at most it is released, held again, or tried again. */
function sameAgain(state: ApplyState, target: Target, at: Instant): ApplyStep {
  const { phase } = state;
  const awaited = awaitedOf(target);
  switch (phase.kind) {
    case "rejected":
      return phase.again === undefined ? stay(state) : begin(state, target, at);
    case "fetching":
    case "verifying":
      return stay({ ...state, phase: { ...phase, target: awaited } });
    case "held":
      if (state.vote.vote.kind !== "free") return stay(state);
      return phase.why === "mode" && target.hold.kind !== "mode"
        ? prepare(state, awaited, at)
        : stay({ ...state, phase: { ...phase, target: awaited } });
    case "preparing":
      if (target.hold.kind === "mode") return hold(state, awaited, "mode", at);
      return stay({ ...state, phase: { ...phase, target: awaited } });
    case "rolled-back":
      // Nothing was wrong with it but its bytes on this disk.
      return phase.code === "DAMAGED" ? begin(state, target, at) : stay(state);
    default:
      return stay(state);
  }
}

function begin(state: ApplyState, target: Target, at: Instant): ApplyStep {
  const { kept } = state;
  const dropped = drop(state);
  const isConfirmed = kept.starts === undefined && !kept.isWithdrawn && !state.isDown;
  const isRunning = kept.current?.digest === target.digest && isConfirmed;
  if (isRunning && target.hold.kind !== "group") {
    const noted = { ...kept, current: { ...kept.current, ...contentOf(target) } };
    const phase: Phase = { kind: "applied", target: contentOf(target) };
    // What a start is still bringing up is heard of; what is left here is not.
    const attempt = dropped.length > 0 ? state.attempt + 1 : state.attempt;
    return stay({ ...state, phase, attempt, kept: noted }, ...dropped, { kind: "keep", kept: noted });
  }
  const attempt = state.attempt + 1;
  const phase: Phase = { kind: "fetching", target: awaitedOf(target), until: later(at, fetchStallMax) };
  return stay({ ...state, phase, attempt }, ...dropped, { kind: "fetch", attempt, target });
}

/** Without the plan: it is on disk from the first step on. */
const awaitedOf = ({ v, revision, digest, bytes, hold, probation }: Target): Awaited => ({
  v,
  revision,
  digest,
  bytes,
  hold,
  probation,
});

function done(state: ApplyState, at: Instant): ApplyStep {
  const { phase } = state;
  switch (phase.kind) {
    case "fetching": {
      const attempt = state.attempt + 1;
      const verifying: Phase = { kind: "verifying", target: phase.target, until: later(at, verifyMax) };
      return stay({ ...state, phase: verifying, attempt }, { kind: "verify", attempt, target: phase.target });
    }
    case "verifying":
      return phase.target.hold.kind === "mode"
        ? hold(state, phase.target, "mode", at)
        : prepare(state, phase.target, at);
    case "preparing":
      return phase.target.hold.kind === "group"
        ? hold(state, phase.target, "group", at)
        : apply(state, phase.target, at);
    case "applying":
      return phase.step === "writing"
        ? change(state, phase.target, at)
        : probe({ ...state, isDown: false }, phase.target, at);
    case "probing": {
      const kept: Kept = { ...state.kept, starts: undefined, awaited: undefined };
      const applied: Phase = { kind: "applied", target: contentOf(phase.target) };
      return stay({ ...state, phase: applied, kept, attempt: state.attempt + 1 }, { kind: "keep", kept });
    }
    case "going-back":
      return phase.step === "writing"
        ? beginSwitchingBack(state, phase, at)
        : rolledBack({ ...state, isDown: false });
    default:
      return stay(state);
  }
}

type Failure = Extract<ApplyEvent, { kind: "failed" }>;

function failed(state: ApplyState, { code, reason, isPassing, at }: Failure): ApplyStep {
  const { phase } = state;
  switch (phase.kind) {
    case "fetching":
      return reject(state, rejectCodeOf(code, "FETCH_FAILED"), reason, isPassing ? at : undefined);
    case "verifying":
      return reject(state, rejectCodeOf(code, "VERIFY_FAILED"), reason, isPassing ? at : undefined);
    case "preparing":
      return reject(state, rejectCodeOf(code, "VETO"), reason, isPassing ? at : undefined);
    case "applying":
      return goBack(state, phase.step === "writing" ? "WRITE_FAILED" : "SWITCH_FAILED", reason, at);
    case "probing":
      return goBack(state, code === "PROBE_TIMEOUT" ? code : "UNHEALTHY", reason, at);
    case "going-back":
      return phase.step === "writing"
        ? beginSwitchingBack({ ...state, keepAt: later(at, keepAgainAfter) }, phase, at)
        : join(rolledBack(state), (after) => stay(after, { kind: "restart", reason }));
    default:
      return stay(state);
  }
}

const rejectCodeOf = (code: RejectCode | RollBackCode, otherwise: RejectCode): RejectCode =>
  code === "DISK_FULL" || code === "VERIFY_FAILED" || code === "VETO" ? code : otherwise;

/** `passingAt`: its cause may pass, and it is tried again some time after this. */
function reject(state: ApplyState, code: RejectCode, reason: string, passingAt?: Instant): ApplyStep {
  const { phase } = state;
  if (!("target" in phase)) return stay(state);
  const { kept } = state;
  const dropped = drop(state);
  const ended = { kind: "rejected", target: contentOf(phase.target), code, reason } as const;
  const again =
    passingAt !== undefined && "until" in phase && "hold" in phase.target ? phase.target : undefined;
  const rejected: Phase =
    again === undefined || passingAt === undefined
      ? ended
      : { ...ended, again, until: later(passingAt, retryAfter) };
  return stay({ ...state, phase: rejected, kept, attempt: state.attempt + 1 }, ...dropped);
}

function tick(state: ApplyState, at: Instant): ApplyStep {
  let step = stay(state);
  if (state.keepAt !== undefined && at >= state.keepAt) {
    step = stay({ ...state, keepAt: undefined }, { kind: "keep", kept: state.kept });
  }
  step = join(step, (after) => voted(after, { kind: "tick", at }, at));
  const { phase, vote } = step.state;
  if (!("until" in phase) || phase.until === undefined || at < phase.until) return step;
  return phase.kind === "held" && vote.vote.kind !== "free" ? step : join(step, (after) => late(after, at));
}

/** A deadline has passed. */
function late(state: ApplyState, at: Instant): ApplyStep {
  const { phase } = state;
  switch (phase.kind) {
    case "rejected":
      return phase.again === undefined ? stay(state) : begin(state, phase.again, at);
    case "fetching":
      return reject(state, "FETCH_STALLED", "nothing more came from the hub", at);
    case "verifying":
      return reject(state, "VERIFY_TIMEOUT", "checking the files took too long", at);
    case "held":
      return reject(state, "HELD_TOO_LONG", "nobody released it");
    case "preparing":
      return reject(state, "PREPARE_TIMEOUT", "a module did not say whether it can take it");
    case "applying":
      return phase.step === "writing"
        ? goBack(state, "WRITE_TIMEOUT", "the disk did not answer", at)
        : goBack(state, "SWITCH_TIMEOUT", "instances did not stop or start in time", at);
    case "probing":
      return goBack(state, "PROBE_TIMEOUT", "nobody said whether it is well", at);
    case "going-back":
      return phase.step === "writing"
        ? beginSwitchingBack(state, phase, at)
        : join(rolledBack(state), (after) =>
            stay(after, { kind: "restart", reason: "it could not go back" }),
          );
    default:
      return stay(state);
  }
}
