import { later, millis, seconds } from "@interactor/shared/sdk/define-module";
import { startOnBench } from "@interactor/shared/sdk/testing";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { expect, test } from "vitest";
import { definition } from "./module.ts";

async function played(settings: object, options: { span?: number; name?: string } = {}) {
  const clock = new VirtualClock();
  const bench = await startOnBench(definition, settings, { clock, name: options.name ?? "sim" });
  clock.advance(seconds(options.span ?? 600));
  await bench.stop();
  return { bench, clock };
}

const of = (bench: Awaited<ReturnType<typeof played>>["bench"], output: string) =>
  bench.emitted.filter((each) => each.output === output);

test("a veto and a self-test that fails are made on purpose", async () => {
  const misbehave = { veto: "the lift moves", selfTest: "no reading" };
  const given = definition.settings.parse({ misbehave });
  const bench = await startOnBench(definition, { misbehave }, { clock: new VirtualClock() });

  const place = { name: "sim", site: "demo", node: "pi" };

  expect(await definition.prepare?.(given, place)).toBe("the lift moves");
  expect(await bench.selfTest()).toBe("no reading");
});

test("a crash comes when it is asked for, and not before", async () => {
  const clock = new VirtualClock();
  await startOnBench(definition, { misbehave: { crashAfter: 2 } }, { clock });

  clock.advance(millis(1999));

  expect(() => clock.advance(millis(1))).toThrow("as its settings ask for");
});

test("one that shall not start does not", async () => {
  const misbehave = { start: "no power" };

  await expect(startOnBench(definition, { misbehave }, { clock: new VirtualClock() })).rejects.toThrow(
    "no power",
  );
});

test("the same seed and clock give the same readings", async () => {
  const first = await played({ seed: 7 });
  const second = await played({ seed: 7 });
  const other = await played({ seed: 8 });

  expect(second.bench.emitted).toEqual(first.bench.emitted);
  expect(other.bench.emitted).not.toEqual(first.bench.emitted);
});

test("without a seed the name makes the visitor", async () => {
  const first = await played({}, { name: "door", span: 60 });
  const again = await played({}, { name: "door", span: 60 });
  const other = await played({}, { name: "window", span: 60 });

  expect(again.bench.emitted).toEqual(first.bench.emitted);
  expect(other.bench.emitted).not.toEqual(first.bench.emitted);
});

test.each([0.1, 3, 20, 100])("at %d Hz as many distances come, and no more", async (rate) => {
  const { bench } = await played({ rate }, { span: 100 });

  expect(bench.states).toEqual(["running"]);
  expect(Math.abs(of(bench, "distance").length - (100 * rate + 1))).toBeLessThanOrEqual(1);
});

test("in ten minutes distance, motion and button all have moved, and the button is pressed only in company", async () => {
  const { bench } = await played({});
  const motions = of(bench, "motion").map(({ value }) => value);
  const presses = of(bench, "button").filter(({ value }) => value === true).length;
  const distances = of(bench, "distance").map(({ value }) => Number(value));

  expect(motions.length).toBeGreaterThan(10);
  expect(motions.every((value, index) => value !== motions[index - 1])).toBe(true);
  expect(presses).toBeGreaterThan(10);
  expect(Math.min(...distances)).toBeLessThan(1.5);
  expect(Math.max(...distances)).toBe(4);
});

test("visitors are counted one by one as they come", async () => {
  const { bench } = await played({});
  const counts = of(bench, "visitors").map(({ value }) => value);

  expect(counts.length).toBeGreaterThan(5);
  expect(counts).toEqual(counts.map((_, index) => index + 1));
});

test("a failed reading is marked bad and repeats the last distance", async () => {
  const { bench } = await played({ dropouts: 0.05 }, { span: 100 });
  const distances = of(bench, "distance");
  const bad = distances.flatMap(({ value, emission }, index) =>
    emission.quality === 2 ? [{ value, before: distances[index - 1]?.value ?? 4 }] : [],
  );

  expect(bad.length).toBeGreaterThan(40);
  expect(bad.length).toBeLessThan(200);
  expect(bad.every(({ value, before }) => value === before)).toBe(true);
});

test("a stopped instance gives nothing more", async () => {
  const { bench, clock } = await played({}, { span: 10 });
  const before = bench.emitted.length;

  clock.advance(seconds(60));

  expect(bench.emitted.length).toBe(before);
});

test("after a sleep of the machine the readings of that time are not made up", async () => {
  const clock = new SleepyClock();
  const bench = await startOnBench(definition, { rate: 20 }, { clock });
  clock.advance(seconds(1));
  const before = of(bench, "distance").length;

  clock.sleep(3_600_000);
  clock.advance(seconds(1));

  expect(of(bench, "distance").length - before).toBeLessThanOrEqual(22);
  await bench.stop();
});

test.each([
  [{ sed: 1 }, "sed"],
  [{ rate: 1000 }, "rate"],
  [{ seed: 1.5 }, "seed"],
  [{ nearest: 4 }, "farthest must be at least"],
  [{ visitorsPerHour: 500 }, "visitorsPerHour"],
])("settings %j are refused and %s is named", async (settings, word) => {
  const clock = new VirtualClock();

  await expect(startOnBench(definition, settings, { clock })).rejects.toThrow(word);
});

/** Time can pass without a timer running, as in a process that was stopped. */
class SleepyClock extends VirtualClock {
  #slept = 0;

  sleep(span: number): void {
    this.#slept += span;
  }

  override now(): ReturnType<VirtualClock["now"]> {
    return later(super.now(), millis(this.#slept));
  }
}
