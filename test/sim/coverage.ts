/** What a run has met: ways in which a message ended, and faults that had an effect. */
import { endReasons } from "@interactor/shared/wire/ledger";

export const faults = [
  // The network.
  "loss",
  "delay",
  "slow-link",
  "reorder",
  "duplicate",
  "partition-up",
  "partition-down",
  "partition-both",
  "flapping",
  // Disks.
  "torn-write",
  "lost-unsynced-write",
  "disk-full",
  "disk-slow",
  "bit-flip",
  "commit-failed",
  "commit-slow",
  "commit-landed-with-kill",
  "commit-lost-with-kill",
  // Programs and machines.
  "hub-killed",
  "hub-power-cut",
  "hub-restarted",
  "hub-paused",
  "hub-clock-step",
  "agent-killed",
  "agent-power-cut",
  "agent-restarted",
  "agent-paused",
  "agent-clock-step",
] as const;

export type SimFault = (typeof faults)[number];

/**
 * What no program of ours makes another count, only a hub or an agent of another version, or a module that stamps nonsense;
 * and what needs a group, of which there is none here.
 */
const foreign: readonly string[] = [
  "refused no-target",
  "refused wrong-command",
  "refused wrong-clock",
  "refused wrong-shape",
  "refused wrong-time",
  "refused standing-still",
];

/** How a message can end, and what else the ledger tells. */
export const ends: readonly string[] = [
  "delivered",
  "unaccounted crash",
  ...Object.entries(endReasons).flatMap(([end, reasons]) => reasons.map((reason) => `${end} ${reason}`)),
].filter((end) => !foreign.includes(end));

export class Coverage {
  readonly ends = new Set<string>();
  readonly faults = new Set<string>();

  fault(fault: SimFault): void {
    this.faults.add(fault);
  }

  end(end: string): void {
    this.ends.add(end);
  }
}
