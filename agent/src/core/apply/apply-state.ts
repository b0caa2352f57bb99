/**
 * Where a node is on its way to a revision. Each state but the last of a way has a deadline, and each failure a code:
 *
 *   fetching → verifying → [held: mode] → preparing → [held: group] → applying → probing → applied
 *        └───────────┴───────────┴────────────┴────────────┴→ rejected       └─────────┴→ going-back → rolled-back
 *
 * Up to `held` nothing that runs is touched, and a newer target takes the place of the older one. From `applying` on a
 * newer one waits until this one has ended, which the deadlines bound.
 */
import { earliest, type Instant, type Millis, millis, seconds } from "@interactor/shared/kernel/units";
import type { MemberWord, RoundWord } from "@interactor/shared/wire/messages/group-round";
import type { Target } from "@interactor/shared/wire/messages/plan";
import { type KeptVote, type KnownClock, type VoteState, voteDueAt } from "./group-vote.ts";

/** Nothing was fetched for so long. Then: reject, and try again. A hub that restarts is back sooner. */
export const fetchStallMax = seconds(60);
/** Digests over files of a few hundred MB on a Pi Zero. Then: reject, and try again. */
export const verifyMax = seconds(120);
/** A revision that nobody releases for so long is forgotten by people too. Then: reject. */
export const heldMax: Millis = millis(14 * 24 * 3600 * 1000);
/** Modules say whether they can take the new settings. Then: reject. */
export const prepareMax = seconds(30);
/** The record of what shall run reaches the disk. Then: go back. */
export const writeMax = seconds(10);
/** Instances stop and start; one that hangs is ended by its host within seconds. Then: go back, or restart the agent. */
export const switchMax = seconds(60);
/** The verdict comes so long after the probation at the latest: what is slow to start is waited for. Then: go back. */
export const probeGrace = seconds(20);
/** A rejected target whose cause may pass by itself is tried again after this. */
export const retryAfter = seconds(60);
/** What the disk did not take is tried again after this. */
export const keepAgainAfter = seconds(10);
/** A revision under probation that the node did not survive so often is taken back at the next start. */
export const probationStartsMax = 3;

export type RejectCode =
  | "FETCH_STALLED"
  | "FETCH_FAILED"
  | "VERIFY_TIMEOUT"
  | "VERIFY_FAILED"
  | "HELD_TOO_LONG"
  | "VETO"
  | "PREPARE_TIMEOUT"
  | "DISK_FULL";

export type RollBackCode =
  | "WRITE_FAILED"
  | "WRITE_TIMEOUT"
  | "SWITCH_FAILED"
  | "SWITCH_TIMEOUT"
  | "PROBE_TIMEOUT"
  | "UNHEALTHY"
  | "START_LOOP"
  | "CRASH_LOOP"
  | "DAMAGED";

/** A revision as a node keeps it. */
export interface Content {
  readonly revision: number;
  readonly digest: string;
}

export interface KeptContent extends Content {
  /** The group whose members changed over to it together: none of them may run another one beside it. */
  readonly group?: string;
}

export type Awaited = Omit<Target, "plan">;

interface Timed {
  readonly target: Awaited;
  readonly until: Instant;
}

interface Ended {
  readonly target: Content;
  readonly reason: string;
}

export type Phase =
  /** Nothing was ever desired here. */
  | { readonly kind: "idle" }
  /** `again`: when it is tried once more by itself. */
  | (Ended & {
      readonly kind: "rejected";
      readonly code: RejectCode;
      readonly again?: Target;
      readonly until?: Instant;
    })
  | (Timed & { readonly kind: "fetching" | "verifying" | "preparing" })
  | (Timed & { readonly kind: "held"; readonly why: "mode" | "group" })
  | (Timed & { readonly kind: "applying"; readonly step: "writing" | "switching" })
  | (Timed & { readonly kind: "probing" })
  | { readonly kind: "applied"; readonly target: Content }
  | (Ended & {
      readonly kind: "going-back";
      readonly code: RollBackCode;
      readonly until: Instant;
      readonly step: "writing" | "switching";
    })
  | (Ended & { readonly kind: "rolled-back"; readonly code: RollBackCode });

/** What is on disk, in one record that is replaced as a whole. */
export interface Kept {
  /** What runs, and after a restart too. `undefined`: nothing was applied yet. */
  readonly current: KeptContent | undefined;
  /** The last one that was well before `current`. */
  readonly previous: KeptContent | undefined;
  /** How often `current` was started while it had not proved itself; `undefined`: it has. */
  readonly starts: number | undefined;
  /**
   * A member of a group that failed where the others may run: it runs nothing until it gets another revision, because
   * the old one must not run beside the new one.
   */
  readonly isWithdrawn: boolean;
  readonly broken: (KeptContent & { readonly code: RollBackCode; readonly reason: string }) | undefined;
  /** What waits for a tick that was promised, or has not proved itself yet. */
  readonly awaited: Awaited | undefined;
  readonly vote: KeptVote | undefined;
  readonly over: VoteState["over"];
}

