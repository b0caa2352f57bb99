import { millis, seconds } from "@interactor/shared/sdk/define-module";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { definition, hostModule } from "./module.ts";
import { pi4 } from "./sample-texts.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "interactor-host-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function place(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

async function placePi4(): Promise<void> {
  await place("sys/class/thermal/thermal_zone0/type", "gpu-thermal\n");
  await place("sys/class/thermal/thermal_zone0/temp", "10000\n");
  await place("sys/class/thermal/thermal_zone1/type", pi4.thermalType);
  await place("sys/class/thermal/thermal_zone1/temp", pi4.temp);
  await place("sys/devices/platform/soc/soc:firmware/get_throttled", pi4.throttled);
  await place("proc/stat", pi4.stat);
  await place("proc/loadavg", pi4.loadavg);
  await place("proc/meminfo", pi4.meminfo);
  await place("proc/net/dev", pi4.netDev);
  await place("proc/uptime", pi4.uptime);
}

const valuesOf = (bench: Bench, output: string) =>
  bench.emitted.filter((each) => each.output === output).map(({ value }) => value);
/** Files are read by the system, not by the clock: the readings of a round take a moment of real time. */
const given = (bench: Bench, output: string, values: readonly unknown[]): Promise<void> =>
  vi.waitFor(() => expect(valuesOf(bench, output)).toEqual(values));

test("a Pi 4 tells everything it knows; what is measured between two readings comes with the second", async () => {
  await placePi4();
  const clock = new VirtualClock();
  const bench = await startOnBench(hostModule(root), { every: { network: 1, cpu: 1 } }, { clock });

  await given(bench, "temperature", [48.7]);
  await given(bench, "load-average", [0.52]);
  await given(bench, "memory", [14.2]);
  await given(bench, "uptime", [12_567.84]);
  await given(bench, "under-voltage", [true]);
  await given(bench, "throttled", [true]);
  await vi.waitFor(() => expect(valuesOf(bench, "disk")).toHaveLength(1));
  await place(
    "proc/stat",
    pi4.stat.replace("cpu  61240 1203 27415 4921380", "cpu  61340 1203 27415 4921680"),
  );
  await place("proc/net/dev", pi4.netDev.replace("98304512", "98306512").replace("4210688", "4211688"));
  // The network's round may still be on its way; its second must come after its first.
  await vi.waitFor(() => {
    clock.advance(millis(1000));
    expect(valuesOf(bench, "network-in")).toContain(2000);
    expect(valuesOf(bench, "load")).toContain(25);
  });
  await bench.stop();

  expect(valuesOf(bench, "network-out")).toContain(1000);
  expect(bench.states).toEqual(["running"]);
  expect(bench.logged).toEqual([]);
});

test("what a computer does not have is said once and is no failure", async () => {
  await placePi4();
  await rm(join(root, "sys"), { recursive: true });
  const clock = new VirtualClock();
  const bench = await startOnBench(hostModule(root), {}, { clock });

  for (let round = 1; round <= 3; round++) {
    await vi.waitFor(() => expect(valuesOf(bench, "memory")).toHaveLength(round));
    clock.advance(seconds(5));
  }
  await bench.stop();

  expect(bench.logged.toSorted()).toEqual([
    expect.stringMatching(/^info not told on this computer: no thermal zone/u),
    expect.stringMatching(/^info not told on this computer: there is no .*get_throttled/u),
  ]);
  expect(valuesOf(bench, "unreadable")).toEqual([0]);
  expect(valuesOf(bench, "temperature")).toEqual([]);
});

test("what cannot be understood is counted each time and logged once, and the rest goes on", async () => {
  await placePi4();
  await place("proc/meminfo", "MemTotal: lots\n");
  const clock = new VirtualClock();
  const bench = await startOnBench(hostModule(root), {}, { clock });

  await given(bench, "unreadable", [0, 1]);
  clock.advance(seconds(5));
  await given(bench, "unreadable", [0, 1, 2]);
  await place("proc/meminfo", pi4.meminfo);
  clock.advance(seconds(5));
  await given(bench, "memory", [14.2]);
  await bench.stop();

  expect(bench.logged).toEqual([expect.stringMatching(/^warn could not be read: .*meminfo says nothing/u)]);
  await given(bench, "uptime", [12_567.84, 12_567.84, 12_567.84]);
});

test("a reading that is still under way is not begun again", async () => {
  await placePi4();
  const clock = new VirtualClock();
  const bench = await startOnBench(hostModule(root), { every: { uptime: 0.1 } }, { clock });

  clock.advance(seconds(60)); // no file can have been read in the meantime
  await vi.waitFor(() => expect(valuesOf(bench, "uptime")).not.toEqual([]));
  await vi.waitFor(() => expect(valuesOf(bench, "memory")).not.toEqual([]));
  await bench.stop();

  expect(valuesOf(bench, "uptime")).toHaveLength(1);
});

test("a stopped instance gives nothing more, also from a reading under way", async () => {
  await placePi4();
  const clock = new VirtualClock();
  const bench = await startOnBench(hostModule(root), {}, { clock });

  await bench.stop();
  clock.advance(seconds(60));
  await new Promise((resolve) => setTimeout(resolve, 50));

  expect(bench.emitted.map(({ output }) => output)).toEqual(["unreadable"]);
});

test("this computer, whichever it is, tells its memory, disk and uptime", async () => {
  const clock = new VirtualClock();
  const bench = await startOnBench(definition, {}, { clock });

  await vi.waitFor(() => {
    for (const output of ["memory", "disk", "uptime"]) expect(valuesOf(bench, output)).toHaveLength(1);
  });
  await bench.stop();

  expect(Number(valuesOf(bench, "memory")[0])).toBeGreaterThan(0);
  expect(Number(valuesOf(bench, "memory")[0])).toBeLessThan(100);
});

test.each([
  [{ every: { temperature: 0 } }, "temperature"],
  [{ every: { ram: 1 } }, "ram"],
  [{ evry: 1 }, "evry"],
  [{ diskPath: "data" }, "a path such as"],
])("settings %j are refused and %s is named", async (settings, word) => {
  await expect(startOnBench(definition, settings, { clock: new VirtualClock() })).rejects.toThrow(word);
});
