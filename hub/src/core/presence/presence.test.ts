import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { micros } from "@interactor/shared/kernel/units";
import { nodesMax } from "@interactor/shared/wire/limits";
import type { Reported } from "@interactor/shared/wire/messages/reported";
import { birthOf, deathOf, noon, sessionNumber } from "@interactor/shared/testing/builders";
import { hasRoomFor, nobody, type PresenceEvent, type PresenceState, stepPresence } from "./presence.ts";

const node = "pi";
const birth = (session: number, connection = 1): PresenceEvent => ({
  kind: "birth",
  node,
  at: noon,
  birth: birthOf({ session: sessionNumber(session), connection }),
});
const death = (session: number, connection = 1, reason: "lost" | "stopped" = "lost"): PresenceEvent => ({
  kind: "death",
  node,
  at: noon,
  death: deathOf({ session: sessionNumber(session), connection, reason }),
});
const report = (session: number, revision = 1): PresenceEvent => ({
  kind: "reported",
  node,
  at: noon,
  reported: {
    v: 1,
    session: sessionNumber(session),
    revision,
    digest: "",
    instances: {},
    owners: {},
    routes: {},
    refused: {},
  },
});

/** The state after the events, and what the last of them said. */
function run(...events: readonly PresenceEvent[]) {
  let state: PresenceState = nobody;
  let said: unknown;
  for (const event of events) {
    const step = stepPresence(state, event);
    said = step.ok ? step.effects : step.refusal;
    if (step.ok) state = step.state;
  }
  return { state, said, node: state.get(node) };
}

test("a node is known from its first birth", () => {
  const { node, said } = run(birth(1));

  expect(node).toMatchObject({ state: "init", reported: undefined, since: noon });
  expect(said).toEqual([
    { kind: "born", node: "pi", isNewLife: true },
    { kind: "changed", presence: node },
  ]);
});

test.each([
  ["lost", "lost"],
  ["stopped", "disconnected"],
] as const)("the death of the current connection, %s, makes it %s", (reason, state) => {
  const { node, said } = run(birth(1), report(1), death(1, 1, reason));

  expect(node?.state).toBe(state);
  expect(said).toEqual([
    { kind: "gone", node: "pi" },
    { kind: "changed", presence: node },
  ]);
});

test("a node that turns itself off on purpose is sleeping, and says until when", () => {
  const sleep = { until: noon + 60_000_000, reason: "the exhibit is dark" };
  const asleep = { ...death(1, 1, "stopped"), death: deathOf({ reason: "stopped", sleep }) };
  const { node } = run(birth(1), asleep);

  expect(node).toMatchObject({ state: "sleeping", reasons: ["the exhibit is dark"], death: { sleep } });
});

test("the will that follows a goodbye does not make it lost", () => {
  expect(run(birth(1), death(1, 1, "stopped"), death(1, 1, "lost")).node?.state).toBe("disconnected");
});

