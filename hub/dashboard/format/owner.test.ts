import { expect, test } from "vitest";
import { ownerText } from "./owner.ts";

const now = 1_000_000;

test("an owner is named with its kind, and with the time it has left", () => {
  const until = (now + 8_000) * 1000;

  expect(ownerText({ kind: "route", by: "near-light", since: 0 }, now)).toBe("route · near-light");
  expect(ownerText({ kind: "manual", by: "dashboard", since: 0, until }, now)).toBe(
    "manual · dashboard · 8 s left",
  );
});

test("an owner whose time is over is ending until the node says so", () => {
  expect(ownerText({ kind: "manual", by: "dashboard", since: 0, until: now * 1000 }, now)).toBe(
    "manual · dashboard · ending",
  );
});

test("nobody is an answer too", () => {
  expect(ownerText(undefined, now)).toBe("no owner");
  expect(ownerText({ kind: "stop", by: "", since: 0 }, now)).toBe("stop");
});
