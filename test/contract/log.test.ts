// Both ends of a log that is read, as they are, with the line between them in hand.

import { expect, test } from "vitest";
import { micros, seconds } from "@interactor/shared/kernel/units";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import type { LogView } from "@interactor/shared/wire/api-log";
import { decodeListen, encodeLogWord, type Listen } from "@interactor/shared/wire/messages/log";
import { AgentLog } from "../../agent/src/agent-log.ts";
import { logInterval } from "../../agent/src/core/log/listened-log.ts";
import { linkWith } from "../../agent/src/agent-neighbours.ts";
import type { LinkEvents, LinkOptions, PublishOptions } from "../../agent/src/ports/hub-link.ts";
import type { ModuleHostEvents } from "../../agent/src/ports/module-host.ts";
import { HubLogs } from "../../hub/src/hub-logs.ts";

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const where = { site: "demo", node: "pi" };
const ignored = { connected: () => undefined, message: () => undefined, heard: () => undefined };

interface OnTheWay {
  readonly payload: Uint8Array;
  readonly confirmed: () => void;
}

function ends() {
  const clock = new VirtualClock();
  const siteClock = Object.assign(clock, {
    isSynchronised: true,
    own: () => clock.wall(),
    steer: () => undefined,
  });
  const agent = new AgentLog(where, { clock: siteClock, log: silent, without: (text) => text });
  const hub = new HubLogs({ clock, log: silent });
  const asked: Listen[] = [];
  const onTheWay: OnTheWay[] = [];
  let events: LinkEvents | undefined;
  const own = {
    open(options: LinkOptions, given: LinkEvents) {
      events = given;
      expect(options.subscriptions).toContain("ix/1/demo/n/pi/listen");
      return {
        publish: (topic: string, payload: Uint8Array, { confirmed = () => undefined }: PublishOptions) => {
          expect(topic).toBe("ix/1/demo/n/pi/log");
          onTheWay.push({ payload, confirmed });
        },
        close: async () => undefined,
      };
    },
  };
  const link = linkWith(own, [agent]);
  hub.start((_node, payload) => {
    const decoded = decodeListen(payload);
    if (decoded.ok) asked.push(decoded.value);
    events?.message("ix/1/demo/n/pi/listen", payload);
  });
  const connect = (): void => {
    link.open(
      {
        clientId: "demo/pi",
        unit: "u",
        will: { topic: "", payload: Buffer.of() },
        subscriptions: [],
        urgent: [],
      },
      { ...ignored, closed: () => undefined },
    );
    events?.connected();
  };
  connect();
  /** Everything that is on its way arrives; returns why it was of no use. */
  const arrive = (): readonly (string | undefined)[] =>
    onTheWay.splice(0).map(({ payload, confirmed }) => {
      const reason = hub.heard("pi", payload);
      confirmed();
      return reason;
    });
  return {
    agent,
    hub,
    clock,
    asked,
    onTheWay,
    connect,
    arrive,
    cut: () => events?.closed("gone"),
    /** What there is to read when the agent has said what it may. */
    read(id: number): LogView | undefined {
      arrive();
      clock.advance(logInterval);
      arrive();
      return hub.take(id);
    },
  };
}

const line = (words: string, instance = "blink") => ({ instance, level: "info", words }) as const;
const wordsOf = (view: LogView | undefined) => view?.lines.map(({ words }) => words);

test("what a module logs comes to whoever reads it, once, and to nobody else", () => {
  const { agent, hub, asked, read } = ends();
  const blink = hub.begin("somebody", { node: "pi", instance: "blink" });
  const all = hub.begin("me", { node: "pi" });
  agent.take({ ...line("half way"), details: { count: 2 } });
  agent.take(line("another", "lamp"));

  const view = read(blink);

  expect(asked.at(-1)).toMatchObject({ instances: [], span: 15_000 });
  expect(view).toMatchObject({ heard: true, left_out: 0 });
  expect(view?.lines).toEqual([
    {
      at: "2027-01-15T08:00:00.000Z",
      instance: "blink",
      level: "info",
      words: "half way",
      details: '{"count":2}',
    },
  ]);
  expect(wordsOf(hub.take(all))).toEqual(["half way", "another"]);
  expect(wordsOf(read(blink))).toEqual([]);
});

test("what becomes of an instance stands among what it logs", () => {
  const { agent, hub, read } = ends();
  let told: ModuleHostEvents | undefined;
  const states: unknown[] = [];
  const stateChanged: ModuleHostEvents["stateChanged"] = (...change) => void states.push(change);
  agent.around((events) => {
    told = events;
    return {} as never;
  })({ stateChanged } as ModuleHostEvents);
  const id = hub.begin("somebody", { node: "pi", instance: "blink" });

  told?.stateChanged("blink", { state: "failed", reason: "no lamp" });

  expect(read(id)?.lines).toEqual([expect.objectContaining({ level: "error", words: "(failed: no lamp)" })]);
  expect(states).toEqual([["blink", { state: "failed", reason: "no lamp" }]]);
});

