import { type Applied, instant, millis, seconds } from "@interactor/shared/sdk/define-module";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cue } from "./cue-list.ts";
import { Engine, type EngineSettings } from "./engine.ts";
import { levelMax, slotCount } from "./slots.ts";

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
  release: seconds(1),
  isLooped,
  isTracking: true,
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

describe("inputs", () => {
  test("nobody drives anything at first, and it is dark", () => {
    const engine = engineOf({ dimmers: { wash: { channel: 1 } } });

    expect(engine.levels).toEqual(new Uint8Array(slotCount));
    expect(engine.sourceAt(0)).toBeUndefined();
  });

  test.each([
    [0, 0],
    [0.5, 128],
    [0.999, 255],
    [1, 255],
    [-1, 0],
    [2, 255],
  ])("a dimmer at %d is level %d", (value, level) => {
    const engine = engineOf({ dimmers: { wash: { channel: 10 } } });

    set(engine, "wash", value);

    expect(engine.levels[9]).toBe(level);
  });

  test("say whether a slot changed, so that what changes nothing sends nothing", () => {
    const engine = engineOf({ dimmers: { wash: { channel: 1 } } });

    expect(set(engine, "ch1", 256)).toBe(true);
    expect(engine.levels[0]).toBe(255);
    expect(set(engine, "ch1", 255)).toBe(false);
    expect(set(engine, "wash", 1)).toBe(false);
    expect(set(engine, "ch513", 5)).toBe(false);
    expect(set(engine, "nothing", 5)).toBe(false);
  });

  test("each slot shows its raw channel, else its highest dimmer, else dark, whatever is set and released", () => {
    const dimmers = { a: { channel: 1 }, b: { channel: 1 }, c: { channel: 2 } };
    const step = fc.oneof(
      fc.record({
        input: fc.constantFrom("ch1", "ch2"),
        value: fc.option(fc.integer({ min: 0, max: levelMax })),
      }),
      fc.record({
        input: fc.constantFrom("a", "b", "c"),
        value: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const engine = engineOf({ dimmers });
        const owned = new Map<string, number>();

        for (const { input, value } of steps) {
          const before = Uint8Array.from(engine.levels);
          const isChanged = set(engine, input, value ?? undefined);
          if (value === null) owned.delete(input);
          else owned.set(input, value);

          const dimmed = (...names: string[]): number =>
            Math.max(...names.map((name) => Math.round((owned.get(name) ?? 0) * levelMax)));
          expect(engine.levels[0]).toBe(owned.get("ch1") ?? dimmed("a", "b"));
          expect(engine.levels[1]).toBe(owned.get("ch2") ?? dimmed("c"));
          expect(isChanged).toBe(Buffer.compare(before, engine.levels) !== 0);
        }
      }),
    );
  });
});

