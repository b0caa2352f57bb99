import { expect, test } from "vitest";
import { instant, later, micros, seconds } from "@interactor/shared/kernel/units";
import { crashBytesMax, decodeCrashReport, encodeCrashReport } from "@interactor/shared/wire/messages/crash";
import { CrashBook, crashesBytesMax, crashesMax, crashInterval, type Death } from "./crash-book.ts";
import { HiddenTexts } from "./hidden-texts.ts";

/** Of a text as long as one likes 16 hex digits; no digest that anybody should use. */
function digestOf(text: string): string {
  let sum = 7n;
  for (let index = 0; index < text.length; index++)
    sum = (sum * 1_099_511_628_211n + BigInt(text.charCodeAt(index))) & 0xffff_ffff_ffff_ffffn;
  return sum.toString(16).padStart(16, "0");
}

const lamp = { instance: "lamp", module: "lamp", version: "1.0.0", digest: "ab" };
const death = (given: Partial<Death> = {}): Death => ({
  guest: "sandbox",
  cause: "error",
  reason: "it ended with code 1: Error: no lamp",
  instances: [lamp],
  stack: "Error: no lamp\n    at light (file:///module/index.mjs:3:5)",
  told: ["lamp/level = 1 by route"],
  said: ["lamp running"],
  upMs: 1200,
  restarts: 0,
  code: 1,
  memory: 50e6,
  ...given,
});

const bookOf = (without = (text: string) => text) =>
  new CrashBook({ node: "pi", agentVersion: "0.1.0", digestOf, without });
const noon = micros(1.8e15);
const at = instant(0);
const sentBy = (book: CrashBook, when = at) => {
  const next = book.next(when);
  const decoded = next !== undefined && "bytes" in next ? decodeCrashReport(next.bytes) : undefined;
  return decoded?.ok === true ? decoded.value : undefined;
};

test("the same crash is one report that counts, of the last time; another is another", () => {
  const book = bookOf();
  const first = book.died(death(), noon, false).report;
  const again = book.died(death({ upMs: 5, restarts: 1 }), micros(noon + 1), false).report;
  const other = book.died(death({ cause: "hang", reason: "it did not answer for 5 s" }), noon, false).report;

  expect(again).toEqual({ ...first, times: 2, lastAt: noon + 1, upMs: 5, restarts: 1 });
  expect(other.id).not.toBe(first.id);
});

test("what only counts or measures does not make it another, another version does", () => {
  const book = bookOf();
  const [first, alike, newer] = [
    death({ reason: "line 7 is gone" }),
    death({ reason: "line 12 is gone" }),
    death({ reason: "line 7 is gone", instances: [{ ...lamp, version: "1.0.1" }] }),
  ].map((each) => book.died(each, noon, false).report.id);

  expect(alike).toBe(first);
  expect(newer).not.toBe(first);
});

test("the hub is told one after the other, at a slow pace, and of what it has no more", () => {
  const book = bookOf();
  const first = book.died(death(), noon, false).report;
  const second = book.died(death({ cause: "signal" }), noon, false).report;

  expect(sentBy(book)).toEqual(first);
  expect(book.next(later(at, seconds(60)))).toBeUndefined();
  book.confirmed();
  expect(book.next(at)).toEqual({ due: later(at, crashInterval) });
  expect(sentBy(book, later(at, crashInterval))).toEqual(second);
  book.confirmed();

  expect(book.next(later(at, seconds(60)))).toBeUndefined();
});

test("what was on its way when the hub went away, or has come again since, is told again", () => {
  const book = bookOf();
  book.died(death(), noon, false);
  expect(sentBy(book)?.times).toBe(1);
  book.disconnected();

  expect(sentBy(book, later(at, crashInterval))?.times).toBe(1);
  book.died(death(), noon, false);
  book.confirmed();

  expect(sentBy(book, later(at, seconds(20)))?.times).toBe(2);
});

test("what an earlier life left counts on, and is told again", () => {
  const before = bookOf().died(death(), noon, true).report;
  const book = bookOf();

  expect(book.load([before])).toEqual([]);

  expect(sentBy(book)).toEqual(before);
  expect(book.died(death(), micros(noon + 5), false).report).toMatchObject({ times: 2, firstAt: noon });
});

test("a node keeps the last of them, in number and in bytes", () => {
  const book = bookOf();
  const reports = Array.from({ length: crashesMax + 1 }, (_, index) =>
    book.died(death({ said: [String.fromCodePoint(97 + index)], reason: wordOf(index) }), noon, false),
  );
  expect(reports.flatMap(({ evicted }) => evicted)).toEqual([reports[0]?.report.id]);

  const large = bookOf();
  let kept = 0;
  for (let index = 0; index < crashesMax; index++) {
    const { report, evicted } = large.died(
      death({ reason: wordOf(index), stack: "漢".repeat(5000), said: [] }),
      noon,
      false,
    );
    expect(encodeCrashReport(report).length).toBeLessThanOrEqual(crashBytesMax);
    kept += 1 - evicted.length;
  }
  expect(kept).toBeLessThan(crashesMax);
  expect(kept * crashBytesMax).toBeGreaterThan(crashesBytesMax / 2);
});

test("it stays within its bounds whatever a module has said", () => {
  const { report } = bookOf().died(
    death({
      reason: "r".repeat(10_000),
      stack: "s".repeat(100_000),
      told: Array.from({ length: 50 }, () => "漢".repeat(1000)),
      said: Array.from({ length: 50 }, () => "\u{d800}".repeat(1000)),
      instances: Array.from({ length: 64 }, (_, index) => ({
        instance: `i${index}`,
        module: "m".repeat(4000),
        version: "v".repeat(4000),
        digest: "00".repeat(32),
      })),
      memory: -1,
    }),
    noon,
    false,
  );

  expect(decodeCrashReport(encodeCrashReport(report))).toEqual({ ok: true, value: report });
});

test("secrets that the node has read stand nowhere in it", () => {
  const hidden = new HiddenTexts();
  hidden.note('tok"en-1234');
  hidden.note("-----BEGIN-----\nMIIEabcdefgh\n-----END-----");
  hidden.note("");
  const { report } = bookOf((text) => hidden.without(text)).died(
    death({
      reason: 'login with tok"en-1234 failed',
      stack: "Error: MIIEabcdefgh is no key",
      said: ['lamp/seen = {"key":"tok\\"en-1234"}'],
      told: [`${"x".repeat(112)}tok"en-1234`],
    }),
    noon,
    false,
  );

  expect(JSON.stringify(report)).not.toMatch(/en-1234|MIIE/);
  expect(report.reason).toBe("login with (secret) failed");
  expect(report.told[0]).not.toContain("tok");
});

test("with more secrets than can be looked for, texts are left out", () => {
  const hidden = new HiddenTexts();
  for (let number = 0; number < 600; number++) hidden.note(`secret-${number}-`);

  expect(hidden.without("secret-0- and more")).toBe("(left out: more secrets than can be looked for)");
});

/** Words that differ in more than a number. */
const wordOf = (index: number): string => `lamp ${String.fromCodePoint(0x4e00 + index)} is gone`;
