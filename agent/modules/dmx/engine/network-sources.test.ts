import { instant, millis, seconds } from "@interactor/shared/sdk/define-module";
import { describe, expect, test } from "vitest";
import { Engine } from "./engine.ts";
import {
  type NetworkFrame,
  networkSourcesMax,
  sacnLossTimeout,
  type Synchronization,
} from "./network-sources.ts";

const at = instant;

function engineOf(failsafe = { hold: millis(0), fade: millis(0), scene: new Map<number, number>() }): Engine {
  return new Engine({
    dimmers: {},
    priorities: { channels: 201, dimmers: 100 },
    latest: new Set(),
    cueLists: {},
    failsafe,
  });
}

const frame = (key: string, levels: readonly number[], given: Partial<NetworkFrame> = {}): NetworkFrame => ({
  key,
  name: key,
  priority: 100,
  timeout: sacnLossTimeout,
  sequence: undefined,
  content: { kind: "levels", levels: Uint8Array.from(levels) },
  isTerminated: false,
  synchronization: undefined,
  ...given,
});

const priorities = (...values: readonly number[]): Partial<NetworkFrame> => ({
  content: { kind: "priorities", priorities: Uint8Array.from(values) },
});

const said = (name: string, isForOne = false): Synchronization => ({
  name,
  validFor: sacnLossTimeout,
  isForOne,
});

const look = (engine: Engine, channels = 2): readonly number[] => [...engine.levels.subarray(0, channels)];

