import { describe, expect, test } from "vitest";
import { seededRandom } from "@interactor/shared/kernel/random";
import { instant } from "@interactor/shared/kernel/units";
import { prepareRoutes } from "@interactor/shared/routing/run-route";
import { noon, nowAt, routeOf, sessionNumber } from "@interactor/shared/testing/builders";
import { decodeBatch } from "@interactor/shared/wire/batch";
import { lane } from "@interactor/shared/wire/lanes";
import { Ledger } from "@interactor/shared/wire/ledger";
import type { CompiledRoute, RouteGroup } from "@interactor/shared/wire/messages/desired";
import type { OriginMark } from "@interactor/shared/wire/origin";
import type { Value } from "@interactor/shared/wire/value";
import { Router } from "./router.ts";

const lamps = ["pi-1", "pi-2", "pi-3"];
const toLamps = (strategy: RouteGroup["strategy"], given: Partial<RouteGroup> = {}): CompiledRoute =>
  routeOf({ name: "wash", to: "lamps/dmx/front", group: { nodes: lamps, strategy, ...given } });

function bench(route: CompiledRoute, present: readonly string[] = lamps) {
  const nowhere = new Ledger();
  const router = new Router(sessionNumber(7), { nowhere, random: seededRandom(3) });
  for (const node of present) router.connected(node);
  const place = (routes: readonly CompiledRoute[]) =>
    router.setRoutes(prepareRoutes(routes), routes, nowAt(0));
  place([route]);
  let at = 0;
  const sent = (): (readonly [string, Value])[] => {
    at += 100;
    const all: (readonly [string, Value])[] = [];
    const receipts: (() => void)[] = [];
    router.pump(instant(at), (node, of, payload) => {
      const decoded = decodeBatch(payload, of);
      if (!decoded.ok) return;
      const { firstSeq, session, entries } = decoded.value;
      for (const { body } of entries) all.push([node, body]);
      receipts.push(() => router.receipt(node, { lane: of, session, seq: firstSeq + entries.length - 1 }));
    });
    for (const confirm of receipts) confirm();
    return all;
  };
  return {
    router,
    nowhere,
    place,
    sent,
    /** Who gets the value, and what. */
    read(value: Value): readonly (readonly [string, Value])[] {
      router.values("pi/sim/distance", [{ value, unit: "m", quality: 0, at: noon }], instant(at));
      return sent();
    },
  };
}

const nodesOf = (sent: readonly (readonly [string, Value])[]): readonly string[] =>
  sent.map(([node]) => node);

describe("broadcast", () => {
  test("is a message of its own for each node", () => {
    const { router, read } = bench(toLamps("broadcast"));

    expect(read(1)).toEqual(lamps.map((node) => [node, 1]));
    expect(lamps.map((node) => router.queueOf(node).ledger.read(lane.telemetry).produced)).toEqual([1, 1, 1]);
  });

  test("has a node that is away take the value when it comes, and the others again nothing else", () => {
    const { router, read, sent } = bench(toLamps("broadcast"), ["pi-1"]);
    expect(read(1)).toEqual([["pi-1", 1]]);

    router.connected("pi-2");

    expect(sent()).toEqual([["pi-2", 1]]);
  });
});

describe("whoever comes is told how things are, and the others are not told again:", () => {
  test.each([lane.telemetry, lane.control, lane.critical])("on lane %i", (of) => {
    const { router, read, sent } = bench({ ...toLamps("broadcast"), lane: of });
    read(1);

    router.connected("pi-2", true);
    router.catchUp("pi-2", new Set(["dmx"]), instant(0));

    expect(sent()).toEqual([["pi-2", 1]]);
    expect(nodesOf(read(2)).toSorted()).toEqual(lamps);
  });
});

