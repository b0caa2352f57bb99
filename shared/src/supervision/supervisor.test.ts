import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../kernel/random.ts";
import { type Instant, instant, seconds } from "../kernel/units.ts";
import {
  type Restart,
  stepSupervisor,
  type Strategy,
  supervisorAtStart,
  supervisorDueAt,
  type SupervisorEvent,
  type SupervisorSpec,
} from "./supervisor.ts";

/** A supervisor whose children start and stop at once when they are told, and a clock that goes where it is told. */
class Room {
  readonly said: string[] = [];
  now: Instant = instant(0);
  /** Whether it can begin. */
  starting: (child: string) => boolean = () => true;
  #state = supervisorAtStart;
  readonly #spec: SupervisorSpec;
  readonly #random;

  constructor(spec: Partial<SupervisorSpec> = {}, random = { next: () => 0 }) {
    this.#random = random;
    this.#spec = {
      strategy: "one-for-one",
      intensity: 3,
      healthyAfter: seconds(60),
      afterEscalation: "stay-down",
      ...spec,
    };
  }

  add(name: string, restart: Restart = "permanent"): this {
    this.step({ kind: "add", child: { name, restart }, at: this.now });
    return this;
  }

  ends(child: string, isGood = false): this {
    this.step({ kind: "ended", child, isGood, at: this.now });
    return this;
  }

  refuses(child: string): this {
    this.step({ kind: "refused", child, at: this.now });
    return this;
  }

  /** On to when something is due next. `false`: nothing is. */
  wait(): boolean {
    const due = supervisorDueAt(this.#state);
    if (due === undefined) return false;
    this.now = instant(Math.max(due, this.now));
    this.step({ kind: "tick", at: this.now });
    return true;
  }

  stop(): void {
    this.step({ kind: "stop", at: this.now });
  }

  /** What was said since the last look. */
  take(): readonly string[] {
    return this.said.splice(0);
  }

  step(event: SupervisorEvent): void {
    const { state, effects } = stepSupervisor(this.#spec, this.#state, event, this.#random);
    this.#state = state;
    for (const effect of effects) {
      switch (effect.kind) {
        case "start":
          this.said.push(`start ${effect.child}`);
          this.step({
            kind: this.starting(effect.child) ? "started" : "refused",
            child: effect.child,
            at: this.now,
          });
          break;
        case "stop":
          this.said.push(`stop ${effect.child}`);
          this.step({ kind: "ended", child: effect.child, isGood: true, at: this.now });
          break;
        case "escalate":
          this.said.push(`escalate ${effect.children.join(" ")}`);
          break;
        case "stopped":
          this.said.push("stopped");
          break;
        default:
          effect satisfies never;
      }
    }
  }
}

const three = (strategy: Strategy, spec: Partial<SupervisorSpec> = {}): Room => {
  const room = new Room({ strategy, ...spec }).add("a").add("b").add("c");
  expect(room.take()).toEqual(["start a", "start b", "start c"]);
  return room;
};

describe("when b of a, b and c ends", () => {
  test.each<readonly [Strategy, readonly string[]]>([
    ["one-for-one", ["start b"]],
    ["one-for-all", ["stop c", "stop a", "start a", "start b", "start c"]],
    ["rest-for-one", ["stop c", "start b", "start c"]],
  ])("%s: %j", (strategy, said) => {
    const room = three(strategy).ends("b");

    room.wait();

    expect(room.take()).toEqual(said);
    expect(room.now).toBe(1000);
    expect(room.wait()).toBe(false);
  });
});

describe("a child is started again", () => {
  test.each<readonly [Restart, boolean, boolean]>([
    ["permanent", true, true],
    ["permanent", false, true],
    ["transient", true, false],
    ["transient", false, true],
    ["temporary", true, false],
    ["temporary", false, false],
  ])("%s, ended well: %s → %s", (restart, isGood, isStarted) => {
    const room = new Room().add("a", restart);
    room.take();

    room.ends("a", isGood);

    expect(room.wait()).toBe(isStarted);
    expect(room.take()).toEqual(isStarted ? ["start a"] : []);
  });
});

test("a temporary child that goes with the others does not come back with them", () => {
  const room = new Room({ strategy: "one-for-all" }).add("a").add("b", "temporary").add("c");
  room.take();

  room.ends("a");
  room.wait();

  expect(room.take()).toEqual(["stop c", "stop b", "start a", "start c"]);
});

test("the waits double, up to ten seconds", () => {
  const room = new Room({ intensity: 100 }).add("a");

  const waits = Array.from({ length: 6 }, () => {
    const before = room.now;
    room.ends("a").wait();
    return room.now - before;
  });

  expect(waits).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
});

test("what ends too often escalates, alone where nobody hangs on it", () => {
  const room = three("one-for-one");

  for (let end = 0; end < 3; end++) room.ends("b").wait();
  expect(room.take()).toEqual(["start b", "start b", "start b"]);
  room.ends("b");

  expect(room.take()).toEqual(["escalate b"]);
  expect(room.wait()).toBe(false);
  room.ends("a").wait();
  expect(room.take()).toEqual(["start a"]);
});

test("and with all that hang on it, in the other order, where somebody does", () => {
  const room = three("rest-for-one", { intensity: 0 });

  room.ends("b");

  expect(room.take()).toEqual(["escalate b c", "stop c"]);
  expect(room.wait()).toBe(false);
});

test("one that is to be tried again is, and counts anew", () => {
  const room = new Room({ intensity: 1, afterEscalation: seconds(300) }).add("a");
  room.ends("a").wait();
  room.take();

  room.ends("a");
  expect(room.take()).toEqual(["escalate a"]);
  room.wait();
  expect(room.now).toBe(1000 + 300_000);
  room.ends("a").wait();

  expect(room.take()).toEqual(["start a", "start a"]);
});

test("ends before a healthy life do not count", () => {
  const room = new Room({ intensity: 1, healthyAfter: seconds(10) }).add("a");

  for (let end = 0; end < 20; end++) {
    room.ends("a").wait();
    room.now = instant(room.now + 10_000);
  }

  expect(room.take().filter((words) => words.startsWith("escalate"))).toEqual([]);
});

test("all are stopped in the other order, and what ends meanwhile stays down", () => {
  const room = three("one-for-one").ends("b");

  room.stop();

  expect(room.take()).toEqual(["stop c", "stop a", "stopped"]);
  expect(room.wait()).toBe(false);
});

test("what is heard late, twice or of nobody changes nothing", () => {
  const room = new Room({ intensity: 0 }).add("a");
  room.take();

  room.ends("nobody");
  room.step({ kind: "started", child: "a", at: room.now });
  room.step({ kind: "started", child: "nobody", at: room.now });
  expect(room.take()).toEqual([]);
  room.ends("a").ends("a");

  expect(room.take()).toEqual(["escalate a"]);
});

test("what cannot begin is tried again soon, as often as it takes, and nothing is counted", () => {
  const room = new Room({ intensity: 2, healthyAfter: seconds(60) }).add("a");
  room.ends("a").wait();
  room.ends("a").wait();
  const began = room.now;
  room.take();

  for (let time = 0; time < 50; time++) room.refuses("a").wait();
  expect(room.take()).toEqual(Array.from({ length: 50 }, () => "start a"));
  expect(room.now - began).toBe(50 * 2000);

  // What ended before it still counts: that it could not begin was no healthy life.
  room.ends("a");
  expect(room.take()).toEqual(["escalate a"]);
});

test("what comes behind what cannot begin waits for it", () => {
  const room = three("rest-for-one").ends("b");
  const refused: string[] = [];
  room.starting = (child) => {
    if (child !== "b" || refused.length === 2) return true;
    refused.push(child);
    return false;
  };

  // Bounded: a child that is due and cannot begin would be waited for without time going by.
  for (let turn = 0; turn < 20 && room.wait(); turn++);

  expect(room.take()).toEqual(["stop c", "start b", "start b", "start b", "start c"]);
});

test("what is refused while it is stopped for good stays down", () => {
  const room = new Room().add("a");
  room.stop();
  room.take();

  room.refuses("a").refuses("nobody");

  expect(room.take()).toEqual([]);
  expect(room.wait()).toBe(false);
});

test("one that is taken out is not heard of again", () => {
  const room = three("one-for-one").ends("b");

  room.step({ kind: "remove", child: "b", at: room.now });

  expect(room.wait()).toBe(false);
});

test("of those that count together a healthy life is one in which none of them ended", () => {
  const room = three("one-for-all", { intensity: 3, healthyAfter: seconds(10) });
  const live = (child: string): Room => {
    room.now = instant(room.now + 9000);
    return room.ends(child);
  };
  for (const child of ["a", "b", "c"]) live(child).wait();
  room.take();

  live("a");

  expect(room.take()[0]).toBe("escalate a b c");
});

test("whatever the bounds, a child that never has a healthy life escalates", () => {
  const bounds = fc.record({
    intensity: fc.nat(20),
    healthySeconds: fc.integer({ min: 1, max: 3600 }),
    share: fc.double({ min: 0, max: 0.99, noNaN: true }),
  });
  fc.assert(
    fc.property(bounds, fc.integer(), ({ intensity, healthySeconds, share }, seed) => {
      const healthyAfter = seconds(healthySeconds);
      const room = new Room({ intensity, healthyAfter }, seededRandom(seed)).add("a");

      for (let end = 0; end <= intensity; end++) {
        room.now = instant(room.now + healthyAfter * share);
        room.ends("a").wait();
      }

      expect(room.take().at(-1)).toBe("escalate a");
    }),
  );
});

test("in whatever order things happen, ordered children are up only behind those before them", () => {
  const acts = fc.array(fc.record({ end: fc.constantFrom("a", "b", "c"), wait: fc.boolean() }), {
    maxLength: 40,
    size: "max",
  });
  let restarts = 0;
  fc.assert(
    fc.property(acts, fc.constantFrom<Strategy>("one-for-all", "rest-for-one"), (given, strategy) => {
      const room = three(strategy, { intensity: 1000, healthyAfter: seconds(3600) });
      const up = new Set(["a", "b", "c"]);
      for (const { end, wait } of given) {
        if (!up.has(end)) continue;
        up.delete(end);
        room.ends(end);
        if (wait) room.wait();
        for (const words of room.take()) {
          const [what, name = ""] = words.split(" ");
          if (what === "stop") up.delete(name);
          if (what !== "start") continue;
          restarts += 1;
          for (const before of ["a", "b", "c"].filter((each) => each < name)) expect(up).toContain(before);
          up.add(name);
        }
      }
    }),
  );
  expect(restarts).toBeGreaterThan(0);
});
