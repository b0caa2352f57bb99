import { expect, test } from "vitest";
import { encodeDesired } from "@interactor/shared/wire/messages/desired";
import { routeOf } from "@interactor/shared/testing/builders";
import { adopt, nothingDesired } from "./adopt.ts";

const desiredOf = (given = {}) => ({
  v: 1 as const,
  revision: 3,
  digest: "abc",
  routes: [routeOf()],
  ...given,
});

test("a document that is right brings its routes ready to run", () => {
  const adoption = adopt(encodeDesired(desiredOf()), nothingDesired);

  expect(adoption.ok && adoption.value.desired).toEqual(desiredOf());
  expect(adoption.ok && adoption.value.runners.map(({ route }) => route)).toEqual([routeOf()]);
});

test("the same document again restarts nothing", () => {
  expect(adopt(encodeDesired(desiredOf()), desiredOf())).toEqual({ ok: false, error: "same" });
});

test("an empty document is another thing than none yet", () => {
  expect(adopt(encodeDesired(desiredOf({ revision: 0, routes: [] })), nothingDesired).ok).toBe(true);
});

test.each([
  ["bytes that are none", Uint8Array.of(0xff), "indefinite-length"],
  ["a version to come", encodeDesired(desiredOf({ v: 2 })), "unknown-version"],
  [
    "a route without a target",
    encodeDesired(desiredOf({ routes: [{ ...routeOf(), to: "lights" }] })),
    "wrong-shape",
  ],
  [
    "an expression of a newer hub",
    encodeDesired(desiredOf({ routes: [routeOf({ map: "shine(value)" })] })),
    "wrong-expression",
  ],
])("%s leaves what runs in place", (_what, document, reason) => {
  expect(adopt(document, nothingDesired)).toEqual({ ok: false, error: reason });
});
