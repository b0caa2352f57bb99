import { expect, test } from "vitest";
import type { RolloutView } from "@interactor/shared/wire/api-config";
import { painterFor } from "./output.ts";
import { endOf, headOf, RolloutLog, rolloutPicture } from "./rollout-lines.ts";

type NodeProgress = RolloutView["nodes"][number];

const plain = painterFor({}, false, {});
const nobody: ReadonlySet<string> = new Set();

const nodeOf = (node: string, state: NodeProgress["state"], given: Partial<NodeProgress> = {}) => ({
  node,
  wave: 0,
  state,
  since_ms: 1200,
  ...given,
});
const viewOf = (nodes: readonly NodeProgress[], given: Partial<RolloutView> = {}): RolloutView => ({
  revision: 4,
  kind: "running",
  wave: 0,
  waves: 1,
  nodes: [...nodes],
  log: [],
  ...given,
});

test("it is not everywhere while a mode holds the hub's own part, and the picture says so", () => {
  const view = viewOf([nodeOf("a", "done")], { hub: { state: "held", why: "the doors are open" } });

  expect(endOf(view, nobody)).toMatchObject({ kind: "not-everywhere", isTentative: true });
  expect(endOf({ ...view, kind: "trailing" }, nobody)).toMatchObject({ kind: "not-everywhere" });
  expect(endOf(view, nobody)?.words).toContain("waits: the doors are open");
  expect(endOf({ ...view, hub: { state: "done" } }, nobody)).toBeUndefined();
  expect(headOf(view)).toContain("the hub's own part held: the doors are open");
});

test("a log has a line for each node that is in another state, and none for one that is not", () => {
  const log = new RolloutLog(plain);
  const waiting = nodeOf("b", "waiting", { wave: 1 });

  const looks = [
    viewOf([nodeOf("a", "under-way", { phase: "preparing" }), waiting], { waves: 2 }),
    viewOf([nodeOf("a", "under-way", { phase: "preparing" }), waiting], { waves: 2 }),
    viewOf([nodeOf("a", "done"), nodeOf("b", "under-way", { phase: "probing", wave: 1 })], {
      waves: 2,
      wave: 1,
    }),
    viewOf(
      [
        nodeOf("a", "done"),
        nodeOf("b", "failed", { wave: 1, code: "PROBE_FAILED", reason: "dmx fell silent" }),
      ],
      {
        waves: 2,
        wave: 1,
      },
    ),
  ].map((view) => log.next(view));

  expect(looks).toEqual([
    ["wave 1 of 2", "a  preparing"],
    [],
    ["wave 2 of 2", "a  done", "b  probing"],
    ["b  failed: dmx fell silent (PROBE_FAILED)"],
  ]);
});

test("what a node says cannot move the cursor", () => {
  const view = viewOf([nodeOf("a", "failed", { reason: "\x1b[2Jgone" })]);

  expect([...new RolloutLog(plain).next(view), ...rolloutPicture(view, plain)].join("")).not.toContain(
    "\x1b",
  );
});

test("a picture shows first what somebody has to look at, and counts what does not fit", () => {
  const many = Array.from({ length: 20 }, (_each, index) => nodeOf(`n${index}`, "done"));

  const lines = rolloutPicture(viewOf([...many, nodeOf("z", "failed", { reason: "no" })]), plain);

  expect(lines[0]).toBe("revision 4: running, 21 nodes (20 done, 1 failed)");
  expect(lines[2]).toMatch(/^z +1\.2 s +failed: no$/);
  expect(lines.at(-1)).toBe("and 9 more");
  expect(lines).toHaveLength(15);
});

test("the head names who went over the mode, and why", () => {
  const override = { by: "anna", reason: "the lamp flickers" };

  expect(headOf(viewOf([nodeOf("a", "done")], { kind: "complete", override }))).toBe(
    "revision 4: complete, 1 node (1 done), whatever the mode says: the lamp flickers (anna)",
  );
});

test.each<readonly [string, RolloutView, string | undefined, string | undefined]>([
  ["goes on", viewOf([nodeOf("a", "under-way"), nodeOf("b", "done")]), undefined, undefined],
  [
    "is everywhere",
    viewOf([nodeOf("a", "done")], { kind: "complete" }),
    "everywhere",
    "revision 4 runs on 1 node",
  ],
  [
    "has nodes that are away",
    viewOf([nodeOf("a", "done"), nodeOf("b", "scheduled")], { kind: "trailing" }),
    "everywhere",
    "revision 4 runs on 1 node; b is away: later",
  ],
  [
    "is paused",
    viewOf([nodeOf("a", "failed", { reason: "dmx fell silent" })], { kind: "paused", why: "1 of 1 failed" }),
    "not-everywhere",
    "revision 4 is paused: 1 of 1 failed; 1 failed (a, a: dmx fell silent); interactor rollout show 4",
  ],
  [
    "came to an end with one that failed",
    viewOf([nodeOf("a", "failed"), nodeOf("b", "done")], { kind: "complete" }),
    "not-everywhere",
    "revision 4 runs on 1 node; 1 failed (a); interactor rollout show 4",
  ],
])("a rollout that %s", (_name, view, kind, words) => {
  expect(endOf(view, nobody)).toEqual(kind === undefined ? undefined : { kind, words });
});

test("when all that is left is away, that is the end if it stays so, unless a wave comes", () => {
  const view = viewOf([nodeOf("a", "scheduled"), nodeOf("b", "done")]);

  expect(endOf(view, nobody)).toEqual({
    kind: "everywhere",
    words: "revision 4 runs on 1 node; a is away: later",
    isTentative: true,
  });
  expect(endOf({ ...view, waves: 2 }, nobody)).toBeUndefined();
  expect(endOf(viewOf([nodeOf("a", "done")]), nobody)).toBeUndefined();
});

test("a node that a mode holds back is an end, one that waits for its group is none", () => {
  const view = viewOf([nodeOf("a", "held"), nodeOf("b", "done"), nodeOf("c", "waiting", { wave: 1 })], {
    waves: 2,
  });

  expect(endOf(view, nobody)).toBeUndefined();
  expect(endOf(view, new Set(["a"]))).toMatchObject({
    kind: "not-everywhere",
    words: expect.stringContaining("waits for the mode on a;"),
  });
  expect(endOf({ ...view, override: { by: "anna", reason: "now" } }, new Set(["a"]))).toBeUndefined();
});
