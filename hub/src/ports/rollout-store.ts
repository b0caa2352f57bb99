/** What the hub must find again of revisions that are on their way. */
import type { KeptUnits } from "../core/access/unit-book.ts";
import type { KeptRound, Left } from "../core/rollout/group-commit.ts";
import type { KeptOrder } from "../core/rollout/kept-order.ts";
import type { Rollout } from "../core/rollout/rollout-state.ts";
import type { ModeState } from "../core/mode/modes.ts";
import type { Standing } from "../core/rollout/standing.ts";

export type { KeptUnits } from "../core/access/unit-book.ts";
export type { ModeState } from "../core/mode/modes.ts";
export type { Standing } from "../core/rollout/standing.ts";
export type { KeptOrder } from "../core/rollout/kept-order.ts";
export type { KeptRound } from "../core/rollout/group-commit.ts";
export type { Rollout } from "../core/rollout/rollout-state.ts";

/** The change-overs of groups. */
export interface KeptRounds {
  /** The highest number that a round ever had: none is used twice. */
  readonly lastId: number;
  /** Those that some member has not confirmed. */
  readonly open: readonly KeptRound[];
  /** Missing: nobody. */
  readonly left?: Left;
}

/** On disk when a promise resolves; a power cut leaves what was there before, or after. */
export interface RolloutStore extends AsyncDisposable {
  /** As they were found at the start. */
  readonly rollouts: readonly Rollout[];
  readonly rounds: KeptRounds;
  /** `undefined`: nobody was told anything yet, or it cannot be read. */
  readonly standing: Standing | undefined;
  /** How the newest revision is to come to its nodes; `undefined`: it is on its way, nobody asked yet, or it cannot be read. */
  readonly order: KeptOrder | undefined;
  readonly modes: ModeState;
  /** Which unit fills which node. */
  readonly units: KeptUnits;
  /** By its revision. */
  saveRollout(rollout: Rollout): Promise<void>;
  removeRollout(revision: number): Promise<void>;
  /** Before a word of a round is said to anybody. */
  saveRounds(rounds: KeptRounds): Promise<void>;
  /** Ends the order of the revision that it says is on its way, and of any before it, in the same write. */
  saveStanding(standing: Standing): Promise<void>;
  /** Before the revision that it is about is written down. */
  saveOrder(order: KeptOrder): Promise<void>;
  saveModes(modes: ModeState): Promise<void>;
  saveUnits(units: KeptUnits): Promise<void>;
}
