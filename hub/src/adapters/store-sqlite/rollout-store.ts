/** Rollouts and rounds of groups in one SQLite file, a document each. */
import { join } from "node:path";
import * as z from "zod";
import type {
  KeptOrder,
  KeptRound,
  KeptRounds,
  KeptUnits,
  ModeState,
  Rollout,
  RolloutStore,
  Standing,
} from "../../ports/rollout-store.ts";
import type { Database, Row } from "./database.ts";
import { closeWithin, type FileKind, type FileWorld, openKeptFile, writeFaultOf } from "./kept-file.ts";
import { instant, micros, millis } from "@interactor/shared/kernel/units";

export interface RolloutStoreOptions extends FileWorld {
  /** Holds `rollouts.sqlite`; is there already, and no other process uses it. */
  readonly folder: string;
}

const code = "ROLLOUTS";
const migrations: readonly string[] = [
  `
  CREATE TABLE document (
    name TEXT PRIMARY KEY, -- "rounds", "standing", "modes", "units", or "rollout" and its revision
    body TEXT NOT NULL -- JSON
  ) STRICT;
  `,
];

interface Loaded {
  readonly rollouts: readonly Rollout[];
  readonly rounds: KeptRounds;
  readonly standing: Standing | undefined;
  readonly order: KeptOrder | undefined;
  readonly modes: ModeState;
  readonly units: KeptUnits;
}

const kind: FileKind<Loaded> = {
  keeps: "rollouts",
  without: "rollouts that were on their way have to be begun again",
  code,
  migrations,
  isCheckedWhole: true,
  load,
};

/** Throws a Fault that says what to do. A damaged file is no reason. */
export async function openRolloutStore(options: RolloutStoreOptions): Promise<RolloutStore> {
  const { database, loaded } = await openKeptFile(join(options.folder, "rollouts.sqlite"), kind, options);
  const write = async (sql: string, ...parameters: readonly string[]): Promise<void> => {
    await database
      .rows(sql, ...parameters)
      .catch((error: unknown) => Promise.reject(writeFaultOf(error, code)));
  };
  const save = (name: string, body: unknown) =>
    write("INSERT OR REPLACE INTO document (name, body) VALUES (?, ?)", name, JSON.stringify(body));
  let { order: waiting } = loaded;
  /** An order ends in the same write that says that its revision is on its way: whatever is read later, none begins twice. */
  async function saveStanding(standing: Standing): Promise<void> {
    const ended = waiting;
    if (ended === undefined || ended.plan.revision > (standing.rollout ?? 0))
      return save("standing", standing);
    const both = "INSERT OR REPLACE INTO document (name, body) VALUES ('standing', ?), ('order', 'null')";
    await write(both, JSON.stringify(standing));
    if (waiting === ended) waiting = undefined;
  }
  return {
    ...loaded,
    saveRollout: (rollout) => save(`rollout ${rollout.plan.revision}`, keptOf(rollout)),
    removeRollout: (revision) => write("DELETE FROM document WHERE name = ?", `rollout ${revision}`),
    saveRounds: (rounds) => save("rounds", rounds),
    saveStanding,
    saveOrder(order) {
      waiting = order;
      return save("order", order);
    },
    saveModes: (modes) => save("modes", modes),
    saveUnits: (units) => save("units", units),
    [Symbol.asyncDispose]: () => closeWithin(database, options.clock),
  };
}

const at = z.number().transform(instant);
const span = z.number().nonnegative().transform(millis);
const nodeState = z.enum(["waiting", "scheduled", "under-way", "held", "done", "failed"]);

const plan = z.object({
  revision: z.int(),
  digests: z.record(z.string(), z.string()),
  waves: z.array(z.array(z.string())),
  threshold: z.union([
    z.object({ kind: z.literal("count"), count: z.number() }),
    z.object({ kind: z.literal("share"), share: z.number() }),
  ]),
  settle: span,
  group: z.string().exactOptional(),
});
const override = z.object({ by: z.string(), reason: z.string() }).exactOptional();

const order = z.object({
  plan,
  probation: span,
  content: z.string(),
  by: z.string(),
  override,
  same: z.record(z.string(), z.string()),
}) satisfies z.ZodType<KeptOrder>;

