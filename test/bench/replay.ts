/** What it takes to play a recording: the file written and read, and the routes of a site run on it. */
import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { micros, millis } from "@interactor/shared/kernel/units";
import { outputBytes, type Reading, Replay } from "@interactor/shared/routing/replay";
import { noon, routeOf } from "@interactor/shared/testing/builders";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import { readRecording, type Recording, RecordingWriter } from "@interactor/shared/wire/recording";
import { type Bench, type BenchContext, Samples } from "./bench.ts";

const runs = 5;
const values = 200_000;
const outputs = 100;
/** Of a room that gives a hundred values a second. */
const apart = 10; // ms

export const replay: Bench = {
  name: "replay",
  about: `${values} recorded values: written, read, and played through ${2 * outputs} routes`,
  run,
};

const address = (index: number): string => `pi/sim/out${index % outputs}`;

const readings: readonly Reading[] = Array.from({ length: values }, (_each, index) => ({
  at: micros(noon + index * apart * 1000),
  from: address(index),
  sample: { value: (index % 400) / 100, unit: "m", quality: 0, at: micros(noon + index * apart * 1000) },
}));

/** Of each output one with an expression, and one with steps over time. */
const routes: readonly CompiledRoute[] = Array.from({ length: outputs }, (_each, index) => index).flatMap(
  (index) => [
    routeOf({
      name: `a${index}`,
      from: address(index),
      when: "value > 0.2",
      map: "scale(value, 0, 4, 1, 0)",
    }),
    routeOf({
      name: `b${index}`,
      from: address(index),
      through: [
        { kind: "hysteresis", on: 1, off: 1.2 },
        { kind: "debounce", span: millis(200) },
        { kind: "hold", span: millis(5000) },
      ],
    }),
  ],
);

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(replay.name);
  const hashes = new Set<string>();
  for (let count = 1; count <= runs; count += 1) {
    progress(`run ${count} of ${runs}`);
    const file = timed(() => written());
    samples.add("interactor", "write", "values/s", file.perSecond);
    samples.add("interactor", "size", "bytes a value", file.result.length / values);
    await turn(undefined, { signal });
    const recording = timed(() => recordingIn(file.result));
    samples.add("interactor", "read", "values/s", recording.perSecond);
    await turn(undefined, { signal });
    const played = timed(() => hashOf(recording.result));
    samples.add("interactor", `play, ${routes.length} routes`, "values/s", played.perSecond);
    hashes.add(played.result);
    await turn(undefined, { signal });
  }
  if (hashes.size !== 1) throw new Error("two replays of one recording gave different outputs");
  return samples.rows();
}

/** By CPU time. */
function timed<Result>(step: () => Result): { readonly result: Result; readonly perSecond: number } {
  const before = process.cpuUsage();
  const result = step();
  const { user, system } = process.cpuUsage(before);
  return { result, perSecond: values / ((user + system) / 1e6) };
}

function written(): Buffer {
  const writer = new RecordingWriter("bench");
  const pieces = readings.flatMap((reading) => writer.add(reading) ?? []);
  return Buffer.concat([...pieces, writer.end(noon)]);
}

function recordingIn(bytes: Uint8Array): Recording {
  const read = readRecording(bytes);
  if (!read.ok || read.value.readings.length !== values) throw new Error("the recording is not whole");
  return read.value;
}

function hashOf({ readings: recorded, from }: Recording): string {
  const hash = createHash("sha256");
  let given = 0;
  const player = new Replay([routes], from, (output) => {
    given += 1;
    hash.update(outputBytes(output));
  });
  for (const reading of recorded) player.take(reading);
  if (given < values / 2) throw new Error(`only ${given} outputs`);
  return hash.digest("hex");
}
