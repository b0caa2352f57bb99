/**
 * A member's side of a change-over of its group: see `wire/messages/group-round.ts` for the protocol and why it holds.
 * The tick is pinned to the monotonic clock when it is promised, so nobody who sets a clock afterwards can move it.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import {
  earliest,
  instant,
  type Instant,
  later,
  type Micros,
  micros,
  millis,
  type Millis,
  seconds,
} from "@interactor/shared/kernel/units";
import {
  groupActMax,
  groupClockErrorMax,
  groupDriftMax,
  groupLeadMax,
  type MemberWord,
  type Outcome,
  type Refusal,
  type Round,
  type RoundWord,
} from "@interactor/shared/wire/messages/group-round";

/** A commit that the disk did not take is written again after this; until then neither revision runs past the tick. */
const voteWriteAgainAfter = seconds(1);

/** What the node knows of the site's clock, now. */
export interface KnownClock {
  readonly wall: Micros;
  readonly error: Millis;
}

/** What must be found again after a power cut. */
export interface KeptVote {
  readonly round: Round;
  readonly outcome?: Outcome;
}

/** By when the old revision must not run, and from when the new one may. */
interface Pins {
  readonly stopBy: Instant;
  readonly startFrom: Instant;
}

export type Vote =
  | { readonly kind: "free" }
  /** The promise is being written. */
  | { readonly kind: "promising"; readonly round: Round; readonly pins: Pins }
  | { readonly kind: "promised"; readonly round: Round; readonly pins: Pins; readonly isSuspended: boolean }
  /** The decision is known, and being written unless `isWritten`. */
  | {
      readonly kind: "decided";
      readonly round: Round;
      readonly pins: Pins;
      readonly isSuspended: boolean;
      readonly outcome: Outcome;
      readonly isWritten: boolean;
      /** The disk did not take it. */
      readonly writeAgainAt?: Instant;
    };

export interface VoteState {
  readonly vote: Vote;
  /** The last round that is over for this member; its number is never promised again. */
  readonly over: { readonly id: number; readonly outcome: Outcome | "gave-up" } | undefined;
}

export type VoteEvent =
  | {
      readonly kind: "booted";
      readonly kept: KeptVote | undefined;
      readonly over: VoteState["over"];
      readonly at: Instant;
    }
  /** `isPrepared`: exactly this revision waits for its tick. */
  | {
      readonly kind: "word";
      readonly word: RoundWord;
      readonly isPrepared: boolean;
      readonly clock: KnownClock | undefined;
      readonly at: Instant;
    }
  /** `outcome`: it was the decision; else the promise. */
  | {
      readonly kind: "written";
      readonly id: number;
      readonly outcome: Outcome | undefined;
      readonly clock: KnownClock | undefined;
      readonly at: Instant;
    }
  | { readonly kind: "not-written"; readonly id: number; readonly at: Instant }
  /** The hub is reached again: it may have decided meanwhile. */
  | { readonly kind: "connected"; readonly clock: KnownClock | undefined; readonly at: Instant }
  | { readonly kind: "tick"; readonly at: Instant };

export type VoteEffect =
  | { readonly kind: "write"; readonly kept: KeptVote }
  | { readonly kind: "say"; readonly word: MemberWord }
  /** From now on neither revision runs. */
  | { readonly kind: "suspend"; readonly isInDoubt: boolean }
  /** Change over: the tick has surely passed, and the round was committed. */
  | { readonly kind: "switch"; readonly round: Round }
  /** The old one goes on. */
  | { readonly kind: "resume"; readonly round: Round; readonly why: "aborted" | "gave-up" | "not-promised" };

export interface VoteStep {
  readonly state: VoteState;
  readonly effects: readonly VoteEffect[];
}

export const voteAtStart: VoteState = { vote: { kind: "free" }, over: undefined };

export function stepVote(state: VoteState, event: VoteEvent): VoteStep {
  switch (event.kind) {
    case "booted":
      return booted(event);
    case "word":
      return event.word.kind === "propose"
        ? proposed(state, event.word.round, event)
        : decided(state, event.word.id, event.word.kind);
    case "written":
      return written(state, event);
    case "not-written":
      return notWritten(state, event.id, event.at);
    case "connected":
      return { state, effects: [...sayAgain(state, event)] };
    case "tick":
      return tick(state, event.at);
    default:
      return unreachable(event);
  }
}

