import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { seededRandom } from "@interactor/shared/kernel/random";
import { instant, micros } from "@interactor/shared/kernel/units";
import { ClockSync, driftMax } from "./clock-sync.ts";

const day = 24 * 3600 * 1000; // ms
const noon = 1_800_000_000_000; // ms

/** A hub whose clock is `hub` ms ahead of the true time, which runs at `drift` against the node's own. */
class World {
  readonly sync = new ClockSync();
  hub = noon;
  /** True time in ms. */
  now = 0;
  readonly drift: number;

  constructor(drift = 0) {
    this.drift = drift;
  }

  /** The node's monotonic clock, which began long before. */
  get node() {
    return instant(5_000_000 + this.now * (1 + this.drift));
  }

  hubTime = () => micros((this.hub + this.now) * 1000);

  /** Asks; the question takes `there` ms, the answer `back`. */
  exchange(there: number, back: number, work = 0.01) {
    const askedAt = this.sync.ask(this.node);
    this.now += there;
    const receivedAt = this.hubTime();
    this.now += work;
    const reply = { askedAt, receivedAt, repliedAt: this.hubTime() };
    this.now += back;
    return { reply, news: this.sync.reply(reply, this.node) };
  }

  /** How wrong the node's idea of the site's time is, and how wrong it says that it may be; in ms. */
  error() {
    const site = this.sync.siteTime(this.node);
    const bound = this.sync.errorBound(this.node);
    if (site === undefined || bound === undefined) throw new Error("not synchronised");
    return { error: Math.abs(site - this.hubTime()) / 1000, bound };
  }
}

test("before the first answer there is no time of the site", () => {
  const world = new World();
  world.sync.connected(world.node);

  expect(world.sync.isSynchronised).toBe(false);
  expect(world.sync.siteTime(world.node)).toBeUndefined();
  expect(world.sync.errorBound(world.node)).toBeUndefined();
});

test("one answer tells the site's time within half the round trip, however unequal the ways were", () => {
  const world = new World();

  expect(world.exchange(1, 9).news).toEqual({ kind: "first" });

  expect(world.error().error).toBeCloseTo(4, 1);
  expect(world.error().bound).toBeCloseTo(5, 1);
});

test("of several answers the one with the shortest round trip counts", () => {
  const world = new World();
  world.exchange(80, 1);
  world.exchange(0.2, 0.3);
  world.exchange(1, 60);

  expect(world.error().bound).toBeLessThan(1);
});

test("a good answer of long ago gives way to a worse one of now", () => {
  const world = new World(200e-6);
  world.exchange(0.1, 0.1);
  world.now += 600_000;
  expect(world.error().bound).toBeGreaterThan(100);
  world.exchange(5, 5);

  expect(world.error().bound).toBeLessThan(6);
});

test("the question is asked again: quickly at first, slowly once it is answered, and quickly after a reconnect", () => {
  const sync = new ClockSync();
  const gaps = (count: number, from: number, isAnswered: boolean) => {
    const found: number[] = [];
    let at = instant(from);
    for (let index = 0; index < count; index++) {
      const askedAt = sync.ask(at);
      const hub = micros((noon + at) * 1000);
      if (isAnswered) sync.reply({ askedAt, receivedAt: hub, repliedAt: hub }, at);
      const due = sync.dueAt ?? at;
      found.push(due - at);
      at = due;
    }
    return found;
  };

  sync.connected(instant(0));
  expect(sync.dueAt).toBe(0);
  expect(gaps(6, 0, false)).toEqual([250, 250, 250, 2000, 2000, 2000]);
  sync.disconnected();
  expect(sync.dueAt).toBeUndefined();
  sync.connected(instant(90_000));
  const [first, second, third, ...slow] = gaps(4, 90_000, true);
  expect([first, second, third]).toEqual([250, 250, 250]);
  expect(slow).toEqual([16_000]);
});

test("while the answers took long the question is asked again soon", () => {
  const sync = new ClockSync();
  sync.connected(instant(0));
  const dueAfter = (roundTrip: number) => {
    const asked = [0, 1, 2, 3].map((each) => sync.ask(instant(each)));
    const askedAt = asked.at(-1) ?? 0;
    const hub = micros(noon * 1000 + askedAt + (roundTrip * 1000) / 2);
    sync.reply({ askedAt, receivedAt: hub, repliedAt: hub }, instant(3 + roundTrip));
    return (sync.dueAt ?? 0) - 3 - roundTrip;
  };

  expect(dueAfter(1800)).toBe(2000);
  expect(dueAfter(20)).toBe(16_000);
});

