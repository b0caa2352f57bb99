// An agent as it is shipped, that boots and is killed without ever having met its hub.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { expect, onTestFinished, test as anyTest } from "vitest";
import { decode } from "cborg";
import { apiPaths, ledgerResponse } from "@interactor/shared/wire/api";
import { emptyFolder, fillDisk, isRoot, mountedFolder } from "../../contract/folders.ts";
import { journalRows } from "../../contract/journal-rows.ts";
import { freePort } from "../free-port.ts";
import { eventually, startAgent, startHub } from "../programs.ts";
import { requires } from "../requires.ts";
import { openTtyPair } from "../tty-pair.ts";

const test = requires("socat");
const asRoot = isRoot ? test : anyTest.skip;

/** A node whose line gives durable counts, and that looks for its hub where there is none yet. */
async function openNode(data: string) {
  const tty = await openTtyPair();
  onTestFinished(() => tty[Symbol.asyncDispose]());
  const mqttPort = await freePort();
  const settings = {
    path: tty.path,
    format: "pattern",
    pattern: "n=(?<n>\\d+)",
    discardFirst: false,
    outputs: { n: { type: "int", deliver: "durable" } },
  };
  const instances = { line: { module: "serial", settings } };
  const start = async () => {
    const agent = await startAgent({ node: "pi", hub: `mqtt://127.0.0.1:${mqttPort}`, data, instances });
    await eventually("the line is open", () => agent.log().includes("instance line is running"));
    return agent;
  };
  const say = (from: number, to: number) => {
    for (let n = from; n <= to; n += 1) tty.say(`n=${n}`);
  };
  return { start, say, startHub: () => startHub({ mqttPort }) };
}

const countsIn = (hubData: string): readonly number[] =>
  journalRows(join(hubData, "journal.sqlite")).flatMap(({ payload }) => {
    const batch: unknown = decode(payload);
    if (!Array.isArray(batch) || batch[1] !== 3 || !Array.isArray(batch[5])) return [];
    return batch[5].map((entry: unknown) => Number(Array.isArray(entry) ? entry[7] : Number.NaN));
  });

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test("readings of two lives that were killed come when the hub is there, before those of the third", async () => {
  const node = await openNode(emptyFolder());
  for (const [from, to] of [
    [1, 100],
    [101, 200],
  ] as const) {
    await using agent = await node.start();
    node.say(from, to);
    await after(500);
    await agent.signal("SIGKILL");
  }
  await using agent = await node.start();
  await using hub = await node.startHub();
  node.say(201, 300);

  await eventually("all of them", () => countsIn(hub.data).length >= 300 || undefined);

  expect(countsIn(hub.data)).toEqual(upTo(300));
  expect(agent.log()).toContain("200 messages wait from before");
  const ledger: unknown = JSON.parse((await hub.get("/api/v1/ledger")).text);
  expect(JSON.stringify(ledger)).not.toMatch(/"difference":[1-9]/);
});

test("a life that ends in good order without its hub leaves its readings, and no doubt about them", async () => {
  const node = await openNode(emptyFolder());
  {
    await using agent = await node.start();
    node.say(1, 100);
    await after(500);
    await agent.signal("SIGTERM");
  }
  await using _agent = await node.start();
  await using hub = await node.startHub();

  await eventually("all of them", () => countsIn(hub.data).length >= 100 || undefined);
  const ledger = async () => ledgerResponse.parse(JSON.parse((await hub.get(apiPaths.ledger)).text));
  const bulk = await eventually("the node has said its ledger", async () => {
    const lane = (await ledger()).nodes[0]?.up.find((each) => each.lane === "bulk");
    return lane !== undefined && lane.produced >= 100 ? lane : undefined;
  });

  expect(bulk).toMatchObject({ produced: 100, unaccounted: 0, unaccounted_at_most: 0, difference: 0 });
});

asRoot("a node whose disk is full says so until there is space, and loses nothing", async () => {
  const data = mountedFolder(2048);
  const node = await openNode(data);
  await using agent = await node.start();
  const ballast = join(data, "ballast");
  fillDisk(ballast);
  node.say(1, 200);
  await eventually("it says why", () => agent.log().includes("the spool cannot write"));

  await using hub = await node.startHub();
  const state = async () => (await hub.nodes()).find((each) => each.node === "pi");
  await eventually("the node is degraded", async () => (await state())?.state === "degraded" || undefined);
  expect((await state())?.reasons.join()).toContain("ENOSPC");
  rmSync(ballast);
  await eventually("the node is ready", async () => (await state())?.state === "ready" || undefined);

  expect(countsIn(hub.data)).toEqual(upTo(200));
});
