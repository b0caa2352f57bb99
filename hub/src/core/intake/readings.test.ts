import { expect, test } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import { entryFlag, quality } from "@interactor/shared/wire/entry";
import { entryOf, noon } from "@interactor/shared/testing/builders";
import { ReadingSamples, readingsOf } from "./readings.ts";
import type { Source } from "./sources.ts";

const source: Source = {
  node: "pi",
  address: "pi/sim/distance",
  type: "float",
  unit: "m",
  isOutput: true,
  deliver: "latest",
  isLevel: false,
};
const columns = (flags = 0) =>
  readingsOf(
    entryOf({
      flags: entryFlag.columns | flags,
      quality: quality.stale,
      body: [
        [0, 10, 20],
        [1.5, 2.5, 3.5],
      ],
    }),
  );

test("each sample has its own stamp, and what they have in common", () => {
  const readings = columns(entryFlag.historical);

  expect([...readings]).toEqual(
    [1.5, 2.5, 3.5].map((value, place) => ({
      at: noon + 10 * place,
      quality: quality.stale,
      flags: entryFlag.historical,
      value,
    })),
  );
  expect(readings.at(-1)).toEqual(readings.at(2));
  expect([readings.at(3), readings.at(-4)]).toEqual([undefined, undefined]);
});

test("only what fits its source is left, each with its stamp", () => {
  const mixed = entryOf({
    flags: entryFlag.columns,
    body: [
      [0, 10, 20],
      ["cold", 2.5, null],
    ],
  });
  const values = (readings: ReturnType<typeof readingsOf>) =>
    [...readings].map(({ at, value }) => [at - noon, value]);

  expect(values(readingsOf(mixed).fitting(source))).toEqual([[10, 2.5]]);
  expect(values(readingsOf(mixed).fitting({ ...source, isOutput: false }))).toEqual([
    [10, 2.5],
    [20, null],
  ]);
});

test("routes see no stamp of a clock that is none", () => {
  const cameIn = micros(noon + 5000);
  const stamps = (flags: number) => {
    const samples = new ReadingSamples(source, columns(flags), cameIn);
    return [samples.at(0)?.at, samples.at(-1)?.at];
  };

  expect(stamps(0)).toEqual([noon, noon + 20]);
  expect(stamps(entryFlag.clockUnsynchronised)).toEqual([cameIn, cameIn]);
});

test("routes are told the unit, and whether it is an event", () => {
  const sampleOf = (deliver: Source["deliver"]) =>
    new ReadingSamples({ ...source, deliver }, columns(), noon).at(0);

  expect(sampleOf("latest")).toMatchObject({ value: 1.5, unit: "m", quality: quality.stale, isEvent: false });
  expect(sampleOf("every")).toMatchObject({ isEvent: true, isAgain: false });
});

test("what is said again is no event", () => {
  const level = { ...source, deliver: "every", isLevel: true } as const;

  expect(new ReadingSamples(level, columns(entryFlag.historical), noon).at(0)).toMatchObject({
    isEvent: false,
    isLevel: true,
    isAgain: true,
  });
});
