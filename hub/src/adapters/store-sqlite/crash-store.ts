/** Crash reports in one SQLite file: a row for each, with the report as it came. */
import { join } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import {
  type CrashReport,
  decodeCrashReport,
  encodeCrashReport,
} from "@interactor/shared/wire/messages/crash";
import { type CrashOfNode, crashesMax, crashesOfNodeMax, type CrashStore } from "../../ports/crash-store.ts";
import type { Database, Row } from "./database.ts";
import { closeWithin, type FileKind, type FileWorld, openKeptFile } from "./kept-file.ts";

export interface CrashStoreOptions extends FileWorld {
  /** Holds `crashes.sqlite`; is there already, and no other process uses it. */
  readonly folder: string;
}

const migrations: readonly string[] = [
  `
  CREATE TABLE crash (
    number INTEGER PRIMARY KEY AUTOINCREMENT, -- grows with each that comes
    id TEXT NOT NULL UNIQUE,
    node TEXT NOT NULL,
    instances TEXT NOT NULL, -- their names, as a JSON list
    at_us INTEGER NOT NULL, -- when it came, by the hub's clock
    report BLOB NOT NULL
  ) STRICT;
  CREATE INDEX crash_of ON crash (node, number);
  `,
  `
  -- What a node says is its own: an id that it has from another takes nothing of that one away.
  CREATE TABLE crash_of_node (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    node TEXT NOT NULL,
    instances TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    report BLOB NOT NULL,
    UNIQUE (id, node)
  ) STRICT;
  INSERT INTO crash_of_node SELECT number, id, node, instances, at_us, report FROM crash;
  DROP TABLE crash;
  ALTER TABLE crash_of_node RENAME TO crash;
  CREATE INDEX crash_of ON crash (node, number);
  `,
];

const kind: FileKind<undefined> = {
  keeps: "crash reports",
  without: "nodes tell those that they have again when their agents start",
  code: "CRASHES",
  migrations,
  isCheckedWhole: false,
  load: () => Promise.resolve(undefined),
};

/** Throws a Fault that says what to do. A damaged file is no reason. */
export async function openCrashStore(options: CrashStoreOptions): Promise<CrashStore> {
  const { database } = await openKeptFile(join(options.folder, "crashes.sqlite"), kind, options);
  const { log, clock } = options;
  let [changes, waitingBytes, isBroken] = [0, 0, false];
  let working: Promise<boolean> = Promise.resolve(true);
  const write = async (crash: CrashOfNode, bytes: Uint8Array, at: number): Promise<boolean> => {
    try {
      await put(database, crash, bytes, at);
      isBroken = false;
    } catch (error) {
      if (!isBroken) log.error("crash reports cannot be kept", { cause: messageOf(error) });
      isBroken = true;
    }
    waitingBytes -= bytes.length;
    return !isBroken;
  };
  return {
    written: {
      whenWritten: (tell) => {
        const told = async (): Promise<void> => tell(await working);
        void told();
      },
      get group() {
        return changes;
      },
      get changes() {
        return changes;
      },
      get waitingBytes() {
        return waitingBytes;
      },
    },
    add(crash, at) {
      const bytes = encodeCrashReport(crash.report);
      changes += 1;
      waitingBytes += bytes.length;
      working = working.then(() => write(crash, bytes, at));
    },
    list: async ({ node = "", instance = "", from, max }) =>
      (await database.rows(listed, node, node, instance, instance, max, from)).flatMap(crashOf),
    find: async (id, node = "") => (await database.rows(found, id, node, node)).flatMap(crashOf),
    [Symbol.asyncDispose]: async () => {
      await working;
      await closeWithin(database, clock);
    },
  };
}

/** An empty name is nobody's. */
const found = "SELECT node, report FROM crash WHERE id = ? AND (? = '' OR node = ?) ORDER BY node";
const listed = `
  SELECT node, report FROM crash
  WHERE (? = '' OR node = ?) AND (? = '' OR EXISTS (SELECT 1 FROM json_each(instances) WHERE value = ?))
  ORDER BY number DESC LIMIT ? OFFSET ?`;

async function put(
  database: Database,
  { node, report }: CrashOfNode,
  bytes: Uint8Array,
  at: number,
): Promise<void> {
  const names = JSON.stringify(report.instances.map(({ instance }) => instance));
  await database.execute("BEGIN");
  try {
    await database.rows("DELETE FROM crash WHERE id = ? AND node = ?", report.id, node);
    await database.rows(
      "INSERT INTO crash (id, node, instances, at_us, report) VALUES (?, ?, ?, ?, ?)",
      report.id,
      node,
      names,
      at,
      Buffer.from(bytes),
    );
    await database.rows(
      `DELETE FROM crash WHERE number IN
       (SELECT number FROM crash WHERE node = ? ORDER BY number DESC LIMIT -1 OFFSET ${crashesOfNodeMax})`,
      node,
    );
    await database.rows(
      `DELETE FROM crash WHERE number IN
       (SELECT number FROM crash ORDER BY number DESC LIMIT -1 OFFSET ${crashesMax})`,
    );
    await database.execute("COMMIT");
  } catch (error) {
    await database.execute("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

function crashOf({ node, report }: Row): readonly { readonly node: string; readonly report: CrashReport }[] {
  const decoded = Buffer.isBuffer(report) ? decodeCrashReport(report) : undefined;
  return decoded?.ok === true ? [{ node: String(node), report: decoded.value }] : [];
}
