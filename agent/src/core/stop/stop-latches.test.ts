import { describe, expect, test } from "vitest";
import { stopLatchesMax } from "@interactor/shared/wire/limits";
import type { StopLatch } from "@interactor/shared/wire/messages/stop";
import { StopLatches } from "./stop-latches.ts";

const latch = (id: string, by = "anna") => ({ id, by, at: 1_800_000_000_000_000 });

const said = (given: Partial<StopLatch>): StopLatch => {
  const latched = given.latches !== undefined && given.latches.length > 0;
  return { v: 1, latched, by: "hub", at: 0, latches: [], released: [], ...given };
};

const idsOf = (latches: StopLatches) => latches.held.map(({ id }) => id);

describe("a node", () => {
  test("is held by latches of its zones and of all, and by no other's", () => {
    const latches = new StopLatches(["foyer", "house"]);

    latches.take("all", said({ latches: [latch("a")] }));
    latches.take("foyer", said({ latches: [latch("b")] }));
    const changed = latches.take("cellar", said({ latches: [latch("c")] }));

    expect(changed).toBe(false);
    expect(latches.held.map(({ zone, id }) => [zone, id])).toEqual([
      ["all", "a"],
      ["foyer", "b"],
    ]);
  });

  test("stays stopped while one of several latches is left", () => {
    const latches = new StopLatches(["foyer"]);
    latches.take("all", said({ latches: [latch("a"), latch("b")] }));
    latches.take("foyer", said({ latches: [latch("c")] }));

    latches.take("all", said({ latches: [latch("b")], released: ["a"] }));
    expect(idsOf(latches)).toEqual(["c", "b"]);
    latches.take("all", said({ released: ["a", "b"] }));
    expect(idsOf(latches)).toEqual(["c"]);
    latches.take("foyer", said({ released: ["c"] }));
    expect(idsOf(latches)).toEqual([]);
  });

  test("is not released by a hub that knows nothing of what holds it", () => {
    const latches = new StopLatches([]);
    latches.take("all", said({ latches: [latch("a")] }));

    const changed = latches.take("all", said({ released: ["z"] }));

    expect(changed).toBe(false);
    expect(idsOf(latches)).toEqual(["a"]);
  });

  test("is told nothing new by what comes twice", () => {
    const latches = new StopLatches([]);
    const stop = said({ latches: [latch("a")] });

    expect([latches.take("all", stop), latches.take("all", stop)]).toEqual([true, false]);
  });

  test("obeys whoever gives no ids, and is released by whoever gives none", () => {
    const latches = new StopLatches([]);

    latches.take("all", { v: 1, latched: true, by: "old", at: 7 });
    expect(latches.held).toEqual([{ zone: "all", id: "stop", by: "old", at: 7 }]);
    latches.take("all", { v: 1, latched: false, by: "old", at: 8 });

    expect(idsOf(latches)).toEqual([]);
  });

  test("takes a document that says both for a stop", () => {
    const latches = new StopLatches([]);

    latches.take("all", said({ latched: false, latches: [latch("a")], released: ["a"] }));

    expect(idsOf(latches)).toEqual(["a"]);
  });

  test("takes up what it kept, without the zones it has left", () => {
    const latches = new StopLatches(["foyer"]);

    latches.restore([
      { ...latch("a"), zone: "foyer" },
      { ...latch("b"), zone: "cellar" },
    ]);

    expect(idsOf(latches)).toEqual(["a"]);
  });

  test("that its plan puts into a zone is held by what it kept of it, and by what it has heard of it", () => {
    const latches = new StopLatches(["foyer"]);
    latches.restore([{ ...latch("b"), zone: "cellar" }]);
    latches.take("attic", said({ latches: [latch("c")] }));
    expect(latches.held).toEqual([]);

    expect(latches.setZones(["foyer", "cellar", "attic"])).toBe(true);
    expect(idsOf(latches)).toEqual(["b", "c"]);
    expect(latches.take("cellar", said({ released: ["b"] }))).toBe(true);
    expect(latches.setZones(["foyer"])).toBe(true);

    expect(latches.held).toEqual([]);
    expect(idsOf(latches)).toEqual([]);
    expect(latches.known.map(({ id }) => id)).toEqual(["c"]);
  });

  test("remembers stops of a hundred other zones and no more, and always its own", () => {
    const latches = new StopLatches(["foyer"]);
    for (let zone = 0; zone < 150; zone += 1) latches.take(`z${zone}`, said({ latches: [latch("a")] }));

    expect(latches.known.length).toBe(100);
    expect(latches.take("foyer", said({ latches: [latch("f")] }))).toBe(true);
  });

  test("that cannot read what it kept is held alone, until that is released by name", () => {
    const latches = new StopLatches([]);
    latches.holdAlone("own", "node", 1);

    latches.take("all", said({ released: ["other"] }));
    expect(latches.held).toMatchObject([{ id: "own", local: true }]);
    latches.take("all", said({ released: ["own"] }));

    expect(idsOf(latches)).toEqual([]);
  });

  test("keeps no more latches of a zone than fit, and is held by those that are left", () => {
    const latches = new StopLatches(["foyer"]);
    latches.take("foyer", said({ latches: [latch("f")] }));

    const many = Array.from({ length: stopLatchesMax + 5 }, (_, index) => latch(`n${index}`));
    latches.take("all", said({ latches: many }));

    expect(latches.held.length).toBe(stopLatchesMax + 1);
    expect(idsOf(latches)).toContain("f");
  });
});