describe("the grand master and the blackout", () => {
  test("take from intensity only, and give back what was there", () => {
    const engine = engineOf({ latest: new Set([1]) });
    set(engine, "ch1", 200);
    set(engine, "ch2", 200);

    engine.setMaster(0.5, at(0));
    const half = look(engine, 0, 2);
    engine.setBlack(true, at(0));
    const black = look(engine, 0, 2);
    engine.setBlack(false, at(0));
    engine.setMaster(1, at(0));

    expect([half, black, look(engine, 0, 2)]).toEqual([
      [100, 200],
      [0, 200],
      [200, 200],
    ]);
  });

  test("leave alone what a show stop holds: a working light goes to full through a blackout", () => {
    const engine = engineOf({ dimmers: { work: { channel: 1 }, wash: { channel: 2 } } });
    engine.setBlack(true, at(0));
    set(engine, "wash", 1);

    for (const channel of ["ch1", "ch2"]) set(engine, channel, 0, "stop");
    set(engine, "work", 1, "stop");
    set(engine, "wash", 0, "stop");

    expect(look(engine, 0, 2)).toEqual([255, 0]);
    expect(engine.sourceAt(0)).toBe("stop");
  });

  test.each([2, 3])(
    "dim a lamp over %d channels as the one number that it is, and never against its sense",
    (bytes) => {
      const slots = Array.from({ length: bytes }, (_, index) => index + 1);
      const bytesOf = (whole: number) => slots.map((slot) => Math.floor(whole / 256 ** (bytes - slot)) % 256);
      const lamp = fc.nat(256 ** bytes - 1);
      fc.assert(
        fc.property(lamp, lamp, fc.double({ min: 0, max: 1, noNaN: true }), (one, other, master) => {
          const engine = engineOf({ placed: { lamp: slots }, wholes: [slots] });
          const shownAt = (whole: number): number => {
            engine.setPlaced("lamp", { levels: bytesOf(whole), owner: "route" }, at(0));
            return look(engine, 0, bytes).reduce((shown, level) => shown * 256 + level, 0);
          };
          engine.setMaster(master, at(0));

          const [low, high] = [Math.min(one, other), Math.max(one, other)].map(shownAt);

          expect(low).toBeLessThanOrEqual(high ?? -1);
          expect([low, high]).toEqual(
            [one, other].toSorted((a, b) => a - b).map((each) => Math.round(each * master)),
          );
        }),
      );
    },
  );

  test("leave alone a stop on one channel of such a lamp, and a channel that is set to be no intensity", () => {
    const given = { placed: { lamp: [1, 2] }, wholes: [[1, 2]] };
    const [stopped, mixed] = [engineOf(given), engineOf({ ...given, latest: new Set([1]) })];
    for (const engine of [stopped, mixed]) {
      engine.setPlaced("lamp", { levels: [0x81, 0x40], owner: "route" }, at(0));
      engine.setMaster(0.5, at(0));
    }
    set(stopped, "ch1", 255, "stop");

    expect([look(stopped, 0, 2)[0], look(mixed, 0, 2)]).toEqual([255, [65, 0x40]]);
  });

  test("never make anything brighter", () => {
    fc.assert(
      fc.property(fc.nat(255), fc.double({ min: 0, max: 1, noNaN: true }), (level, master) => {
        const engine = engineOf();
        set(engine, "ch1", level);

        engine.setMaster(master, at(0));

        expect(engine.levels[0]).toBeLessThanOrEqual(level);
      }),
    );
  });
});

describe("a cue list", () => {
  test("fades up and down in different times, from where things stand", () => {
    const engine = engineOf({
      cueLists: {
        show: list([
          cue("open", { 1: 200 }, { up: seconds(2) }),
          cue("close", { 1: 0, 2: 100 }, { up: seconds(1), down: seconds(4) }),
        ]),
      },
    });
    const show = engine.playback("show");

    show?.go(undefined, at(0));
    const rising = [look(engine, 500, 2), look(engine, 1000, 2)];
    show?.go(undefined, at(1000));
    const crossing = [look(engine, 2000, 2), look(engine, 3000, 2), look(engine, 5000, 2)];

    expect(rising).toEqual([
      [50, 0],
      [100, 0],
    ]);
    expect(crossing).toEqual([
      [75, 100],
      [50, 100],
      [0, 100],
    ]);
    expect(show?.go(undefined, at(5000))).toBe(false);
  });

  test("follows by itself, without drift when it is asked late, and loops", () => {
    const engine = engineOf({
      cueLists: {
        beat: list(
          [cue("on", { 1: 255 }, { follow: millis(100) }), cue("off", { 1: 0 }, { follow: millis(100) })],
          true,
        ),
      },
    });
    engine.playback("beat")?.go(undefined, at(0));
    engine.advance(at(0));

    const asked = [130, 210, 399, 400];
    const seen = asked.map((time) => look(engine, time, 1)[0]);

    expect(seen).toEqual([0, 255, 0, 255]);
    expect(engine.wakeAt(at(400))).toBe(500);
  });

  test("does not race through what it has missed while the machine slept", () => {
    const engine = engineOf({
      cueLists: { beat: list([cue("on", { 1: 255 }, { follow: millis(100) }), cue("off", { 1: 0 })]) },
    });
    engine.playback("beat")?.go(undefined, at(0));
    engine.advance(at(0));

    engine.advance(at(3_600_000));

    expect(engine.playback("beat")?.position?.cue).toBe("off");
    expect(engine.wakeAt(at(3_600_000))).toBeUndefined();
  });

  test("shows in each cue the same, whichever way one came there", () => {
    const levels = fc.dictionary(fc.constantFrom("1", "2", "3"), fc.nat(255));
    const given = fc.array(levels, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(given, fc.array(fc.nat(5), { maxLength: 8 }), fc.nat(5), (cues, detour, last) => {
        const cueLists = { show: list(cues.map((each, index) => cue(`${index}`, each))) };
        const [played, jumped] = [engineOf({ cueLists }), engineOf({ cueLists })];
        const target = String(last % cues.length);

        for (const step of detour) played.playback("show")?.go(String(step % cues.length), at(0));
        played.advance(at(0));
        played.playback("show")?.go(target, at(1));
        jumped.playback("show")?.restore({ kind: "on", cue: target, index: Number(target), since: at(1) });

        expect(look(played, 1, 3)).toEqual(look(jumped, 1, 3));
      }),
    );
  });

  test("brings a position to its place and does not sweep it in from 0", () => {
    const engine = engineOf({
      latest: new Set([1]),
      cueLists: { show: list([cue("open", { 1: 200, 2: 128 }, { up: seconds(1) })]) },
    });

    engine.playback("show")?.go(undefined, at(0));

    expect(look(engine, 250, 2)).toEqual([50, 128]);
  });

  test("has no cue of another name, and none before its first", () => {
    const engine = engineOf({ cueLists: { show: list([cue("open", { 1: 1 })]) } });
    const show = engine.playback("show");

    expect([show?.go("closed", at(0)), show?.back(at(0)), show?.position]).toEqual([false, false, undefined]);
  });
});

