/** The four priorities of a message. The number is what stands on the wire; lower is more urgent. */
export const lanes = ["critical", "control", "telemetry", "bulk"] as const;

export type Lane = 0 | 1 | 2 | 3;
export type LaneName = (typeof lanes)[number];

export const lane = {
  /** Show stop and failsafe: never waits for a batch, refused at its producer when full. */
  critical: 0,
  /** Commands, cues, receipts. */
  control: 1,
  /** Values. Conflated by default: a newer value replaces the queued one. */
  telemetry: 2,
  /** Logs, bundles, back-fill: whatever may wait. */
  bulk: 3,
} as const satisfies Record<LaneName, Lane>;

/** What acts or answers, and waits for nothing. */
export const isUrgent = (of: Lane): boolean => of <= lane.control;

export const laneNumbers = [0, 1, 2, 3] as const satisfies readonly Lane[];

export const isLane = (value: unknown): value is Lane =>
  value === 0 || value === 1 || value === 2 || value === 3;

export const laneOfName = (name: string): Lane | undefined => {
  const index = lanes.findIndex((each) => each === name);
  return isLane(index) ? index : undefined;
};
