import { type Applied, instant, millis, seconds } from "@interactor/shared/sdk/define-module";
import { describe, expect, test } from "vitest";
import { play } from "../stored.ts";
import type { Cue } from "./cue-list.ts";
import { Engine, type EngineSettings } from "./engine.ts";

const at = instant;
const cue = (name: string, levels: Record<number, number>, given: Partial<Cue> = {}): Cue => ({
  name,
  levels: new Map(Object.entries(levels).map(([channel, level]) => [Number(channel) - 1, level])),
  wait: millis(0),
  up: millis(0),
  down: millis(0),
  curve: "linear",
  follow: undefined,
  ...given,
});

function engineOf(given: Partial<EngineSettings> = {}): Engine {
  return new Engine({
    dimmers: {},
    priorities: { channels: 201, dimmers: 100 },
    latest: new Set(),
    cueLists: {},
    failsafe: { hold: millis(0), fade: millis(0), scene: new Map() },
    ...given,
  });
}

const list = (cues: readonly Cue[], isLooped = false) => ({
  cues,
  priority: 100,
  isLooped,
  isTracking: true,
  release: seconds(10),
});

/** The first channels at a time. */
function look(engine: Engine, time: number, channels: number): readonly number[] {
  engine.advance(at(time));
  return [...engine.levels.subarray(0, channels)];
}

const set = (
  engine: Engine,
  input: string,
  value: number | undefined,
  owner: Applied["owner"] = "route",
): boolean => engine.set(input, value === undefined ? undefined : { value, owner }, at(0));

describe("what is remembered", () => {
  test("is shown again by the next life, until somebody drives the slot or lets it go", () => {
    const cueLists = { show: list([cue("one", { 3: 30 }), cue("two", { 3: 60 }, { up: seconds(9) })]) };
    const before = engineOf({ cueLists });
    set(before, "ch1", 100);
    set(before, "ch2", 50);
    before.setMaster(0.5, at(0));
    before.playback("show")?.go("two", at(0));
    before.advance(at(20_000));

    const after = engineOf({ cueLists });
    after.restore(before.remembered(at(20_000)), at(5));
    const restored = look(after, 5, 3);
    set(after, "ch1", 10);
    set(after, "ch2", undefined);

    expect(restored).toEqual([50, 25, 30]);
    expect(after.playback("show")?.position?.cue).toBe("two");
    expect(look(after, 6, 3)).toEqual([5, 0, 30]);
  });

  test("is a 0 too: a head that looks to its end and a shutter that is shut stay there", () => {
    const given = {
      latest: new Set([0, 1, 2, 3]),
      placed: { pan: [1, 2], shutter: [3] },
      wholes: [[1, 2]],
      rest: new Map([
        [0, 128],
        [2, 255],
        [3, 77],
      ]),
      failsafe: { hold: seconds(5), fade: millis(0), scene: new Map() },
    };
    const before = engineOf(given);
    before.setPlaced("pan", { levels: [0, 0x80], owner: "route" }, at(0));
    before.setPlaced("shutter", { levels: [0], owner: "route" }, at(0));

    const after = engineOf(given);
    after.restore(before.remembered(at(10)), at(0));
    const again = engineOf(given);
    again.restore(after.remembered(at(10)), at(0));

    expect(look(before, 10, 4)).toEqual([0, 0x80, 0, 77]);
    expect(look(after, 10, 4)).toEqual([0, 0x80, 0, 77]);
    expect(look(again, 10, 4)).toEqual([0, 0x80, 0, 77]);
    expect(look(again, 7500, 4)).toEqual([128, 0, 255, 77]);
  });

  test("is where a recording was, as soon as its file is read, and what it showed until then", () => {
    const looks = { slots: [0], levels: Uint8Array.of(10, 20, 30, 40) };
    const recording = { rate: 1, priority: 100, isLooped: true, release: seconds(2), looks };
    const before = engineOf();
    before.addRecording("rain", recording);
    before.playback("rain")?.go(undefined, at(0));
    before.advance(at(2000));

    const after = engineOf();
    after.restore(before.remembered(at(2000)), at(0));
    const unread = [look(after, 0, 1)[0], after.remembered(at(0)).standings];
    after.addRecording("rain", recording);
    const read = [300, 999, 1000].map((time) => look(after, time, 1)[0]);

    expect(unread).toEqual([30, { rain: { kind: "on", cue: "2 s", index: 2, since: 0 } }]);
    expect(read).toEqual([30, 30, 40]);
    expect(after.remembered(at(1300)).standings).toMatchObject({ rain: { index: 3 } });
  });

  test("of a recording that was let go before its file was read does not come on", () => {
    const looks = { slots: [0], levels: Uint8Array.of(10, 20) };
    const recording = { rate: 1, priority: 100, isLooped: true, release: seconds(2), looks };
    const rain = { kind: "on", cue: "1 s", index: 1, since: at(0) } as const;
    const remembered = {
      levels: new Map(),
      master: 1,
      isBlack: false,
      standings: { rain },
      latest: [],
      at: at(0),
    };
    const [all, one] = ["", "rain"].map((name) => {
      const engine = engineOf();
      engine.restore(remembered, at(0));
      expect(play(engine, "cue-release", name, at(0))).toBeUndefined();
      engine.addRecording("rain", recording);
      return engine;
    });

    expect([all?.playback("rain")?.position, one?.playback("rain")?.position]).toEqual([
      undefined,
      undefined,
    ]);
  });

  test("does not outlast the failsafe when nobody comes back", () => {
    const before = engineOf();
    set(before, "ch1", 200);
    const after = engineOf({ failsafe: { hold: seconds(5), fade: seconds(2), scene: new Map([[0, 10]]) } });
    after.restore(before.remembered(at(0)), at(0));

    const looks = [0, 7499, 9500, 3_600_000].map((time) => {
      after.advance(at(time));
      return look(after, time, 1)[0];
    });

    expect(looks).toEqual([200, 200, 10, 10]);
  });

  test("is nothing of a show stop: the stop says so itself again", () => {
    const before = engineOf();
    set(before, "ch1", 255, "stop");

    expect(before.remembered(at(0)).levels.has(0)).toBe(false);
  });
});