describe("round-robin", () => {
  test("gives each its turn", () => {
    const { read } = bench(toLamps("round-robin"));

    expect([1, 2, 3, 4].flatMap((value) => read(value))).toEqual([
      ["pi-1", 1],
      ["pi-2", 2],
      ["pi-3", 3],
      ["pi-1", 4],
    ]);
  });

  test("passes over those that are away", () => {
    const { router, read } = bench(toLamps("round-robin"), ["pi-1", "pi-3"]);

    expect([1, 2, 3].flatMap((value) => nodesOf(read(value)))).toEqual(["pi-1", "pi-3", "pi-1"]);
    router.connected("pi-2");
    expect([4, 5].flatMap((value) => nodesOf(read(value)))).toEqual(["pi-2", "pi-3"]);
  });

  test("makes no turn because somebody comes", () => {
    const { router, read, sent } = bench(toLamps("round-robin"));
    read(1);

    router.catchUp("pi-2", new Set(["dmx"]), instant(0));

    expect(sent()).toEqual([]);
  });
});

test("random gives each its share, by the chance it was given", () => {
  const { read } = bench(toLamps("random"), ["pi-1", "pi-3"]);
  const counts = new Map<string, number>();

  for (let value = 0; value < 400; value++) {
    for (const node of nodesOf(read(value))) counts.set(node, (counts.get(node) ?? 0) + 1);
  }

  expect([...counts.keys()].toSorted()).toEqual(["pi-1", "pi-3"]);
  for (const count of counts.values()) expect(count).toBeGreaterThan(150);
});

describe("consistent-hash", () => {
  test("gives the same output always to the same node, and has it let go when another takes over", () => {
    const { router, read, sent } = bench(toLamps("consistent-hash"));
    const [holder = ""] = nodesOf(read(1));
    expect(nodesOf(read(2))).toEqual([holder]);

    router.disconnected(holder);
    const [next = ""] = nodesOf(read(3));
    expect(next).not.toBe(holder);
    router.connected(holder);
    sent();

    expect(new Map(read(4))).toEqual(
      new Map<string, Value>([
        [holder, 4],
        [next, null],
      ]),
    );
  });

  test("goes by a key of the value when it has one", () => {
    const { read } = bench(toLamps("consistent-hash", { key: "value.visitor" }));
    const nodes = new Map<string, Set<string>>();

    for (let step = 0; step < 60; step++) {
      const visitor = `v${step % 20}`;
      const known = nodes.get(visitor) ?? new Set();
      for (const node of nodesOf(read({ visitor, step }))) known.add(node);
      nodes.set(visitor, known);
    }

    expect([...nodes.values()].map((each) => each.size)).toEqual(Array(20).fill(1));
    expect(new Set([...nodes.values()].flatMap((each) => [...each])).size).toBe(3);
  });

  test("keeps what waits for one key apart from what waits for another", () => {
    const { router, read, sent } = bench(
      toLamps("consistent-hash", { nodes: ["pi-1"], key: "value.visitor" }),
    );
    const offer = (visitor: string, step: number) =>
      router.values(
        "pi/sim/distance",
        [{ value: { visitor, step }, unit: "", quality: 0, at: noon }],
        instant(0),
      );

    for (const step of [1, 2]) for (const visitor of ["a", "b"]) offer(visitor, step);

    expect(sent().map(([, body]) => body)).toEqual([
      { visitor: "a", step: 2 },
      { visitor: "b", step: 2 },
    ]);
    expect(read({ visitor: "c", step: 3 })).toHaveLength(1);
  });

  test("fails in words when the value has no key", () => {
    const { router, read } = bench(toLamps("consistent-hash", { key: "value.visitor" }));

    expect(read(1)).toEqual([]);
    expect(router.runners[0]).toMatchObject({ failed: 1 });
    expect(router.runners[0]?.error).toMatch(/^key: /);
  });
});

test.each(["round-robin", "random", "consistent-hash"] as const)(
  "%s with nobody there is refused, and counted",
  (strategy) => {
    const { router, nowhere, read } = bench(toLamps(strategy), []);

    expect(read(1)).toEqual([]);

    expect(nowhere.read(lane.telemetry)).toEqual({
      produced: 1,
      delivered: 0,
      losses: [{ end: "refused", reason: "no-route", count: 1 }],
    });
    expect(router.runners[0]).toMatchObject({
      passed: 0,
      failed: 1,
      error: "to: nobody of the group is present",
    });
  },
);

