// The journal on SQLite: what it says is on disk is there, whatever happens to the machine; and it keeps its bounds.

import { copyFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { sessionNumber } from "@interactor/shared/testing/builders";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { micros, seconds } from "@interactor/shared/kernel/units";

import { systemClock } from "../../hub/src/adapters/clock-system.ts";
import { journalMigrations } from "../../hub/src/adapters/store-sqlite/journal-tables.ts";
import { openJournal } from "../../hub/src/adapters/store-sqlite/journal.ts";
import {
  type Journal,
  type JournalLimits,
  journalLimits,
  type JournalRecord,
  type Uptime,
} from "../../hub/src/ports/journal.ts";
import { emptyFolder, fillDisk, isRoot, mountedFolder } from "./folders.ts";
import { journalRows } from "./journal-rows.ts";
import { payloadOf } from "./numbered-payload.ts";

const isLong = process.env["TEST_LONG"] !== undefined;

interface Opened {
  readonly journal: Journal;
  readonly lines: string[];
}

async function open(
  folder: string,
  given: Partial<JournalLimits> = {},
  clock = systemClock(),
): Promise<Opened> {
  const lines: string[] = [];
  const say =
    (level: string) =>
    (message: string): void =>
      void lines.push(`${level} ${message}`);
  const log = { info: say("info"), warn: say("warn"), error: say("error") };
  return {
    journal: await openJournal({ folder, limits: { ...journalLimits, ...given }, clock, log }),
    lines,
  };
}

const written = (journal: Journal): Promise<boolean> =>
  new Promise((resolve) => journal.whenWritten(resolve));

const record = (number: number, given: Partial<JournalRecord> = {}): JournalRecord => ({
  node: "pi",
  session: sessionNumber(1),
  lane: 2,
  next: number + 1,
  payload: payloadOf(number),
  ...given,
});

const numbersIn = (path: string): readonly number[] =>
  journalRows(path).map(({ payload }, index) => {
    expect(payload.equals(payloadOf(index + 1))).toBe(true);
    return index + 1;
  });

test("what was written is there in its order, and how far each lane had come", async () => {
  const folder = emptyFolder();
  const { journal } = await open(folder);
  expect(journal.taken).toEqual([]);
  journal.append(record(1));
  journal.append(record(2, { node: "pa", payload: Buffer.alloc(70_000, 7) }));
  expect(await written(journal)).toBe(true);
  journal.append(record(3, { lane: 1, payload: new Uint8Array() }));
  expect(await written(journal)).toBe(true);
  await journal[Symbol.asyncDispose]();

  const rows = journalRows(join(folder, "journal.sqlite"));
  expect(rows.map(({ node, payload }) => [node, payload.length])).toEqual([
    ["pi", 2],
    ["pa", 70_000],
  ]);
  const { journal: next } = await open(folder);
  await using _ = next;
  const marks = next.taken.map(({ node, lane, next }) => [`${node} ${lane}`, next]);
  expect(Object.fromEntries(marks)).toEqual({ "pi 2": 2, "pa 2": 3, "pi 1": 4 });
});

test("of a node that nobody forgot anything of, the eight sessions written last are known", async () => {
  const folder = emptyFolder();
  const clock = new VirtualClock();
  const { journal } = await open(folder, {}, clock);
  for (const session of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
    journal.append(record(1, { session: sessionNumber(session) }));
    const isWritten = written(journal);
    clock.advance(seconds(1));
    expect(await isWritten).toBe(true);
  }
  await journal[Symbol.asyncDispose]();

  const { journal: next } = await open(folder);
  await using _ = next;
  expect(next.taken.map(({ session }) => session)).toEqual([3, 4, 5, 6, 7, 8, 9, 10].map(sessionNumber));
});

test("the oldest commits give way when it takes too much, and free their space", async () => {
  const folder = emptyFolder();
  const bytesMax = 2_000_000;
  const { journal } = await open(folder, { bytesMax });
  await using _ = journal;

  for (let number = 1; number <= 1000; number++) {
    journal.append(record(number, { payload: Buffer.alloc(9000, number) }));
    expect(await written(journal)).toBe(true);
  }

  const rows = journalRows(join(folder, "journal.sqlite"));
  expect(rows.at(-1)?.payload.equals(Buffer.alloc(9000, 1000))).toBe(true);
  expect(rows.length).toBeGreaterThan(50);
  // It is looked each 64 commits, and a step takes 4 MB at most.
  expect(journal.usage.bytes).toBeLessThan(bytesMax + 64 * 12_000);
  expect(journal.usage.evicted + rows.length).toBe(1000);
});

test("what is too old gives way", async () => {
  const folder = emptyFolder();
  const clock = new VirtualClock();
  const { journal } = await open(folder, { daysMax: 1 }, clock);
  await using _ = journal;
  const write = async (count: number) => {
    for (let number = 0; number < count; number++) {
      journal.append(record(number));
      const isWritten = written(journal);
      clock.advance(seconds(1));
      expect(await isWritten).toBe(true);
    }
  };

  await write(100);
  for (let hour = 0; hour < 25; hour++) clock.advance(seconds(3600));
  await write(64);

  expect(journal.usage.evicted).toBe(100);
});

test.skipIf(!isRoot)(
  "on a full disk nobody is confirmed, and all of it is written when there is space",
  async () => {
    const folder = mountedFolder(1024);
    const { journal, lines } = await open(folder);
    journal.append(record(1));
    expect(await written(journal)).toBe(true);
    const ballast = join(folder, "ballast");
    fillDisk(ballast);

    const confirmed: number[] = [];
    let number = 1;
    while (journal.problem === undefined && number < 500) {
      const last = ++number;
      journal.append(record(last));
      journal.whenWritten((isWritten) => isWritten && confirmed.push(last));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(journal.problem).toMatch(/cannot be written.*SQLITE_(FULL|IOERR)/);
    const before = confirmed.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(confirmed).toHaveLength(before);
    rmSync(ballast);
    expect(await written(journal)).toBe(true);

    expect(journal.problem).toBeUndefined();
    expect(confirmed).toHaveLength(number - 1);
    expect(lines).toEqual([
      expect.stringMatching(/^error .*cannot be written/),
      expect.stringMatching(/^info .*written again/),
    ]);
    await journal[Symbol.asyncDispose]();
    // What is old may have given way to what is new.
    const kept = journalRows(join(folder, "journal.sqlite"));
    expect(kept.at(-1)?.payload.equals(payloadOf(number))).toBe(true);
  },
);

test("a file that is no database is set aside, and work goes on", async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, "journal.sqlite"), "garbage ".repeat(5000));

  const { journal, lines } = await open(folder);
  await using _ = journal;
  journal.append(record(1));
  expect(await written(journal)).toBe(true);

  expect(lines).toEqual([expect.stringMatching(/^error .*damaged and was set aside/)]);
  expect(readdirSync(folder).some((name) => name.startsWith("journal.sqlite.corrupt-"))).toBe(true);
});

