import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { sessionNumber } from "@interactor/shared/testing/builders";
import type { Clock } from "@interactor/shared/kernel/clock";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { type Spool, spoolLimits } from "../../ports/spool.ts";
import { openSpool } from "./spool-segments.ts";

const everything = { messagesMax: 1000, bytesMax: 1_000_000 };
const soon = { timeout: 5000, interval: 2 };

function folderOf(name = "spool"): string {
  const folder = mkdtempSync(join(tmpdir(), "interactor-spool-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}

/** Disks take their own time, whatever a test makes of the days that pass. */
const inEarnest: Clock["after"] = (delay, task) => {
  const timer = setTimeout(task, delay);
  return () => clearTimeout(timer);
};

/** A life of a spool, and what it said. */
async function live(folder: string, number: number, limits: Partial<typeof spoolLimits> = {}) {
  const said: string[] = [];
  const lost: Record<string, number> = {};
  const clock = new VirtualClock();
  const say = (words: string) => void said.push(words);
  const spool = await openSpool({
    folder,
    session: sessionNumber(number),
    limits: { ...spoolLimits, ...limits },
    clock: { now: () => clock.now(), after: inEarnest },
    log: { info: say, warn: say, error: say },
  });
  spool.attach({
    moved: () => undefined,
    lost: ({ end, reason }, messages) => {
      lost[`${end} ${reason}`] = (lost[`${end} ${reason}`] ?? 0) + messages;
    },
  });
  const say1 = (text: string) => spool.append(new TextEncoder().encode(text), clock.now());
  return {
    spool,
    clock,
    said,
    lost,
    append: (...texts: readonly string[]) => void texts.map(say1),
    saved: () => vi.waitFor(() => expect(spool.unsaved).toBe(0), soon),
    /** What a kill leaves: nothing more is written, and the process that would is gone. */
    kill: () => copyOf(folder),
    [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose](),
  };
}

async function copyOf(folder: string): Promise<string> {
  const copy = folderOf();
  await cp(folder, copy, { recursive: true });
  return copy;
}

/** Takes everything there is and confirms it, as `session number: texts`. */
async function drain(spool: Spool, { confirms = true } = {}): Promise<readonly string[]> {
  const texts: string[] = [];
  for (let idle = 0; idle < 1000;) {
    const taken = spool.take(everything);
    if (taken === undefined) {
      if (spool.queued === 0 || !confirms) break;
      idle += 1;
      await after(1);
      continue;
    }
    idle = 0;
    const { session, firstSeq, records } = taken;
    for (const [index, { record }] of records.entries())
      texts.push(`${session.slice(0, 2)} ${firstSeq + index}: ${new TextDecoder().decode(record)}`);
    if (confirms) spool.confirm(firstSeq + records.length - 1, records.length);
  }
  return texts;
}

const segmentsIn = (folder: string): readonly string[] =>
  readdirSync(folder).filter((name) => name.endsWith(".spool"));

test("what is appended is taken at once, in its order and with numbers in a row", async () => {
  await using life = await live(folderOf(), 1);

  life.append("a", "b");
  const texts = await drain(life.spool, { confirms: false });
  life.append("c");

  expect(texts).toEqual(["01 0: a", "01 1: b"]);
  expect(await drain(life.spool)).toEqual(["01 2: c"]);
});

test("what the hub confirms before its turn is never written", async () => {
  const folder = folderOf();
  await using life = await live(folder, 1);

  life.append("a", "b");
  await drain(life.spool);
  await after(60);

  expect(life.spool.queued).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
});

test("after a kill it is there with the session and the numbers it had, and goes before what is new", async () => {
  const folder = folderOf();
  await using first = await live(folder, 1);
  first.append("a", "b", "c");
  await first.saved();
  first.spool.take(everything);
  first.spool.confirm(0, 1);

  await using second = await live(await first.kill(), 2);
  second.append("d");

  expect(second.spool.queued).toBe(4);
  const texts = await drain(second.spool);
  // The confirmation had not reached the disk: the hub knows the number again.
  expect(texts).toEqual(["01 0: a", "01 1: b", "01 2: c", "02 0: d"]);
});

test("an end in good order leaves what is not confirmed, and nothing else", async () => {
  const folder = folderOf();
  const first = await live(folder, 1);
  first.append("a", "b", "c");
  await first.saved();
  first.spool.take(everything);
  first.spool.confirm(1, 2);
  await first.spool[Symbol.asyncDispose]();

  const second = await live(folder, 2);
  expect(await drain(second.spool)).toEqual(["01 2: c"]);
  await second.spool[Symbol.asyncDispose]();

  expect(segmentsIn(folder)).toEqual([]);
  await using third = await live(folder, 3);
  expect(third.spool.queued).toBe(0);
});

test("one session is sent at a time, and the next when the hub has all of the one before", async () => {
  let folder = folderOf();
  for (const number of [1, 2, 3]) {
    await using life = await live(folder, number);
    life.append(`of ${number}`);
    await life.saved();
    folder = await life.kill();
  }
  await using life = await live(folder, 4);

  await vi.waitFor(() => expect(life.spool.ready).toBe(1), soon);
  const taken = life.spool.take(everything);
  await after(20);

  expect(taken?.session).toBe(sessionNumber(1));
  expect(life.spool.take(everything)).toBeUndefined();
  life.spool.confirm(0, 1);
  await vi.waitFor(() => expect(life.spool.session).toBe(sessionNumber(2)), soon);
  expect(await drain(life.spool)).toEqual(["02 0: of 2", "03 0: of 3"]);
});

test("a long absence of the hub takes disk and not memory, and all of it comes back in order", async () => {
  const folder = folderOf();
  await using life = await live(folder, 1, { segmentBytes: 100_000 });
  const texts = Array.from({ length: 20_000 }, (_, index) => `reading ${index} ${"x".repeat(60)}`);
  for (let from = 0; from < texts.length; from += 1000) {
    life.append(...texts.slice(from, from + 1000));
    await life.saved();
  }

  expect(segmentsIn(folder).length).toBeGreaterThan(5);
  expect(life.spool.ready).toBeLessThan(10_000);
  const drained = await drain(life.spool);
  expect(drained).toEqual(texts.map((text, index) => `01 ${index}: ${text}`));
  await vi.waitFor(() => expect(segmentsIn(folder).length).toBeLessThanOrEqual(1), soon);
  expect(life.lost).toEqual({});
});

test("a hub that always answers a little late leaves no file that grows", async () => {
  const folder = folderOf();
  await using life = await live(folder, 1, { segmentBytes: 2000 });
  const sizes: number[] = [];
  for (let round = 0; round < 40; round += 1) {
    life.append("x".repeat(284));
    await life.saved();
    await drain(life.spool);
    const files = segmentsIn(folder).map((name) => statSync(join(folder, name)).size);
    sizes.push(files.reduce((sum, size) => sum + size, 0));
  }

  // Of 12,000 bytes. The one that is done with may still be there while its successor is begun.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(2000 + 2 * 300);
  await vi.waitFor(() => expect(segmentsIn(folder)).toHaveLength(1), soon);
  expect(life.lost).toEqual({});
});

test("a record that was read back says when it came, as long as that is of interest, and none of an earlier life does", async () => {
  await using first = await live(folderOf(), 1);
  const take = async (spool: Spool) => {
    const taken = await vi.waitFor(() => spool.take({ messagesMax: 1, bytesMax: 1 }) ?? expect.fail(), soon);
    spool.confirm(taken.firstSeq, 1);
    return taken.records[0]?.appendedAt;
  };
  // More than memory keeps, so that the first ones come from the disk.
  const burst = Array.from({ length: 900 }, () => "x".repeat(1000));
  first.append(...burst.slice(0, 10));
  first.clock.advance(seconds(1));
  first.append(...burst);
  await first.saved();
  first.clock.advance(millis(500));

  expect(await take(first.spool)).toBe(0);
  for (let each = 1; each < 10; each += 1) await take(first.spool);
  expect(await take(first.spool)).toBe(1000);
  first.clock.advance(seconds(60));
  first.append("much later");
  expect(await take(first.spool)).toBeUndefined();

  await using second = await live(await first.kill(), 2);
  expect(await take(second.spool)).toBeUndefined();
});

describe("a power cut", () => {
  const texts = ["first", "the second", "third", "and the fourth", "fifth"];

  /** A spool of which each record was synced by itself, and where each of them ends. */
  async function recorded() {
    const folder = folderOf();
    const ends: number[] = [];
    await using life = await live(folder, 1);
    let name = "";
    for (const text of texts) {
      life.append(text);
      await life.saved();
      name = segmentsIn(folder)[0] ?? "";
      ends.push(statSync(join(folder, name)).size);
    }
    return { folder: await life.kill(), name, ends };
  }

  test("at every byte leaves every record that was synced, and never refuses a start", async () => {
    const { folder, name, ends } = await recorded();
    const size = ends.at(-1) ?? 0;

    for (let cut = 0; cut <= size; cut += 1) {
      const copy = await copyOf(folder);
      await truncate(join(copy, name), cut);
      await using life = await live(copy, 2);
      life.append("new");
      const whole = ends.filter((end) => end <= cut).length;
      const old = texts.slice(0, whole).map((text, index) => `01 ${index}: ${text}`);
      expect(await drain(life.spool), `cut at ${cut}`).toEqual([...old, "02 0: new"]);
      const isTorn = cut !== 0 && !ends.includes(cut);
      expect(life.said.join("\n").includes("are cut"), `reported at ${cut}`).toBe(isTorn);
      expect(life.lost).toEqual({});
    }
    expect(size).toBeGreaterThan(100);
  });

  test("that leaves zeros or garbage behind the last record costs nothing", async () => {
    const { folder, name } = await recorded();

    for (const garbage of [Buffer.alloc(500), Buffer.alloc(5000, 0xff), Buffer.from("spool ".repeat(100))]) {
      const copy = await copyOf(folder);
      await writeFile(join(copy, name), garbage, { flag: "a" });
      await using life = await live(copy, 2);
      expect(await drain(life.spool)).toHaveLength(texts.length);
      expect(life.said.join()).toContain(`ends in ${garbage.length} bytes`);
    }
  });

  test("in the middle of the cursor's write leaves the one before", async () => {
    const folder = folderOf();
    const first = await live(folder, 1);
    first.append(...texts);
    await first.saved();
    first.spool.take(everything);
    first.spool.confirm(1, 2);
    await first.spool[Symbol.asyncDispose]();
    const cursor = await readFile(join(folder, "cursor"));

    for (let byte = 0; byte < cursor.length; byte += 1) {
      const copy = await copyOf(folder);
      const torn = Buffer.from(cursor);
      torn[byte] = (torn[byte] ?? 0) ^ 0x55;
      await writeFile(join(copy, "cursor"), torn);
      await using life = await live(copy, 2);
      const drained = await drain(life.spool);
      // Sent again from the beginning, or from where the hub was.
      expect([3, 5]).toContain(drained.length);
      expect(drained.at(-1)).toBe("01 4: fifth");
    }
  });
});

test(
  "every flip of a single bit in a segment is found, and no wrong record comes out",
  { timeout: 60_000 },
  async () => {
    const folder = folderOf();
    const texts = ["alpha", "beta", "gamma", "delta"];
    let name = "";
    let copy = "";
    {
      await using life = await live(folder, 1);
      life.append(...texts);
      await life.saved();
      name = segmentsIn(folder)[0] ?? "";
      copy = await life.kill();
    }
    const good = await readFile(join(copy, name));
    const expected = texts.map((text, index) => `01 ${index}: ${text}`);
    const base = folderOf();

    for (let bit = 0; bit < good.length * 8; bit += 1) {
      const flipped = Buffer.from(good);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      rmSync(base, { recursive: true, force: true });
      mkdirSync(base);
      writeFileSync(join(base, name), flipped);
      const life = await live(base, 2);
      const drained = await drain(life.spool);
      const lost = life.lost["evicted spool-corrupt"] ?? 0;
      await life.spool[Symbol.asyncDispose]();
      expect(drained, `bit ${bit}`).toEqual(expected.slice(0, drained.length));
      expect(drained.length, `bit ${bit}`).toBeLessThan(expected.length);
      // Either a record in the middle is damaged, or what looks like the torn end is cut; both are said.
      const isEnd = drained.length + lost < expected.length;
      expect(life.said.join(), `bit ${bit}`).toContain(isEnd ? "are cut" : "cannot be read");
      expect(segmentsIn(base)).toEqual([]);
    }
  },
);

describe("a damaged segment", () => {
  test("in the middle gives what stands before the damage, is set aside and counted, and the rest goes on", async () => {
    const folder = folderOf();
    await using first = await live(folder, 1, { segmentBytes: 100 });
    for (const text of ["a", "b", "c", "d"]) {
      first.append(`${text} ${"x".repeat(100)}`, `${text}${text}`);
      await first.saved();
    }
    const copy = await first.kill();
    const second = segmentsIn(copy)[1] ?? "";
    const bytes = readFileSync(join(copy, second));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(join(copy, second), bytes);

    await using life = await live(copy, 2);
    const drained = await drain(life.spool);

    expect(drained.map((text) => text.slice(3, 7))).toEqual([
      "0: a",
      "1: a",
      "2: b",
      "4: c",
      "5: c",
      "6: d",
      "7: d",
    ]);
    expect(life.lost).toEqual({ "evicted spool-corrupt": 1 });
    await vi.waitFor(() => expect(readdirSync(copy).join()).toContain(`${second}.corrupt-`), soon);
    await vi.waitFor(() => expect(life.said.join()).toContain("set aside"), soon);
  });

  test("that is gone is counted, and a name without a file holds nobody up", async () => {
    const folder = folderOf();
    await using first = await live(folder, 1, { segmentBytes: 100 });
    for (const text of ["a", "b", "c"]) {
      first.append(`${text} ${"x".repeat(100)}`);
      await first.saved();
    }
    const copy = await first.kill();
    await rm(join(copy, segmentsIn(copy)[1] ?? ""));
    writeFileSync(join(copy, "notes.txt"), "not ours");
    mkdirSync(join(copy, `0000000009-${"ab".repeat(8)}-0-0.spool`));

    await using life = await live(copy, 2);
    const drained = await drain(life.spool);

    expect(drained.map((text) => text.slice(3, 7))).toEqual(["0: a", "2: c"]);
    expect(life.lost).toEqual({ "evicted spool-corrupt": 1 });
    expect(readdirSync(copy)).toContain("notes.txt");
  });
});

test("at its bound the oldest whole segment gives way, and what was in it is counted", async () => {
  const folder = folderOf();
  await using life = await live(folder, 1, { segmentBytes: 10_000, bytesMax: 50_000 });
  let produced = 0;
  for (let round = 0; round < 100; round += 1) {
    life.append(...Array.from({ length: 20 }, () => `${(produced += 1)} ${"x".repeat(180)}`));
    await life.saved();
  }
  const bytes = segmentsIn(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  const drained = await drain(life.spool);

  const lost = life.lost["evicted spool-full"] ?? 0;
  expect(bytes).toBeLessThan(50_000 + 4100);
  expect(lost).toBeGreaterThan(1000);
  expect(drained.length + lost).toBe(produced);
  expect(drained.at(-1)).toContain(`: ${produced} `);
  expect(life.spool.queued).toBe(0);
});

describe("what is older than the bound expires, by the time that agents ran and by no clock:", () => {
  const patience = { timeout: 4000, interval: 5 };
  const day = seconds(24 * 3600);
  const week = { ageMax: millis(7 * day) };

  test("what an earlier life left", async () => {
    await using first = await live(folderOf(), 1, week);
    first.append("old");
    await first.saved();

    await using life = await live(await first.kill(), 2, week);
    life.clock.advance(millis(7 * day + seconds(1)));
    await vi.waitFor(() => expect(life.lost).toEqual({ "expired spool-age": 1 }), patience);

    expect(life.spool.queued).toBe(0);
  });

  test("not what is young, although the hub has been a little late with everything for a week", async () => {
    await using life = await live(folderOf(), 1, week);
    for (let hour = 0; hour < 7 * 24; hour += 6) {
      life.append(`of hour ${hour}`);
      await life.saved();
      await drain(life.spool);
      life.clock.advance(seconds(6 * 3600 - 60));
    }
    life.append("an hour old");
    await life.saved();
    life.clock.advance(seconds(3600));
    await after(1100);

    expect(life.lost).toEqual({});
    expect(await drain(life.spool)).toEqual(["01 28: an hour old"]);
  });

  test("nor what came days after the first of a long absence", async () => {
    await using life = await live(folderOf(), 1, week);
    for (let hour = 0; hour < 10 * 24; hour += 6) {
      life.append(`of hour ${hour}`);
      await life.saved();
      life.clock.advance(seconds(6 * 3600));
    }
    // What came in the first three of ten days, the limit included.
    await vi.waitFor(() => expect(life.lost).toEqual({ "expired spool-age": 12 }), patience);
    await after(1100);

    expect(life.lost).toEqual({ "expired spool-age": 12 });
    expect(life.spool.queued).toBe(28);
    expect((await drain(life.spool))[0]).toBe("01 12: of hour 72");
  });
});
