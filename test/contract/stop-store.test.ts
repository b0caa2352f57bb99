// The files in which hub and node keep the show stop: whatever may be written can be read, and what cannot be read is
// there until something better is.

import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openStateStore } from "@interactor/agent/src/adapters/state-store-files.ts";
import { StopBook } from "@interactor/hub/src/core/stop/stop-book.ts";
import { openStopStore } from "@interactor/hub/src/adapters/stop-store-files.ts";
import {
  byLengthMax,
  nameLengthMax,
  nodesMax,
  stopLatchesMax,
  stopReleasedMax,
  stopZonesMax,
  zonesPerNodeMax,
} from "@interactor/shared/wire/limits";
import { emptyFolder, fillDisk, isRoot, mountedFolder } from "./folders.ts";

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const longName = (text: string): string => text.padEnd(nameLengthMax, "x");

/** Every bound of it reached, with the longest names there are. */
function fullestBook(): StopBook {
  const book = new StopBook({ zones: {}, members: {} });
  const by = "漢".repeat(byLengthMax);
  for (let node = 0; node < nodesMax; node += 1) {
    const zones = Array.from({ length: zonesPerNodeMax }, (_, at) => longName(`zone-${node}-${at}`));
    book.join(longName(`node-${node}`), zones);
  }
  for (const zone of book.zones.slice(0, stopZonesMax)) {
    for (let press = 0; press < stopReleasedMax + stopLatchesMax; press += 1) {
      const id = longName(`${press}`);
      book.stop(zone, { id, by, at: 1_800_000_000_000_000, freshId: () => id });
    }
  }
  return book;
}

test("a hub reads again what it wrote, however much a site has", async () => {
  const store = openStopStore(emptyFolder(), silent);
  const { kept } = fullestBook();
  expect(Object.keys(kept.zones).length).toBe(stopZonesMax);

  await store.save(kept);

  expect(await store.load()).toEqual(kept);
});

test("a hub does not write what it could not read again", async () => {
  const store = openStopStore(emptyFolder(), silent);
  const good = { zones: {}, members: { a: ["foyer"] } };
  await store.save(good);

  await expect(store.save({ zones: {}, members: { a: ["x".repeat(9 * 1024 * 1024)] } })).rejects.toThrow(
    "more than the file may have",
  );

  expect(await store.load()).toEqual(good);
});

const latch = { id: "a", by: "anna", at: 1_800_000_000_000_000, zone: "all" };

/** Each opens its store in a folder again, as after a power cut. */
const stores = {
  hub: {
    load: (folder: string) => openStopStore(folder, silent).load(),
    save: (folder: string) =>
      openStopStore(folder, silent).save({
        zones: { all: { latches: [latch], released: [], by: "anna", at: 1 } },
        members: {},
      }),
  },
  node: {
    load: async (folder: string) => (await openStateStore(folder)).loadStop(),
    save: async (folder: string) => (await openStateStore(folder)).saveStop([latch]),
  },
} as const;

describe.each(["hub", "node"] as const)("a damaged file of a %s", (whose) => {
  const { load, save } = stores[whose];

  test("is kept aside, and counts as a stop until another one is on disk", async () => {
    const folder = emptyFolder();
    await writeFile(join(folder, "stop.cbor"), "not what it was");

    expect([await load(folder), await load(folder)]).toEqual(["unreadable", "unreadable"]);
    await save(folder);

    expect(await load(folder)).not.toBe("unreadable");
    expect((await readdir(folder)).some((file) => file.startsWith("stop.cbor.broken-"))).toBe(true);
  });

  test.skipIf(!isRoot)("counts as a stop in every life while the disk is full", async () => {
    const folder = mountedFolder(64);
    await writeFile(join(folder, "stop.cbor"), "x".repeat(5000));
    fillDisk(join(folder, "everything-else"));

    for (let life = 0; life < 3; life += 1) {
      expect(await load(folder)).toBe("unreadable");
      await expect(save(folder)).rejects.toThrow("ENOSPC");
    }

    expect((await readdir(folder)).filter((file) => file.includes("broken"))).toEqual([]);
  });
});