const originAt = (seq: number) => ({ session: sessionNumber(9), lane: 2, seq, sample: 0 }) as const;

const damages: readonly (readonly [string, (bytes: Buffer) => void])[] = [
  // The schema is on page 1, the first table that was made on page 2.
  ["when it is opened", (bytes) => bytes.fill(0xa5, 4096, 8192)],
  // Page 1 names the first page that is free; who needs room reads it.
  [
    "when it is written",
    (bytes) => {
      const free = bytes.readUInt32BE(32);
      expect(free).toBeGreaterThan(0);
      bytes.fill(0xa5, (free - 1) * 4096, free * 4096);
    },
  ],
];

test.each(damages)(
  "a file that turns out to be damaged %s is replaced, and nothing is taken twice",
  async (_, damage) => {
    const folder = emptyFolder();
    const path = join(folder, "journal.sqlite");
    const { journal: first } = await open(folder, { bytesMax: 500_000 });
    for (let number = 1; number <= 128; number++) {
      first.append(record(number, { payload: Buffer.alloc(20_000) }));
      expect(await written(first)).toBe(true);
    }
    first.append(record(7, { lane: 1 }));
    const birth = { node: "pi", session: sessionNumber(1), document: Buffer.from("declared") };
    const mark = { way: "pi/a/out r pa/b/in", ...originAt(5) };
    first.born(birth);
    first.done(mark);
    first.chosen(mark);
    first.gone("pe");
    expect(await written(first)).toBe(true);
    await first[Symbol.asyncDispose]();
    const bytes = readFileSync(path);
    damage(bytes);
    writeFileSync(path, bytes);

    const { journal, lines } = await open(folder);
    journal.append(record(129, { payload: Buffer.alloc(90_000) }));
    expect(await written(journal)).toBe(true);
    await journal[Symbol.asyncDispose]();

    expect(lines).toEqual([expect.stringMatching(/^error .*damaged and was set aside/)]);
    const { journal: next } = await open(folder);
    await using _next = next;
    expect(Object.fromEntries(next.taken.map(({ lane, next }) => [lane, next]))).toEqual({ 1: 8, 2: 130 });
    const { gone, ...kept } = next.kept;
    expect(kept).toEqual({ births: [birth], marks: [mark], choices: [mark] });
    expect([...gone.keys()]).toEqual(["pe"]);
  },
);

