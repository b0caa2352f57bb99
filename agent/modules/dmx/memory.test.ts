import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, uptime } from "node:os";
import { dirname, join } from "node:path";
import { instant, seconds } from "@interactor/shared/sdk/define-module";
import { expect, onTestFinished, test } from "vitest";
import { Memory, memoryOf } from "./memory.ts";
import { placesHere } from "./places.ts";

const remembered = {
  // Every level there is, and slots that nobody drives.
  levels: new Map(Array.from({ length: 400 }, (_, slot) => [slot, slot % 256])),
  master: 0.5,
  isBlack: true,
  standings: {
    show: { kind: "on", cue: "open", index: 3, since: instant(70.25), pausedAt: instant(80) },
    heads: { kind: "moving", cue: "left", index: 0, since: instant(-5), from: new Map([[7, 0]]) },
    "(scene)": {
      kind: "leaving",
      cue: "night",
      index: 0,
      since: instant(9),
      fade: seconds(2),
      from: new Map([[8, 255]]),
    },
  },
  latest: [{ source: "desk é 00ff", slots: [7, 511] }],
  at: instant(123.5),
} as const;

async function path(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dmx-memory-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "look");
}

/** A file that was kept, with something else in it. */
async function changed(change: (kept: Record<string, unknown>) => unknown): Promise<string> {
  const file = await path();
  const memory = new Memory(file, uptime);
  await memory.recall();
  await memory.keep(remembered);
  const kept = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  await writeFile(file, JSON.stringify(change(kept)));
  return file;
}

test("the next life recalls what was kept", async () => {
  const file = await path();
  const memory = new Memory(file, uptime);

  expect(await memory.recall()).toBeUndefined();
  expect(await memory.keep(remembered)).toBeUndefined();

  expect(await new Memory(file, uptime).recall()).toMatchObject({ remembered });
});

test("of many that come while one is written the newest is kept", async () => {
  const file = await path();
  const memory = new Memory(file, uptime);
  await memory.recall();

  await Promise.all([0.1, 0.2, 0.3].map((master) => memory.keep({ ...remembered, master })));

  expect(await new Memory(file, uptime).recall()).toMatchObject({ remembered: { master: 0.3 } });
});

test("what an agent of before slots at 0 were kept has written is read, and its zeros are nobody's", async () => {
  const levels = `0a00${"10".repeat(3)}01${"00".repeat(506)}`;
  const positions = { show: { cue: "open", index: 3 }, heads: { cue: "up", index: 0, isPaused: true } };

  const file = await changed(({ boot, uptime: then }) => {
    return { v: 1, boot, uptime: then, levels, master: 0.5, isBlack: true, positions };
  });

  const at = instant(0);
  const lit = new Map([
    [0, 10],
    [2, 16],
    [3, 16],
    [4, 16],
    [5, 1],
  ]);
  const standings = {
    show: { kind: "on", cue: "open", index: 3, since: at },
    heads: { kind: "on", cue: "up", index: 0, since: at, pausedAt: at },
  };
  expect(await new Memory(file, uptime).recall()).toMatchObject({
    remembered: { levels: lit, master: 0.5, isBlack: true, standings, latest: [], at },
  });
});

test("says how long ago it was, also when it is not written again because nothing is new", async () => {
  const file = await path();
  let now = 100;
  const memory = new Memory(file, () => now);
  await memory.recall();
  await memory.keep(remembered);
  now += 15;
  await memory.keep({ ...remembered, at: instant(15_123.5) });

  now += 5;
  expect(await new Memory(file, () => now).recall()).toEqual({ remembered, ago: seconds(20) });
});

test("whoever keeps something waits until it is there, behind others too", async () => {
  const file = await path();
  const memory = new Memory(file, uptime);
  await memory.recall();

  const others = [0.1, 0.2].map((master) => memory.keep({ ...remembered, master }));
  await memory.keep({ ...remembered, master: 0.3 });

  // At once: reading as the module does would give the writer time.
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ master: 0.3 });
  await Promise.all(others);
});

test.each([
  ["of an earlier run of the machine", (kept: object) => ({ ...kept, boot: "another" })],
  ["more than a minute old", (kept: object) => ({ ...kept, uptime: uptime() - 61 })],
])("what is %s is not recalled", async (_, change) => {
  expect(await new Memory(await changed(change), uptime).recall()).toBeUndefined();
});

test.each([
  ["too few levels", (kept: object) => ({ ...kept, levels: "00" })],
  ["a master past 1", (kept: object) => ({ ...kept, master: 7 })],
  ["levels that are neither", (kept: object) => ({ ...kept, levels: ".0".repeat(512) })],
  ["a fade of no time", (kept: object) => ({ ...kept, standings: { a: { kind: "leaving", fade: -1 } } })],
  ["another form", (kept: object) => ({ ...kept, v: 9 })],
  ["no map", () => [1]],
])("a file with %s is passed over, and that is told", async (_, change) => {
  expect(await new Memory(await changed(change), uptime).recall()).toMatch(/is not what was written there/);
});

test("a torn file is passed over, and the next one is written", async () => {
  const file = await path();
  await writeFile(file, '{"v":1,"boot":"');
  const memory = new Memory(file, uptime);

  expect(await memory.recall()).toMatch(/is not what was written there/);
  await memory.keep(remembered);

  expect(await new Memory(file, uptime).recall()).toMatchObject({ remembered });
});

test("a folder that is not there is told, and nothing else is lost", async () => {
  const file = join(dirname(await path()), "none", "look");

  expect(await new Memory(file, uptime).keep(remembered)).toMatch(/cannot be written: ENOENT/);
});

test("where the agent is given a folder in memory, what a universe shows is kept there, by its whole name", async () => {
  const folder = dirname(await path());
  const here = placesHere({ RUNTIME_DIRECTORY: `${folder}:/run/other` });
  const shown = {
    usb: { place: { kind: "path", path: "/dev/x" }, baudRate: 250_000, guard: 2000, mute: false },
  };
  const name = { site: "demo", node: "a", name: "stage" };
  const kept = async (settings: object): Promise<readonly string[]> => {
    await memoryOf(settings, name, here)?.keep(remembered);
    return readdir(folder);
  };

  expect(await kept({ ...shown, remember: false })).toEqual([]);
  // One that only hears a desk shows nothing.
  expect(await kept({})).toEqual([]);
  expect(await kept(shown)).toEqual(["demo.a.stage.look"]);
  expect(await kept({ ...shown, remember: join(folder, "mine") })).toEqual(["demo.a.stage.look", "mine"]);
});

test.each([{}, { RUNTIME_DIRECTORY: "" }, { RUNTIME_DIRECTORY: "run" }])(
  "with %j an instance writes no file by itself",
  (environment) => {
    expect(placesHere(environment).runtime).toBeUndefined();
  },
);
