// A recording is what the hub took in: written by a real journal, read beside it by a connection of its own.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Micros, micros, seconds } from "@interactor/shared/kernel/units";
import { batchOf, birthOf, entryOf, sessionNumber } from "@interactor/shared/testing/builders";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { lane } from "@interactor/shared/wire/lanes";
import { encodeNodeState } from "@interactor/shared/wire/messages/state";
import { readRecording, type Recording } from "@interactor/shared/wire/recording";

import { openJournalReader } from "../../hub/src/adapters/store-sqlite/journal-reader.ts";
import { openJournal } from "../../hub/src/adapters/store-sqlite/journal.ts";
import { recordingPieces } from "../../hub/src/hub-recording.ts";
import { type Journal, journalLimits } from "../../hub/src/ports/journal.ts";
import { emptyFolder } from "./folders.ts";

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const always = { from: micros(0), until: micros(Number.MAX_SAFE_INTEGER) };

const open = (folder: string, clock: VirtualClock): Promise<Journal> =>
  openJournal({ folder, limits: journalLimits, clock, log: silent });

/** A value of `pi/sim/distance`, on disk when it resolves. */
async function take(journal: Journal, number: number, clock: VirtualClock): Promise<void> {
  const session = sessionNumber(1);
  const entries = [entryOf({ body: number, at: micros(clock.wall() - 4000) })];
  const payload = encodeBatch(batchOf({ session, firstSeq: number, entries }));
  journal.born({ node: "pi", session, document: encodeNodeState(birthOf()) });
  journal.append({ node: "pi", session, lane: lane.telemetry, next: number + 1, payload });
  expect(await new Promise((resolve) => journal.whenWritten(resolve))).toBe(true);
}

async function recorded(folder: string, span = always): Promise<Recording> {
  await using reader = await openJournalReader(folder);
  const pieces: Uint8Array[] = [];
  for await (const piece of recordingPieces({ site: "room", reader, span })) pieces.push(piece);
  const read = readRecording(Buffer.concat(pieces));
  if (!read.ok) throw new Error(read.error);
  return read.value;
}

const valuesIn = ({ readings }: Recording) => readings.map(({ sample: { value } }) => value);

test("a recording has what was taken in, in its order, while the journal goes on", async () => {
  const folder = emptyFolder();
  const clock = new VirtualClock();
  await using journal = await open(folder, clock);
  const began = clock.wall();
  for (let number = 0; number < 5; number += 1) {
    await take(journal, number, clock);
    clock.advance(seconds(1));
  }

  const recording = await recorded(folder);
  await take(journal, 5, clock);

  expect(recording).toMatchObject({ site: "room", from: began, isCutOff: false, isLeftOut: false });
  expect(recording.readings).toHaveLength(5);
  expect(recording.readings[2]).toEqual({
    at: micros(began + 2_000_000),
    from: "pi/sim/distance",
    sample: { value: 2, unit: "m", quality: 0, at: micros(began + 2_000_000 - 4000), isEvent: false },
  });
  expect(valuesIn(await recorded(folder))).toEqual([0, 1, 2, 3, 4, 5]);
});

test("of a span it has what was taken in within it", async () => {
  const folder = emptyFolder();
  const clock = new VirtualClock();
  await using journal = await open(folder, clock);
  const began = clock.wall();
  for (let number = 0; number < 700; number += 1) {
    await take(journal, number, clock);
    clock.advance(seconds(1));
  }
  const after = (at: number): Micros => micros(began + at * 1e6);

  const { readings } = await recorded(folder, { from: after(300), until: after(620) });

  expect(readings).toHaveLength(321);
  expect(readings.at(0)?.at).toBe(after(300));
  expect(readings.at(-1)?.sample.value).toBe(620);
  expect(valuesIn(await recorded(folder))).toEqual(Array.from({ length: 700 }, (_each, number) => number));
  expect(valuesIn(await recorded(folder, { from: after(9000), until: after(9001) }))).toEqual([]);
});

test("a clock that was set back, and a hub that was away, change nothing in the order", async () => {
  const folder = emptyFolder();
  const clock = new VirtualClock();
  for (let life = 0; life < 3; life += 1) {
    await using journal = await open(folder, clock);
    await take(journal, life, clock);
    clock.stepWall(-3_600_000);
    clock.advance(seconds(2));
  }

  const { readings } = await recorded(folder);

  expect(readings.map(({ sample: { value } }) => value)).toEqual([0, 1, 2]);
  const times = readings.map(({ at }) => at);
  expect(times).toEqual(times.toSorted((left, right) => left - right));
});

test("a folder without a journal, and a file that is none, are told in words", async () => {
  const folder = emptyFolder();

  await expect(openJournalReader(folder)).rejects.toThrow(`there is no journal in ${folder}`);
  writeFileSync(join(folder, "journal.sqlite"), "no database at all, but long enough to be looked at");
  await expect(openJournalReader(folder)).rejects.toThrow("cannot read");
});
