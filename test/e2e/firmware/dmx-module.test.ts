// The dmx module drives the widget's firmware on the bench: what a receiver on the DMX512 line sees, and what is left of
// it when the agent is killed.

import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { seconds } from "@interactor/shared/kernel/units";
import { afterAll, afterEach, beforeAll, expect, vi } from "vitest";
import type { FirmwareBench } from "@interactor/firmware-bridges/bench/bench.ts";
import type { DriverQuestion } from "../dmx-driver.ts";
import { startAgent, startHub } from "../programs.ts";
import { Remote } from "../remote.ts";
import { requires } from "../requires.ts";
import { untilRunning } from "../room.ts";
import { Visitor } from "../visitor.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const test = requires("avr-gcc", "gcc", "simavr");

let workbench: Workbench;
let firmware: string;
beforeAll(async () => {
  workbench = await openWorkbench();
  firmware = await workbench.build("dmx-pro", "atmega2560");
});
const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const remote of closing.splice(0).toReversed()) await remote[Symbol.asyncDispose]();
  await workbench.clear();
});
afterAll(() => workbench[Symbol.asyncDispose]());

/** An agent's dmx module in a process of its own that can be killed. */
async function module(bench: FirmwareBench, more: object = {}): Promise<Remote> {
  const driver = new Remote([process.execPath, join(import.meta.dirname, "..", "dmx-driver.ts")]);
  closing.push(driver);
  const settings = { universe: 1, usb: { path: bench.line }, ...more };
  await driver.ask({ kind: "start", name: "widget", settings } satisfies DriverQuestion);
  return driver;
}

const set = (driver: Remote, input: string, value: number): Promise<unknown> =>
  driver.ask({ kind: "apply", name: "widget", input, value } satisfies DriverQuestion);

const shows = (bench: FirmwareBench, expected: Uint8Array) =>
  bench.next("dmx", ({ frame }) => Buffer.from(frame.slots).equals(expected));

test("all 512 channels come out of the line, in DMX512's time, as they change", async () => {
  const bench = await workbench.start({ chip: "atmega2560", firmware, hasDmx: true });
  await bench.next("dmx");
  const driver = await module(bench);

  for (const seed of [1, 2, 3]) {
    const levels = Uint8Array.from({ length: 512 }, (_, slot) => (slot * 7 + seed) & 0xff);
    const shown = shows(bench, levels);
    await Promise.all([...levels].map((level, slot) => set(driver, `ch${slot + 1}`, level)));
    await shown;
  }

  const frames = bench.ofKind("dmx").map(({ frame }) => frame);
  for (const { breakMicros, periodMicros, slots } of frames.slice(1)) {
    expect(breakMicros).toBeGreaterThanOrEqual(92);
    expect(periodMicros).toBeGreaterThanOrEqual(22_700);
    expect(periodMicros).toBeLessThanOrEqual(26_000);
    expect(slots).toHaveLength(512);
  }
  expect(bench.ofKind("dmx-fault")).toEqual([]);
}, 60_000);

test("a static look stays for longer than the guard allows silence", async () => {
  const bench = await workbench.start({ chip: "atmega2560", firmware, hasDmx: true });
  await bench.next("dmx");
  const driver = await module(bench);
  const lit = new Uint8Array(512).fill(200, 0, 1);
  const shown = shows(bench, lit);
  await set(driver, "ch1", 200);
  const { at } = await shown;

  await bench.elapse(5_000_000);

  const after = bench.ofKind("dmx").filter((event) => event.at > at);
  expect(after.length).toBeGreaterThan(100);
  for (const { frame } of after) expect(frame.slots).toEqual(lit);
}, 60_000);

test("an agent that is killed leaves the line in its scene within 2.5 s, and its next life lights it again", async () => {
  const bench = await workbench.start({ chip: "atmega2560", firmware, hasDmx: true });
  await bench.next("dmx");
  const runtime = await mkdtemp(join(workbench.folder, "run-"));
  const scene = { scenes: { safe: { ch2: 40 } }, failsafe: { scene: "safe" } };
  const settings = { universe: 1, usb: { path: bench.line }, ...scene };
  const lit = new Uint8Array(512).fill(200, 0, 1);
  const shown = shows(bench, lit);
  const hub = await startHub();
  closing.push(hub);
  const instances = { stage: { module: "dmx", settings } };
  // As systemd gives it.
  const node = { node: "a", hub: hub.mqtt, instances, env: { RUNTIME_DIRECTORY: runtime } };
  const agent = await startAgent(node);
  closing.push(agent);
  await untilRunning(hub, "a");
  const visitor = await Visitor.connect(hub.mqtt, []);
  closing.push(visitor);
  await visitor.set("a/stage/ch1", 200, { holdFor: seconds(300) });
  await shown;
  await vi.waitFor(
    async () => expect(await readFile(join(runtime, "demo.a.stage.look"), "latin1")).toContain('"c8'),
    { timeout: 30_000, interval: 20 },
  );
  // So that the widget was told its guard.
  await bench.elapse(2_500_000);

  await agent.signal("SIGKILL");
  const safe = await shows(bench, new Uint8Array(512).fill(40, 1, 2));

  const closedAt = bench.ofKind("host").findLast(({ isOpen }) => !isOpen)?.at ?? Number.NaN;
  expect(safe.at - closedAt).toBeLessThanOrEqual(2_500_000);
  // Nobody says anything to it, and no hub is there: it remembers.
  await hub.signal("SIGKILL");
  const again = shows(bench, lit);
  closing.push(await startAgent({ ...node, data: agent.data }));
  await again;
}, 60_000);

test("a widget that was reset unseen is told its guard and its scene again", async () => {
  const bench = await workbench.start({ chip: "atmega2560", firmware, hasDmx: true });
  await bench.next("dmx");
  const driver = await module(bench, { scenes: { safe: { ch2: 40 } }, failsafe: { scene: "safe" } });
  const lit = new Uint8Array(512).fill(200, 0, 1);
  const shown = shows(bench, lit);
  await set(driver, "ch1", 200);
  await shown;
  await bench.elapse(2_500_000);

  const dark = shows(bench, new Uint8Array(512));
  bench.reset();
  await dark;
  await shows(bench, lit);
  // The host asks every two seconds of its own, of which a slow simulation may see few.
  await new Promise((resolve) => setTimeout(resolve, 5000));
  await bench.elapse(2_500_000);
  await driver[Symbol.asyncDispose]();

  await shows(bench, new Uint8Array(512).fill(40, 1, 2));
}, 60_000);