describe("a cue list over others", () => {
  test("of several priorities shows each of its cues at its own, and lets go in that one's time", () => {
    const own = { ...cue("visitor", { 1: 40 }), priority: 150, release: seconds(4) };
    const engine = engineOf({
      dimmers: { wash: { channel: 1 } },
      cueLists: { show: list([cue("low", { 1: 20 }), own]) },
    });
    const show = engine.playback("show");
    set(engine, "wash", 0.5);
    show?.go("low", at(0));
    const below = [look(engine, 0, 1)[0], engine.sourceAt(0)];
    show?.go("visitor", at(0));
    const above = [look(engine, 0, 1)[0], engine.sourceAt(0)];
    show?.release(at(0));

    expect([below, above]).toEqual([
      [128, "dimmers"],
      [40, "cue list show"],
    ]);
    expect([look(engine, 2000, 1)[0], look(engine, 3999, 1)[0], look(engine, 4000, 1)[0]]).toEqual([
      84, 128, 128,
    ]);
  });

  test.each([100, 150])("of priority %d fades in from what shows, and out to what shows then", (priority) => {
    const visitor = cue("visitor", { 1: 60, 2: 200 }, { wait: seconds(1), up: seconds(8), down: seconds(4) });
    const engine = engineOf({
      dimmers: { wash: { channel: 1 } },
      priorities: { channels: 120, dimmers: 50 },
      cueLists: { show: { ...list([visitor]), priority, release: seconds(2) } },
    });
    const show = engine.playback("show");
    set(engine, "wash", 1);
    show?.go(undefined, at(0));
    const coming = [0, 999, 1000, 3000, 5000].map((time) => look(engine, time, 2));
    show?.release(at(10_000));
    const leaving = [look(engine, 10_000, 1), look(engine, 11_000, 1)];
    set(engine, "wash", 0);

    expect(coming).toEqual([
      [255, 0],
      [255, 0],
      [255, 0],
      [158, 50],
      [60, 100],
    ]);
    expect(leaving).toEqual([[60], [158]]);
    expect([look(engine, 11_000, 1), look(engine, 12_000, 1)]).toEqual([[30], [0]]);
  });

  test("that fades in is not thrown back when what it came from is gone, nor by a restart", () => {
    const visitor = cue("visitor", { 1: 100 }, { up: seconds(4), down: seconds(4) });
    const given = {
      dimmers: { wash: { channel: 1 } },
      cueLists: { show: { ...list([visitor]), priority: 150 } },
    };
    const engine = engineOf(given);
    set(engine, "wash", 200 / 255);
    engine.playback("show")?.go(undefined, at(0));
    const before = look(engine, 2000, 1);
    set(engine, "wash", undefined);
    const reborn = engineOf(given);
    reborn.restore(engine.remembered(at(2000)), at(2000));

    expect([before, look(engine, 2000, 1), look(reborn, 2000, 1)]).toEqual([[150], [150], [150]]);
  });

  test("that is released fades out and gives back what lies beneath it", () => {
    const engine = engineOf({
      dimmers: { wash: { channel: 1 } },
      cueLists: { show: { ...list([cue("open", { 1: 200 })]), priority: 150 } },
    });
    set(engine, "wash", 0.2);
    engine.playback("show")?.go(undefined, at(0));
    const shown = [look(engine, 0, 1)[0], engine.sourceAt(0)];

    engine.playback("show")?.release(at(0));
    const leaving = look(engine, 500, 1)[0];

    expect([shown, leaving, look(engine, 1000, 1)[0]]).toEqual([[200, "cue list show"], 126, 51]);
    expect([engine.sourceAt(0), engine.wakeAt(at(1000))]).toEqual(["dimmers", undefined]);
  });
});

