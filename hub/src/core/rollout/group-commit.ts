/**
 * The hub's side of a change-over of a group: see `wire/messages/group-round.ts` for the protocol and why it holds. One
 * of these is one attempt; it begins when all members have prepared, and ends when each has confirmed the decision.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import {
  between,
  type Instant,
  later,
  type Micros,
  micros,
  type Millis,
  millis,
  seconds,
} from "@interactor/shared/kernel/units";
import { nodesMax } from "@interactor/shared/wire/limits";
import {
  groupLead,
  groupRepeat,
  groupSpread,
  type MemberWord,
  type Outcome,
  type Round,
  type RoundWord,
} from "@interactor/shared/wire/messages/group-round";

/** The hub's clock may be slewed by so much between proposal and decision. More: it was set, and the round is aborted. */
const clockStepMin = millis(5);

/** After the hub's clock was set no round is begun for so long: nodes ask for it every 16 s. Then: wait. */
const clockCalm = seconds(30);

/** Whether every node that is there knows the hub's clock as it is now. `setAt`: when it was set last in this life. */
export const isClockCalm = (setAt: Instant | undefined, at: Instant): boolean =>
  setAt === undefined || between(setAt, at) >= clockCalm;

/** What the hub writes down: before it proposes, and before it says what was decided. */
export interface KeptRound {
  readonly round: Round;
  readonly members: readonly string[];
  readonly outcome?: Outcome;
  readonly why?: string;
  /** Members that somebody has forgotten since it was decided, and that have not said that they know. */
  readonly gone?: readonly string[];
}

/**
 * By node that was forgotten: the committed round that it may come back with a promise of. To be told that it was aborted
 * it would run the old revision beside the new one of the others, if the site goes on naming it.
 */
export type Left = Readonly<Record<string, number>>;

/** Nodes forgotten between promise and decision. More: the oldest is evicted, and would be told of an abort. */
const leftMax = nodesMax;

/** When a round is over. */
export function leftAfter(left: Left, { round, outcome, gone = [] }: KeptRound): Left {
  if (outcome !== "commit" || gone.length === 0) return left;
  const others = Object.entries(left).filter(([node]) => !gone.includes(node));
  return Object.fromEntries([...others, ...gone.map((node) => [node, round.id] as const)].slice(-leftMax));
}

export interface Now {
  readonly at: Instant;
  readonly wall: Micros;
}

export interface GroupCommit {
  readonly kept: KeptRound;
  readonly phase: "writing" | "proposing" | "deciding" | "spreading" | "over";
  /** When the tick was chosen; `undefined` in a later life. */
  readonly began: Now | undefined;
  /** A commit was given to the disk: until something else is surely there, it may be there. */
  readonly mayBeCommitted: boolean;
  /** What is on its way to the disk is without a node that was forgotten since: it is written once more. */
  readonly isBehind?: boolean;
  readonly promised: ReadonlySet<string>;
  /** Who has the decision on disk. */
  readonly settled: ReadonlyMap<string, Outcome | "gave-up">;
  readonly repeatAt: Instant;
}

export type GroupEvent =
  | { readonly kind: "written"; readonly now: Now }
  | { readonly kind: "not-written"; readonly now: Now }
  | { readonly kind: "said"; readonly node: string; readonly word: MemberWord; readonly now: Now }
  | { readonly kind: "abort"; readonly why: string; readonly now: Now }
  /** The node was taken out of the site: nobody waits for it any more. */
  | { readonly kind: "forgotten"; readonly node: string; readonly now: Now }
  | { readonly kind: "tick"; readonly now: Now };

export type GroupEffect =
  | { readonly kind: "write"; readonly kept: KeptRound }
  | { readonly kind: "say"; readonly node: string; readonly word: RoundWord }
  | { readonly kind: "decided"; readonly outcome: Outcome; readonly why: string }
  /** Everybody has it on disk: the hub may forget the round. */
  | { readonly kind: "over" };

export interface GroupStep {
  readonly state: GroupCommit;
  readonly effects: readonly GroupEffect[];
}

export interface Proposal {
  /** Larger than any before, also of earlier lives of the hub. */
  readonly id: number;
  readonly group: string;
  readonly revision: number;
  readonly digest: string;
  readonly members: readonly string[];
  readonly doubt?: Millis;
  readonly lead?: Millis;
}

export function beginGroup(
  { id, group, revision, digest, members, doubt, lead }: Proposal,
  now: Now,
): GroupStep {
  const tick = micros(now.wall + (lead ?? groupLead) * 1000);
  const round: Round = { id, group, revision, digest, tick, ...(doubt === undefined ? {} : { doubt }) };
  const kept: KeptRound = { round, members };
  const state: GroupCommit = {
    kept,
    phase: "writing",
    began: now,
    mayBeCommitted: false,
    promised: new Set(),
    settled: new Map(),
    repeatAt: now.at,
  };
  return { state, effects: [{ kind: "write", kept }] };
}

