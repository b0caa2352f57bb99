// Pieces that wait for one before them, on real files: torn, damaged, too many, and on a disk that refuses.

import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemDisk } from "@interactor/agent/src/adapters/apply-store-files/disk.ts";
import { openKeptPieces } from "@interactor/agent/src/adapters/kept-pieces-files.ts";
import { emptyFolder } from "./folders.ts";

const digest = "ab".repeat(32);
const [first, second] = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)];

function small() {
  const folder = emptyFolder();
  const said: string[] = [];
  const say = (words: string) => void said.push(words);
  const open = () => openKeptPieces({ folder, disk: systemDisk, log: { info: say, warn: say, error: say } });
  return { folder, said, open };
}

test("what was kept is there in the next life, by its place", async () => {
  const { open } = small();
  const kept = await open();
  expect([...(await kept.load(digest))]).toEqual([]);
  await kept.keep(digest, 8192, first);
  await kept.keep(digest, 5_000_000_000, second);

  const again = await open();

  expect([...(await again.load(digest))]).toEqual([
    [8192, first],
    [5_000_000_000, second],
  ]);
  await again.keep(digest, 4096, second);
  expect((await (await open()).load(digest)).size).toBe(3);
  await again.forget(digest);
  expect((await (await open()).load(digest)).size).toBe(0);
});

test("a torn or damaged piece is not there, and those before it are", async () => {
  const { folder, open } = small();
  const kept = await open();
  await kept.load(digest);
  await kept.keep(digest, 0, first);
  await kept.keep(digest, 4096, second);
  const path = join(folder, digest);
  const whole = readFileSync(path);

  for (let length = 0; length < whole.length; length += 1) {
    truncateSync(path, length);
    const found = await (await open()).load(digest);
    expect([length, found.size]).toEqual([length, length < whole.length - 18 ? 0 : 1]);
    writeFileSync(path, whole);
  }
  for (let at = 0; at < whole.length; at += 1) {
    const bent = Buffer.from(whole);
    bent[at] = (bent[at] ?? 0) ^ 16;
    writeFileSync(path, bent);
    const found = await (await open()).load(digest);
    expect(found.size).toBeLessThan(2);
    for (const [place, data] of found) expect([place, data]).toEqual([0, first]);
  }
});

test("after a torn piece new ones are kept in its place", async () => {
  const { folder, open } = small();
  const kept = await open();
  await kept.load(digest);
  await kept.keep(digest, 0, first);
  writeFileSync(join(folder, digest), "rest of something", { flag: "a" });

  const again = await open();
  await again.load(digest);
  await again.keep(digest, 4096, second);

  expect([...(await (await open()).load(digest)).keys()]).toEqual([0, 4096]);
});

test("no more than some files and some bytes are kept", async () => {
  const { folder, open } = small();
  const kept = await open();
  for (let file = 0; file < 12; file += 1) {
    const name = file.toString(16).padStart(64, "0");
    await kept.load(name);
    await kept.keep(name, 0, first);
  }
  expect(readdirSync(folder).length).toBeLessThanOrEqual(9);

  await kept.load(digest);
  for (let piece = 0; piece < 300; piece += 1) await kept.keep(digest, piece, new Uint8Array(16 * 1024));
  expect(readFileSync(join(folder, digest)).length).toBeLessThanOrEqual(4 * 1024 * 1024);
});

test("a disk that refuses costs nothing but asking again", async () => {
  const { folder, open, said } = small();
  const kept = await open();
  await kept.load(digest);
  rmSync(folder, { recursive: true });

  await kept.keep(digest, 0, first);

  expect((await kept.load(digest)).size).toBe(0);
  expect(said.join()).toContain("pieces of a file could not be kept");
  mkdirSync(folder);
});