/** When it has something to do by itself. */
export function voteDueAt({ vote }: VoteState): Instant | undefined {
  switch (vote.kind) {
    case "free":
    case "promising":
      return undefined;
    case "promised":
      return vote.isSuspended ? doubtEnds(vote.round, vote.pins) : vote.pins.stopBy;
    case "decided":
      if (vote.outcome === "abort" || !vote.isWritten)
        return earliest(vote.isSuspended ? undefined : vote.pins.stopBy, vote.writeAgainAt);
      return vote.isSuspended ? vote.pins.startFrom : earliest(vote.pins.stopBy, vote.pins.startFrom);
    default:
      return unreachable(vote);
  }
}

const stay = (state: VoteState, ...effects: readonly VoteEffect[]): VoteStep => ({ state, effects });
const say = (word: MemberWord): VoteEffect => ({ kind: "say", word });

/** After a restart no clock is known, and the old revision has not run since: it is not begun again. */
function booted({ kept, over, at }: Extract<VoteEvent, { kind: "booted" }>): VoteStep {
  if (kept === undefined) return stay({ vote: { kind: "free" }, over });
  const { round, outcome } = kept;
  // The tick was at most this far ahead when it was promised.
  const startFrom = later(at, millis(groupLeadMax * (1 + groupDriftMax)));
  const held = { round, pins: { stopBy: at, startFrom }, isSuspended: true };
  const vote: Vote =
    outcome === undefined
      ? { kind: "promised", ...held }
      : { kind: "decided", ...held, outcome, isWritten: true };
  const suspended = stay({ vote, over }, { kind: "suspend", isInDoubt: outcome === undefined });
  return outcome === "abort" ? join(suspended, ended) : suspended;
}

function proposed(
  state: VoteState,
  round: Round,
  { clock, isPrepared, at }: { clock: KnownClock | undefined; isPrepared: boolean; at: Instant },
): VoteStep {
  const { vote, over } = state;
  const refuse = (code: Refusal) => stay(state, say({ kind: "refused", id: round.id, code }));
  if (over !== undefined && round.id <= over.id) {
    return round.id === over.id ? stay(state, say({ kind: "settled", ...over })) : stay(state);
  }
  if (vote.kind !== "free") {
    return vote.round.id === round.id ? stay(state, ...sayAgain(state, { clock })) : refuse("BUSY");
  }
  if (!isPrepared) return refuse("NOT_PREPARED");
  if (clock === undefined) return refuse("CLOCK_UNSYNCHRONISED");
  const pins = pinsOf(round, clock, at);
  if (typeof pins === "string") return refuse(pins);
  return stay({ vote: { kind: "promising", round, pins }, over }, { kind: "write", kept: { round } });
}

function pinsOf({ tick }: Round, { wall, error }: KnownClock, at: Instant): Pins | Refusal {
  const ahead = (tick - wall) / 1000;
  if (error > groupClockErrorMax) return "CLOCK_UNSURE";
  if (ahead > groupLeadMax) return "TICK_TOO_FAR";
  const slack = error + Math.max(ahead, 0) * groupDriftMax;
  const stopBy = instant(at + ahead - slack - groupActMax);
  if (stopBy <= at) return "TICK_TOO_NEAR";
  return { stopBy, startFrom: instant(at + ahead + slack) };
}

/** What the hub should have heard already. It answers a promise of a round that is decided with the decision. */
function sayAgain(
  { vote, over }: VoteState,
  { clock }: { clock: KnownClock | undefined },
): readonly VoteEffect[] {
  switch (vote.kind) {
    case "free":
      return over === undefined ? [] : [say({ kind: "settled", ...over })];
    case "promising":
      return [];
    case "promised":
      // Without a clock it is only asked what became of the round: the hub must not count it as a promise.
      return [promise(vote.round, vote.isSuspended ? undefined : clock)];
    case "decided":
      return vote.isWritten ? [say({ kind: "settled", id: vote.round.id, outcome: vote.outcome })] : [];
    default:
      return unreachable(vote);
  }
}

const promise = ({ id }: Round, clock: KnownClock | undefined): VoteEffect =>
  say({ kind: "promised", id, says: clock?.wall ?? micros(0), error: clock?.error ?? millis(0) });

function decided(state: VoteState, id: number, outcome: Outcome): VoteStep {
  const { vote, over } = state;
  if (over !== undefined && over.id === id) return stay(state, say({ kind: "settled", ...over }));
  if (vote.kind === "free" || vote.round.id !== id) return decidedWithout(state, id, outcome);
  if (vote.kind === "decided") return stay(state, ...sayAgain(state, { clock: undefined }));
  const isSuspended = vote.kind === "promised" && vote.isSuspended;
  const { round, pins } = vote;
  const next: Vote = { kind: "decided", round, pins, isSuspended, outcome, isWritten: false };
  return stay({ vote: next, over }, { kind: "write", kept: { round, outcome } });
}