/** After a restart: a round without a decision was never committed, because that is written before it is said. */
export function resumeGroup(kept: KeptRound, now: Now): GroupStep {
  const state: GroupCommit = {
    kept,
    phase: "spreading",
    began: undefined,
    mayBeCommitted: false,
    promised: new Set(),
    settled: new Map(),
    repeatAt: now.at,
  };
  if (kept.outcome !== undefined) return spread(state, now);
  return decide({ ...state, phase: "proposing" }, "abort", "the hub was restarted before it was decided");
}

export function stepGroup(state: GroupCommit, event: GroupEvent): GroupStep {
  switch (event.kind) {
    case "written":
      return written(state, event.now);
    case "not-written":
      return notWritten(state, event.now);
    case "said":
      return said(state, event);
    case "abort":
      return isUndecided(state) ? decide(state, "abort", event.why) : stay(state);
    case "forgotten":
      return forgotten(state, event.node, event.now);
    case "tick":
      return tick(state, event.now);
    default:
      return unreachable(event);
  }
}

/** When it has something to do by itself. */
export const groupDueAt = (state: GroupCommit): Instant | undefined =>
  state.phase === "proposing" || state.phase === "spreading" || mustWriteAgain(state)
    ? state.repeatAt
    : undefined;

/**
 * What a hub answers to a promise of a round that it knows nothing of any more. Those it forgot are settled by all but
 * those in `left`; one that it never numbered belongs to a book that was lost, and what was decided then nobody may guess.
 */
export function answerToUnknown(id: number, lastId: number, left?: number): RoundWord | undefined {
  if (id === left) return { kind: "commit", id };
  return id <= lastId ? { kind: "abort", id } : undefined;
}

const stay = (state: GroupCommit, ...effects: readonly GroupEffect[]): GroupStep => ({ state, effects });
/** The site's clock less the monotonic one, in µs. */
const offsetOf = ({ at, wall }: Now): number => wall - at * 1000;
/** An abort that waits until it is surely written, because a commit may be there. */
const mustWriteAgain = ({ phase, mayBeCommitted, kept }: GroupCommit): boolean =>
  phase === "deciding" && mayBeCommitted && kept.outcome === "abort";
const isUndecided = ({ phase }: GroupCommit): boolean => phase === "writing" || phase === "proposing";

function written(state: GroupCommit, now: Now): GroupStep {
  if (state.phase === "writing") return propose({ ...state, phase: "proposing" }, now);
  if (state.phase !== "deciding") return stay(state);
  const { outcome = "abort", why = "" } = state.kept;
  const next = spread({ ...state, phase: "spreading", isBehind: false }, now);
  const again: readonly GroupEffect[] = state.isBehind === true ? [{ kind: "write", kept: state.kept }] : [];
  return { state: next.state, effects: [{ kind: "decided", outcome, why }, ...next.effects, ...again] };
}

function notWritten(state: GroupCommit, now: Now): GroupStep {
  if (state.phase === "writing") {
    const why = "the hub's disk did not take the round";
    return stay({ ...state, phase: "over" }, { kind: "decided", outcome: "abort", why }, { kind: "over" });
  }
  if (state.phase !== "deciding") return stay(state);
  // A commit that is not surely on disk must not be said: after a restart it could be an abort.
  if (state.kept.outcome === "commit")
    return decide(state, "abort", "the hub's disk did not take the decision");
  // Nor an abort while a commit may be there. One that is missing altogether is taken for an abort.
  if (state.mayBeCommitted) return stay({ ...state, repeatAt: later(now.at, groupRepeat) });
  return written(state, now);
}

function said(state: GroupCommit, { node, word, now }: Extract<GroupEvent, { kind: "said" }>): GroupStep {
  const { round, members, gone = [] } = state.kept;
  if (word.id !== round.id || !(members.includes(node) || gone.includes(node))) return stay(state);
  switch (word.kind) {
    case "promised":
      return promised(state, node, word, now);
    case "refused":
      return isUndecided(state) ? decide(state, "abort", `${node}: ${word.code}`) : stay(state);
    case "settled":
      // It let go of the round before it was decided: a disk that was too slow for its promise.
      if (isUndecided(state)) return decide(state, "abort", `${node}: TICK_TOO_NEAR`);
      return settled(state, node, word.outcome);
    default:
      return unreachable(word);
  }
}

