import { describe, expect, test } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import { modeIn, modesOf, whyClosed, withMode, zonesWithModes } from "./modes.ts";

const closed = { audience: false, updates: true };
const open = { audience: true, updates: false };
const frozen = { audience: false, updates: false };
const plan = {
  modes: { closed, open, frozen },
  mode: "closed",
  zones: { house: {}, hall: { in: "house" }, stage: { in: "hall", modes: { show: open, build: closed } } },
};
const set = (mode: string) => ({ mode, since: micros(1), by: "anna" });
const stateOf = (zone: string, mode: string) => ({ [zone]: set(mode) });

describe("the mode of a zone", () => {
  test("is the site's as long as nobody sets one nearer", () => {
    expect(modeIn(plan, {}, "hall")).toMatchObject({ mode: "closed", from: "site" });
    expect(modeIn(plan, stateOf("site", "open"), "hall")).toMatchObject({ mode: "open", from: "site" });
    expect(modeIn(plan, stateOf("house", "open"), "hall")).toMatchObject({ mode: "open", from: "house" });
  });

  test("that is set wins over those around it, also when they are set later", () => {
    const state = { ...stateOf("hall", "frozen"), ...stateOf("site", "open") };
    expect(modeIn(plan, state, "hall")).toMatchObject({ mode: "frozen", from: "hall" });
    expect(modeIn(plan, state, "house")).toMatchObject({ mode: "open", from: "site" });
  });

  test("is the one it begins in until somebody sets another", () => {
    const begun = { ...plan, zones: { ...plan.zones, hall: { in: "house", mode: "open" } } };
    expect(modeIn(begun, stateOf("site", "frozen"), "hall")).toMatchObject({ mode: "open", from: "hall" });
    expect(modeIn(begun, stateOf("hall", "closed"), "hall")).toMatchObject({ mode: "closed" });
  });

  test("is none where the site names none", () => {
    expect(modeIn({ modes: {}, zones: {} }, {}, "site")).toBeUndefined();
    expect(whyClosed({ modes: {}, zones: {} }, {}, [])).toBeUndefined();
  });

  test("that the site has no more counts as not set", () => {
    expect(modeIn(plan, stateOf("hall", "rehearsal"), "hall")).toMatchObject({
      mode: "closed",
      from: "site",
    });
  });

  test("ends also when zones stand in a circle", () => {
    const circle = { ...plan, zones: { a: { in: "b" }, b: { in: "a" } } };
    expect(modeIn(circle, {}, "a")).toMatchObject({ mode: "closed" });
  });
});

test("a node is closed with an audience and where updates are not allowed, by its innermost zone", () => {
  expect(whyClosed(plan, {}, ["hall", "house"])).toBeUndefined();
  expect(whyClosed(plan, stateOf("site", "open"), ["hall", "house"])).toBe(
    'the site is in mode "open", with an audience',
  );
  expect(whyClosed(plan, stateOf("hall", "frozen"), ["hall", "house"])).toBe(
    'zone hall is in mode "frozen", which allows no updates',
  );
  expect(whyClosed(plan, stateOf("hall", "open"), [])).toBeUndefined();
});

describe("who sets a mode", () => {
  test("may choose among the zone's own, else those around it", () => {
    expect(zonesWithModes(plan)).toEqual(["site", "house", "hall", "stage"]);
    expect(Object.keys(modesOf(plan, "stage"))).toEqual(["show", "build"]);
    expect(Object.keys(modesOf(plan, "hall"))).toEqual(["closed", "open", "frozen"]);
    expect(withMode(plan, {}, "stage", set("show"))).toMatchObject({ ok: true });
  });

  test("is told what would be right", () => {
    expect(withMode(plan, {}, "stge", set("show"))).toMatchObject({ error: { hint: "did you mean stage?" } });
    expect(withMode(plan, {}, "stage", set("shw"))).toMatchObject({ error: { hint: "did you mean show?" } });
    expect(withMode(plan, {}, "hall", set("a-longer-one"))).toMatchObject({
      error: { hint: "there are closed, open, frozen" },
    });
    expect(withMode({ modes: {}, zones: {} }, {}, "site", set("open"))).toMatchObject({
      error: { hint: "the site file names none: add modes:" },
    });
  });

  test("lets go of what was set in zones that are gone", () => {
    const state = { ...stateOf("cellar", "open"), ...stateOf("hall", "open") };
    expect(withMode(plan, state, "house", set("closed"))).toMatchObject({
      value: { hall: { mode: "open" }, house: { mode: "closed" } },
    });
    const made = withMode(plan, state, "house", set("closed"));
    expect(made.ok && Object.keys(made.value)).toEqual(["hall", "house"]);
  });
});
