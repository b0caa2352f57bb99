// What is on its way on SQLite: a hub that was killed finds its rollouts, and its word to a group, as they were.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { instant, micros, millis, seconds } from "@interactor/shared/kernel/units";
import { systemClock } from "../../hub/src/adapters/clock-system.ts";
import { openRolloutStore } from "../../hub/src/adapters/store-sqlite/rollout-store.ts";
import { rolloutOf, stepRollout } from "../../hub/src/core/rollout/rollout.ts";
import { wavesOf } from "../../hub/src/core/rollout/rollout-state.ts";
import { copyOfFolder, emptyFolder } from "./folders.ts";

async function open(folder: string) {
  const lines: string[] = [];
  const say = (words: string) => void lines.push(words);
  const store = await openRolloutStore({
    folder,
    clock: systemClock(),
    log: { info: say, warn: say, error: say },
  });
  return { store, lines };
}

function begunRollout() {
  const nodes = ["pi-0", "pi-1", "pi-2"];
  const plan = {
    revision: 7,
    digests: { "pi-0": "a", "pi-1": "b", "pi-2": "c" },
    waves: wavesOf(nodes, [{ kind: "count", count: 1 }]),
    threshold: { kind: "share", share: 0.02 },
    settle: seconds(60),
  } as const;
  const at = instant(12.5);
  const { state } = stepRollout(rolloutOf(plan, { there: ["pi-0"], closed: { "pi-1": "open" }, at }), {
    kind: "begin",
    at,
  });
  const failed = {
    kind: "reported",
    node: "pi-0",
    revision: 7,
    digest: "x",
    phase: "rolled-back",
    code: "UNHEALTHY",
  } as const;
  return stepRollout(state, { ...failed, reason: "it crashed", at }).state;
}

const round = {
  round: {
    id: 4,
    group: "stage",
    revision: 7,
    digest: "d",
    tick: micros(1_800_000_000_000_001),
    doubt: millis(600_000),
  },
  members: ["pi-0", "pi-1"],
  outcome: "commit",
  why: "all have promised",
  gone: ["pi-2"],
} as const;

test("what each node was told, and the modes, are found as they were after a power cut", async () => {
  const folder = emptyFolder();
  const { store } = await open(folder);
  expect(store).toMatchObject({ standing: undefined, modes: {}, order: undefined });
  const standing = {
    hub: { revision: 7, before: 6 },
    probation: millis(500),
    nodes: {
      "pi-0": { revision: 7, digest: "a", before: { revision: 5, digest: "z" } },
      "pi-1": { revision: 7, digest: "a", hold: { kind: "mode", why: "the doors are open" } },
      "pi-2": { revision: 7, digest: "a", hold: { kind: "group", group: "stage" } },
      constructor: { revision: 6, digest: "b" },
    },
    rollout: 7,
  } as const;
  const { plan } = begunRollout();
  const override = { by: "anna", reason: "nobody is here" };
  const order = { plan, probation: millis(500), content: "c", by: "anna", override, same: { "pi-9": "z" } };
  const modes = {
    site: { mode: "open", since: micros(1_800_000_000_000_000), by: "anna", reason: "the doors" },
    hall: { mode: "closed", since: micros(1_800_000_000_000_001), by: "ben" },
  };
  await store.saveStanding(standing);
  await store.saveModes(modes);
  await store.saveOrder(order);

  const { store: again } = await open(copyOfFolder(folder));

  expect(again).toMatchObject({ standing, modes, order });
});

test("an order ends with what says that its revision is on its way, also for a hub that cannot read that", async () => {
  const folder = emptyFolder();
  const { store } = await open(folder);
  const { plan } = begunRollout();
  const order = { plan, probation: millis(500), content: "c", by: "anna", same: {} };
  const standing = { hub: { revision: 6, before: 5 }, probation: millis(500), nodes: {} };
  await store.saveOrder(order);
  await store.saveStanding({ ...standing, rollout: 6 });
  const before = await open(copyOfFolder(folder));
  expect(before.store.order).toEqual(order);
  await before.store[Symbol.asyncDispose]();

  await store.saveStanding({ ...standing, rollout: 7 });
  await store[Symbol.asyncDispose]();
  const file = new DatabaseSync(join(folder, "rollouts.sqlite"));
  file.prepare("UPDATE document SET body = '{}' WHERE name = 'standing'").run();
  file.close();

  const after = await open(folder);
  expect(after.store).toMatchObject({ standing: undefined, order: undefined });
  await after.store[Symbol.asyncDispose]();
});

test("a rollout and a decision are found as they were after a power cut", async () => {
  const folder = emptyFolder();
  const { store } = await open(folder);
  const rollout = begunRollout();
  expect(rollout.kind).toBe("paused");
  await store.saveRollout(rollout);
  await store.saveRounds({ lastId: 4, open: [round], left: { "pi-3": 2 } });

  const { store: again } = await open(copyOfFolder(folder));

  expect(again.rollouts).toEqual([rollout]);
  expect(again.rounds).toEqual({ lastId: 4, open: [round], left: { "pi-3": 2 } });
  await again.removeRollout(7);
  await again.saveRounds({ lastId: 5, open: [] });
  await again[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

test("who failed and was accepted is found, also in what an older hub wrote, which kept how many", async () => {
  const folder = emptyFolder();
  const resume = { kind: "resume", by: "anna", reason: "I looked", at: instant(13) } as const;
  const rollout = stepRollout(begunRollout(), resume).state;
  expect(rollout.accepted).toEqual(["pi-0"]);
  const { store } = await open(folder);
  await store.saveRollout(rollout);
  await store[Symbol.asyncDispose]();
  const again = await open(folder);
  expect(again.store.rollouts).toEqual([rollout]);
  await again.store[Symbol.asyncDispose]();

  const file = new DatabaseSync(join(folder, "rollouts.sqlite"));
  const older = file.prepare("UPDATE document SET body = json_remove(body, '$.acceptedNodes')").run();
  file.close();

  expect(older.changes).toBeGreaterThan(0);
  const { store: newer } = await open(folder);
  expect(newer.rollouts).toEqual([rollout]);
  await newer[Symbol.asyncDispose]();
});

test("a rollout that is over is removed, the number of the last round stays", async () => {
  const folder = emptyFolder();
  const { store } = await open(folder);
  await store.saveRollout(begunRollout());
  await store.saveRounds({ lastId: 4, open: [round] });
  await store.removeRollout(7);
  await store.saveRounds({ lastId: 4, open: [] });
  await store[Symbol.asyncDispose]();

  const { store: again } = await open(folder);

  expect([again.rollouts, again.rounds]).toEqual([[], { lastId: 4, open: [] }]);
  await again[Symbol.asyncDispose]();
});

test("a damaged file is set aside with clear words, and the hub starts", async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, "rollouts.sqlite"), "not what it was".repeat(1000));

  const { store, lines } = await open(folder);

  expect(lines.join()).toContain("rollouts that were on their way have to be begun again");
  expect(store.rounds).toEqual({ lastId: 0, open: [] });
  await store[Symbol.asyncDispose]();
});