/** A round that it never heard of, or that is long over. A proposal of it that is still on its way comes too late. */
function decidedWithout(state: VoteState, id: number, outcome: Outcome): VoteStep {
  const { vote, over } = state;
  const settled = say({ kind: "settled", id, outcome });
  if (over !== undefined && id < over.id) return stay(state, settled);
  // Without a promise of this member there is no commit: somebody else's disk is in this unit.
  if (outcome === "commit") return stay(state);
  return vote.kind === "free" ? stay({ vote, over: { id, outcome } }, settled) : stay(state, settled);
}

function written(state: VoteState, event: Extract<VoteEvent, { kind: "written" }>): VoteStep {
  const { vote } = state;
  const { id, clock, at } = event;
  if (vote.kind === "free" || vote.round.id !== id) return stay(state);
  if (vote.kind === "promising") {
    // A slow disk: nobody has heard of it, so nobody counts on it.
    if (clock === undefined || at >= vote.pins.stopBy) return over(vote.round, "not-promised");
    const promised: Vote = { kind: "promised", round: vote.round, pins: vote.pins, isSuspended: false };
    return stay({ ...state, vote: promised }, promise(vote.round, clock));
  }
  if (vote.kind === "promised" || event.outcome === undefined) return stay(state);
  const settled = say({ kind: "settled", id, outcome: vote.outcome });
  const next = stay({ ...state, vote: { ...vote, isWritten: true } }, ...(vote.isWritten ? [] : [settled]));
  return vote.outcome === "abort" ? join(next, ended) : join(next, (after) => tick(after, at));
}

/**
 * An abort needs no disk: a member that is asked again says that it was promised, and hears it again. A commit does: the
 * hub forgets it once all have confirmed it, and must not take a member for one that has.
 */
function notWritten(state: VoteState, id: number, at: Instant): VoteStep {
  const { vote } = state;
  if (vote.kind === "free" || vote.round.id !== id) return stay(state);
  if (vote.kind === "promising") {
    return join(over(vote.round, "not-promised"), (after) =>
      stay(after, say({ kind: "refused", id, code: "DISK" })),
    );
  }
  if (vote.kind === "promised" || vote.isWritten) return stay(state);
  if (vote.outcome === "abort") return ended(state);
  return stay({ ...state, vote: { ...vote, writeAgainAt: later(at, voteWriteAgainAfter) } });
}

function tick(state: VoteState, at: Instant): VoteStep {
  const { vote } = state;
  if (vote.kind === "free" || vote.kind === "promising") return stay(state);
  if (!vote.isSuspended && at >= vote.pins.stopBy) {
    const suspended: VoteState = { ...state, vote: { ...vote, isSuspended: true } };
    const step = stay(suspended, { kind: "suspend", isInDoubt: vote.kind === "promised" });
    return join(step, (after) => tick(after, at));
  }
  if (vote.kind === "promised") {
    const ends = doubtEnds(vote.round, vote.pins);
    return ends !== undefined && at >= ends ? over(vote.round, "gave-up") : stay(state);
  }
  if (vote.writeAgainAt !== undefined && at >= vote.writeAgainAt) return writeAgain(state, vote);
  if (vote.outcome === "abort" || !vote.isWritten || at < vote.pins.startFrom) return stay(state);
  const { id } = vote.round;
  return stay(
    { vote: { kind: "free" }, over: { id, outcome: "commit" } },
    { kind: "switch", round: vote.round },
  );
}

function writeAgain(state: VoteState, decided: Extract<Vote, { kind: "decided" }>): VoteStep {
  const { kind, round, pins, isSuspended, outcome, isWritten } = decided;
  const vote: Vote = { kind, round, pins, isSuspended, outcome, isWritten };
  return stay({ ...state, vote }, { kind: "write", kept: { round, outcome } });
}

const doubtEnds = ({ doubt }: Round, { startFrom }: Pins): Instant | undefined =>
  doubt === undefined ? undefined : later(startFrom, doubt);

const ended = (state: VoteState): VoteStep =>
  state.vote.kind === "decided" ? over(state.vote.round, "aborted") : stay(state);

function over(round: Round, why: Extract<VoteEffect, { kind: "resume" }>["why"]): VoteStep {
  const outcome = why === "gave-up" ? "gave-up" : "abort";
  return stay(
    { vote: { kind: "free" }, over: { id: round.id, outcome } },
    { kind: "resume", round, why },
    ...(why === "gave-up" ? [say({ kind: "settled", id: round.id, outcome })] : []),
  );
}

/** Two steps as one. */
function join(first: VoteStep, next: (state: VoteState) => VoteStep): VoteStep {
  const second = next(first.state);
  return { state: second.state, effects: [...first.effects, ...second.effects] };
}
