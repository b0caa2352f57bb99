/**
 * How a group of nodes changes over at one tick of the site's clock, or not at all.
 *
 * The promise. No two revisions of the group run at any moment, whatever the network, the nodes or the hub do, as long
 * as every clock is no more wrong than it says and a node that runs acts within `groupActMax`.
 *
 * The protocol. (1) Every member has prepared and says so. (2) The hub writes the round down and proposes a tick T.
 * (3) A member that accepts writes its promise down, then says it: *from just before T on I do not run the old revision
 * unless I know that the round was aborted, and I run the new one only if I know that it was committed, and not before
 * T.* (4) With the promises of all, well before T, the hub writes "commit" down and says so until each member has
 * confirmed that it is written there too; with one missing, refused or late it is "abort". There is one decision a
 * round, and no number of a round is used twice.
 *
 * Why it holds. The new one runs somewhere only after a commit and after T. A commit needs the promise of all, and each
 * who promised has stopped the old one before T by the latest its clock can be wrong. So before T nobody runs the new
 * one, and after T nobody the old one, save after an abort, and then nobody ever runs the new one. What dies runs
 * nothing, and finds its promise on disk when it comes back.
 *
 * Its price. A member that promised and does not hear the decision by T runs neither: it is in doubt, holds its last
 * look and asks. It has to: were each member always to run one of the two, then in the chain of executions in which one
 * more message is lost each time two neighbours look alike to one member, so the one in which all change over would be
 * tied to the one in which nobody hears of it, and all would have to run the old one there. The time in which a lost
 * link leads to doubt is from the promise to the decision's arrival, which is a round trip or two. Who would rather be
 * wrong than dark names a time after which a member in doubt goes back to the old one by itself (`doubt`).
 */
import { type Micros, type Millis, millis, seconds } from "../../kernel/units.ts";

/** A hub that proposes gives so long until the tick: a few round trips for promises, and as many for the decision. */
export const groupLead = seconds(3);
/** No decision to commit is made later than this before the tick; then it is abort. */
export const groupSpread = seconds(1);
/** The longest lead a member accepts: so long it may have to wait after a restart, when it knows no clock. More: refuse. */
export const groupLeadMax = seconds(30);
/** A member whose clock can be more wrong than this does not promise: it would be dark for twice as long. More: refuse. */
export const groupClockErrorMax = millis(100);
/** A member that runs acts on a timer within this; its promise takes it into account. */
export const groupActMax = millis(20);
/** Proposals and decisions are said again to who has not answered. */
export const groupRepeat = millis(200);
/** What clocks drift by between promise and tick, as a share. Those of the agent bound it by the same. */
export const groupDriftMax = 250e-6;

export interface Round {
  /** Of this hub, growing; never used twice. */
  readonly id: number;
  readonly group: string;
  readonly revision: number;
  readonly digest: string;
  readonly tick: Micros;
  /** When a member in doubt goes back to the old revision by itself; `undefined`: it waits for the hub. */
  readonly doubt?: Millis;
}

export type Outcome = "commit" | "abort";

/** Why a member does not promise. */
export type Refusal =
  | "NOT_PREPARED"
  | "BUSY"
  | "CLOCK_UNSYNCHRONISED"
  | "CLOCK_UNSURE"
  | "TICK_TOO_NEAR"
  | "TICK_TOO_FAR"
  | "DISK";

/** What a hub says to a member. */
export type RoundWord =
  | { readonly kind: "propose"; readonly round: Round }
  | { readonly kind: Outcome; readonly id: number };

/** What a member says to the hub. */
export type MemberWord =
  /** `says`: the site's time when it was said, by which a clock that is wrong without knowing it shows itself. */
  | { readonly kind: "promised"; readonly id: number; readonly says: Micros; readonly error: Millis }
  | { readonly kind: "refused"; readonly id: number; readonly code: Refusal }
  /** The decision is on its disk. `gave-up`: it was in doubt for longer than it was told to be, and went back. */
  | { readonly kind: "settled"; readonly id: number; readonly outcome: Outcome | "gave-up" };
