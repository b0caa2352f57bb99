// The spool on disks that fail: full, taken away, not to be written. Nothing that was taken in is lost for it as long
// as memory holds it, the reason is said, and work goes on unaided.

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { newSteering, systemClock } from "@interactor/agent/src/adapters/clock-system.ts";
import { openSpool } from "@interactor/agent/src/adapters/spool-segments/spool-segments.ts";
import { type Spool, spoolLimits } from "@interactor/agent/src/ports/spool.ts";
import { instant } from "@interactor/shared/kernel/units";
import { sessionNumber } from "@interactor/shared/testing/builders";
import { emptyFolder, isRoot, mountedFolder } from "./folders.ts";

const soon = { timeout: 8000, interval: 5 };
const asRoot = test.skipIf(!isRoot);

async function live(folder: string, number = 1) {
  const said: string[] = [];
  const lost: string[] = [];
  const say = (words: string) => void said.push(words);
  const spool = await openSpool({
    folder,
    session: sessionNumber(number),
    limits: spoolLimits,
    clock: systemClock(newSteering()),
    log: { info: say, warn: say, error: say },
  });
  spool.attach({
    moved: () => undefined,
    lost: ({ end, reason }, messages) => void lost.push(`${end} ${reason} ${messages}`),
  });
  let made = 0;
  return {
    spool,
    said,
    lost,
    make(count: number, bytes = 100) {
      for (const last = made + count; made < last;)
        spool.append(Buffer.from(`${(made += 1)} ${"x".repeat(bytes)}`), instant(0));
    },
    [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose](),
  };
}

async function drain(spool: Spool): Promise<readonly number[]> {
  const numbers: number[] = [];
  for (let idle = 0; idle < 100 && spool.queued > 0;) {
    const taken = spool.take({ messagesMax: 64, bytesMax: 10_000 });
    if (taken === undefined) {
      idle += 1;
      await after(2);
      continue;
    }
    idle = 0;
    for (const { record } of taken.records) numbers.push(Number.parseInt(Buffer.from(record).toString(), 10));
    spool.confirm(taken.firstSeq + taken.records.length - 1, taken.records.length);
  }
  return numbers;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

asRoot(
  "on a full disk readings stay in memory with a reason, and are written when there is space",
  async () => {
    const disk = mountedFolder(256);
    const ballast = join(disk, "ballast");
    await using life = await live(join(disk, "spool"));
    life.make(100);
    await vi.waitFor(() => expect(life.spool.unsaved).toBe(0), soon);

    writeFileSync(ballast, Buffer.alloc(220 * 1024));
    life.make(1000);
    await vi.waitFor(() => expect(life.spool.problem).toContain("ENOSPC"), soon);
    expect(life.spool.unsaved).toBeGreaterThan(0);
    rmSync(ballast);
    await vi.waitFor(() => expect(life.spool.problem).toBeUndefined(), soon);
    await vi.waitFor(() => expect(life.spool.unsaved).toBe(0), soon);

    await using next = await live(join(disk, "spool"), 2);
    expect(await drain(next.spool)).toEqual(upTo(1100));
    expect(life.lost).toEqual([]);
  },
);

asRoot("on a disk that stays full the hub gets everything all the same", async () => {
  const disk = mountedFolder(128);
  writeFileSync(join(disk, "ballast"), Buffer.alloc(100 * 1024));
  await using life = await live(join(disk, "spool"));

  life.make(2000);
  await vi.waitFor(() => expect(life.spool.problem).toBeDefined(), soon);

  expect(await drain(life.spool)).toEqual(upTo(2000));
  expect(life.lost).toEqual([]);
  await after(1500);
  expect(life.spool.problem).toContain("ENOSPC");
  rmSync(join(disk, "ballast"));
  await vi.waitFor(() => expect(life.spool.problem).toBeUndefined(), soon);
});

asRoot("on a full disk memory is bounded, and the oldest readings are counted as evicted", async () => {
  const disk = mountedFolder(16);
  writeFileSync(join(disk, "ballast"), Buffer.alloc(16 * 1024));
  await using life = await live(join(disk, "spool"));

  life.make(20_000, 1000);
  const drained = await drain(life.spool);

  expect(drained.length + life.lost.length).toBe(20_000);
  expect(new Set(life.lost)).toEqual(new Set(["evicted overflow 1"]));
  expect(drained.length).toBeLessThan(5000);
  expect(drained.at(-1)).toBe(20_000);
});

asRoot(
  "a disk that cannot be written at all still lets an agent start, and it writes once it can",
  async () => {
    const disk = mountedFolder(256);
    spawnSync("mount", ["-o", "remount,ro", disk]);
    await using life = await live(join(disk, "spool"));
    life.make(10);
    await vi.waitFor(() => expect(life.spool.problem).toContain("EROFS"), soon);

    spawnSync("mount", ["-o", "remount,rw", disk]);
    await vi.waitFor(() => expect(life.spool.problem).toBeUndefined(), soon);

    expect(await drain(life.spool)).toEqual(upTo(10));
  },
);

test("a folder that is removed under it is noticed, and what comes later is on disk again", async () => {
  const folder = join(emptyFolder(), "spool");
  await using life = await live(folder);
  life.make(10);
  await vi.waitFor(() => expect(life.spool.unsaved).toBe(0), soon);

  rmSync(folder, { recursive: true });
  life.make(10);
  await vi.waitFor(() => expect(life.said.join()).toContain("was removed"), soon);
  await vi.waitFor(() => expect(life.spool.unsaved).toBe(0), soon);

  await using next = await live(folder, 2);
  expect(await drain(next.spool)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  expect(await drain(life.spool)).toEqual(upTo(20));
});

test("a file where the folder should be lets an agent start", async () => {
  const folder = emptyFolder();
  const path = join(folder, "spool");
  writeFileSync(path, "not a folder");
  await using life = await live(path);
  life.make(3);
  await vi.waitFor(() => expect(life.spool.problem).toBeDefined(), soon);

  rmSync(path);
  await vi.waitFor(() => expect(life.spool.unsaved).toBe(0), soon);

  expect(await drain(life.spool)).toEqual(upTo(3));
});

test("garbage in the folder is left alone or set aside, and is no reason not to start", async () => {
  const folder = join(emptyFolder(), "spool");
  mkdirSync(folder);
  writeFileSync(join(folder, "cursor"), "garbage".repeat(20));
  writeFileSync(join(folder, `0000000003-${"0f".repeat(8)}-5-0.spool`), "garbage".repeat(1000));
  writeFileSync(join(folder, "0000000001-nothing.spool"), "");
  mkdirSync(join(folder, "lost+found"));

  await using life = await live(folder);
  life.make(5);

  expect(await drain(life.spool)).toEqual(upTo(5));
  expect(life.said.join()).toContain("the cursor is damaged");
});