test("a node that leaves the group lets go, the others hold", () => {
  const { place, read, sent } = bench(toLamps("broadcast"));
  read(1);

  place([toLamps("broadcast", { nodes: ["pi-1", "pi-3"] })]);

  expect(new Map(sent())).toEqual(
    new Map([
      ["pi-1", 1],
      ["pi-2", null],
      ["pi-3", 1],
    ]),
  );
});

describe("null lets go", () => {
  test.each(["broadcast", "round-robin", "random", "consistent-hash"] as const)(
    "of a group by %s: all are told, whoever holds what came before, and it is nobody's turn",
    (strategy) => {
      const { read } = bench(toLamps(strategy));
      const before = nodesOf(read(1));

      expect(new Map(read(null))).toEqual(new Map(lamps.map((node) => [node, null])));

      const after = nodesOf(read(2));
      const all = strategy === "broadcast" ? 3 : 1;
      expect([before.length, after.length]).toEqual([all, all]);
      if (strategy === "round-robin") expect([before, after]).toEqual([["pi-1"], ["pi-2"]]);
    },
  );

  test("of what came for a key at its node alone: the others hold what came for theirs", () => {
    const { router, sent } = bench({
      ...toLamps("consistent-hash", { key: "value.visitor" }),
      map: "value.isThere ? 1.0 : null",
    });
    const offer = (visitor: string, isThere: boolean) => {
      router.values(
        "pi/sim/distance",
        [{ value: { visitor, isThere }, unit: "", quality: 0, at: noon }],
        instant(0),
      );
      return sent();
    };
    const holders = ["a", "b", "c", "d"].map((visitor) => offer(visitor, true));

    const leavers = ["a", "b", "c", "d"].map((visitor) => offer(visitor, false));

    expect(leavers.flat()).toEqual(holders.flat().map(([node]) => [node, null]));
    expect(leavers.flat()).toHaveLength(4);
  });

  test("also when nobody is there: it waits for each of them, and is refused nowhere", () => {
    const { router, nowhere, read, sent } = bench(toLamps("round-robin"), []);
    read(null);

    for (const node of lamps) router.connected(node);

    expect(new Map(sent())).toEqual(new Map(lamps.map((node) => [node, null])));
    expect(nowhere.read(lane.telemetry).produced).toBe(0);
  });

  test("takes the place of a value that waits, and a value its place", () => {
    const { router, sent } = bench(toLamps("broadcast"), []);
    const offer = (value: Value) =>
      router.values("pi/sim/distance", [{ value, unit: "", quality: 0, at: noon }], instant(0));
    for (const value of [1, null]) offer(value);
    router.connected("pi-1");
    expect(sent()).toEqual([["pi-1", null]]);

    for (const value of [null, 2]) offer(value);

    expect(sent()).toEqual([["pi-1", 2]]);
  });

  test("whoever of the group comes is told alone", () => {
    const { router, read, sent } = bench(toLamps("consistent-hash"), ["pi-1", "pi-2"]);
    read(1);
    read(null);
    router.connected("pi-3", true);
    sent();

    router.catchUp("pi-3", new Set(["dmx"]), instant(0));

    expect(sent()).toEqual([["pi-3", null]]);
  });
});