export const nothingKept: Kept = {
  current: undefined,
  previous: undefined,
  starts: undefined,
  isWithdrawn: false,
  broken: undefined,
  awaited: undefined,
  vote: undefined,
  over: undefined,
};

export interface ApplyState {
  readonly phase: Phase;
  readonly kept: Kept;
  readonly vote: VoteState;
  /** The newest that came while it could not be begun. */
  readonly next: Target | undefined;
  /** Numbers what is asked of the shell, so that a late answer is known as one. */
  readonly attempt: number;
  /** The attempt by which a start brings up `current`, until it is answered: that is heard whatever came meanwhile. */
  readonly startAttempt: number | undefined;
  /** What is current could not be brought up: it does not run, whatever the record says. */
  readonly isDown: boolean;
  /** When the record is written again that the disk did not take. */
  readonly keepAt: Instant | undefined;
}

export type ApplyEvent =
  | { readonly kind: "started"; readonly kept: Kept; readonly at: Instant }
  /** What the hub desires; `undefined`: it does not say. */
  | { readonly kind: "target"; readonly target: Target | undefined; readonly at: Instant }
  /** Something of what is fetched has come. */
  | { readonly kind: "progress"; readonly attempt: number; readonly at: Instant }
  | { readonly kind: "done"; readonly attempt: number; readonly at: Instant }
  /** `isPassing`: it may be well another time. */
  | {
      readonly kind: "failed";
      readonly attempt: number;
      readonly code: RejectCode | RollBackCode;
      readonly reason: string;
      readonly isPassing: boolean;
      readonly at: Instant;
    }
  /** An instance that `current` changed ends again and again: what ran before it may do better. */
  | {
      readonly kind: "escalated";
      readonly current: Content;
      readonly reason: string;
      readonly at: Instant;
    }
  | { readonly kind: "kept"; readonly at: Instant }
  | { readonly kind: "not-kept"; readonly at: Instant }
  | {
      readonly kind: "vote-written";
      readonly vote: KeptVote;
      readonly clock: KnownClock | undefined;
      readonly at: Instant;
    }
  | { readonly kind: "vote-not-written"; readonly vote: KeptVote; readonly at: Instant }
  | {
      readonly kind: "word";
      readonly word: RoundWord;
      readonly clock: KnownClock | undefined;
      readonly at: Instant;
    }
  | { readonly kind: "connected"; readonly clock: KnownClock | undefined; readonly at: Instant }
  | { readonly kind: "tick"; readonly at: Instant };

/** What an `attempt` asks is answered by `done` or `failed` with its number. */
export type ApplyEffect =
  | { readonly kind: "fetch"; readonly attempt: number; readonly target: Target }
  | { readonly kind: "verify" | "prepare"; readonly attempt: number; readonly target: Awaited }
  | { readonly kind: "write"; readonly attempt: number; readonly kept: Kept }
  /** Brings what runs to this; `undefined`: to nothing. What is the same in both is not touched. */
  | { readonly kind: "switch"; readonly attempt: number; readonly to: Content | undefined }
  | { readonly kind: "probe"; readonly attempt: number; readonly target: Awaited }
  /** Writes without waiting for it; answered by `kept` or `not-kept`. */
  | { readonly kind: "keep"; readonly kept: Kept }
  /** Answered by `vote-written` or `vote-not-written`. */
  | { readonly kind: "write-vote"; readonly vote: KeptVote; readonly kept: Kept }
  | { readonly kind: "say"; readonly word: MemberWord }
  /** Routes and outputs stand still, from this moment on. */
  | { readonly kind: "suspend"; readonly isInDoubt: boolean }
  /** They go on with what `kept` calls current. */
  | { readonly kind: "resume" }
  /** What was fetched and prepared for it is not needed. */
  | { readonly kind: "drop"; readonly target: Content }
  /** Nothing else helps: the next start reads from disk what shall run. */
  | { readonly kind: "restart"; readonly reason: string };

export interface ApplyStep {
  readonly state: ApplyState;
  readonly effects: readonly ApplyEffect[];
}

/** When it has something to do by itself. */
export function applyDueAt({ phase, vote, keepAt }: ApplyState): Instant | undefined {
  const isBound = vote.vote.kind !== "free";
  const deadline = "until" in phase && !(phase.kind === "held" && isBound) ? phase.until : undefined;
  return earliest(earliest(deadline, keepAt), voteDueAt(vote));
}

export const contentOf = ({ revision, digest }: Content): Content => ({ revision, digest });

export const isSameContent = (left: Content | undefined, right: Content | undefined): boolean =>
  left?.revision === right?.revision && left?.digest === right?.digest;