const keptRollout = z.object({
  plan,
  kind: z.enum(["running", "paused", "trailing", "complete", "aborted"]),
  why: z.string().exactOptional(),
  wave: z.int(),
  passedAt: at.exactOptional(),
  nodes: z.record(
    z.string(),
    z.object({
      state: nodeState,
      phase: z.string().exactOptional(),
      code: z.string().exactOptional(),
      reason: z.string().exactOptional(),
      since: at,
    }),
  ),
  hub: z
    .object({ state: z.enum(["waiting", "held", "done"]), why: z.string().exactOptional() })
    .exactOptional(),
  there: z.array(z.string()),
  closed: z.record(z.string(), z.string()),
  override,
  accepted: z.int(),
  /** Missing in what an older hub wrote, which knew how many they are, and not who. */
  acceptedNodes: z.array(z.string()).exactOptional(),
  round: z.enum(["none", "begun", "committed"]),
  log: z.array(z.object({ at, words: z.string() })),
});
const rollout = keptRollout.transform(rolloutOf) satisfies z.ZodType<Rollout>;

/** An older hub reads it too: it goes by how many were accepted. */
const keptOf = ({ accepted, ...rest }: Rollout) => ({
  ...rest,
  accepted: accepted.length,
  acceptedNodes: accepted,
});

/** Of an older hub's: as many of the failed as were accepted then. */
function rolloutOf({ acceptedNodes, accepted, ...rest }: z.infer<typeof keptRollout>): Rollout {
  const failed = Object.keys(rest.nodes).filter((node) => rest.nodes[node]?.state === "failed");
  return { ...rest, accepted: acceptedNodes ?? failed.slice(0, accepted) };
}

const round = z.object({
  round: z.object({
    id: z.int(),
    group: z.string(),
    revision: z.int(),
    digest: z.string(),
    tick: z.number().transform(micros),
    doubt: span.exactOptional(),
  }),
  members: z.array(z.string()),
  outcome: z.enum(["commit", "abort"]).exactOptional(),
  why: z.string().exactOptional(),
  gone: z.array(z.string()).exactOptional(),
}) satisfies z.ZodType<KeptRound>;

const rounds = z.object({
  lastId: z.int(),
  open: z.array(round),
  left: z.record(z.string(), z.int()).exactOptional(),
}) satisfies z.ZodType<KeptRounds>;

const stand = { revision: z.int(), digest: z.string() };
const hold = z.union([
  z.object({ kind: z.literal("mode"), why: z.string() }),
  z.object({ kind: z.literal("group"), group: z.string() }),
]);
const nodeStanding = z.object({
  ...stand,
  hold: hold.exactOptional(),
  before: z.object(stand).exactOptional(),
});
const standing = z.object({
  hub: z.object({ revision: z.int(), before: z.int() }),
  probation: span,
  nodes: z.record(z.string(), nodeStanding),
  rollout: z.int().exactOptional(),
}) satisfies z.ZodType<Standing>;

const modes = z.record(
  z.string(),
  z.object({
    mode: z.string(),
    since: z.number().transform(micros),
    by: z.string(),
    reason: z.string().exactOptional(),
  }),
) satisfies z.ZodType<ModeState>;

const units = z.record(
  z.string(),
  z.union([z.object({ unit: z.string() }), z.object({ not: z.string() })]),
) satisfies z.ZodType<KeptUnits>;

/** One document that cannot be read, by a hub that is older than the one that wrote it, costs that document. */
async function load(database: Database): Promise<Loaded> {
  const rows = await database.rows("SELECT name, body FROM document ORDER BY name");
  const all = rows.map((row): readonly [string, unknown] => [String(row["name"]), parsed(row)]);
  const bodyOf = (wanted: string): unknown => all.find(([name]) => name === wanted)?.[1];
  const kept = rounds.safeParse(bodyOf("rounds"));
  const [stands, set] = [standing.safeParse(bodyOf("standing")), modes.safeParse(bodyOf("modes"))];
  const [filled, ordered] = [units.safeParse(bodyOf("units")), order.safeParse(bodyOf("order"))];
  return {
    rollouts: all.flatMap(([name, body]) => {
      const read = name.startsWith("rollout ") ? rollout.safeParse(body) : undefined;
      return read?.success === true ? [read.data] : [];
    }),
    rounds: kept.success ? kept.data : { lastId: 0, open: [] },
    standing: stands.success ? stands.data : undefined,
    order: ordered.success ? ordered.data : undefined,
    modes: set.success ? set.data : {},
    units: filled.success ? filled.data : {},
  };
}

function parsed(row: Row): unknown {
  try {
    return JSON.parse(String(row["body"]));
  } catch {
    return undefined;
  }
}
