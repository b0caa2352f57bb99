// What an instance says of itself in outputs, so that nobody has to read the log of a Pi.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type Clock, instant, micros } from "@interactor/shared/sdk/define-module";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { freePort } from "./free-port.ts";
import { definition } from "./module.ts";
import { sourceCid } from "./sacn.ts";

const systemClock: Clock = {
  now: () => instant(performance.now()),
  wall: () => micros((performance.timeOrigin + performance.now()) * 1000),
  after(delay, task) {
    const timer = setTimeout(task, delay);
    return () => clearTimeout(timer);
  },
};

/** Takes what is sent, and leaves the port to nobody else. */
async function portOfReceiver(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  return socket.address().port;
}

async function start(settings: Readonly<Record<string, unknown>>, name = "stage"): Promise<Bench> {
  const sacn = { to: ["127.0.0.1"], port: await portOfReceiver() };
  const bench = await startOnBench(
    definition,
    { universe: 1, sacn, ...settings },
    { clock: systemClock, name },
  );
  onTestFinished(() => bench.stop());
  return bench;
}

const given = (bench: Bench, output: string) =>
  bench.emitted.filter((each) => each.output === output).map((each) => each.value);

test("cue lists are told one by one, with what GO and back would play, and so is a refusal", async () => {
  const bench = await start({
    cueLists: { show: { cues: [{ name: "open", levels: { ch1: 1 } }, { levels: { ch1: 2 } }] } },
  });

  for (const text of ["show", "show", "show"]) bench.apply("cue-go", text);
  bench.apply("cue-pause", "show");

  const list = { name: "show", paused: false };
  expect(given(bench, "cue-lists")).toEqual([
    [{ ...list, cue: "", next: "open", before: "" }],
    [{ ...list, cue: "open", next: "2", before: "" }],
    [{ ...list, cue: "2", next: "", before: "open" }],
    [{ ...list, paused: true, cue: "2", next: "", before: "open" }],
  ]);
  expect(given(bench, "cue-refused")).toEqual(["", "show is at its last cue", ""]);
});

test("the channels of an input are told", async () => {
  const pan = { type: "float", min: 0, max: 540, slots: [1, 2], raw: [0, 65_535] };
  const bench = await start({ dimmers: { wash: { channel: 10 } }, placed: { "spot-pan": pan } });

  expect(given(bench, "patch")).toEqual([{ wash: [10], "spot-pan": [1, 2] }]);
});

test("a desk is told with its name, its address and its priority, and as the source of what it shows", async () => {
  const port = await freePort();
  const receive = { sacn: { port, interface: "127.0.0.1" }, merge: true };
  const bench = await start({ receive, failsafe: { hold: "5s" } });
  const desk = await start({ sacn: { to: ["127.0.0.1"], port, sourceName: "Front", priority: 120 } }, "desk");
  desk.apply("ch1", 51);
  const shows = { sources: ["desk Front 127.0.0.1"] };
  await vi.waitFor(
    () => expect(given(bench, "monitor")).toContainEqual(expect.objectContaining(shows)),
    5000,
  );

  await desk.stop();

  const cid = Buffer.from(sourceCid("test/bench/desk")).toString("hex");
  const front = { name: "Front", priority: 120, address: "127.0.0.1", cid };
  await vi.waitFor(() => expect(given(bench, "desk-list")).toEqual([[], [front], []]), 5000);
});

test("a blackout in a dark room is told, and so is its end", async () => {
  const bench = await start({});
  const blackouts = () => given(bench, "monitor").map((each) => Reflect.get(Object(each), "blackout"));
  await vi.waitFor(() => expect(blackouts()).toEqual([false]), 5000);

  bench.apply("blackout", true);
  await vi.waitFor(() => expect(blackouts()).toEqual([false, true]), 5000);
  bench.apply("blackout", false);

  await vi.waitFor(() => expect(blackouts()).toEqual([false, true, false]), 5000);
});

test("a scene of higher priority is told as who shows, and lets go in its own time", async () => {
  const bench = await start({
    dimmers: { wash: { channel: 1 } },
    scenes: { visitor: { levels: { ch1: 10 }, fade: "0s", priority: 150 } },
  });
  const shown = () => {
    const monitor = Object(given(bench, "monitor").at(-1));
    return [Reflect.get(monitor, "levels")?.[0], Reflect.get(monitor, "sources")];
  };
  bench.apply("wash", 1);
  bench.apply("scene", "visitor");
  await vi.waitFor(() => expect(shown()).toEqual([10, ["scene visitor"]]), 5000);

  bench.apply("scene", "");

  await vi.waitFor(() => expect(shown()).toEqual([255, ["dimmers"]]), 5000);
});
