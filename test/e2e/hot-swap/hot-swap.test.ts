// A module that somebody else wrote is renewed while messages pass: what is shipped, from the publisher to the journal.

import { existsSync } from "node:fs";
import { expect } from "vitest";
import { processTree } from "@interactor/agent/src/adapters/module-host-sandbox/process-tree.ts";
import { eventually, startAgent } from "../programs.ts";
import { requires } from "../requires.ts";
import { openRelaySite, siteWith } from "./relay-site.ts";

const test = requires("bwrap");
const startTakes = 60_000;
const isLong = process.env["TEST_LONG"] !== undefined;

/** Versions and settings, each of which takes over from the one before. */
const changes: readonly (readonly [version: string, label: string])[] = Array.from(
  { length: isLong ? 100 : 3 },
  (_, turn) => [["2.0.0", "2.0.0", "1.0.0"][turn % 3] ?? "", `turn ${turn + 1}`],
);

test(
  "a new version takes over, none is lost, and the ledger adds up",
  { timeout: isLong ? 900_000 : 240_000 },
  async () => {
    await using room = await openRelaySite(["1.0.0", "2.0.0"]);
    const { site, hub } = room;
    await site.until(await site.apply(siteWith("1.0.0", {})), "complete", startTakes);
    await eventually("messages to pass", () => room.passed().length > 100, startTakes);

    expect(await site.plan(siteWith("2.0.0", {}))).toMatchObject({
      nodes: [{ node: "pi", restart: [], takeOver: ["relay"], stop: [] }],
    });
    for (const [version, label] of changes)
      await site.until(await site.apply(siteWith(version, { label })), "complete", startTakes);
    const said = room.passed().length;
    await eventually("more to pass", () => room.passed().length > said + 100);

    const passed = room.passed();
    const [{ message: first } = { message: 0 }] = passed;
    expect(passed.map(({ message }) => message)).toEqual(passed.map((_, index) => first + index));
    expect([...new Set(passed.map(({ by }) => by))]).toEqual(["1.0.0", ...changes.map(([, label]) => label)]);
    expect(await room.ledger()).toEqual({ balanced: true, difference: 0, lost: 0 });

    // One that is no good never takes over, and one that falls later goes by itself.
    const bad = await site.apply(siteWith("2.0.0", { fails: "self-test" }));
    const { nodes } = await site.until(bad, "paused", startTakes);
    expect(nodes).toMatchObject([{ code: "SWITCH_FAILED", reason: "relay cannot take over: no reading" }]);
    const after = room.passed();
    expect(after.at(-1)?.by).toBe(changes.at(-1)?.[1]);
    expect(after.map(({ message }) => message)).toEqual(after.map((_, index) => first + index));
    expect((await hub.node("pi"))?.revision).toBe(bad - 1);
  },
);

test(
  "an agent that is killed half-way comes back with one of them, and nothing of the other",
  { timeout: 240_000 },
  async () => {
    await using room = await openRelaySite(["1.0.0", "2.0.0"]);
    const { site, hub } = room;
    await site.until(await site.apply(siteWith("1.0.0", {})), "complete", startTakes);
    let { agent } = room;
    await using undo = new AsyncDisposableStack();

    for (const [turn, delay] of [200, 500, 900].entries()) {
      const revision = await site.apply(siteWith(turn % 2 === 0 ? "2.0.0" : "1.0.0", {}));
      await new Promise((resolve) => setTimeout(resolve, delay));
      const processes = processTree(agent.pid);
      await agent.signal("SIGKILL");
      expect(processes.length).toBeGreaterThan(3);
      await eventually("its sandboxes to end", () => processes.every((pid) => !existsSync(`/proc/${pid}`)));
      const said = room.passed().length;
      agent = undo.use(await startAgent({ node: "pi", hub: hub.mqtt, data: room.agent.data }));

      await site.until(revision, "complete", startTakes);
      await eventually("messages to pass", () => room.passed().length > said + 100, startTakes);
      const since = room.passed().slice(said);
      const heard = new Set(since.map(({ by }) => by));
      expect(since.at(-1)?.by).toBe(turn % 2 === 0 ? "2.0.0" : "1.0.0");
      expect(heard.size).toBeLessThanOrEqual(2);
    }
  },
);

// Its supervisor has patience for half a minute.
(isLong ? test : test.skip)(
  "one that ends again and again after its probation is taken back by itself",
  { timeout: 300_000 },
  async () => {
    await using room = await openRelaySite(["1.0.0", "2.0.0"]);
    const { site, hub } = room;
    await site.until(await site.apply(siteWith("1.0.0", {})), "complete", startTakes);

    const bad = await site.apply(siteWith("2.0.0", { endsAfter: 500 }));
    await site.until(bad, "complete", startTakes);

    const back = await eventually(
      "the node to go back",
      async () => {
        const node = await hub.node("pi");
        return node?.revision === bad - 1 && node.state === "degraded" && node;
      },
      120_000,
    );
    expect(back).toMatchObject({
      state: "degraded",
      reasons: [`revision ${bad} was taken back: relay ended again and again: it ended with code 7`],
    });
    const said = room.passed().length;
    await eventually("messages to pass", () => room.passed().length > said + 100, startTakes);
    expect(room.passed().at(-1)?.by).toBe("1.0.0");
  },
);
