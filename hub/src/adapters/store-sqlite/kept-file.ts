/** One SQLite file, open and whole: its tables up to date, and what it keeps read from it. */
import type { Log } from "../../ports/log.ts";
import { Damage, Database, isDamage } from "./database.ts";
import { migrate } from "./migrations.ts";
import { setAside } from "./set-aside.ts";
import type { Clock } from "@interactor/shared/kernel/clock";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { type Millis, seconds } from "@interactor/shared/kernel/units";

/** What a file is for. */
export interface FileKind<Loaded> {
  /** In words for people. */
  readonly keeps: string;
  /** What begins anew when it is damaged. */
  readonly without: string;
  /** Begins the codes of its Faults. */
  readonly code: string;
  /** The steps that lead to its tables, see `migrations.ts`. */
  readonly migrations: readonly string[];
  /** Whether the whole file is looked at when it is opened. */
  readonly isCheckedWhole: boolean;
  readonly load: (database: Database) => Promise<Loaded>;
  /** Brings into a new file what can still be read of a damaged one. */
  readonly rescue?: (damaged: Database, fresh: Database) => Promise<void>;
}

export interface FileWorld {
  readonly clock: Clock;
  readonly log: Log;
}

/** A stop of the hub waits no longer for the disk. What is not written then is lost, and said so in the log. */
export const closeMax: Millis = seconds(3);

/** The write-ahead log is cut to this after a busy time, in bytes. */
const walBytesMax = 8 * 1024 * 1024;

interface Opened<Loaded> {
  readonly database: Database;
  readonly loaded: Loaded;
}

/** Throws a Fault that says what to do. A damaged file is no reason: another takes its place. */
export async function openKeptFile<Loaded>(
  path: string,
  kind: FileKind<Loaded>,
  world: FileWorld,
): Promise<Opened<Loaded>> {
  try {
    return await open(path, kind);
  } catch (error) {
    if (!isDamage(error)) throw faultOf(path, kind, error);
    return await replaceKeptFile(path, kind, world, error);
  }
}

/** Sets a damaged file aside, says so in the log, and begins a new one with what can still be read of it. */
export async function replaceKeptFile<Loaded>(
  path: string,
  kind: FileKind<Loaded>,
  { clock, log }: FileWorld,
  damage: unknown,
): Promise<Opened<Loaded>> {
  try {
    const file = await setAside(path, clock.wall());
    const reason = messageOf(damage);
    log.error(`the file of ${kind.keeps} is damaged and was set aside: ${kind.without}`, { file, reason });
    const opened = await open(path, kind);
    if (kind.rescue === undefined || !(await isRescued(file, opened.database, kind.rescue))) return opened;
    return { database: opened.database, loaded: await kind.load(opened.database) };
  } catch (error) {
    throw faultOf(path, kind, error);
  }
}

async function isRescued(
  path: string,
  fresh: Database,
  rescue: (damaged: Database, fresh: Database) => Promise<void>,
): Promise<boolean> {
  const damaged = await Database.open(path);
  try {
    await rescue(damaged, fresh);
    return true;
  } catch {
    // There is nothing left to read: the log said that it begins anew.
    return false;
  } finally {
    await damaged.close();
  }
}

async function open<Loaded>(path: string, kind: FileKind<Loaded>): Promise<Opened<Loaded>> {
  const database = await Database.open(path);
  try {
    await database.execute(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${walBytesMax}`,
    );
    await migrate(database, path, kind);
    if (kind.isCheckedWhole) await check(database);
    return { database, loaded: await kind.load(database) };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function check(database: Database): Promise<void> {
  const [row] = await database.rows("PRAGMA quick_check(1)");
  if (row?.["quick_check"] !== "ok") throw new Damage(String(row?.["quick_check"]));
}

function faultOf<Loaded>(path: string, { keeps, code }: FileKind<Loaded>, error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault(
    `${code}_UNUSABLE`,
    `cannot keep ${keeps} in ${path}: ${messageOf(error)}; make sure that its folder is there, may be written and has space, or give another --data`,
    { cause: error },
  );
}

/** What a write that failed says. A new file would lack what this one had: whoever restarts the hub decides that. */
export function writeFaultOf(error: unknown, code: string): unknown {
  if (!isDamage(error)) return error;
  const words = `${messageOf(error)}; start the hub again: it sets the damaged file aside`;
  return new Fault(`${code}_DAMAGED`, words, { cause: error });
}

/** A disk that hangs must not keep the hub from ending. */
export async function closeWithin(database: Database, clock: Clock): Promise<void> {
  let cancel = (): void => undefined;
  const limit = new Promise<void>((resolve) => {
    cancel = clock.after(closeMax, resolve);
  });
  // What is not folded into the file yet lies in its log, and is found there at the next start.
  await Promise.race([database.close().catch(() => undefined), limit]);
  cancel();
}