describe("a cue list in hand", () => {
  test("fades a position over two channels as the one number that they are", () => {
    const positions = list([
      cue("left", { 1: 0, 2: 0xf0 }),
      cue("right", { 1: 1, 2: 0x10 }, { up: seconds(2) }),
    ]);
    const engine = engineOf({ latest: new Set([0, 1]), wholes: [[1, 2]], cueLists: { positions } });
    const heads = engine.playback("positions");
    heads?.go(undefined, at(0));
    engine.advance(at(0));
    heads?.go(undefined, at(0));

    const way = [0, 500, 900, 1000, 1500, 2000].map((time) => {
      const [coarse = 0, fine = 0] = look(engine, time, 2);
      return coarse * 256 + fine;
    });

    expect(way).toEqual([0xf0, 0xf8, 0xfe, 0x100, 0x108, 0x110]);
  });

  test("that is paused stands still in the middle of a fade, and goes on with what was left of it", () => {
    const cueLists = {
      show: list([cue("open", { 1: 200 }, { up: seconds(2), follow: seconds(1) }), cue("close", { 1: 0 })]),
    };
    const engine = engineOf({ cueLists });
    const show = engine.playback("show");
    show?.go(undefined, at(0));
    const before = look(engine, 1000, 1)[0];

    const answers = [show?.pause(at(1000)), show?.pause(at(1000))];
    const stood = [look(engine, 1500, 1)[0], look(engine, 3_600_000, 1)[0], engine.wakeAt(at(3_600_000))];
    expect(show?.position).toEqual({ cue: "open", index: 0, isPaused: true });
    show?.resume(at(3_600_000));
    const after = [500, 1000, 1999, 2000].map((time) => look(engine, 3_600_000 + time, 1)[0]);

    expect([before, answers, stood]).toEqual([100, [true, false], [100, 100, undefined]]);
    expect(after).toEqual([150, 200, 200, 0]);
    expect(show?.resume(at(3_700_000))).toBe(false);
  });

  test("that is paused between two cues does not follow until it is resumed; GO, back and release end a pause", () => {
    const cueLists = {
      show: list([cue("a", { 1: 10 }, { follow: seconds(1) }), cue("b", { 1: 20 }), cue("c", { 1: 30 })]),
    };
    const engine = engineOf({ cueLists });
    const show = engine.playback("show");
    show?.go(undefined, at(0));
    engine.advance(at(400));
    show?.pause(at(400));
    expect([look(engine, 9000, 1)[0], engine.wakeAt(at(9000))]).toEqual([10, undefined]);

    show?.resume(at(9000));
    expect([look(engine, 9599, 1)[0], look(engine, 9600, 1)[0]]).toEqual([10, 20]);
    show?.pause(at(10_000));
    show?.go(undefined, at(10_000));
    expect([look(engine, 10_000, 1)[0], show?.position?.isPaused]).toEqual([30, false]);
    show?.pause(at(11_000));
    show?.back(at(11_000));
    expect([look(engine, 11_000, 1)[0], show?.position?.isPaused]).toEqual([20, false]);
    show?.pause(at(12_000));
    show?.release(at(12_000));
    expect([look(engine, 13_000, 1)[0], show?.position]).toEqual([0, undefined]);
    expect(show?.pause(at(12_000))).toBe(false);
  });

  test("waits before it moves, and holds nothing that it did not hold while it waits", () => {
    const engine = engineOf({
      dimmers: { wash: { channel: 2 } },
      cueLists: {
        show: {
          ...list([
            cue("one", { 1: 100 }),
            cue("two", { 1: 0, 2: 200 }, { wait: seconds(3), up: seconds(1), down: seconds(1) }),
          ]),
          priority: 150,
        },
      },
    });
    set(engine, "wash", 0.2);
    const show = engine.playback("show");
    show?.go(undefined, at(0));
    engine.advance(at(0));
    show?.go(undefined, at(1000));

    expect(look(engine, 1000, 2)).toEqual([100, 51]);
    expect([engine.wakeAt(at(1000)), show?.position?.cue]).toEqual([4000, "two"]);
    expect([look(engine, 3999, 2), look(engine, 4500, 2), look(engine, 5000, 2)]).toEqual([
      [100, 51],
      [50, 126],
      [0, 200],
    ]);
  });

  test("goes to a cue by its name, and by its number where no cue has it for a name", () => {
    const cueLists = { show: list([cue("open", { 1: 10 }), cue("3", { 1: 20 }), cue("close", { 1: 30 })]) };
    const engine = engineOf({ cueLists });
    const show = engine.playback("show");
    const went = (to: string) => (show?.go(to, at(0)) === true ? look(engine, 0, 1)[0] : undefined);

    expect(["close", "1", "2", "3", "0", "4", "-1", "1.5", "", "99999999999999999999"].map(went)).toEqual([
      30,
      10,
      20,
      20,
      ...Array(6).fill(undefined),
    ]);
  });
});