describe("an event for one of a group", () => {
  const from = "pi/sim/distance";
  const event = (seq: number) =>
    ({
      value: seq,
      unit: "",
      quality: 0,
      at: noon,
      isEvent: true,
      origin: { session: sessionNumber(9), lane: lane.telemetry, seq, sample: 0 },
    }) as const;

  function life(strategy: RouteGroup["strategy"], choices: readonly OriginMark[] = []) {
    const kept: OriginMark[] = [];
    const waiting: (() => void)[] = [];
    const router = new Router(sessionNumber(7), {
      random: seededRandom(3),
      chosen: (mark, then) => {
        kept.push(mark);
        waiting.push(then);
      },
      choices,
    });
    const route = toLamps(strategy);
    router.setRoutes(prepareRoutes([route]), [route], nowAt(0));
    const holders = () => lamps.filter((node) => (router.queues.get(node)?.queued ?? 0) > 0);
    const write = () => {
      for (const then of waiting.splice(0)) then();
    };
    return { router, kept, write, holders };
  }

  test.each(["round-robin", "random", "consistent-hash"] as const)(
    "by %s leaves when it is kept who was chosen, and goes to the same one after a crash",
    (strategy) => {
      const { router, kept, write, holders } = life(strategy);
      for (const node of lamps) router.connected(node);
      for (const seq of [1, 2, 3, 4, 5]) router.values(from, [event(seq)], instant(0));
      expect(holders()).toEqual([]);
      write();
      const before = lamps.map((node) => router.queues.get(node)?.queued ?? 0);

      const next = life(strategy, kept);
      for (const seq of [1, 2, 3, 4, 5]) next.router.again.value(from, event(seq), instant(0));

      expect(lamps.map((node) => next.router.queues.get(node)?.queued ?? 0)).toEqual(before);
      expect(before.reduce((sum, count) => sum + count, 0)).toBe(5);
    },
  );

  test("goes nowhere when its route was taken away before that is kept", () => {
    const { router, write } = life("round-robin");
    for (const node of lamps) router.connected(node);
    router.values(from, [event(1)], instant(0));

    router.setRoutes([], [], nowAt(0));
    // That their inputs are let go.
    const waiting = () => lamps.map((node) => router.queues.get(node)?.queued);
    expect(waiting()).toEqual([1, 1, 1]);
    write();

    expect(waiting()).toEqual([1, 1, 1]);
  });

  test("does not overtake the one before when it lets go, and lets all go after a crash", () => {
    const { router, kept, write, holders } = life("round-robin");
    for (const node of lamps) router.connected(node);
    const letGo = { ...event(2), value: null };
    router.values(from, [event(1)], instant(0));
    router.values(from, [letGo], instant(0));
    expect(holders()).toEqual([]);

    write();
    const queued = lamps.map((node) => router.queues.get(node)?.queued ?? 0);
    const next = life("round-robin", kept);
    next.router.again.value(from, letGo, instant(0));

    expect(queued).toEqual([2, 1, 1]);
    expect(next.holders()).toEqual(lamps);
  });

  test("of whom nothing is kept goes to the same one in each life", () => {
    const lives = [life("random"), life("random")];

    for (const { router } of lives) router.again.value(from, event(4), instant(0));

    expect(lives.map(({ holders }) => holders())).toEqual([["pi-2"], ["pi-2"]]);
  });

  test("of whom nothing is kept any more, though it was decided for a later one, is not done again by another", () => {
    const { router, kept, write } = life("round-robin");
    for (const node of lamps) router.connected(node);
    for (const seq of [1, 2, 3]) router.values(from, [event(seq)], instant(0));
    write();

    const next = life("round-robin", kept.slice(1));
    for (const seq of [1, 2, 3, 4]) next.router.again.value(from, event(seq), instant(0));

    expect(next.router.again.values).toBe(3);
    // Of the last one it is kept now where it goes.
    expect(next.kept).toMatchObject([{ seq: 4 }]);
  });

  test("that its agent sends again goes to whom a life before had chosen", () => {
    const { router, kept, write } = life("round-robin");
    for (const node of lamps) router.connected(node);
    for (const seq of [1, 2]) router.values(from, [event(seq)], instant(0));
    write();

    const next = life("round-robin", kept.slice(1));
    for (const node of lamps) next.router.connected(node);
    next.router.values(from, [event(2)], instant(0));

    expect(kept).toMatchObject([
      { way: expect.stringContaining("pi-1") },
      { way: expect.stringContaining("pi-2") },
    ]);
    expect(next.holders()).toEqual(["pi-2"]);
  });

  test("waits for one of them while none was there since the start, and is refused when they have gone", () => {
    const { router, write, holders } = life("round-robin");
    router.values(from, [event(1)], instant(0));
    write();
    expect(holders()).toEqual(["pi-2"]);

    router.connected("pi-3");
    router.disconnected("pi-3");
    router.values(from, [event(2)], instant(0));
    write();

    expect(holders()).toEqual(["pi-2"]);
  });
});