describe("changes nothing:", () => {
  test("an answer that comes twice", () => {
    const world = new World();
    const { reply } = world.exchange(1, 1);
    const before = world.sync.siteTime(world.node);
    world.now += 500;

    expect(world.sync.reply(reply, world.node)).toEqual({ kind: "unasked" });
    expect(world.sync.siteTime(world.node)).toBe((before ?? 0) + 500_000);
  });

  test("an answer to what nobody asked, and one of an earlier connection", () => {
    const world = new World();
    world.exchange(1, 1);
    const askedAt = world.sync.ask(world.node);
    world.sync.connected(world.node);
    const made = { receivedAt: micros(7), repliedAt: micros(8) };

    expect(world.sync.reply({ askedAt: 12, ...made }, world.node)).toEqual({ kind: "unasked" });
    expect(world.sync.reply({ askedAt, ...made }, world.node)).toEqual({ kind: "unasked" });
    expect(world.error().error).toBeLessThan(1);
  });

  test("an answer that the hub gave for longer than it was away, or before it was asked", () => {
    const world = new World();
    world.exchange(1, 1);
    const ask = () => world.sync.ask(world.node);
    const at = world.hubTime();

    const tooLong = { askedAt: ask(), receivedAt: micros(at - 5000), repliedAt: at };
    expect(world.sync.reply(tooLong, world.node)).toEqual({ kind: "impossible" });
    const backwards = { askedAt: ask(), receivedAt: at, repliedAt: micros(at - 1) };
    expect(world.sync.reply(backwards, world.node)).toEqual({ kind: "impossible" });
    expect(world.error().error).toBeLessThan(1);
  });
});

describe("a step of the hub's clock", () => {
  test.each([day, -day, 100, -100])("by %s ms is noticed, followed and counted", (step) => {
    const world = new World();
    for (let count = 0; count < 5; count++) world.exchange(1, 1);
    world.hub += step;

    const { news } = world.exchange(1, 2);

    expect(news.kind).toBe("stepped");
    expect(news.kind === "stepped" && Math.abs(news.by - step)).toBeLessThan(3);
    expect(world.sync.steps).toBe(1);
    expect(world.error().error).toBeLessThan(world.error().bound);
    expect(world.exchange(1, 1).news.kind).toBe("kept");
  });

  test("is asked about again soon, because one answer alone is not precise", () => {
    const world = new World();
    world.sync.connected(world.node);
    for (let count = 0; count < 5; count++) world.exchange(1, 1);
    world.hub += day;
    world.exchange(20, 20);

    expect((world.sync.dueAt ?? world.node) - world.node).toBeLessThanOrEqual(250);
  });
});

/** A round trip that may be slow, unequal, lost, doubled or late. */
const trip = fc.record({
  there: fc.double({ min: 0.05, max: 400, noNaN: true }),
  back: fc.double({ min: 0.05, max: 400, noNaN: true }),
  pause: fc.integer({ min: 10, max: 20_000 }),
  fate: fc.constantFrom("arrives", "lost", "doubled", "overtaken"),
});

test("whatever the network does, and with 200 ppm of drift either way, the time is within its bound", () => {
  let checks = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(-200e-6, -50e-6, 0, 200e-6),
      fc.array(trip, { minLength: 1, maxLength: 40, size: "max" }),
      (drift, trips) => {
        const world = new World(drift);
        world.sync.connected(world.node);
        const late: {
          askedAt: number;
          receivedAt: ReturnType<World["hubTime"]>;
          repliedAt: ReturnType<World["hubTime"]>;
        }[] = [];
        for (const { there, back, pause, fate } of trips) {
          if (fate === "overtaken" || fate === "lost") {
            const askedAt = world.sync.ask(world.node);
            world.now += there;
            const at = world.hubTime();
            if (fate === "overtaken") late.push({ askedAt, receivedAt: at, repliedAt: at });
          } else {
            const { reply } = world.exchange(there, back);
            if (fate === "doubled") world.sync.reply(reply, world.node);
            for (const each of late.splice(0)) world.sync.reply(each, world.node);
          }
          world.now += pause;
          if (!world.sync.isSynchronised) continue;
          const { error, bound } = world.error();
          expect(error).toBeLessThanOrEqual(bound);
          checks += 1;
        }
        expect(world.sync.steps).toBe(0);
      },
    ),
  );
  expect(checks).toBeGreaterThan(100);
});

test("in a quiet network the bound stays small for a day, with 200 ppm of drift", () => {
  const world = new World(200e-6);
  const random = seededRandom(4);
  world.sync.connected(world.node);
  let worst = 0;
  while (world.now < day) {
    world.exchange(0.3 + random.next(), 0.3 + random.next());
    world.now += 15_900;
    const { error, bound } = world.error();
    expect(error).toBeLessThanOrEqual(bound);
    worst = Math.max(worst, bound);
  }

  expect(worst).toBeLessThan(16_000 * driftMax + 3);
});