describe("what is remembered of a cue list", () => {
  const cues = [
    cue("dusk", { 1: 50 }),
    cue("sunrise", { 1: 250, 2: 100 }, { wait: seconds(5), up: seconds(10), follow: seconds(20) }),
    cue("day", { 1: 0 }, { down: seconds(4) }),
  ];
  const cueLists = { show: list(cues) };
  /** Channel 1 at these times, of one that lives and of one whose agent was gone from `killed` for 2 s. */
  const bothAt = (killed: number, times: readonly number[], act: (engine: Engine) => void) => {
    const lives = engineOf({ cueLists });
    lives.playback("show")?.go("dusk", at(0));
    lives.advance(at(0));
    act(lives);
    lives.advance(at(killed));
    const restored = engineOf({ cueLists });
    restored.restore(lives.remembered(at(killed)), at(50), seconds(2));
    const other = (time: number): number => time - killed - 2000 + 50;
    return times.map((time) => [look(lives, time, 1)[0], look(restored, other(time), 1)[0]]);
  };

  test.each([
    ["in a fade", 6000, [8000, 10_000, 15_000, 34_999, 35_000, 37_000, 40_000]],
    ["in its wait", 2000, [4000, 5000, 10_000, 35_000, 37_000, 50_000]],
    ["between two cues", 20_000, [22_000, 34_999, 35_000, 37_000, 50_000]],
  ])("goes on as if nothing had been, %s", (_where, killed, times) => {
    const both = bothAt(killed, times, (engine) => void engine.playback("show")?.go("sunrise", at(0)));

    expect(new Set(both.map(([lives]) => lives)).size).toBeGreaterThan(2);
    for (const [lives, restored] of both) expect(restored).toBe(lives);
  });

  test("goes on with its release", () => {
    const both = bothAt(3000, [5000, 7000, 9999, 10_000, 11_000], (engine) =>
      engine.playback("show")?.release(at(0)),
    );

    expect(both).toEqual([
      [25, 25],
      [15, 15],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  test("leaves at the priority of its cue", () => {
    const scenes = { scenes: list([cue("night", { 1: 100 }, { priority: 150 })]) };
    const given = { cueLists: scenes, priorities: { channels: 120, dimmers: 100 } };
    const before = engineOf(given);
    set(before, "ch1", 200);
    before.playback("scenes")?.go("night", at(0));
    before.advance(at(0));
    before.playback("scenes")?.release(at(0));
    const leaving = look(before, 2000, 1);

    const after = engineOf(given);
    after.restore(before.remembered(at(2000)), at(0));
    set(after, "ch1", 200);

    expect([leaving, look(after, 3000, 1), look(after, 8000, 1)]).toEqual([[120], [150], [200]]);
  });

  test("stands still in the middle of a fade, and resumes with what was left of it", () => {
    const before = engineOf({ cueLists });
    before.playback("show")?.go("sunrise", at(0));
    before.advance(at(10_000));
    before.playback("show")?.pause(at(10_000));
    before.advance(at(60_000));

    const after = engineOf({ cueLists });
    after.restore(before.remembered(at(60_000)), at(0), seconds(2));
    const stood = [look(after, 0, 1)[0], look(after, 100_000, 1)[0], after.playback("show")?.position];
    after.playback("show")?.resume(at(100_000));
    const resumed = [2500, 5000, 24_999, 25_000, 29_000].map((time) => look(after, 100_000 + time, 1)[0]);

    expect(stood).toEqual([125, 125, { cue: "sunrise", index: 1, isPaused: true }]);
    expect(resumed).toEqual([188, 250, 250, 250, 0]);
  });

  test("whose follow was due long ago goes on from now, and does not race", () => {
    const before = engineOf({ cueLists });
    before.playback("show")?.go("sunrise", at(0));
    before.advance(at(20_000));

    const after = engineOf({ cueLists });
    after.restore(before.remembered(at(20_000)), at(0), seconds(40));

    expect([look(after, 0, 1)[0], look(after, 2000, 1)[0], look(after, 4000, 1)[0]]).toEqual([250, 125, 0]);
  });

  test("that has no such cue any more is off", () => {
    const before = engineOf({ cueLists });
    before.playback("show")?.go("sunrise", at(0));
    before.advance(at(6000));

    const after = engineOf({ cueLists: { show: list([cue("other", { 1: 9 })]) } });
    after.restore({ ...before.remembered(at(6000)), levels: new Map() }, at(0));

    expect([look(after, 0, 1)[0], after.playback("show")?.position]).toEqual([0, undefined]);
  });
});

describe("where the latest shows", () => {
  const given = {
    latest: new Set([0, 1, 2]),
    placed: { pan: [1, 2] },
    wholes: [[1, 2]],
    cueLists: { show: list([cue("left", { 1: 0x40, 2: 0, 3: 7 }), cue("still left", { 1: 0x40, 2: 0 })]) },
  };
  const pan = (engine: Engine, whole: number, time: number) =>
    void engine.setPlaced("pan", { levels: [whole >> 8, whole & 0xff], owner: "route" }, at(time));

  test("a head looks where the last one sent it, and never between two", () => {
    const engine = engineOf(given);
    pan(engine, 0x8000, 1000);
    engine.playback("show")?.go("left", at(2000));
    const cued = look(engine, 2000, 2);

    pan(engine, 0x8090, 3000);

    expect([cued, look(engine, 3000, 2)]).toEqual([
      [0x40, 0],
      [0x80, 0x90],
    ]);
    expect([engine.sourceAt(0), engine.sourceAt(1)]).toEqual(["dimmers", "dimmers"]);
  });

  test("a GO takes what its cue names, also where its list is there already, once its wait is over", () => {
    const waiting = cue("later", { 3: 7 }, { wait: seconds(2) });
    const engine = engineOf({ ...given, cueLists: { show: list([...given.cueLists.show.cues, waiting]) } });
    const show = engine.playback("show");
    show?.go("left", at(0));
    engine.advance(at(0));
    pan(engine, 0x8000, 1000);

    show?.go("still left", at(2000));
    const taken = look(engine, 2000, 2);
    pan(engine, 0x8001, 2500);
    show?.go("later", at(3000));
    const waits = look(engine, 4999, 2);
    engine.advance(at(5000));

    expect([taken, waits, look(engine, 5000, 2)]).toEqual([
      [0x40, 0],
      [0x80, 1],
      [0x80, 1],
    ]);
  });

  test.each([
    ["the cue", [1000, 2000], [0x40, 0]],
    ["the route", [2000, 1000], [0x80, 0]],
  ])("%s that came last is the latest after a crash too", (_who, [routeAt = 0, cueAt = 0], shown) => {
    const before = engineOf(given);
    const acts = [
      { time: routeAt, act: () => pan(before, 0x8000, routeAt) },
      { time: cueAt, act: () => void before.playback("show")?.go("left", at(cueAt)) },
    ];
    for (const { time, act } of acts.toSorted((a, b) => a.time - b.time)) {
      act();
      before.advance(at(time));
    }
    expect(look(before, 3000, 2)).toEqual(shown);

    const after = engineOf(given);
    after.restore(before.remembered(at(3000)), at(50));
    pan(after, 0x8000, 60);
    const handed = look(after, 60, 2);
    after.playback("show")?.go("left", at(200));
    const gone = look(after, 200, 2);
    pan(after, 0x9000, 300);

    expect([handed, gone, look(after, 300, 2)]).toEqual([shown, [0x40, 0], [0x90, 0]]);
  });

  test("a recording that is started anew is the latest", () => {
    const engine = engineOf(given);
    const looks = { slots: [0, 1], levels: Uint8Array.of(0x20, 0) };
    engine.addRecording("heads", { rate: 1, priority: 100, isLooped: false, release: seconds(2), looks });
    engine.playback("heads")?.go(undefined, at(0));
    engine.advance(at(0));
    pan(engine, 0x8000, 1000);
    const before = look(engine, 1500, 2);

    engine.playback("heads")?.go(undefined, at(2000));

    expect([before, look(engine, 2000, 2)]).toEqual([
      [0x80, 0],
      [0x20, 0],
    ]);
  });
});

describe("several who showed", () => {
  const given = {
    dimmers: { wash: { channel: 4 } },
    latest: new Set([4]),
    failsafe: { hold: seconds(5), fade: seconds(2), scene: new Map() },
  };
  const looks = { slots: [2, 4], levels: Uint8Array.of(90, 40) };
  const recording = { rate: 1, priority: 100, isLooped: true, release: seconds(2), looks };
  const say = (engine: Engine, key: string, lit: readonly number[], time: number, priority = 100) => {
    const levels = new Uint8Array(512);
    levels.set(lit);
    const frame = {
      key,
      name: key,
      priority,
      timeout: seconds(2.5),
      sequence: undefined,
      isTerminated: false,
    };
    const content = { kind: "levels", levels } as const;
    engine.receive({ ...frame, content, synchronization: undefined }, at(time));
  };
  /** Two desks on channels 1 and 2, a recording on 3 and on a head, an input on 4. */
  const lived = (priority = 100): Engine => {
    const engine = engineOf(given);
    say(engine, "a", [200], 0);
    say(engine, "b", [0, 180], 0, priority);
    set(engine, "wash", 0.2);
    engine.addRecording("rain", { ...recording, priority });
    engine.playback("rain")?.go(undefined, at(0));
    engine.advance(at(1));
    return engine;
  };
  const reborn = (of = lived()): Engine => {
    const engine = engineOf(given);
    engine.restore(of.remembered(at(1)), at(0));
    return engine;
  };

  test("the first who speaks again wipes nothing of the others, and each has its own at its first word", () => {
    const engine = reborn();
    const all = look(engine, 0, 5);
    say(engine, "a", [10], 100);
    const a = look(engine, 100, 5);
    set(engine, "wash", 0.6);
    const input = look(engine, 200, 5);
    say(engine, "b", [0, 20], 300);
    engine.addRecording("rain", recording);
    const read = look(engine, 400, 5);
    engine.playback("rain")?.release(at(400));

    expect([all, a, input, read]).toEqual([
      [200, 180, 90, 51, 40],
      [10, 180, 90, 51, 40],
      [10, 180, 90, 153, 40],
      [10, 20, 90, 153, 40],
    ]);
    say(engine, "a", [10], 2400);
    say(engine, "b", [0, 20], 2400);
    expect(look(engine, 2400, 3)).toEqual([10, 20, 0]);
  });

  test("who wins against what was shown wins at once: by level, by priority, and a show stop", () => {
    const [equal, higher] = [reborn(), reborn(lived(150))];
    for (const engine of [equal, higher]) say(engine, "a", [0, 250], 100);
    const shown = [equal, higher].map((engine) => look(engine, 100, 2));
    say(equal, "c", [], 200, 160);
    set(higher, "ch2", 0, "stop");
    say(higher, "a", [0, 251], 200);
    const now = [equal, higher].map((engine) => look(engine, 200, 3));
    set(higher, "ch2", undefined);

    expect(shown).toEqual([
      [0, 250],
      [0, 180],
    ]);
    expect(now).toEqual([
      [0, 0, 0],
      [0, 0, 90],
    ]);
    expect(look(higher, 300, 3)).toEqual([0, 180, 90]);
  });

  test("who does not come back within 2.5 s goes the way of the failsafe, or leaves it to who came", () => {
    const engine = reborn();
    say(engine, "a", [200], 2000);
    set(engine, "ch6", 9);
    expect(engine.wakeAt(at(2001))).toBe(2500);

    expect([look(engine, 2499, 5), look(engine, 2500, 5)]).toEqual([
      [200, 180, 90, 51, 40],
      [200, 0, 0, 0, 0],
    ]);
    const alone = reborn();
    expect([7499, 8500, 9500].map((time) => look(alone, time, 4))).toEqual([
      [200, 180, 90, 51],
      [100, 90, 45, 26],
      [0, 0, 0, 0],
    ]);
  });
});
