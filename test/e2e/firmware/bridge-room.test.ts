// A sensor on a board, a route, and a lamp on the same board, with the real programs between; and a node that dies.

import type { FirmwareBench } from "@interactor/firmware-bridges/bench/bench.ts";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { startAgent, startHub } from "../programs.ts";
import { requires } from "../requires.ts";
import { untilRunning } from "../room.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const test = requires("avr-gcc", "gcc", "simavr");

/** Wall clock, and generous: the machine may be busy. */
const soon = { timeout: 30_000, interval: 10 };

let workbench: Workbench;
beforeAll(async () => {
  workbench = await openWorkbench();
});
afterAll(() => workbench[Symbol.asyncDispose]());

const routes = `routes:
  - { name: near, from: a/board/distance, to: a/board/relay, map: value < 5 }
`;

const relay = (bench: FirmwareBench) => bench.ofKind("pin").findLast(({ pin }) => pin === "B5");

test("a node that is killed leaves its board safe in the time of the guard, and the next one lights it again", async () => {
  const firmware = await workbench.build("bridge", "atmega328p");
  const bench = await workbench.start({ firmware });
  bench.watch("B5");
  bench.setVoltage(0, 1);
  const board = {
    module: "bridge",
    settings: {
      path: `/dev/..${bench.line}`,
      outputs: { distance: { pin: "A0", unit: "m", min: 0, max: 10 } },
      inputs: { relay: { pin: "D13" } },
    },
  };
  await using hub = await startHub({ routes });
  const node = { node: "a", hub: hub.mqtt, instances: { board } };
  const agent = await startAgent(node);
  await untilRunning(hub, "a");
  await vi.waitFor(() => expect(relay(bench)?.level).toBe(1), soon);

  await agent.signal("SIGKILL");

  await vi.waitFor(() => expect(relay(bench)?.level).toBe(0), soon);
  // The line fell silent when it was closed, at the latest.
  const closedAt = bench.ofKind("host").findLast(({ isOpen }) => !isOpen)?.at ?? 0;
  expect((relay(bench)?.at ?? 0) - closedAt).toBeLessThanOrEqual(1_010_000);
  await using _next = await startAgent({ ...node, data: agent.data });
  await vi.waitFor(() => expect(relay(bench)?.level).toBe(1), soon);
  await agent[Symbol.asyncDispose]();
}, 120_000);
