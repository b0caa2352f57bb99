import { expect, test } from "vitest";
import fc from "fast-check";
import { type Instant, instant, later, millis, seconds } from "@interactor/shared/kernel/units";
import { remarkLimits, Remarks } from "./remarks.ts";

const { interval, linesBurst, linesPerSecond, linesPerKindMin, kindsMax } = remarkLimits;
const start = instant(1000);
const after = (ms: number): Instant => later(start, millis(ms));

/** Notes one of everybody named, at `at`; gives those that had a line. */
const named = (remarks: Remarks, at: Instant, kind: string, whos: readonly string[]) =>
  whos.filter((who) => remarks.note(at, kind, who));

const clients = (count: number, name = "client") =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`);

test("each of thirty clients that are cut for one reason is named", () => {
  const remarks = new Remarks();

  expect(named(remarks, start, "cut: protocol", clients(30))).toHaveLength(30);
  expect(remarks.takeAll(start)).toEqual([]);
});

test("one client has one line of a kind in an interval, and the rest is summed up", () => {
  const remarks = new Remarks();

  const lines = Array.from({ length: 413 }, (_, index) => remarks.note(after(index), "slowed: rate", "fast"));

  expect(lines.filter((isNamed) => isNamed)).toHaveLength(1);
  expect(remarks.takeDue(after(interval - 1))).toEqual([]);
  expect(remarks.takeDue(after(interval))).toEqual([
    { kind: "slowed: rate", count: 412, last: "fast", span: interval },
  ]);
  expect(remarks.takeDue(after(2 * interval))).toEqual([]);
  expect(remarks.note(after(2 * interval), "slowed: rate", "fast")).toBe(true);
});

test("of another reason the same client has another line", () => {
  const remarks = new Remarks();

  expect(remarks.note(start, "slowed: rate", "fast")).toBe(true);
  expect(remarks.note(start, "cut: stalled", "fast")).toBe(true);
});

test("a flood has so many lines and no more, and does not hide what else happens", () => {
  const remarks = new Remarks();

  const flood = named(remarks, start, "cut: no-connect", clients(10_000));
  const stalled = named(remarks, start, "cut: stalled", clients(linesPerKindMin + 3, "viewer"));

  expect(flood).toHaveLength(linesBurst);
  expect(stalled).toEqual(clients(linesPerKindMin, "viewer"));
  expect(remarks.takeAll(start).map(({ kind, count, last }) => [kind, count, last])).toEqual([
    ["cut: no-connect", 10_000 - linesBurst, "client-9999"],
    ["cut: stalled", 3, `viewer-${linesPerKindMin + 2}`],
  ]);
});

test("a flood that lasts an hour has the long run's lines", () => {
  const remarks = new Remarks();
  let lines = 0;
  let summedUp = 0;
  let sent = 0;

  for (let second = 0; second < 3600; second++) {
    const at = after(second * 1000);
    for (const { count } of remarks.takeDue(at)) summedUp += count;
    const some = clients(100, `flood-${second}`);
    sent += some.length;
    lines += named(remarks, at, "cut: protocol", some).length;
  }
  for (const { count } of remarks.takeAll(after(3_600_000))) summedUp += count;

  const intervals = 3_600_000 / interval;
  expect(lines).toBeLessThanOrEqual(linesBurst + 3600 * linesPerSecond + intervals * linesPerKindMin);
  expect(lines + summedUp).toBe(sent);
});

test("reasons without end do not fill memory, and none is lost", () => {
  const remarks = new Remarks();

  const lines = clients(5000).filter((kind) => remarks.note(start, kind, "someone"));
  const summaries = remarks.takeAll(start);

  expect(lines.length).toBeLessThanOrEqual(kindsMax * linesPerKindMin);
  expect(lines.length + summaries.reduce((sum, { count }) => sum + count, 0)).toBe(5000);
});

test("whatever happens, each has a line or is in a sum", () => {
  const step = fc.record({
    wait: fc.constantFrom(0, 1, 500, seconds(3), seconds(11)),
    kind: fc.constantFrom("a", "b", "c"),
    who: fc.nat({ max: 400 }).map((each) => `client-${each}`),
    times: fc.integer({ min: 1, max: 300 }),
  });

  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const remarks = new Remarks();
      let at = start;
      let noted = 0;
      let told = 0;
      for (const { wait, kind, who, times } of steps) {
        at = later(at, millis(wait));
        for (const { count } of remarks.takeDue(at)) told += count;
        for (let time = 0; time < times; time++) {
          noted += 1;
          if (remarks.note(at, kind, `${who}-${time % 50}`)) told += 1;
        }
      }
      for (const { count } of remarks.takeAll(at)) told += count;
      expect(told).toBe(noted);
    }),
  );
});
