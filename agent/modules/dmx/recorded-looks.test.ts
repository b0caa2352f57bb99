import { expect, test } from "vitest";
import { LooksReader } from "./recorded-looks.ts";
import { slotFinder } from "./settings/cue-lists.ts";

const slotOf = slotFinder({ wash: { channel: 3 } });

/** What is read of the lines, or the first that is wrong. */
function read(lines: readonly string[], hasHeader = true): unknown {
  const reader = new LooksReader({ hasHeader, slotOf });
  for (const line of lines) {
    const problem = reader.take(line);
    if (problem !== undefined) return problem;
  }
  return reader.finish();
}

test("columns are named by inputs or by channels, and a dimmer goes from 0 to 1", () => {
  expect(read(["ch5, wash,1", "10,0.5,300", "", "20,1,-4"])).toEqual({
    slots: [4, 2, 0],
    levels: Uint8Array.of(10, 128, 255, 20, 255, 0),
  });
});

test("without a first line that names them the columns are the channels", () => {
  expect(read(["1,2", "3,4"], false)).toEqual({ slots: [0, 1], levels: Uint8Array.of(1, 2, 3, 4) });
});

test.each([
  [["ch1,ch513", "1,2"], 'line 1 names an input that is not there: "ch513"'],
  [["ch3,wash", "1,2"], 'line 1 names the channel of "wash" twice'],
  [["ch1,ch2", "1"], "line 2 has 1 columns, not 2"],
  [["ch1", "1", "", "x"], 'line 4 has no number in "x"'],
  [["ch1,ch2", "1,"], 'line 2 has no number in ""'],
  [["ch1", "9".repeat(20_000)], "line 2 is too long"],
])("%j is refused at its line", (lines, words) => {
  expect(read(lines)).toBe(words);
});

test("a table without looks is none", () => {
  expect([read([]), read(["ch1"])]).toEqual([undefined, undefined]);
});

test("more levels than fit are refused", () => {
  const reader = new LooksReader({ hasHeader: false, slotOf });
  const wide = Array<string>(512).fill("0").join();

  let problem: string | undefined;
  let lines = 0;
  for (; problem === undefined && lines < 30_000; lines += 1) problem = reader.take(wide);

  expect([problem, lines]).toEqual(["line 19532 is past the 10000000 levels that fit", 19_532]);
});
