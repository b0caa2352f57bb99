import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Instant, instant, later, millis } from "@interactor/shared/kernel/units";
import { pieceBytes } from "@interactor/shared/wire/limits";
import { paceBytesMax, paceBytesMin } from "./pace.ts";
import { type Asked, Transfer } from "./transfer.ts";

const bytesOf = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 255);

/** Somebody who asks, and a hub that answers when it is told to. */
class Line {
  readonly file: Uint8Array;
  transfer: Transfer;
  at: Instant = instant(0);
  readonly asked: Asked[] = [];
  readonly given: number[] = [];
  #id = 0;

  constructor(file: Uint8Array, from = 0, ahead?: ReadonlyMap<number, Uint8Array>) {
    this.file = file;
    this.transfer = new Transfer(from, () => (this.#id += 1), ahead);
  }

  ask(): readonly Asked[] {
    const asked = this.transfer.ask(this.at);
    this.asked.push(...asked);
    return asked;
  }

  answer({ id, at, bytes }: Asked, isWhole = true): string {
    const data = this.file.slice(at, at + bytes);
    return this.transfer.came({ id, at, total: this.file.length, data, isWhole }, this.at);
  }

  take(): this {
    for (let data = this.transfer.next(); data !== undefined; data = this.transfer.next())
      this.given.push(...data);
    return this;
  }

  wait(span: number): this {
    this.at = later(this.at, millis(span));
    return this;
  }

  /** All at once, until nothing is left. */
  run(): this {
    for (let asked = this.ask(); asked.length > 0; asked = this.ask()) {
      this.wait(5);
      for (const each of asked) this.answer(each);
      this.take();
    }
    return this;
  }
}

test.each([0, 1, pieceBytes - 1, pieceBytes, pieceBytes + 1, 300_000])(
  "a file of %d bytes comes whole, each piece asked once",
  (length) => {
    const line = new Line(bytesOf(length)).run();

    expect(Buffer.from(line.given)).toEqual(Buffer.from(line.file));
    expect(line.transfer.isOver).toBe(true);
    expect(new Set(line.asked.map(({ at }) => at)).size).toBe(line.asked.length);
    expect(line.asked.length).toBe(Math.max(Math.ceil(length / pieceBytes), 1));
  },
);

test("it goes on from where it is", () => {
  const line = new Line(bytesOf(50_000), 20_001).run();

  expect(Buffer.from(line.given)).toEqual(Buffer.from(line.file.slice(20_001)));
  expect(line.asked[0]).toMatchObject({ at: 20_001 });
});

test("the first question is alone, and then there are as many as the pace allows", () => {
  const line = new Line(bytesOf(300_000));
  const [first, ...more] = line.ask();
  if (first === undefined) throw new Error("nothing was asked");

  expect([first.at, more]).toEqual([0, []]);
  expect(line.ask()).toEqual([]);
  line.wait(10).answer(first);
  expect(line.ask().length).toBe(paceBytesMin / pieceBytes);
  expect(line.ask()).toEqual([]);
});

test("a piece that does not come is asked again, and nothing else is", () => {
  const line = new Line(bytesOf(300_000));
  for (const each of line.ask()) line.wait(10).answer(each);
  const [lost, ...others] = line.ask();
  for (const each of others) line.wait(5).answer(each);

  line.wait(Number(line.transfer.dueAt));
  line.transfer.expire(line.at);

  expect(line.ask()[0]?.at).toBe(lost?.at);
  expect(line.transfer.repeats).toBe(1);
});

test("an answer that comes after it was given up is passed over", () => {
  const line = new Line(bytesOf(300_000));
  const [first] = line.ask();
  if (first === undefined) throw new Error("nothing was asked");
  line.wait(60_000);
  line.transfer.expire(line.at);

  expect(line.answer(first)).toBe("late");
  expect(line.run().transfer.isOver).toBe(true);
});

describe("an answer that is wrong is asked again", () => {
  test.each([
    ["of another place", { at: 4096 }],
    ["of too few bytes", { data: bytesOf(10) }],
    ["of too many", { data: bytesOf(5000) }],
    ["that is damaged", { isWhole: false }],
    ["of a file that ends before it begins", { total: 5, at: 20_000 }],
  ])("%s", (_what, bent) => {
    const line = new Line(bytesOf(30_000));
    const [first] = line.ask();
    if (first === undefined) throw new Error("nothing was asked");
    const right = { id: first.id, at: 0, total: 30_000, data: line.file.slice(0, pieceBytes), isWhole: true };

    expect(line.transfer.came({ ...right, ...bent }, line.at)).toBe("wrong");

    expect(Buffer.from(line.run().given)).toEqual(Buffer.from(line.file));
  });

  test("of a file that has another length than before", () => {
    const line = new Line(bytesOf(30_000));
    for (const each of line.ask()) line.answer(each);
    const [next] = line.ask();
    if (next === undefined) throw new Error("nothing was asked");
    const { id, at } = next;

    expect(
      line.transfer.came({ id, at, total: 31_000, data: bytesOf(pieceBytes), isWhole: true }, line.at),
    ).toBe("wrong");
  });
});

test("after a cut and after a restart nothing is asked that is there", () => {
  const file = bytesOf(300_000);
  const line = new Line(file);
  const had = new Set<number>();
  for (let turn = 0; turn < 20; turn += 1) {
    // Every third answer is lost with the line.
    for (const [place, each] of line.wait(5).ask().entries()) {
      if (place % 3 === 2) continue;
      if (line.answer(each) === "taken") had.add(each.at);
    }
    line.take().transfer.cut();
  }
  expect(line.transfer.isOver).toBe(false);
  expect(line.asked.filter(({ at }) => had.has(at)).length).toBe(had.size);

  const again = new Line(file, line.given.length, line.transfer.ahead).run();

  expect(again.asked.filter(({ at }) => had.has(at))).toEqual([]);
  expect(Buffer.from([...line.given, ...again.given])).toEqual(Buffer.from(file));
});

test("whatever is lost, doubled, late, damaged or cut: every byte in its place, and never more on its way than may be", () => {
  const events = fc.constantFrom("answer", "answer", "answer", "lose", "twice", "damage", "cut", "wait");
  let cuts = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 200_000 }),
      fc.array(events, { maxLength: 400, size: "max" }),
      (length, story) => {
        const line = new Line(bytesOf(length));
        const open: Asked[] = [];
        for (const event of story) {
          open.push(...line.ask());
          expect(open.length * pieceBytes).toBeLessThanOrEqual(paceBytesMax);
          const each = open.shift();
          line.wait(3);
          if (event === "wait") {
            line.wait(10_000).transfer.expire(line.at);
            open.length = 0;
          }
          if (event === "cut") {
            line.transfer.cut();
            open.length = 0;
            cuts += 1;
          }
          if (each === undefined || event === "wait" || event === "cut") continue;
          if (event === "answer" || event === "twice") line.answer(each);
          if (event === "twice") expect(line.answer(each)).toBe("late");
          if (event === "damage") line.answer(each, false);
          line.take();
        }
        line.wait(10_000).transfer.expire(line.at);
        line.run();
        expect(Buffer.from(line.given).equals(Buffer.from(line.file))).toBe(true);
        expect(line.transfer.isOver).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
  expect(cuts).toBeGreaterThan(0);
});

test("what waits for one piece is bounded", () => {
  const line = new Line(bytesOf(2_000_000));
  for (const each of line.ask()) line.wait(1).answer(each);
  const [stuck] = line.ask();
  for (let turn = 0; turn < 200; turn += 1) {
    for (const each of line.wait(1).ask()) if (each.at !== stuck?.at) line.answer(each);
  }
  for (const each of line.asked) if (each.at !== stuck?.at) line.answer(each);

  let held = 0;
  for (const data of line.transfer.ahead.values()) held += data.length;
  expect(held).toBeLessThanOrEqual(2 * paceBytesMax);
});

test("it says how far it is", () => {
  const line = new Line(bytesOf(10_000));
  expect(line.transfer.progress).toEqual({ bytes: 0, total: undefined });
  for (const each of line.ask()) line.answer(each);
  expect(line.transfer.progress).toEqual({ bytes: pieceBytes, total: 10_000 });
  expect(line.take().run().transfer.progress).toEqual({ bytes: 10_000, total: 10_000 });
});
