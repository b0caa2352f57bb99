/**
 * Keeps sessions and retained messages in one SQLite file. Changes gather in memory, folded (`change-fold.ts`), and
 * go to disk a group at a time (`group-commit.ts`), each group in one transaction of a few statements
 * (`group-writer.ts`). The package is asynchronous: a flush of the disk never holds up the event loop.
 */
import { join } from "node:path";
import type { BrokerStore } from "../../ports/broker-store.ts";
import { brokerMigrations } from "./broker-tables.ts";
import { ChangeFold } from "./change-fold.ts";
import { GroupCommit } from "./group-commit.ts";
import { GroupWriter } from "./group-writer.ts";
import {
  closeMax,
  closeWithin,
  type FileKind,
  type FileWorld,
  openKeptFile,
  writeFaultOf,
} from "./kept-file.ts";
import { type KeptLimits, type Loaded, evictOverLimits, load } from "./load.ts";

export interface BrokerStoreOptions extends FileWorld {
  /** Holds `broker.sqlite`; is there already, and no other process uses it. */
  readonly folder: string;
  readonly limits: KeptLimits;
}

const code = "BROKER_STORE";
const what = "sessions and retained messages";

/** Throws a Fault that says what to do. A damaged file is no reason: it is set aside, and the log says so. */
export async function openBrokerStore(options: BrokerStoreOptions): Promise<BrokerStore> {
  const { folder, clock, log } = options;
  const { database, loaded } = await openKeptFile(join(folder, "broker.sqlite"), kindOf(options), options);
  const writer = await GroupWriter.prepare(database);
  const fold = new ChangeFold(loaded.open);
  const commit = new GroupCommit(fold, {
    write: (group) =>
      writer.write(group).catch((error: unknown) => Promise.reject(writeFaultOf(error, code))),
    what,
    whoWaits: "is told",
    clock,
    log,
  });
  let changes = 0;
  return {
    kept: loaded.kept,
    write(change) {
      changes += 1;
      fold.add(change);
      commit.changed();
    },
    whenWritten: (done) => commit.whenWritten(done),
    get group() {
      return commit.group;
    },
    get waitingBytes() {
      return commit.waitingBytes;
    },
    get changes() {
      return changes;
    },
    get problem() {
      return commit.problem;
    },
    async [Symbol.asyncDispose]() {
      await commit.close(closeMax);
      await closeWithin(database, clock);
    },
  };
}

const kindOf = ({ limits, log }: BrokerStoreOptions): FileKind<Loaded> => ({
  keeps: what,
  without: "the broker begins without any",
  code,
  migrations: brokerMigrations,
  isCheckedWhole: true,
  async load(database) {
    const evicted = await evictOverLimits(database, limits);
    if (Object.keys(evicted).length > 0) {
      log.warn("sessions and retained messages over their limits were evicted", evicted);
    }
    return load(database);
  },
});
