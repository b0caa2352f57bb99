import { instant, micros } from "@interactor/shared/sdk/define-module";
import { expect, test } from "vitest";
import { EdgeReader } from "./edge-reader.ts";
import type { Edge } from "./kernel-abi.ts";
import { edgesPerSecondMax } from "./limits.ts";

const reader = () =>
  new EdgeReader(
    new Map([
      [17, "button"],
      [27, "door"],
    ]),
  );
const edge = (sequence: number, more: Partial<Edge> = {}): Edge => ({
  offset: 17,
  isRising: true,
  nanos: 1_000_000n,
  sequence,
  ...more,
});
const moment = (at = 0) => ({ at: instant(at), wall: micros(1_000_000), nanos: 3_000_000n });

test("an edge is a level, stamped with when the kernel saw it", () => {
  const { levels } = reader().read(
    [edge(1), edge(2, { offset: 27, isRising: false, nanos: 2_500_000n })],
    moment(),
  );

  expect(levels).toEqual([
    { output: "button", value: true, at: micros(998_000) },
    { output: "door", value: false, at: micros(999_500) },
  ]);
});

test("an edge of the future is of now", () => {
  expect(reader().read([edge(1, { nanos: 9_000_000n })], moment()).levels[0]?.at).toBe(micros(1_000_000));
});

test("edges that the kernel dropped are counted, and levels are to be asked for", () => {
  const edges = reader();

  expect(edges.read([edge(1)], moment())).toMatchObject({ lost: 0, isUnsure: false });
  expect(edges.read([edge(5)], moment())).toMatchObject({ lost: 3, isUnsure: true });
  expect(edges.read([edge(6)], moment())).toMatchObject({ lost: 0, isUnsure: false });
});

test("the kernel's count may go round", () => {
  const edges = reader();
  edges.read([edge(2 ** 32 - 1)], moment());

  expect(edges.read([edge(0)], moment()).lost).toBe(0);
});

test("a line that flutters is cut off, and heard again in the next second", () => {
  const edges = reader();
  const many = Array.from({ length: edgesPerSecondMax + 7 }, (_, index) => edge(index + 1));

  expect(edges.read(many, moment())).toMatchObject({ lost: 7, isUnsure: true });
  expect(edges.read([edge(edgesPerSecondMax + 8)], moment(1000)).levels).toHaveLength(1);
});
