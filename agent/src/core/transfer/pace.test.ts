import { expect, test } from "vitest";
import { millis } from "@interactor/shared/kernel/units";
import { pieceBytes } from "@interactor/shared/wire/limits";
import { Pace, paceBytesMax, paceBytesMin } from "./pace.ts";

/** Answers over a line of so many bytes a second: all that is on its way stands before each. */
function over(pace: Pace, bytesPerMilli: number, answers: number): readonly number[] {
  pace.answered(millis(2 + pieceBytes / bytesPerMilli), pieceBytes);
  return Array.from({ length: answers }, () => {
    pace.answered(millis(2 + pace.window / bytesPerMilli), pieceBytes);
    return pace.window;
  });
}

test("over a fast line it grows, piece by piece and a window at a time, as far as it may", () => {
  const windows = over(new Pace(), 10_000, 400);

  expect(windows[0]).toBeLessThanOrEqual(paceBytesMin + pieceBytes);
  expect(windows.every((window, at) => at === 0 || window - (windows[at - 1] ?? 0) <= pieceBytes)).toBe(true);
  expect(windows.at(-1)).toBe(paceBytesMax);
});

test("over a slow line it stays small, however long it goes on", () => {
  expect(Math.max(...over(new Pace(), 250, 1000))).toBeLessThanOrEqual(paceBytesMin + pieceBytes);
});

test("when a line becomes slow it halves, once a window", () => {
  const pace = new Pace();
  over(pace, 10_000, 400);

  const windows = Array.from({ length: 40 }, () => {
    pace.answered(millis(200), pieceBytes);
    return pace.window / pieceBytes;
  });

  // A window of answers apart, down to the least.
  expect([...new Set(windows)].filter((window) => window < 16)).toEqual([8, 4, 2]);
  expect(windows.filter((window) => window === 8).length).toBe(8);
});

test("what is lost brings it down at once, and patience doubles until something comes", () => {
  const pace = new Pace();
  over(pace, 10_000, 400);

  const patience = Array.from({ length: 6 }, () => {
    pace.lost();
    return pace.patience;
  });

  expect(pace.window).toBe(paceBytesMin);
  expect(patience).toEqual([2000, 4000, 8000, 8000, 8000, 8000]);
  pace.answered(millis(5), pieceBytes);
  expect(pace.patience).toBe(1000);
});

test("over a line of seconds a round trip, patience is longer", () => {
  const pace = new Pace();
  pace.answered(millis(1500), pieceBytes);

  expect(pace.patience).toBe(6000);
});
