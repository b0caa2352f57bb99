// The files in which hub and node keep the show stop: whatever may be written can be read, and what cannot be read is
// there until something better is.

import { expect, test } from "vitest";
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
import { emptyFolder } from "./folders.ts";

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
