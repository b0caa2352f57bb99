import type { StopLatch } from "@interactor/shared/wire/messages/stop";
import { expect, test } from "vitest";
import { confirmWithin, releaseLife, unconfirmedShownFor } from "./limits.ts";
import { askText, type Asking, StopAsks } from "./stop-asks.ts";

class Desk {
  readonly sent: Asking[] = [];
  readonly takenBack: number[] = [];
  readonly taken: (() => void)[] = [];
  readonly asks = new StopAsks({
    newId: () => `press-${this.sent.length}`,
    send: (_zone, asking, taken) => {
      const place = this.sent.push(asking) - 1;
      this.taken.push(taken);
      return () => this.takenBack.push(place);
    },
  });

  words(now: number): readonly string[] {
    return this.asks.open.map((ask) => askText(ask, now));
  }
}

const said = (lists: Pick<StopLatch, "latches" | "released">): StopLatch => ({
  v: 1,
  latched: (lists.latches ?? []).length > 0,
  by: "dashboard",
  at: 1,
  ...lists,
});
const latch = (id: string) => ({ id, by: "dashboard", at: 1 });

test("a press is being sent until the hub names it, and after a second it says that nothing is confirmed", () => {
  const desk = new Desk();

  desk.asks.stop("all", 0);

  expect(desk.words(confirmWithin - 1)).toEqual(["STOP: sending…"]);
  expect(desk.words(confirmWithin)).toEqual(["STOP NOT CONFIRMED: use the wired emergency stop"]);
  desk.asks.heard("all", said({ latches: [latch("of-another")] }));
  desk.asks.heard("foyer", said({ latches: [latch("press-0")] }));
  expect(desk.asks.open.length).toBe(1);
  desk.asks.heard("all", said({ latches: [latch("of-another"), latch("press-0")] }));
  expect(desk.asks.open).toEqual([]);
});

test("a press that somebody has released meanwhile was obeyed", () => {
  const desk = new Desk();
  desk.asks.stop("foyer", 0);

  desk.asks.heard("foyer", said({ latches: [], released: ["press-0"] }));

  expect(desk.asks.open).toEqual([]);
});

test("pressing again while the first press is on its way sends nothing more, and after a vain one it does", () => {
  const desk = new Desk();
  for (let press = 0; press < 50; press += 1) desk.asks.stop("all", press);
  expect(desk.sent.length).toBe(1);

  desk.taken[0]?.();
  desk.asks.stop("all", 2000);

  expect(desk.sent.map(({ id }) => id)).toEqual(["press-0", "press-1"]);
});

test("a stop stays on its way; a release is taken back before it could come when nobody looks any more", () => {
  const desk = new Desk();
  desk.asks.stop("all", 0);
  desk.asks.release("foyer", ["a", "b"], 0);

  desk.asks.tick(releaseLife + 1);
  desk.asks.tick(releaseLife + 2);

  expect(desk.takenBack).toEqual([1]);
  desk.asks.tick(unconfirmedShownFor + 1);
  expect(desk.words(unconfirmedShownFor + 1)).toEqual(["STOP NOT CONFIRMED: use the wired emergency stop"]);
});

test("a release is confirmed when all that it names is released", () => {
  const desk = new Desk();
  desk.asks.release("all", ["a", "b"], 0);
  desk.asks.heard("all", said({ latches: [latch("b")], released: ["a"] }));
  expect(desk.words(confirmWithin)).toEqual(["NOT CONFIRMED: it may still be stopped"]);

  desk.asks.heard("all", said({ latches: [latch("c")], released: ["a", "b"] }));

  expect(desk.asks.open).toEqual([]);
});

test("a press that the hub took and never named is not shown for ever", () => {
  const desk = new Desk();
  desk.asks.stop("all", 0);
  desk.taken[0]?.();

  desk.asks.tick(unconfirmedShownFor + 1);

  expect(desk.asks.open).toEqual([]);
});