test("a reader that does not come back is forgotten, and then the node is asked no more and tells nothing", () => {
  const { agent, hub, clock, asked, onTheWay, arrive } = ends();
  const id = hub.begin("somebody", { node: "pi" });
  for (let second = 0; second < 25; second++) {
    clock.advance(seconds(1));
    arrive();
  }

  agent.take(line("late"));
  clock.advance(seconds(1));

  expect(hub.take(id)).toBeUndefined();
  expect(asked.at(-1)).toMatchObject({ span: 0 });
  expect(onTheWay).toEqual([]);
});

test("while somebody reads the node is asked again before it stops", () => {
  const { agent, hub, clock, read } = ends();
  const id = hub.begin("somebody", { node: "pi" });
  for (let second = 0; second < 60; second++) {
    clock.advance(seconds(1));
    agent.take(line(`${second}`));
    expect(wordsOf(read(id))).toEqual([`${second}`]);
  }
});

test("a node whose hub is gone stops by itself", () => {
  const { agent, hub, clock, cut, onTheWay, connect, arrive } = ends();
  hub.begin("somebody", { node: "pi" });
  arrive();
  cut();
  hub.start(() => undefined);
  clock.advance(seconds(16));
  agent.take(line("late"));

  connect();
  clock.advance(seconds(1));

  expect(onTheWay).toEqual([]);
});

test("what was cut off on its way comes again, and what had come is told once", () => {
  const { agent, hub, clock, cut, connect, onTheWay, arrive } = ends();
  const id = hub.begin("somebody", { node: "pi" });
  arrive();
  agent.take(line("one"));
  clock.advance(logInterval);
  const [arrived] = onTheWay.splice(0);
  expect(hub.heard("pi", arrived?.payload ?? Buffer.of())).toBeUndefined();
  cut();
  agent.take(line("two"));
  connect();
  clock.advance(logInterval);

  // Both lines are in one word now; of the first the agent does not know that it has come.
  arrive();

  expect(wordsOf(hub.take(id))).toEqual(["one", "two"]);
});

test("of more than may pass the oldest are left out, and how many is told", () => {
  const { agent, hub, clock, arrive } = ends();
  const id = hub.begin("somebody", { node: "pi" });
  arrive();
  for (let number = 0; number < 10_000; number++) agent.take(line(`${number}`));
  let [seen, leftOut] = [0, 0];
  let last: string | undefined;
  for (let turn = 0; turn < 10; turn++) {
    clock.advance(logInterval);
    arrive();
    const view = hub.take(id);
    seen += view?.lines.length ?? 0;
    leftOut += view?.left_out ?? 0;
    last = view?.lines.at(-1)?.words ?? last;
  }

  expect(last).toBe("9999");
  expect(seen + leftOut).toBe(10_000);
  expect(seen).toBeLessThan(1000);
});

test("a reader that takes nothing holds a bounded number of lines", () => {
  const { hub } = ends();
  const id = hub.begin("somebody", { node: "pi" });
  for (let number = 0; number < 600; number++) {
    const lines = [{ at: micros(1.8e15), ...line(`${number}`) }];
    hub.heard("pi", encodeLogWord({ v: 1, kind: "lines", lines, leftOut: 0 }));
  }

  const view = hub.take(id);

  expect(view).toMatchObject({ left_out: 100 });
  expect(view?.lines[0]?.words).toBe("100");
});

test("what nobody asked for is of no use, and so is what cannot be read", () => {
  const { hub } = ends();
  const word = encodeLogWord({ v: 1, kind: "lines", lines: [], leftOut: 0 });
  expect(hub.heard("pi", word)).toBe("not-asked");
  const id = hub.begin("somebody", { node: "pi" });

  expect(hub.heard("other", word)).toBe("not-asked");
  expect(hub.heard("pi", Buffer.from("nonsense"))).toBeTypeOf("string");
  expect(hub.heard("pi", new Uint8Array(20_000))).toBe("too-large");
  expect(hub.take(id)).toMatchObject({ heard: false, lines: [] });
});

test("more readers than there is room for are refused, and one that ends makes room", () => {
  const { hub } = ends();
  const ids = Array.from({ length: 16 }, () => hub.begin("somebody", { node: "pi" }));

  expect(() => hub.begin("somebody", { node: "pi" })).toThrow("try again later");
  hub.end(ids[0] ?? 0);

  expect(hub.begin("somebody", { node: "pi" })).toBeGreaterThan(ids[15] ?? 0);
});
