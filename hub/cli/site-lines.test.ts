// What the commands of a site print of what the hub answers.

import { expect, test } from "vitest";
import { harmless, historyLines } from "./config-history.ts";
import { modeLines } from "./mode.ts";
import { stepOf } from "./node-swap.ts";
import { painterFor } from "./output.ts";
import { watched } from "./route-trace.ts";
import { viewLines } from "./rollout.ts";

const plain = painterFor({}, false, {});
const now = new Date("2026-11-21T12:00:00Z");

test("history has a line a revision, and says which one another brought back", () => {
  const revision = {
    number: 4,
    digest: "d",
    author: "anna@desk",
    at: "2026-11-21T11:59:00Z",
    message: "too much fog",
    confirmed: true,
    rollback_of: 2,
  };

  expect(historyLines([revision, { ...revision, number: 3, confirmed: false }], now, plain)[1]).toMatch(
    /^4 +confirmed +1 min ago +anna@desk +too much fog \(as revision 2 was\)$/,
  );
  expect(historyLines([], now, plain)).toEqual(["no revisions yet: interactor config apply site.yaml -m …"]);
});

test("modes have a line a zone, in words, with whose mode it is", () => {
  const modes = {
    open: { audience: true, updates: false },
    closed: { audience: false, updates: true },
  };
  const zones = [
    { zone: "site", mode: "open", since: "2026-11-21T11:59:57Z", by: "anna", reason: "10:00", modes },
    { zone: "foyer", mode: "open", from: "site", modes },
    { zone: "void", modes: {} },
  ];

  const lines = modeLines({ site: "demo", zones }, now, plain).map((line) => line.replaceAll(/ +/g, " "));

  expect(lines.slice(1)).toEqual([
    "site open audience, no updates 3 s ago by anna: 10:00 closed",
    "foyer open (of site) audience, no updates by the site file closed",
    "void – – by the site file",
  ]);
  expect(modeLines({ site: "demo", zones: [] }, now, plain)[0]).toContain("this site has no modes");
});

test("a swap goes from the old unit to the new one, and ends when that runs what it shall", () => {
  const at = { node: "pi-07", unit: "old", state: "ready", converged: true } as const;

  const steps = [
    at,
    { ...at, state: "lost" as const },
    { ...at, unit: "new", state: "init" as const, converged: false },
    { ...at, unit: "new" },
  ].map((node) => stepOf("old", node));

  expect(steps.map(({ words, isDone }) => [isDone, words])).toEqual([
    [
      false,
      "pi-07 is filled by unit old, which is ready, until the other one comes: start that with `interactor agent --node pi-07 --hub …`",
    ],
    [false, "unit old is gone: start the other one with `interactor agent --node pi-07 --hub …`"],
    [false, "unit new fills pi-07, init: it comes to what the node shall run"],
    [true, "unit new fills pi-07, ready"],
  ]);
});

test("a trace takes every value of one output, and of a filter those that the hub shows", () => {
  const one = watched({ from: "demo/sim/distance", to: "demo/dmx/front" }, "demo");
  const many = watched(
    {
      from: "+/sim/distance",
      to: "lamps/dmx/front",
      group: { strategy: "broadcast", nodes: ["a", "b"] },
    },
    "demo",
  );

  expect(one.topics).toEqual(["ix/1/demo/raw/demo/sim/distance", "ix/1/demo/v/demo/dmx/front"]);
  expect(many.topics).toEqual([
    "ix/1/demo/v/+/sim/distance",
    "ix/1/demo/v/a/dmx/front",
    "ix/1/demo/v/b/dmx/front",
  ]);
  expect(many.comesIn("x/sim/distance") && many.goesOut("b/dmx/front")).toBe(true);
  expect(many.comesIn("x/sim/motion") || many.goesOut("c/dmx/front")).toBe(false);
});

test("a rollout is shown with what happened to it, the newest last", () => {
  const log = Array.from({ length: 30 }, (_each, index) => ({
    ago_ms: 1000 * (30 - index),
    words: `step ${index}`,
  }));
  const view = { revision: 4, kind: "complete" as const, wave: 0, waves: 1, nodes: [], log };

  const lines = viewLines(view, plain);

  expect(lines.at(-1)).toBe("1 s ago  step 29");
  expect(lines.filter((line) => line.includes("step"))).toHaveLength(20);
});

test("texts of a site are shown line by line, and cannot move the cursor", () => {
  expect(harmless("site: demo\n\tx: \u001b[2Jy\u009b1A\r\n")).toBe(
    "site: demo\n\tx: \u{fffd}[2Jy\u{fffd}1A\u{fffd}\n",
  );
});