describe("sources on the network", () => {
  test("merge by priority, and equals by the highest level", () => {
    const engine = engineOf();
    engine.receive(frame("a", [10, 200]), at(0));
    engine.receive(frame("b", [20, 100]), at(0));
    const equals = look(engine);

    engine.receive(frame("c", [1, 1], { priority: 150 }), at(0));

    expect([equals, look(engine)]).toEqual([
      [20, 200],
      [1, 1],
    ]);
  });

  test("that fall silent are lost after 2.5 s, and not before", () => {
    const engine = engineOf();
    engine.receive(frame("above", [20], { priority: 150 }), at(0));
    engine.receive(frame("below", [10]), at(1000));

    expect([engine.wakeAt(at(1000)), engine.advance(at(2499)), engine.advance(at(2500))]).toEqual([
      2500,
      false,
      true,
    ]);
    expect([look(engine, 1), engine.sourceAt(0)]).toEqual([[10], "desk below"]);
  });

  test("that say they leave are gone at once", () => {
    const engine = engineOf();
    engine.receive(frame("above", [20], { priority: 150 }), at(0));
    engine.receive(frame("below", [10]), at(0));

    const { outcome, isChanged } = engine.receive(frame("above", [20], { isTerminated: true }), at(10));

    expect([outcome.kind, isChanged, look(engine, 1)]).toEqual(["lost", true, [10]]);
  });

  test("that send late packets are not believed, and that begin anew are", () => {
    const engine = engineOf();
    engine.receive(frame("a", [1], { sequence: 5 }), at(0));

    const late = [5, 4, 242].map(
      (sequence) => engine.receive(frame("a", [9], { sequence }), at(1)).outcome.kind,
    );
    const anew = engine.receive(frame("a", [7], { sequence: 241 }), at(1)).outcome.kind;
    const wrapped = [250, 255, 3].map(
      (sequence) => engine.receive(frame("a", [sequence], { sequence }), at(2)).outcome.kind,
    );

    expect(late).toEqual(["late", "late", "late"]);
    expect([anew, ...wrapped]).toEqual(["taken", "taken", "taken", "taken"]);
    expect(look(engine, 1)).toEqual([3]);
  });

  test("may have another priority on every slot, and drive none where it is 0", () => {
    const engine = engineOf();
    engine.receive(frame("desk", [50, 50, 50]), at(0));
    engine.receive(frame("other", [9, 9, 9], { priority: 120 }), at(0));

    engine.receive(frame("desk", [], priorities(200, 0, 110)), at(10));
    const bySlot = look(engine, 3);
    // The priorities are no longer sent: those of the packets count again.
    engine.receive(frame("desk", [50, 50, 50], { priority: 150 }), at(2400));
    engine.receive(frame("other", [9, 9, 9], { priority: 120 }), at(2400));
    engine.advance(at(2511));

    expect([bySlot, look(engine, 3)]).toEqual([
      [50, 9, 9],
      [50, 50, 50],
    ]);
  });

  test("are refused when there are too many, and one that leaves makes room", () => {
    const engine = engineOf();
    const outcomes = Array.from(
      { length: networkSourcesMax + 1 },
      (_, index) => engine.receive(frame(`source ${index}`, [index]), at(0)).outcome.kind,
    );

    engine.receive(frame("source 0", [], { isTerminated: true }), at(1));
    const again = engine.receive(frame("new", [255]), at(2)).outcome.kind;

    expect([outcomes.filter((kind) => kind === "taken").length, outcomes.at(-1), again]).toEqual([
      networkSourcesMax,
      "too-many",
      "taken",
    ]);
  });

  test("that wait for synchronization show together, and by themselves when nobody synchronizes any more", () => {
    const engine = engineOf();
    engine.receive(frame("a", [1], { synchronization: "one" }), at(0));
    const unsynchronized = look(engine, 1);
    engine.synchronize(said("one"), at(5));
    engine.receive(frame("a", [2], { synchronization: "one" }), at(10));
    const waiting = look(engine, 1);

    engine.synchronize(said("one"), at(20));
    const shown = look(engine, 1);
    engine.receive(frame("a", [3], { synchronization: "one" }), at(30));
    engine.advance(at(20 + sacnLossTimeout));

    expect([unsynchronized, waiting, shown, look(engine, 1)]).toEqual([[1], [1], [2], [3]]);
  });

  test("wait each for what it has named, and for nothing that nobody named", () => {
    const engine = engineOf();
    const looks: (readonly number[])[] = [];
    const receive = (key: string, levels: readonly number[], synchronization: string, time: number): void => {
      engine.receive(frame(key, levels, { synchronization }), at(time));
      looks.push(look(engine));
    };
    engine.synchronize(said("one"), at(0));
    receive("a", [1, 0], "one", 1);
    receive("b", [0, 1], "two", 2);
    engine.synchronize(said("one"), at(3));
    engine.synchronize(said("two"), at(3));
    receive("a", [2, 0], "one", 4);
    receive("b", [0, 2], "two", 5);

    engine.synchronize(said("two"), at(6));
    looks.push(look(engine));
    engine.synchronize(said("one"), at(7));

    expect(looks).toEqual([
      [1, 0],
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 2],
    ]);
    expect(look(engine)).toEqual([2, 2]);
  });

  test("at the bound give way to one of higher priority: the weakest that was silent longest, which is refused then", () => {
    const engine = engineOf();
    for (let index = 0; index < networkSourcesMax; index += 1) {
      engine.receive(frame(`weak ${index}`, [100], { priority: index === 0 ? 1 : 0 }), at(index));
    }

    const desk = engine.receive(frame("desk", [7], { priority: 100 }), at(100));
    const back = engine.receive(frame("weak 1", [9], { priority: 0 }), at(101));
    const equal = engine.receive(frame("weak 2", [8], { priority: 0 }), at(102));

    expect([desk.outcome.kind, back.outcome.kind, equal.outcome.kind]).toEqual([
      "taken",
      "too-many",
      "taken",
    ]);
    expect([look(engine, 1), engine.sourceAt(0)]).toEqual([[7], "desk desk"]);
  });

  test("wait only for a synchronization of their own, and never beside another source", () => {
    const engine = engineOf();
    const levelAfter = (key: string, level: number, time: number): number | undefined => {
      engine.receive(frame(key, [level], { synchronization: key }), at(time));
      return look(engine, 1)[0];
    };
    expect(levelAfter("a", 1, 0)).toBe(1);
    engine.synchronize(said("stranger", true), at(1));
    expect(levelAfter("a", 2, 2)).toBe(2);

    engine.synchronize(said("a", true), at(3));
    expect(levelAfter("a", 9, 4)).toBe(2);

    expect(levelAfter("b", 3, 5)).toBe(9);
    engine.synchronize(said("b", true), at(6));
    expect(levelAfter("b", 12, 7)).toBe(12);
  });

  test("never come above what is ours alone, whatever priority a packet claims for its slots", () => {
    const engine = engineOf();
    engine.receive(frame("desk", [], priorities(255, 202, 255)), at(0));
    engine.receive(frame("desk", [200, 200, 200]), at(1));

    engine.set("ch1", { value: 0, owner: "stop" }, at(2));
    engine.set("ch2", { value: 7, owner: "route" }, at(2));

    expect(look(engine, 3)).toEqual([0, 7, 200]);
  });
});

