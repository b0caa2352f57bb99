// Revisions on SQLite: what was written is there whatever happens to the machine, what is damaged is set aside, and a
// hub starts in any case.

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import { systemClock } from "../../hub/src/adapters/clock-system.ts";
import { openRevisionLog } from "../../hub/src/adapters/store-sqlite/revision-log.ts";
import type { RevisionHead } from "../../hub/src/ports/revision-log.ts";
import { emptyFolder, fillDisk, isRoot, mountedFolder } from "./folders.ts";

async function open(folder: string) {
  const lines: string[] = [];
  const say = (words: string) => void lines.push(words);
  const log = await openRevisionLog({
    folder,
    clock: systemClock(),
    log: { info: say, warn: say, error: say },
  });
  return { log, lines };
}

const contentOf = (number: number): Buffer => Buffer.alloc(20_000, `site ${number} `);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const headOf = (number: number, content = number, given: Partial<RevisionHead> = {}): RevisionHead => ({
  number,
  digest: sha256(contentOf(content)),
  bytes: 20_000,
  author: "anna",
  at: micros(1_800_000_000_000_000),
  message: "brighter",
  isConfirmed: false,
  rollbackOf: undefined,
  ...given,
});

/** As a power cut would leave it: nothing is closed. */
function copyOf(folder: string): string {
  const copy = emptyFolder();
  for (const name of readdirSync(folder)) copyFileSync(join(folder, name), join(copy, name));
  return copy;
}

test("what was written is there after a power cut, at each revision", async () => {
  const folder = emptyFolder();
  const { log } = await open(folder);
  const heads = [headOf(1), headOf(2), headOf(3, 1, { rollbackOf: 1 })];
  for (const [index, head] of heads.entries()) {
    await log.add(head, contentOf(index === 2 ? 1 : head.number));

    const { log: cut } = await open(copyOf(folder));
    expect(cut.heads).toEqual(heads.slice(0, index + 1));
    expect(await cut.content(head.digest)).toEqual(contentOf(index === 2 ? 1 : head.number));
    await cut[Symbol.asyncDispose]();
  }
  await log.confirm(2);
  await log[Symbol.asyncDispose]();

  const { log: again } = await open(folder);
  expect(again.heads[1]).toEqual(headOf(2, 2, { isConfirmed: true }));
  await again[Symbol.asyncDispose]();
});

test("a content is kept once, and goes with the last revision that has it", async () => {
  const { log } = await open(emptyFolder());
  await log.add(headOf(1), contentOf(1));
  await log.add(headOf(2), contentOf(2));
  await log.add(headOf(3, 1, { rollbackOf: 1 }), contentOf(1));

  await log.remove([1, 2]);
  expect(await log.content(headOf(1).digest)).toEqual(contentOf(1));
  expect(await log.content(headOf(2).digest)).toBeUndefined();
  await log.remove([3]);
  expect(await log.content(headOf(1).digest)).toBeUndefined();
  await log[Symbol.asyncDispose]();
});

test("a number is written once", async () => {
  const { log } = await open(emptyFolder());
  await log.add(headOf(1), contentOf(1));

  await expect(log.add(headOf(1, 2), contentOf(2))).rejects.toThrow("UNIQUE");

  expect(await log.content(headOf(2).digest)).toBeUndefined();
  await log[Symbol.asyncDispose]();
});

test("a file that is no database is set aside with clear words, and the hub starts", async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, "revisions.sqlite"), "not what it was".repeat(1000));

  const { log, lines } = await open(folder);

  expect(lines.join()).toContain("the file of the revisions of the site is damaged and was set aside");
  expect(log.heads).toEqual([]);
  await log.add(headOf(1), contentOf(1));
  expect(readdirSync(folder).some((name) => name.includes(".corrupt-"))).toBe(true);
  await log[Symbol.asyncDispose]();
});

test("of a file with a damaged page everything else is taken over", async () => {
  const folder = emptyFolder();
  const { log } = await open(folder);
  for (let number = 1; number <= 8; number += 1) await log.add(headOf(number), contentOf(number));
  await log[Symbol.asyncDispose]();
  const path = join(folder, "revisions.sqlite");
  const bytes = readFileSync(path);
  const place = bytes.indexOf("site 4 site 4");
  expect(place).toBeGreaterThan(0);
  bytes.fill(0xff, place - (place % 4096), place - (place % 4096) + 4096);
  writeFileSync(path, bytes);
  // Without a trace in the file's structure it is found by its digest alone.
  const { log: again } = await open(folder);

  const whole: number[] = [];
  for (const head of again.heads)
    if ((await again.content(head.digest)) !== undefined) whole.push(head.number);
  expect(whole).toEqual([1, 2, 3, 5, 6, 7, 8]);
  await again[Symbol.asyncDispose]();
});

test.skipIf(!isRoot)(
  "on a full disk a revision is refused with the reason, and those that were stay",
  async () => {
    const folder = mountedFolder(512);
    const { log } = await open(folder);
    await log.add(headOf(1), contentOf(1));
    fillDisk(join(folder, "everything-else"));

    await expect(
      (async () => {
        for (let number = 2; number < 30; number += 1) await log.add(headOf(number), contentOf(number));
      })(),
    ).rejects.toThrow("full");

    expect(await log.content(headOf(1).digest)).toEqual(contentOf(1));
    expect(existsSync(join(folder, "revisions.sqlite"))).toBe(true);
    await log[Symbol.asyncDispose]();
  },
);
