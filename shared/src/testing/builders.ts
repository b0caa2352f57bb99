/** Messages for tests: whole and plausible, so that a test names only what matters to it. */
import { type Instant, instant, micros, type Micros, seconds } from "../kernel/units.ts";
import type { LedgerLane, NodeView } from "../wire/api.ts";
import { type Entry, quality } from "../wire/entry.ts";
import { lane } from "../wire/lanes.ts";
import type { Batch } from "../wire/batch.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import type { Birth, Death } from "../wire/messages/state.ts";
import { type Session, sessionOf } from "../wire/session.ts";

/** 2027-01-15T08:00:00Z. */
export const noon: Micros = micros(1_800_000_000_000_000);

/** The session whose eight bytes are all `byte`. */
export const sessionNumber = (byte: number): Session => sessionOf(new Uint8Array(8).fill(byte));

export const entryOf = (given: Partial<Entry> = {}): Entry => ({
  at: noon,
  from: "sim/distance",
  to: null,
  ttl: null,
  flags: 0,
  trace: null,
  quality: quality.good,
  body: 1.5,
  ...given,
});

export const batchOf = (given: Partial<Batch> = {}): Batch => ({
  lane: lane.telemetry,
  session: sessionNumber(1),
  firstSeq: 0,
  entries: [entryOf()],
  ...given,
});

export const routeOf = (given: Partial<CompiledRoute> = {}): CompiledRoute => ({
  name: "follow",
  from: "pi/sim/distance",
  to: "pi/lights/front",
  ttl: seconds(5),
  lane: lane.telemetry,
  ...given,
});

export const birthOf = (given: Partial<Birth> = {}): Birth => ({
  v: 1,
  kind: "birth",
  session: sessionNumber(1),
  connection: 1,
  unit: "unit-1",
  agentVersion: "0.1.0",
  at: noon,
  instances: {
    sim: {
      module: "simulated",
      version: "0.1.0",
      inputs: {},
      outputs: { distance: { type: "float", unit: "m" }, motion: { type: "bool" } },
    },
    lights: {
      module: "dmx",
      version: "0.1.0",
      inputs: {
        front: { type: "float", min: 0, max: 1, actuator: true },
        ch: { type: "int", min: 0, max: 255, count: 512, actuator: true },
      },
      outputs: {},
    },
  },
  ...given,
});

export const deathOf = (given: Partial<Death> = {}): Death => ({
  v: 1,
  kind: "death",
  session: sessionNumber(1),
  connection: 1,
  reason: "lost",
  ...given,
});

/** `after` ms on the monotonic clock and on the site's. */
export const nowAt = (after: number): { readonly instant: Instant; readonly wall: Micros } => ({
  instant: instant(after),
  wall: micros(noon + after * 1000),
});

/** A node that is ready, as the API tells of it. */
export const nodeViewOf = (node: string, given: Partial<NodeView> = {}): NodeView => ({
  node,
  state: "ready",
  reasons: [],
  since: "2026-11-21T05:00:00.000Z",
  unit: "pi-4",
  agent_version: "0.1.0",
  last_seen: "2026-11-21T05:00:00.000Z",
  revision: 0,
  converged: true,
  queued: 0,
  instances: {},
  owners: {},
  routes: {},
  ...given,
});

/** A lane of the ledger on which nothing has happened. */
export const ledgerLaneOf = (given: Partial<LedgerLane> = {}): LedgerLane => ({
  lane: "telemetry",
  produced: 0,
  delivered: 0,
  queued: 0,
  losses: {},
  unaccounted: 0,
  unaccounted_at_most: 0,
  difference: 0,
  taken: 0,
  repeated: 0,
  missed: 0,
  ...given,
});