describe("the failsafe of what a lost source showed", () => {
  test("leaves a head looking ahead and its shutter open, and goes there as the one number a position is", () => {
    const engine = new Engine({
      dimmers: {},
      priorities: { channels: 201, dimmers: 100 },
      latest: new Set([0, 1, 2]),
      cueLists: {},
      failsafe: { hold: millis(0), fade: seconds(2), scene: new Map([[3, 100]]) },
      wholes: [[1, 2]],
      rest: new Map([
        [0, 128],
        [2, 255],
      ]),
    });
    engine.receive(frame("desk", [127, 0, 30, 200]), at(0));

    const looks = [2500, 3500, 4000, 4500].map((time) => {
      engine.advance(at(time));
      const [coarse = 0, fine = 0, shutter, lamp] = look(engine, 4);
      return [coarse * 256 + fine, shutter, lamp];
    });

    expect(looks).toEqual([
      [127 * 256, 30, 200],
      [127 * 256 + 128, 143, 150],
      [127 * 256 + 192, 199, 125],
      [128 * 256, 255, 100],
    ]);
  });

  const failsafe = { hold: seconds(1), fade: seconds(2), scene: new Map([[1, 100]]) };

  test("holds the last look, then fades to the scene, then rests", () => {
    const engine = engineOf(failsafe);
    engine.receive(frame("desk", [200, 0]), at(0));

    const looks = [2500, 3499, 4500, 5500].map((time) => {
      engine.advance(at(time));
      return look(engine);
    });

    expect(looks).toEqual([
      [200, 0],
      [200, 0],
      [100, 50],
      [0, 100],
    ]);
    expect([engine.sourceAt(0), engine.wakeAt(at(5500))]).toEqual(["failsafe", undefined]);
  });

  test("also holds what a source that said it leaves has shown", () => {
    const engine = engineOf(failsafe);
    engine.receive(frame("desk", [200]), at(0));

    engine.receive(frame("desk", [], { isTerminated: true }), at(100));

    expect([look(engine, 1), engine.wakeAt(at(100))]).toEqual([[200], 1100]);
  });

  test("ends where somebody drives the slot", () => {
    const engine = engineOf(failsafe);
    engine.receive(frame("desk", [200, 200]), at(0));
    engine.advance(at(2500));

    engine.receive(frame("spare", [7]), at(2600));

    expect([look(engine), engine.sourceAt(0)]).toEqual([[7, 200], "desk spare"]);
  });

  test("does nothing where another source drives the slot", () => {
    const engine = engineOf(failsafe);
    engine.receive(frame("above", [200], { priority: 150 }), at(0));
    engine.receive(frame("below", [10]), at(2000));

    engine.advance(at(2500));

    expect(look(engine, 1)).toEqual([10]);
  });
});

test("two desks of one name are told apart by their addresses, and two of one machine by their CIDs", () => {
  const engine = engineOf();
  const from = (key: string, address: string, priority: number) =>
    ({ name: "MagicQ", priority, origin: { address, cid: key } }) as const;
  engine.receive(frame("00aa", [1], from("00aa", "10.0.0.5", 100)), at(0));
  const shown = [engine.sourceAt(0)];
  engine.receive(frame("00bb", [1], from("00bb", "10.0.0.6", 110)), at(0));
  shown.push(engine.sourceAt(0));
  engine.receive(frame("00cc", [1], from("00cc", "10.0.0.6", 120)), at(0));
  shown.push(engine.sourceAt(0));

  expect(shown).toEqual(["desk MagicQ 10.0.0.5", "desk MagicQ 10.0.0.6", "desk MagicQ 10.0.0.6 (00cc)"]);
});
