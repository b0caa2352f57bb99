import { instant, millis, seconds } from "@interactor/shared/sdk/define-module";
import { expect, test } from "vitest";
import type { Cue } from "./cue-list.ts";
import { Engine, type EngineSettings } from "./engine.ts";
import { slotCount } from "./slots.ts";

const at = instant;
/** Channel 1 dims. 2 is a shutter, where every level means something else; 3 a relay that a blackout takes off. */
const [dimmer, shutter, relay] = [0, 1, 2];
const stage: EngineSettings = {
  dimmers: {},
  priorities: { channels: 201, dimmers: 100 },
  latest: new Set([shutter]),
  stepped: new Set([shutter, relay]),
  rest: new Map([[shutter, 60]]),
  cueLists: {},
  failsafe: { hold: seconds(5), fade: seconds(3), scene: new Map([[relay, 10]]) },
};

const cue = (name: string, levels: readonly number[], given: Partial<Cue> = {}): Cue => ({
  name,
  levels: new Map(levels.entries()),
  wait: millis(0),
  up: seconds(3),
  down: seconds(3),
  curve: "smooth",
  follow: undefined,
  ...given,
});

/** The three channels at these times. */
const looks = (engine: Engine, times: readonly number[]) =>
  times.map((time) => {
    engine.advance(at(time));
    return [...engine.levels.subarray(dimmer, relay + 1)];
  });

test("a cue brings what never fades to its level when it begins to move, up and down", () => {
  const cues = [cue("open", [0, 20, 255]), cue("strobe", [200, 255, 0], { wait: seconds(1) })];
  const engine = new Engine({
    ...stage,
    cueLists: { show: { cues, priority: 100, isLooped: false, isTracking: true, release: seconds(2) } },
  });
  engine.playback("show")?.go(undefined, at(0));
  const opened = looks(engine, [0, 10]);
  engine.playback("show")?.go(undefined, at(4000));

  expect(opened).toEqual([
    [0, 20, 255],
    [0, 20, 255],
  ]);
  expect(looks(engine, [4000, 4999, 5000, 6500, 8000])).toEqual([
    [0, 20, 255],
    [0, 20, 255],
    [0, 255, 0],
    [100, 255, 0],
    [200, 255, 0],
  ]);
});

test("a cue list that is let go lets a shutter stand until its end, and a relay drop at once", () => {
  const cues = [cue("open", [200, 20, 255], { up: millis(0) })];
  const engine = new Engine({
    ...stage,
    cueLists: { show: { cues, priority: 100, isLooped: false, isTracking: true, release: seconds(2) } },
  });
  engine.playback("show")?.go(undefined, at(0));
  engine.advance(at(0));

  engine.playback("show")?.release(at(1000));

  expect(looks(engine, [1000, 2000, 3000])).toEqual([
    [200, 20, 0],
    [100, 20, 0],
    [0, 60, 0],
  ]);
});

test("the failsafe holds what never fades, then takes it to its end at once", () => {
  const engine = new Engine(stage);
  const levels = new Uint8Array(slotCount);
  levels.set([100, 200, 200]);
  const desk = { key: "desk", name: "desk", priority: 100, timeout: seconds(1), sequence: undefined };
  const frame = {
    ...desk,
    content: { kind: "levels", levels },
    isTerminated: false,
    synchronization: undefined,
  } as const;
  engine.receive(frame, at(0));

  expect(looks(engine, [0, 1000, 5999, 6000, 7500, 9000])).toEqual([
    [100, 200, 200],
    [100, 200, 200],
    [100, 200, 200],
    [100, 60, 10],
    [50, 60, 10],
    [0, 60, 10],
  ]);
});

test("a recording that is let go fades its light, and a head and a shutter stay until it has let go", () => {
  // 4 is a position.
  const engine = new Engine({ ...stage, latest: new Set([shutter, 3]) });
  const recorded = { slots: [3, relay, shutter, dimmer], levels: Uint8Array.of(77, 255, 20, 200) };
  engine.addRecording("rain", {
    rate: 1,
    priority: 100,
    isLooped: false,
    release: seconds(2),
    looks: recorded,
  });
  engine.playback("rain")?.go(undefined, at(0));
  engine.advance(at(0));

  engine.playback("rain")?.release(at(1000));
  const seen = [1000, 2000, 2999, 3000].map((time) => {
    engine.advance(at(time));
    return [...engine.levels.subarray(0, 4)];
  });

  expect(seen).toEqual([
    [200, 20, 0, 77],
    [100, 20, 0, 77],
    [0, 20, 0, 77],
    [0, 60, 0, 0],
  ]);
});

test("a recording that is let go fades a lamp over two channels as one number", () => {
  const engine = new Engine({
    ...stage,
    latest: new Set(),
    stepped: new Set(),
    rest: new Map(),
    wholes: [[1, 2]],
  });
  const recorded = { slots: [1, 0], levels: Uint8Array.of(0x00, 0x01) };
  engine.addRecording("rain", {
    rate: 1,
    priority: 100,
    isLooped: false,
    release: seconds(2),
    looks: recorded,
  });
  engine.playback("rain")?.go(undefined, at(0));
  engine.advance(at(0));

  engine.playback("rain")?.release(at(0));
  engine.advance(at(1000));

  expect([...engine.levels.subarray(0, 2)]).toEqual([0x00, 0x80]);
});
