// The journal's bounds hold while the hub runs and whatever its clock says: what is known of sessions, bytes, age.

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { seconds } from "@interactor/shared/kernel/units";
import { batchOf, birthOf, entryOf } from "@interactor/shared/testing/builders";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { type Lane, lane } from "@interactor/shared/wire/lanes";
import { type Session, sessionOf } from "@interactor/shared/wire/session";
import { openJournal } from "../../hub/src/adapters/store-sqlite/journal.ts";
import { Intake } from "../../hub/src/core/intake/intake.ts";
import {
  type Journal,
  type JournalLimits,
  journalLimits,
  type JournalRecord,
} from "../../hub/src/ports/journal.ts";
import { emptyFolder } from "./folders.ts";
import { journalRows } from "./journal-rows.ts";
import { payloadOf } from "./numbered-payload.ts";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const in1970 = 0;
const in2038 = Date.UTC(2038, 0, 19);

const sessionNumber = (number: number): Session => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(number);
  return sessionOf(bytes);
};

const open = (
  folder: string,
  clock = new VirtualClock(),
  limits: Partial<JournalLimits> = {},
): Promise<Journal> => openJournal({ folder, limits: { ...journalLimits, ...limits }, clock, log });

const record = (number: number, given: Partial<JournalRecord> = {}): JournalRecord => ({
  node: "pi",
  session: sessionNumber(1),
  lane: lane.telemetry,
  next: number + 1,
  payload: payloadOf(number),
  ...given,
});

/** Brings a record to disk; the virtual clock moves on so that the next group may begin. */
async function write(journal: Journal, clock: VirtualClock, what: JournalRecord): Promise<void> {
  journal.append(what);
  const isWritten = new Promise<boolean>((resolve) => journal.whenWritten(resolve));
  clock.advance(seconds(1));
  expect(await isWritten).toBe(true);
}

/** An intake that writes to the journal, as the hub has it. */
const intakeOn = (journal: Journal): Intake =>
  new Intake(
    {
      keep: (kept) => journal.append(kept),
      forget: (node, session) => journal.forget(node, session),
      values: () => undefined,
      receipt: () => undefined,
      result: () => undefined,
      clock: () => undefined,
      refused: (reason) => expect.fail(reason),
      took: () => undefined,
    },
    journal.taken,
  );

const birth = (session: number, spool?: number) => ({
  ...birthOf({ session: sessionNumber(session) }),
  ...(spool !== undefined && { spool: sessionNumber(spool) }),
});

const batch = (session: number, of: Lane = lane.telemetry, firstSeq = 0): Uint8Array =>
  encodeBatch(batchOf({ lane: of, session: sessionNumber(session), firstSeq, entries: [entryOf()] }));