test("a row that the damage has made a wrong one is left out, and the others come over", async () => {
  const folder = emptyFolder();
  const path = join(folder, "journal.sqlite");
  const { journal: first } = await open(folder);
  first.append(record(1));
  first.append(record(2, { node: "pa" }));
  for (const [index, way] of ["first", "wrong", "last"].entries()) first.done({ way, ...originAt(index) });
  expect(await written(first)).toBe(true);
  await first[Symbol.asyncDispose]();
  const file = new DatabaseSync(path);
  file.exec(`PRAGMA ignore_check_constraints = ON;
    UPDATE done SET lane = 9 WHERE way = 'wrong'; UPDATE taken SET lane = 9 WHERE node = 'pa'`);
  file.close();
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096, 8192);
  writeFileSync(path, bytes);

  const { journal: next } = await open(folder);
  await using _ = next;

  expect(next.taken.map(({ node }) => node)).toEqual(["pi"]);
  expect(next.kept.marks.map(({ way }) => way)).toEqual(["first", "last"]);
});

test("cut at any byte of a commit, as a power cut leaves it, everything before it is there", async () => {
  const folder = emptyFolder();
  const path = join(folder, "journal.sqlite");
  const { journal } = await open(folder);
  for (let number = 1; number <= 20; number++) {
    journal.append(record(number));
    expect(await written(journal)).toBe(true);
  }
  const synced = readFileSync(`${path}-wal`).length;
  for (let number = 21; number <= 40; number++) journal.append(record(number));
  expect(await written(journal)).toBe(true);
  const copy = emptyFolder();
  copyFileSync(path, join(copy, "whole"));
  copyFileSync(`${path}-wal`, join(copy, "whole-wal"));
  await journal[Symbol.asyncDispose]();
  const wal = readFileSync(join(copy, "whole-wal"));
  expect(wal.length).toBeGreaterThan(synced);

  // All of them in the long run; one in 61, which is prime to every structure in the file, else.
  const cuts = Array.from({ length: wal.length - synced + 1 }, (_, index) => synced + index);
  for (const cut of cuts.filter((_, index) => isLong || index % 61 === 0 || index === cuts.length - 1)) {
    const cutFolder = join(copy, "journal.sqlite");
    for (const ending of ["", "-wal", "-shm"]) rmSync(cutFolder + ending, { force: true });
    copyFileSync(join(copy, "whole"), cutFolder);
    writeFileSync(`${cutFolder}-wal`, wal);
    truncateSync(`${cutFolder}-wal`, cut);

    const { journal: after, lines } = await open(copy);
    const mark = after.taken[0]?.next ?? 0;
    await after[Symbol.asyncDispose]();

    expect(lines).toEqual([]);
    const numbers = numbersIn(cutFolder);
    expect([20, 40]).toContain(numbers.length);
    expect(mark).toBe(numbers.length + 1);
  }
}, 600_000);

