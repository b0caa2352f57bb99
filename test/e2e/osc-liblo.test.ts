// The osc module against liblo, the library that most OSC programs on Linux are built on.

import { definition } from "@interactor/agent/modules/osc/module.ts";
import { newSteering, systemClock } from "@interactor/agent/src/adapters/clock-system.ts";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { promisify } from "node:util";
import { expect, onTestFinished, vi } from "vitest";
import { requires } from "./requires.ts";

const test = requires("oscdump");

const soon = { timeout: 15_000, interval: 20 };

async function start(settings: unknown): Promise<Bench> {
  const bench = await startOnBench(definition, settings, { clock: systemClock(newSteering()) });
  onTestFinished(() => bench.stop());
  return bench;
}

/** A UDP port that nobody had a moment ago. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

const running = (bench: Bench) => vi.waitFor(() => expect(bench.states.at(-1)).toBe("running"), soon);
const valuesOf = (bench: Bench, output: string) =>
  bench.emitted.filter((each) => each.output === output).map(({ value }) => value);
const oscsend = (port: number, ...message: readonly string[]) =>
  promisify(execFile)("oscsend", ["127.0.0.1", String(port), ...message]);

test("what oscsend sends becomes values, of every type it knows", async () => {
  const port = await freePort();
  const bench = await start({
    listen: { port, interface: "127.0.0.1" },
    outputs: {
      fader: { type: "float", address: "/1/fader1", min: 0, max: 1 },
      x: { type: "float", address: "/pad" },
      y: { type: "float", address: "/pad", argument: 2 },
      scene: { type: "int", address: "/scene" },
      big: { type: "int", address: "/big" },
      exact: { type: "float", address: "/exact" },
      name: { type: "text", address: "/name" },
      on: { type: "bool", address: "/on" },
      go: { type: "bool", address: "/go", argument: "none" },
      all: { type: "record", address: "/all" },
    },
  });
  await running(bench);

  await oscsend(port, "/1/fader1", "f", "0.5");
  await oscsend(port, "/1/fader1", "f", "7");
  await oscsend(port, "/pad", "ff", "0.25", "0.75");
  await oscsend(port, "/scene", "i", "-3");
  await oscsend(port, "/big", "h", "5000000000");
  await oscsend(port, "/exact", "d", "0.1");
  await oscsend(port, "/name", "s", "Bühne");
  await oscsend(port, "/on", "T");
  await oscsend(port, "/on", "F");
  await oscsend(port, "/go");
  // A button of a tablet is pressed and let go.
  await oscsend(port, "/go", "f", "1");
  await oscsend(port, "/go", "f", "0");
  await oscsend(port, "/go", "F");
  await oscsend(port, "/all", "isfTN", "1", "two", "0.5");
  await oscsend(port, "/nobody", "i", "1");
  await oscsend(port, "/s?ene", "i", "4");

  await vi.waitFor(() => expect(valuesOf(bench, "scene")).toEqual([-3, 4]), soon);
  expect(valuesOf(bench, "fader")).toEqual([0.5]);
  expect([valuesOf(bench, "x"), valuesOf(bench, "y")]).toEqual([[0.25], [0.75]]);
  expect(valuesOf(bench, "big")).toEqual([5_000_000_000]);
  expect(valuesOf(bench, "exact")).toEqual([0.1]);
  expect(valuesOf(bench, "name")).toEqual(["Bühne"]);
  expect(valuesOf(bench, "on")).toEqual([true, false]);
  expect(valuesOf(bench, "go")).toEqual([true, true]);
  expect(valuesOf(bench, "all")).toEqual([[1, "two", 0.5, true, null]]);
  // Each counter is told at its own pace: that one has come says nothing of the other.
  await vi.waitFor(() => expect(valuesOf(bench, "received").at(-1)).toBe(16), soon);
  await vi.waitFor(() => expect(valuesOf(bench, "rejected").at(-1)).toBe(2), soon);
  expect(bench.logged.join()).toContain('out-of-range 1×; such as "/1/fader1 f 7"');
});

test("what is sent is what oscdump prints", async () => {
  const port = await freePort();
  const dump = spawn("oscdump", ["-L", String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(dump, "exit");
  onTestFinished(async () => {
    dump.kill("SIGKILL");
    await exited;
  });
  let printed = "";
  dump.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const bench = await start({
    send: { to: ["127.0.0.1"], port },
    inputs: {
      level: { type: "float", address: "/level" },
      precise: { type: "float", address: "/precise", tag: "d" },
      scene: { type: "int", address: "/scene" },
      big: { type: "int", address: "/big", tag: "h" },
      name: { type: "text", address: "/name" },
      on: { type: "bool", address: "/on" },
      toggle: { type: "bool", address: "/toggle", tag: "i" },
      start: { type: "bool", address: "/cue/1/start", argument: "none", once: true },
      blob: { type: "bytes", address: "/blob" },
    },
  });
  await running(bench);
  // It prints nothing about when it begins to listen.
  await vi.waitFor(() => {
    bench.apply("scene", 1);
    expect(printed).toContain("/scene i 1");
  }, soon);
  printed = "";

  bench.apply("level", 0.5);
  bench.apply("precise", 0.125);
  bench.apply("scene", -3);
  bench.apply("big", 5_000_000_000);
  bench.apply("name", "front wash");
  bench.apply("on", true);
  bench.apply("toggle", false);
  bench.apply("start", true);
  bench.apply("start", false);
  bench.apply("blob", Uint8Array.of(1, 2, 255));
  bench.apply("level", undefined);
  bench.apply("scene", 2 ** 40);

  await vi.waitFor(() => expect(printed).toContain("/blob"), soon);
  const lines = printed.split("\n").filter((line) => line !== "" && !line.endsWith("/scene i 1"));
  expect(lines.map((line) => line.replace(/^\S+ /, "").trimEnd())).toEqual([
    "/level f 0.500000",
    "/precise d 0.125000",
    "/scene i -3",
    "/big h 5000000000",
    '/name s "front wash"',
    "/on T #T",
    "/toggle i 0",
    "/cue/1/start",
    expect.stringMatching(/^\/blob b /),
  ]);
  expect(bench.logged.join()).toContain("not sent: does-not-fit 1×");
});