function promised(
  state: GroupCommit,
  node: string,
  word: Extract<MemberWord, { kind: "promised" }>,
  now: Now,
): GroupStep {
  const { round, members, outcome } = state.kept;
  if (state.phase === "spreading" && outcome !== undefined) {
    return stay(state, { kind: "say", node, word: { kind: outcome, id: round.id } });
  }
  // It asks what was decided, and knows no clock.
  if (state.phase !== "proposing" || word.says === 0) return stay(state);
  if (!isBelievable(state, word, now)) return decide(state, "abort", `${node}: its clock is wrong`);
  const all = new Set([...state.promised, node]);
  const next = { ...state, promised: all };
  return members.every((each) => all.has(each)) ? decide(next, ...verdict(next, now)) : stay(next);
}

/** It was said between the proposal and now, by a clock that is as right as it says. */
function isBelievable(
  { began }: GroupCommit,
  { says, error }: { says: Micros; error: Millis },
  now: Now,
): boolean {
  const slack = (error + clockStepMin) * 1000;
  return began !== undefined && says >= began.wall - slack && says <= now.wall + slack;
}

function verdict({ began, kept }: GroupCommit, now: Now): readonly [Outcome, string] {
  if (began === undefined || Math.abs(offsetOf(now) - offsetOf(began)) > clockStepMin * 1000) {
    return ["abort", "the hub's clock was set meanwhile"];
  }
  const left = (kept.round.tick - now.wall) / 1000;
  return left < groupSpread ? ["abort", "the last promise came too late"] : ["commit", "all have promised"];
}

function decide(state: GroupCommit, outcome: Outcome, why: string): GroupStep {
  const kept: KeptRound = { ...state.kept, outcome, why };
  const mayBeCommitted = state.mayBeCommitted || outcome === "commit";
  return stay({ ...state, kept, phase: "deciding", mayBeCommitted }, { kind: "write", kept });
}

function settled(state: GroupCommit, node: string, outcome: Outcome | "gave-up"): GroupStep {
  if (state.phase !== "spreading") return stay(state);
  const all = new Map([...state.settled, [node, outcome] as const]);
  const gone = state.kept.gone?.filter((each) => each !== node);
  const kept: KeptRound = gone === undefined ? state.kept : { ...state.kept, gone };
  return ending({ ...state, kept, settled: all });
}

function ending(state: GroupCommit): GroupStep {
  const isOver = state.kept.members.every((each) => state.settled.has(each));
  return isOver ? stay({ ...state, phase: "over" }, { kind: "over" }) : stay(state);
}

function forgotten(state: GroupCommit, node: string, now: Now): GroupStep {
  if (!state.kept.members.includes(node) || state.phase === "over") return stay(state);
  if (isUndecided(state)) return decide(state, "abort", `${node} was taken out of the site`);
  const { gone = [] } = state.kept;
  const kept: KeptRound = {
    ...state.kept,
    members: state.kept.members.filter((each) => each !== node),
    gone: state.settled.has(node) ? gone : [...gone, node],
  };
  const next = { ...state, kept };
  if (next.phase !== "spreading") return stay({ ...next, isBehind: true, repeatAt: now.at });
  const ended = ending(next);
  return ended.state.phase === "over" ? ended : stay(next, { kind: "write", kept });
}

function tick(state: GroupCommit, now: Now): GroupStep {
  if (between(state.repeatAt, now.at) < 0) return stay(state);
  if (state.phase === "spreading") return spread(state, now);
  if (mustWriteAgain(state)) {
    const again = { ...state, repeatAt: later(now.at, groupRepeat) };
    return stay(again, { kind: "write", kept: state.kept });
  }
  if (state.phase !== "proposing") return stay(state);
  const [outcome, why] = verdict(state, now);
  if (outcome === "commit") return propose(state, now);
  const missing = state.kept.members.filter((each) => !state.promised.has(each));
  return decide(state, "abort", `${why}: ${missing.join(", ")}`);
}

function propose(state: GroupCommit, now: Now): GroupStep {
  const { round, members } = state.kept;
  return tell(
    state,
    now,
    members.filter((each) => !state.promised.has(each)),
    { kind: "propose", round },
  );
}

function spread(state: GroupCommit, now: Now): GroupStep {
  const { round, members, outcome = "abort" } = state.kept;
  return tell(
    state,
    now,
    members.filter((each) => !state.settled.has(each)),
    { kind: outcome, id: round.id },
  );
}

function tell(state: GroupCommit, now: Now, nodes: readonly string[], word: RoundWord): GroupStep {
  const next = { ...state, repeatAt: later(now.at, groupRepeat) };
  return stay(next, ...nodes.map((node): GroupEffect => ({ kind: "say", node, word })));
}
