import { expect, test } from "vitest";
import { firmataQuestion } from "./firmware.ts";

const letters = (text: string): readonly number[] => [...Buffer.from(text)].flatMap((code) => [code, 0]);
const report = Uint8Array.of(0xf0, 0x79, 1, 0, ...letters("firmata-lite"), 0xf7);
const lite = { firmware: "firmata-lite", release: "1.0" };

test("a board's word is understood in whatever pieces it comes", () => {
  const take = firmataQuestion.listen();
  const answers = [...report].map((byte) => take(Uint8Array.of(byte)));

  expect(answers.slice(0, -1).every((answer) => answer === undefined)).toBe(true);
  expect(answers.at(-1)).toEqual(lite);
});

test.each([
  ["what a bootloader says", Uint8Array.of(0x73, 0x74, 0x6b, 0xf7)],
  ["a report that has no end", Uint8Array.of(0xf0, 0x79, 1, 0, ...letters("x".repeat(10_000)))],
  ["one that is cut off", report.subarray(0, 9)],
  ["another message", Uint8Array.of(0xf0, 0x71, 0x68, 0, 0xf7)],
  ["one that is too short", Uint8Array.of(0xf0, 0x79, 1, 0xf7)],
])("%s is passed over, and what comes after it is understood", (_what, noise) => {
  const take = firmataQuestion.listen();

  expect(take(noise)).toBeUndefined();
  expect(take(report)).toEqual(lite);
});
