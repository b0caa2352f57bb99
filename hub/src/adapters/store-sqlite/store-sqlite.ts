/**
 * Keeps sessions and retained messages in one SQLite file. Changes gather in memory, folded (`change-fold.ts`), and
 * go to disk a group at a time (`group-commit.ts`), each group in one transaction of a few statements
 * (`group-writer.ts`). The package is asynchronous: a flush of the disk never holds up the event loop.
 */
import { join } from "node:path";
import type { BrokerStore } from "../../ports/broker-store.ts";
import type { Log } from "../../ports/log.ts";
import { ChangeFold, type ChangeGroup } from "./change-fold.ts";
import { Damage, Database, isDamage } from "./database.ts";
import { GroupCommit } from "./group-commit.ts";
import { GroupWriter } from "./group-writer.ts";
import { type KeptLimits, type Loaded, evictOverLimits, load } from "./load.ts";
import { migrate } from "./migrations.ts";
import { setAside } from "./set-aside.ts";
import type { Clock } from "@interactor/shared/kernel/clock";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { seconds } from "@interactor/shared/kernel/units";

export interface BrokerStoreOptions {
  /** Holds `broker.sqlite`; is there already, and no other process uses it. */
  readonly folder: string;
  readonly limits: KeptLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/** A stop of the hub waits no longer for the disk. What is not written then is lost, and said so in the log. */
const closeMax = seconds(3);

/** The write-ahead log is cut to this after a busy time, in bytes. */
const journalBytesMax = 8 * 1024 * 1024;

/** Throws a Fault that says what to do. A damaged file is no reason: it is set aside, and the log says so. */
export async function openBrokerStore({
  folder,
  limits,
  clock,
  log,
}: BrokerStoreOptions): Promise<BrokerStore> {
  const path = join(folder, "broker.sqlite");
  const { database, loaded } = await openOrReplace(path, { limits, clock, log });
  const writer = await GroupWriter.prepare(database);
  const fold = new ChangeFold(loaded.open);
  const commit = new GroupCommit(fold, { write: (group) => write(writer, group), clock, log });
  let changes = 0;
  return {
    kept: loaded.kept,
    write(change) {
      changes += 1;
      fold.add(change);
      commit.changed();
    },
    whenWritten: (done) => commit.whenWritten(done),
    get waitingBytes() {
      return commit.waitingBytes;
    },
    get changes() {
      return changes;
    },
    async [Symbol.asyncDispose]() {
      await commit.close(closeMax);
      await closeWithin(database, clock);
    },
  };
}

type World = Omit<BrokerStoreOptions, "folder">;

interface Opened {
  readonly database: Database;
  readonly loaded: Loaded;
}

async function openOrReplace(path: string, world: World): Promise<Opened> {
  try {
    return await openFile(path, world);
  } catch (error) {
    if (!isDamage(error)) throw faultOf(path, error);
    const reason = messageOf(error);
    try {
      const aside = await setAside(path, world.clock.wall());
      world.log.error(
        "the file of sessions and retained messages is damaged and was set aside: the broker begins without any",
        { file: aside, reason },
      );
      return await openFile(path, world);
    } catch (second) {
      throw faultOf(path, second);
    }
  }
}

async function openFile(path: string, { limits, log }: World): Promise<Opened> {
  const database = await Database.open(path);
  try {
    await database.execute(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${journalBytesMax}`,
    );
    await migrate(database, path);
    const [check] = await database.rows("PRAGMA quick_check(1)");
    if (check?.["quick_check"] !== "ok") throw new Damage(String(check?.["quick_check"]));
    const evicted = await evictOverLimits(database, limits);
    if (Object.keys(evicted).length > 0) {
      log.warn("sessions and retained messages over their limits were evicted", evicted);
    }
    return { database, loaded: await load(database) };
  } catch (error) {
    await database.close();
    throw error;
  }
}

function faultOf(path: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault(
    "BROKER_STORE_UNUSABLE",
    `cannot keep sessions and retained messages in ${path}: ${messageOf(error)}; make sure that its folder is there, may be written and has space, or give another --data`,
    { cause: error },
  );
}

async function write(writer: GroupWriter, group: ChangeGroup): Promise<void> {
  try {
    await writer.write(group);
  } catch (error) {
    // A new file would lack what this one had: whoever restarts the hub decides that.
    if (!isDamage(error)) throw error;
    throw new Fault(
      "BROKER_STORE_DAMAGED",
      `${messageOf(error)}; start the hub again: it sets the damaged file aside`,
      { cause: error },
    );
  }
}

/** A disk that hangs must not keep the hub from ending. */
async function closeWithin(database: Database, clock: Clock): Promise<void> {
  let cancel = (): void => undefined;
  const limit = new Promise<void>((resolve) => {
    cancel = clock.after(closeMax, resolve);
  });
  // What is not folded into the file yet lies in its log, and is found there at the next start.
  await Promise.race([database.close().catch(() => undefined), limit]);
  cancel();
}