function rowsOf(folder: string, sql: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(join(folder, "journal.sqlite"), { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

test("a node that begins a new life with each batch leaves no more marks than are of use", async () => {
  const folder = emptyFolder();
  const clock = new VirtualClock();
  const journal = await open(folder, clock);
  const intake = intakeOn(journal);
  intake.accept("pa", lane.telemetry, batch(1), birth(1));
  for (let life = 1; life <= 500; life++) {
    intake.accept("pi", lane.bulk, batch(9000, lane.bulk, life), birth(life, 9000));
    intake.accept("pi", lane.telemetry, batch(life), birth(life, 9000));
    // Many lives a commit, and one.
    if (life <= 400 && life % 100 !== 0) continue;
    await write(journal, clock, record(life, { node: "other" }));
    const known = rowsOf(folder, "SELECT DISTINCT session FROM taken WHERE node = 'pi'");
    expect(known.length).toBeLessThan(4 + 64);
  }
  for (let number = 0; number < 64; number++) await write(journal, clock, record(number, { node: "other" }));
  expect(rowsOf(folder, "SELECT DISTINCT session FROM taken WHERE node = 'pi'")).toHaveLength(4);
  await journal[Symbol.asyncDispose]();

  const next = await open(folder);
  await using _ = next;
  const known = next.taken.filter(({ node }) => node === "pi").map(({ session }) => session);
  expect(known.toSorted()).toEqual([498, 499, 500, 9000].map(sessionNumber).toSorted());
  expect(next.taken.filter(({ node }) => node === "pa")).toHaveLength(1);
});

test("commits of any size give way as fast as they come", async () => {
  const folder = emptyFolder();
  const clock = new VirtualClock();
  const bytesMax = 4_000_000;
  const journal = await open(folder, clock, { bytesMax });
  await using _ = journal;
  for (let number = 1; number <= 150; number++) {
    await write(journal, clock, record(number, { payload: Buffer.alloc(400_000, number) }));
    // A look comes each 4 MB at the latest.
    const [size] = rowsOf(folder, "SELECT coalesce(sum(length(batches)), 0) AS bytes FROM journal");
    expect(size?.["bytes"]).toBeLessThan(bytesMax + 5_000_000);
  }
  expect(journal.usage.evicted).toBeGreaterThan(125);
});

test("a bound that was lowered is reached in a few looks, not in days", async () => {
  const folder = emptyFolder();
  const clock = new VirtualClock();
  const first = await open(folder, clock);
  for (let number = 1; number <= 30; number++)
    await write(first, clock, record(number, { payload: Buffer.alloc(1_000_000) }));
  await first[Symbol.asyncDispose]();

  const journal = await open(folder, clock, { bytesMax: 2_000_000 });
  await using _ = journal;
  for (let number = 31; number <= 31 + 2 * 64; number++) await write(journal, clock, record(number));

  expect(journal.usage.bytes).toBeLessThan(2_000_000);
});

test("a hub that boots in 1970 keeps the marks of who is alive, and not those of former years", async () => {
  const folder = emptyFolder();
  const before = new VirtualClock();
  const first = await open(folder, before);
  for (const session of [1, 2, 3, 4, 5, 6, 7, 8])
    await write(first, before, record(1, { session: sessionNumber(session) }));
  await first[Symbol.asyncDispose]();
  const clock = new VirtualClock(in1970);
  const second = await open(folder, clock);
  await write(second, clock, record(1, { session: sessionNumber(9) }));
  await second[Symbol.asyncDispose]();

  const third = await open(folder, clock);
  await using _ = third;

  expect(third.taken.map(({ session }) => session)).toEqual([2, 3, 4, 5, 6, 7, 8, 9].map(sessionNumber));
});

test("commits go on to be numbered where they were, whatever has given way", async () => {
  const folder = emptyFolder();
  const clock = new VirtualClock();
  const first = await open(folder, clock, { bytesMax: 1 });
  for (let number = 1; number <= 64; number++) await write(first, clock, record(number));
  await first[Symbol.asyncDispose]();
  expect(journalRows(join(folder, "journal.sqlite")).map(({ id }) => id)).toEqual([64]);

  const second = await open(folder, clock);
  await write(second, clock, record(65));
  await second[Symbol.asyncDispose]();

  expect(journalRows(join(folder, "journal.sqlite")).map(({ id }) => id)).toEqual([64, 65]);
});

test.each([
  ["boots in 2038", in2038],
  ["boots in 1970", in1970],
])("a hub that %s evicts nothing for its age", async (_, startsAt) => {
  const folder = emptyFolder();
  const before = new VirtualClock();
  const first = await open(folder, before);
  for (let number = 1; number <= 10; number++) await write(first, before, record(number));
  await first[Symbol.asyncDispose]();

  const clock = new VirtualClock(startsAt);
  const journal = await open(folder, clock);
  await using _journal = journal;
  for (let number = 11; number <= 140; number++) await write(journal, clock, record(number));

  expect(journal.usage.evicted).toBe(0);
  expect(journalRows(join(folder, "journal.sqlite"))).toHaveLength(140);
});

test("a clock that is set while the hub runs, there or back, evicts nothing either", async () => {
  const clock = new VirtualClock();
  const journal = await open(emptyFolder(), clock);
  await using _ = journal;
  for (const step of [0, in2038, -in2038, 0 - clock.wall() / 1000]) {
    clock.stepWall(step);
    for (let number = 1; number <= 70; number++) await write(journal, clock, record(number));
  }

  expect(journal.usage.evicted).toBe(0);
});

test("age is the time in which hubs ran, over all their lives", async () => {
  const folder = emptyFolder();
  let evicted = 0;
  for (let life = 1; life <= 4; life++) {
    const clock = new VirtualClock(life % 2 === 0 ? in1970 : in2038);
    const journal = await open(folder, clock, { daysMax: 1 });
    await write(journal, clock, record(life));
    for (let hour = 0; hour < 9; hour++) clock.advance(seconds(3600));
    for (let number = 0; number < 64; number++) await write(journal, clock, record(number));
    evicted += journal.usage.evicted;
    await journal[Symbol.asyncDispose]();
    // The fourth life ends after 36 hours: what is older than 24 came in the first, or at the start of the second.
    expect(evicted > 0).toBe(life >= 3);
  }
});