describe("a node that is there", () => {
  const running = { sim: { state: "running" } } as const;
  const told = (instances: Reported["instances"], problems?: string[]): PresenceEvent => {
    const { reported, ...event } = report(1) as Extract<PresenceEvent, { kind: "reported" }>;
    return { ...event, reported: { ...reported, instances, ...(problems && { problems }) } };
  };
  const health = (...events: readonly PresenceEvent[]) => {
    const { node } = run(...events);
    return [node?.state, ...(node?.reasons ?? [])];
  };

  test("is ready when all its instances have said that they run", () => {
    expect(health(birth(1))).toEqual(["init", "it has not reported yet"]);
    expect(health(birth(1), told({ ...running, line: { state: "starting" } }))).toEqual([
      "init",
      "line is starting",
    ]);
    expect(health(birth(1), told(running))).toEqual(["ready"]);
  });

  test("is degraded, with the reasons in words, while something does not work", () => {
    const line = { state: "waiting", reason: "no /dev/ttyUSB0" } as const;
    const full: PresenceEvent = { kind: "problems", node, at: noon, problems: ["its queue is full"] };

    expect(health(birth(1), told({ ...running, line }, ["its disk is full"]), full)).toEqual([
      "degraded",
      "line is waiting: no /dev/ttyUSB0",
      "its disk is full",
      "its queue is full",
    ]);
    expect(health(birth(1), told({ line }), full, { ...full, problems: [] }, told(running))).toEqual([
      "ready",
    ]);
  });

  test("is degraded while one of its instances works in part only", () => {
    const lamp = { state: "running", reason: "USB: no USB device is plugged in" } as const;

    expect(health(birth(1), told({ ...running, lamp }))).toEqual([
      "degraded",
      "lamp is degraded: USB: no USB device is plugged in",
    ]);
    expect(health(birth(1), told({ lamp }), told(running))).toEqual(["ready"]);
  });

  test("is degraded and not new when an instance starts again", () => {
    expect(health(birth(1), told(running), told({ sim: { state: "starting" } }))).toEqual([
      "degraded",
      "sim is starting",
    ]);
  });

  test("tells how many more reasons there are than one wants to read", () => {
    const many = Object.fromEntries(
      Array.from({ length: 64 }, (_, index) => [`i${index}`, { state: "failed" } as const]),
    );
    const [, ...reasons] = health(birth(1), told(many));

    expect(reasons).toHaveLength(10);
    expect(reasons.at(-1)).toBe("and 55 more");
  });

  test("keeps the time of its state while only the reasons change", () => {
    const later = (event: PresenceEvent, by: number): PresenceEvent => ({ ...event, at: micros(noon + by) });
    const waits = (reason: string) => told({ line: { state: "waiting", reason } });
    const after = run(birth(1), later(waits("a"), 5), later(waits("b"), 9));

    expect(after.node).toMatchObject({ state: "degraded", since: noon + 5, reasons: ["line is waiting: b"] });
    expect(after.said).toEqual([]);
  });
});

test("a node that comes back is ready again, and the hub knows whether it is a new life", () => {
  const bornAfter = (again: PresenceEvent) => run(birth(1), report(1), death(1), again);

  expect(bornAfter(birth(1, 2)).said).toContainEqual({ kind: "born", node: "pi", isNewLife: false });
  expect(bornAfter(birth(1, 2)).node?.state).toBe("ready");
  expect(bornAfter(birth(2)).said).toContainEqual({ kind: "born", node: "pi", isNewLife: true });
  expect(bornAfter(birth(2)).node?.state).toBe("init");
});

test("what it reported stays for one life and goes with it", () => {
  const reported = (each: ReturnType<typeof run>): Reported | undefined => each.node?.reported;

  expect(reported(run(birth(1), report(1, 7), birth(1, 2)))?.revision).toBe(7);
  expect(reported(run(birth(1), report(1, 7), birth(2)))).toBeUndefined();
});

describe("changes nothing:", () => {
  test.each<readonly [string, readonly PresenceEvent[], PresenceEvent, string]>([
    ["the late death of an earlier life", [birth(1), birth(2)], death(1), "stale-session"],
    ["the late death of an earlier connection", [birth(1, 1), birth(1, 2)], death(1, 1), "stale-session"],
    [
      "the goodbye of an earlier connection",
      [birth(1, 1), birth(1, 2)],
      death(1, 1, "stopped"),
      "stale-session",
    ],
    ["the death of a connection that is not there yet", [birth(1)], death(1, 2), "stale-session"],
    ["the late birth of an earlier connection", [birth(1, 2)], birth(1, 1), "stale-session"],
    ["the report of an earlier life", [birth(1), birth(2)], report(1), "stale-session"],
    ["the death of nobody", [], death(1), "unborn"],
    ["the report of nobody", [], report(1), "unborn"],
  ])("%s", (_what, before, late, refusal) => {
    const known = run(...before);
    const after = run(...before, late);

    expect(after.said).toBe(refusal);
    expect(after.state).toEqual(known.state);
  });
});