/** What `recent` gives, as [number of the record, uptime]. */
async function recentOf(journal: Journal, span: number, commitsMax = 1000): Promise<readonly unknown[]> {
  const limits = { nodes: new Set(["pi"]), commitsMax, bytesMax: 64_000_000 };
  const found: unknown[] = [];
  for await (const step of journal.recent(seconds(span), limits))
    for (const { node, payload, stamp } of step) found.push([node, numbersOf(payload), stamp.uptime / 1e6]);
  return found;
}

const numbersOf = (payload: Uint8Array): number =>
  Array.from({ length: 2000 }, (_, number) => number).findIndex((number) =>
    payloadOf(number).equals(Buffer.from(payload)),
  );

/** A machine that somebody starts again and whose clock he sets. */
class Machine {
  readonly clock = new VirtualClock();
  boot = "first";
  #bootedAt = this.clock.now();

  readonly uptime: Uptime;

  constructor() {
    const bootOf = () => this.boot;
    this.uptime = {
      get boot() {
        return bootOf();
      },
      now: () => micros((this.clock.now() - this.#bootedAt) * 1000),
    };
  }

  restart(): void {
    this.boot = "second";
    this.#bootedAt = this.clock.now();
  }
}

async function onMachine(folder: string, machine: Machine): Promise<Journal> {
  const silent = () => undefined;
  const log = { info: silent, warn: silent, error: silent };
  return openJournal({ folder, limits: journalLimits, clock: machine.clock, uptime: machine.uptime, log });
}

async function writeEach(journal: Journal, machine: Machine, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    journal.append(record(number));
    const isWritten = written(journal);
    machine.clock.advance(seconds(1));
    expect(await isWritten).toBe(true);
  }
}

test("what was committed lately is read back in its order, and how long ago it was before the last", async () => {
  const folder = emptyFolder();
  const machine = new Machine();
  const journal = await onMachine(folder, machine);
  await writeEach(journal, machine, [1, 2, 3, 4, 5]);
  await journal[Symbol.asyncDispose]();
  machine.clock.advance(seconds(1000));

  await using next = await onMachine(folder, machine);
  const numbers = (await recentOf(next, 2)).map((each) => Array.isArray(each) && each[1]);
  expect(numbers).toEqual([3, 4, 5]);
  expect(await recentOf(next, 3600)).toHaveLength(5);
  next.append(record(6, { node: "pa" }));
  const isWritten = written(next);
  machine.clock.advance(seconds(1));
  expect(await isWritten).toBe(true);
  expect(await recentOf(next, 3600)).toHaveLength(5);
  // Of the commits that are looked at the last is another node's.
  expect(await recentOf(next, 3600, 3)).toHaveLength(2);
});

test("what came before a restart of the machine is told by the journal's own time", async () => {
  const folder = emptyFolder();
  const machine = new Machine();
  const journal = await onMachine(folder, machine);
  await writeEach(journal, machine, [1]);
  machine.clock.advance(seconds(100));
  await writeEach(journal, machine, [2]);
  machine.restart();
  await writeEach(journal, machine, [3]);

  expect((await recentOf(journal, 10)).map((each) => Array.isArray(each) && each[1])).toEqual([2, 3]);
  expect(journal.stamp()).toMatchObject({ boot: "second", uptime: 1_000_000 });
  await journal[Symbol.asyncDispose]();
});

test("births, up to where events were done, and who of a group was chosen are there after a restart", async () => {
  const folder = emptyFolder();
  const { journal } = await open(folder);
  journal.born({ node: "pi", session: sessionNumber(1), document: Uint8Array.of(1, 2, 255) });
  for (const seq of [8, 9]) journal.chosen({ way: "from route to", ...originAt(seq) });
  for (const seq of [3, 5]) journal.done({ way: "from route to", ...originAt(seq) });
  expect(await written(journal)).toBe(true);
  journal.done({ way: "from route to", ...originAt(2 ** 40) });
  expect(await written(journal)).toBe(true);
  await journal[Symbol.asyncDispose]();

  const { journal: next } = await open(folder);
  await using _ = next;
  expect(next.kept.births).toEqual([
    { node: "pi", session: sessionNumber(1), document: Buffer.from([1, 2, 255]) },
  ]);
  expect(next.kept.marks).toEqual([{ way: "from route to", ...originAt(2 ** 40) }]);
  expect(next.kept.choices).toEqual([8, 9].map((seq) => ({ way: "from route to", ...originAt(seq) })));
});

test("a journal that an older hub wrote goes on, and what stands in it is not read back: it may have been done", async () => {
  const folder = emptyFolder();
  const path = join(folder, "journal.sqlite");
  const old = new DatabaseSync(path);
  old.exec(`BEGIN; ${journalMigrations[0] ?? ""}; PRAGMA user_version = 1; COMMIT`);
  old
    .prepare(
      "INSERT INTO journal_commit (id, at_us, nodes, places, batches, marks) VALUES (1, ?, '[\"pi\"]', ?, ?, ?)",
    )
    .run(
      Date.now() * 1000 - 1_000_000,
      Buffer.from([0, 0, payloadOf(7).length, 0, 0, 0]),
      payloadOf(7),
      JSON.stringify([["pi", sessionNumber(1), 2, 8]]),
    );
  old.close();

  const { journal, lines } = await open(folder);
  await using _ = journal;
  expect(lines).toEqual([]);
  expect(journal.taken).toEqual([{ node: "pi", session: sessionNumber(1), lane: 2, next: 8 }]);
  expect(journal.kept).toEqual({ births: [], marks: [], choices: [], gone: new Map() });
  journal.append(record(8));
  expect(await written(journal)).toBe(true);

  expect(journalRows(path)).toHaveLength(2);
  expect((await recentOf(journal, 60)).map((each) => Array.isArray(each) && each[1])).toEqual([8]);
});

test("of a node that is forgotten nothing is kept but that, and what comes after it", async () => {
  const folder = emptyFolder();
  const { journal } = await open(folder);
  const birthOf = (node: string, session = 1) => ({
    node,
    session: sessionNumber(session),
    document: Uint8Array.of(1),
  });
  const ways = ["pi/a/out r pa/b/in", "pa/a/out r pi/b/in", "pa/a/out pi pip/b/in"];
  for (const node of ["pi", "pa", "pip"]) journal.born(birthOf(node));
  for (const way of ways) {
    journal.done({ way, ...originAt(1) });
    journal.chosen({ way, ...originAt(1) });
  }
  expect(await written(journal)).toBe(true);
  journal.done({ way: ways[0] ?? "", ...originAt(2) });
  journal.gone("pi");
  journal.born(birthOf("pi", 2));
  expect(await written(journal)).toBe(true);
  await journal[Symbol.asyncDispose]();

  const { journal: next } = await open(folder);
  await using _ = next;
  const { births, marks, choices, gone } = next.kept;
  expect(new Map(births.map(({ node, session }) => [node, session]))).toEqual(
    new Map([
      ["pa", sessionNumber(1)],
      ["pi", sessionNumber(2)],
      ["pip", sessionNumber(1)],
    ]),
  );
  expect(births).toHaveLength(3);
  expect([...marks, ...choices].map(({ way }) => way)).toEqual([ways[2], ways[2]]);
  expect([...gone.keys()]).toEqual(["pi"]);
});