describe("a recording", () => {
  const recording = { rate: 25, priority: 100, release: millis(0), isLooped: false };
  const looks = { slots: [0, 2], levels: Uint8Array.of(10, 1, 20, 2, 30, 3) };

  test("that is let go fades to what lies beneath it, also where that moves", () => {
    const engine = engineOf({ dimmers: { a: { channel: 1 }, b: { channel: 3 } } });
    engine.addRecording("rain", { ...recording, looks, priority: 150, release: seconds(2) });
    set(engine, "a", 210 / 255);
    engine.playback("rain")?.go("0", at(0));
    engine.advance(at(0));
    engine.playback("rain")?.release(at(0));

    const half = look(engine, 1000, 3);
    set(engine, "b", 101 / 255);

    expect([half, look(engine, 1000, 3), look(engine, 2000, 3)]).toEqual([
      [110, 0, 1],
      [110, 0, 51],
      [210, 0, 101],
    ]);
  });

  test("plays its looks at its rate, late or not, and stays at the last", () => {
    const engine = engineOf();
    engine.addRecording("rain", { ...recording, looks });

    engine.playback("rain")?.go(undefined, at(1000));

    expect([1000, 1039, 1040, 1085, 9000].map((time) => look(engine, time, 3))).toEqual([
      [10, 0, 1],
      [10, 0, 1],
      [20, 0, 2],
      [30, 0, 3],
      [30, 0, 3],
    ]);
    expect(engine.wakeAt(at(9000))).toBeUndefined();
  });

  test("is paused and resumed without losing a look, and goes to a second of it", () => {
    const engine = engineOf();
    engine.addRecording("rain", { ...recording, looks, rate: 2 });
    const rain = engine.playback("rain");
    rain?.go(undefined, at(0));
    engine.advance(at(700));

    rain?.pause(at(700));
    const stood = [look(engine, 5000, 1)[0], engine.wakeAt(at(5000)), rain?.position];
    rain?.resume(at(5000));
    const after = [look(engine, 5299, 1)[0], look(engine, 5300, 1)[0]];

    expect(stood).toEqual([20, undefined, { cue: "0 s", index: 1, isPaused: true }]);
    expect(after).toEqual([20, 30]);
    expect([rain?.go("0.5", at(6000)), look(engine, 6000, 1)[0]]).toEqual([true, 20]);
    expect(["1.5", "-1", "x", "1e9", ""].map((second) => rain?.go(second, at(6000)))).toEqual(
      Array(5).fill(false),
    );
  });

  test("wakes exactly when its next look is due, and there is no drift over an hour", () => {
    const engine = engineOf();
    engine.addRecording("rain", { ...recording, looks, rate: 44, isLooped: true });
    engine.playback("rain")?.go(undefined, at(0));
    engine.advance(at(0));

    let time = 0;
    for (let frame = 1; frame <= 44 * 60; frame += 1) {
      time = engine.wakeAt(at(time)) ?? Number.NaN;
      engine.advance(at(time));
      expect(engine.playback("rain")?.position?.index).toBe(frame % 3);
    }

    expect(time).toBeCloseTo(60_000, 6);
  });
});