test("a death that is said twice is one", () => {
  expect(run(birth(1), death(1), death(1)).said).toEqual([]);
});

describe("a full site", () => {
  const born = (name: string, connection = 1): PresenceEvent => ({
    kind: "birth",
    at: noon,
    node: name,
    birth: birthOf({ connection }),
  });
  const died = (name: string, after: number, reason: "lost" | "stopped" = "lost"): PresenceEvent => ({
    kind: "death",
    at: micros(noon + after),
    node: name,
    death: deathOf({ reason }),
  });
  const all = Array.from({ length: nodesMax }, (_, index) => born(`n${index}`));
  const full = run(...all).state;
  const then = (...events: readonly PresenceEvent[]) => {
    let state = full;
    let said: unknown;
    for (const event of events) {
      const step = stepPresence(state, event);
      said = step.ok ? step.effects.map(({ kind }) => kind) : step.refusal;
      if (step.ok) state = step.state;
    }
    return { state, said };
  };

  test("refuses another node while all are here, and none of those it knows", () => {
    expect(then(birth(1)).said).toBe("too-many-nodes");
    expect(hasRoomFor(full, node)).toBe(false);
    expect(then(born("n0", 2)).said).toEqual(["born"]);
    expect(hasRoomFor(full, "n0")).toBe(true);
  });

  test("has the node that is longest gone give way", () => {
    const { state, said } = then(died("n5", 3), died("n7", 1, "stopped"), died("n6", 2), birth(1));

    expect(said).toEqual(["forgotten", "born", "changed"]);
    expect([...state.keys()].filter((name) => !full.has(name))).toEqual([node]);
    expect([state.has("n7"), state.has("n5"), state.size]).toEqual([false, true, nodesMax]);
  });

  test("keeps one that sleeps: it means to come back", () => {
    const sleeps: PresenceEvent = {
      kind: "death",
      at: noon,
      node: "n1",
      death: deathOf({ reason: "stopped", sleep: { reason: "night" } }),
    };

    expect(then(sleeps, birth(1)).said).toBe("too-many-nodes");
  });
});

test("a node is forgotten when somebody says so, and not while it is here", () => {
  const forget: PresenceEvent = { kind: "forget", node, at: noon };

  expect(run(birth(1), forget).said).toBe("node-is-here");
  expect(run(forget).said).toBe("unborn");
  const gone = run(birth(1), death(1), forget);
  expect(gone.said).toEqual([{ kind: "forgotten", node }]);
  expect(gone.state.size).toBe(0);
});

test("whatever arrives late, a node is ready exactly when its current connection has not died", () => {
  // A node lives, connects again and again; deaths and births of every earlier moment may arrive at any later one.
  const event = fc.oneof(
    fc.constant("new-life" as const),
    fc.constant("reconnect" as const),
    fc.constant("die" as const),
    fc.record({ lateDeathOf: fc.nat(20) }),
    fc.record({ lateBirthOf: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      const past: { session: number; connection: number }[] = [];
      let current = { session: 1, connection: 1 };
      let isAlive = true;
      const all = [birth(1)];
      for (const each of events) {
        if (each === "die") {
          all.push(death(current.session, current.connection));
          isAlive = false;
        } else if (typeof each === "string") {
          past.push(current);
          current =
            each === "new-life"
              ? { session: current.session + 1, connection: 1 }
              : { ...current, connection: current.connection + 1 };
          all.push(birth(current.session, current.connection));
          isAlive = true;
        } else if ("lateDeathOf" in each) {
          const old = past[each.lateDeathOf % Math.max(past.length, 1)];
          if (old !== undefined) all.push(death(old.session, old.connection));
        } else {
          const old = past.filter(({ session }) => session === current.session)[0];
          if (old !== undefined) all.push(birth(old.session, old.connection));
        }
      }
      expect(run(...all).node?.state).toBe(isAlive ? "init" : "lost");
    }),
  );
});
