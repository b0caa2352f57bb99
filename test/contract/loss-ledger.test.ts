// The law of the loss ledger, on the real queues of both sides with a bad network between them: whatever happens,
// every message has one end or still waits.

import fc from "fast-check";
import { expect, test } from "vitest";
import { Inbox } from "../../agent/src/core/inbox/inbox.ts";
import { Outbox } from "../../agent/src/core/outbox/outbox.ts";
import { Switchboard } from "../../agent/src/core/switchboard/switchboard.ts";
import { downDifference } from "../../hub/src/core/ledger/site-ledger.ts";
import { NodeBooks, type UpCounts } from "../../hub/src/core/ledger/node-books.ts";
import { Intake } from "../../hub/src/core/intake/intake.ts";
import { NodeQueue } from "../../hub/src/core/queue/node-queue.ts";
import { instant, millis } from "@interactor/shared/kernel/units";
import { birthOf, noon, nowAt, routeOf, sessionNumber } from "@interactor/shared/testing/builders";
import { type Lane, lane as lanes, laneNumbers } from "@interactor/shared/wire/lanes";
import { ttlDefault } from "@interactor/shared/wire/limits";
import { sumOf } from "@interactor/shared/wire/ledger";
import { downLaneOf, perLane, upLaneOf } from "@interactor/shared/wire/messages/node-ledger";

const instances = {
  sim: {
    module: "simulated",
    version: "1",
    inputs: {},
    outputs: { many: { type: "float" as const, count: 200 } },
  },
  lights: {
    module: "dmx",
    version: "1",
    inputs: { front: { type: "float" as const, min: 0, max: 1, actuator: true } },
    outputs: {},
  },
};

/** What may happen in a run. */
const event = fc.oneof(
  fc.record({
    kind: fc.constant("reading" as const),
    output: fc.integer({ min: 1, max: 200 }),
    every: fc.boolean(),
    times: fc.integer({ min: 1, max: 400 }),
  }),
  fc.record({
    kind: fc.constant("routed" as const),
    ttl: fc.integer({ min: 1, max: 40 }),
    times: fc.integer({ min: 1, max: 400 }),
    lane: fc.constantFrom<Lane>(0, 1, 2, 3),
  }),
  fc.record({ kind: fc.constant("command" as const), input: fc.constantFrom("lights/front", "lights/none") }),
  fc.record({ kind: fc.constant("wait" as const), span: fc.integer({ min: 1, max: 6000 }) }),
  fc.record({ kind: fc.constant("exchange" as const), lost: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ kind: fc.constant("reconnect" as const) }),
  fc.record({ kind: fc.constant("kill" as const) }),
);

type Happening = typeof event extends fc.Arbitrary<infer Each> ? Each : never;

class Hop {
  readonly books = new NodeBooks();
  readonly queue = new NodeQueue(sessionNumber(200));
  readonly #intake: Intake;
  at = 0;
  #life = 0;
  outbox: Outbox;
  inbox: Inbox;
  /** Counted apart from all ledgers: readings offered, and values that came to the hub. */
  made = 0;
  /** Messages that had an effect at the hub. */
  readonly effects = perLane(() => 0);
  /** Messages taken away by kills. */
  killed = 0;

  constructor() {
    this.#intake = new Intake({
      keep: (_record, then) => void then?.(),
      forget: () => undefined,
      values: (_source, _readings, batch) => void (this.effects[batch.lane] += 1),
      result: () => undefined,
      clock: () => undefined,
      receipt: (_node, receipt) => this.queue.receipt(receipt),
      refused: (reason) => expect.unreachable(`the hub refused: ${reason}`),
      took: (_node, taken) => this.books.took(taken),
    });
    [this.outbox, this.inbox] = this.#born();
  }

  #born(): readonly [Outbox, Inbox] {
    this.#life += 1;
    const outbox = new Outbox(sessionNumber(this.#life));
    const board = new Switchboard("pi", {
      apply: () => undefined,
      ownersChanged: () => undefined,
      held: () => undefined,
    });
    board.declare("lights", instances.lights, nowAt(this.at));
    const inbox = new Inbox(board, {
      result: (reply) => outbox.result(reply, noon, instant(this.at)),
      receipt: (receipt) => outbox.receipt(receipt, noon, instant(this.at)),
      refused: () => undefined,
      clock: () => undefined,
      missed: (lane, entries) => expect.unreachable(`${entries} missed in lane ${lane}`),
    });
    outbox.connected();
    this.queue.connected();
    return [outbox, inbox];
  }

  say(): void {
    this.books.told({
      v: 1,
      kind: "ledger",
      session: sessionNumber(this.#life),
      up: perLane((lane) => upLaneOf(this.outbox.ledger.read(lane), this.outbox.depth(lane))),
      down: perLane((lane) => downLaneOf(this.inbox.ledger.read(lane), this.inbox.gaps(lane))),
      before: [],
    });
  }

  reconnect(): void {
    for (const side of [this.outbox, this.queue]) {
      side.disconnected();
      side.connected();
    }
  }

  kill(): void {
    this.killed += laneNumbers.reduce<number>((sum, lane) => sum + this.outbox.inMemory(lane), 0);
    this.queue.disconnected();
    this.queue.restarted();
    [this.outbox, this.inbox] = this.#born();
  }

  /** Both sides send; of the last `lost` publishes the first comes unanswered and the others never, as when the line breaks. */
  exchange(lost: number): void {
    const sent: ((isAnswered: boolean) => void)[] = [];
    const birth = birthOf({ session: sessionNumber(this.#life), instances });
    this.outbox.pump(instant(this.at), (lane, payload, lastSeq) => {
      sent.push((isAnswered) => {
        this.#intake.accept("pi", lane, payload, birth);
        if (isAnswered) this.outbox.confirmed(lane, lastSeq);
      });
    });
    this.queue.pump(instant(this.at), (lane, payload) => {
      sent.push(() => this.inbox.receive(lane, payload, nowAt(this.at)));
    });
    const answered = Math.max(sent.length - lost, 0);
    for (const arrive of sent.slice(0, answered)) arrive(true);
    sent[answered]?.(false);
    if (lost > 0) this.reconnect();
  }
}

/** Until nothing waits at the node. */
function settle(hop: Hop): void {
  for (let turn = 0; turn < 100 && hop.outbox.queued > 0; turn += 1) {
    hop.at += 100;
    hop.exchange(0);
  }
  expect(hop.outbox.queued).toBe(0);
  hop.say();
}

const balance = ({ produced, delivered, queued, losses, unaccounted, difference }: UpCounts): number =>
  produced - delivered - queued - sumOf(losses) - unaccounted - difference;

function expectLaw(hop: Hop): void {
  for (const lane of laneNumbers) {
    const { outbox, queue, inbox } = hop;
    expect(downDifference(outbox.ledger.read(lane), outbox.depth(lane))).toBe(0);
    expect(downDifference(queue.ledger.read(lane), queue.depth(lane))).toBe(0);
    expect(downDifference(inbox.ledger.read(lane), 0)).toBe(0);
    hop.say();
    const up = hop.books.up(lane);
    expect(up.difference).toBe(0);
    expect(up.missed).toBe(0);
    expect(balance(up)).toBe(0);
  }
}

const sumUp = (hop: Hop, of: (counts: UpCounts) => number): number =>
  laneNumbers.reduce<number>((sum, lane) => sum + of(hop.books.up(lane)), 0);

function play(hop: Hop, step: Happening): void {
  switch (step.kind) {
    case "reading":
      for (let time = 0; time < step.times; time++) {
        const from = `sim/many${((step.output + time) % 200) + 1}`;
        hop.outbox.reading(
          { from, value: time, at: noon, quality: 0, deliver: step.every ? "every" : "latest" },
          instant(hop.at),
        );
        hop.made += 1;
      }
      return;
    case "routed":
      for (let time = 0; time < step.times; time++) {
        const route = routeOf({ name: `r${time % 7}`, lane: step.lane, ttl: millis(step.ttl) });
        hop.queue.routed(route, "lights/front", { value: 0.5, at: noon, quality: 0 }, instant(hop.at));
      }
      return;
    case "command": {
      const command = { kind: "set" as const, value: 1, holdFor: millis(10), ttl: millis(1000), by: "test" };
      hop.queue.command(step.input, command, noon, instant(hop.at));
      return;
    }
    case "wait":
      hop.at += step.span;
      return;
    case "exchange":
      return hop.exchange(step.lost);
    case "reconnect":
      return hop.reconnect();
    case "kill":
      hop.say();
      return hop.kill();
  }
}

test("every message of a hop has one end or still waits, whatever happens between node and hub", () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(fc.array(event, { minLength: 20, maxLength: 60 }), (events) => {
      const hop = new Hop();
      for (const step of events) {
        play(hop, step);
        expectLaw(hop);
      }
      settle(hop);
      // Delivered is what had an effect, whatever became of confirmations; nothing else is.
      for (const lane of [lanes.critical, lanes.telemetry])
        expect(hop.books.up(lane).delivered).toBe(hop.effects[lane]);
      // Every reading is in the books, and so is every message that a kill took.
      expect(sumUp(hop, ({ produced }) => produced)).toBeGreaterThanOrEqual(hop.made);
      expect(sumUp(hop, ({ unaccounted }) => unaccounted)).toBeLessThanOrEqual(hop.killed);
      for (const lane of laneNumbers) {
        for (const kind of Object.keys(hop.books.up(lane).losses)) reached.add(`up ${kind}`);
        for (const kind of Object.keys(hop.books.down(lane).losses)) reached.add(`there ${kind}`);
        for (const { end, reason } of hop.queue.ledger.read(lane).losses)
          reached.add(`down ${end} ${reason}`);
        if (hop.books.up(lane).unaccounted > 0) reached.add("crash");
        if (hop.books.up(lane).repeated > 0) reached.add("up twice");
        if (hop.books.down(lane).repeated > 0) reached.add("down twice");
      }
    }),
    { numRuns: 150, seed: 20_260_727 },
  );
  expect([...reached]).toEqual(
    expect.arrayContaining([
      "up expired ttl",
      "up evicted conflated",
      "down expired ttl",
      "down refused node-restarted",
      "down evicted conflated",
      "there refused unknown-input",
      "crash",
      "up twice",
      "down twice",
    ]),
  );
});

test("what was sent and not confirmed before it is too late is delivered when it had come, and expired when not", () => {
  const hop = new Hop();
  const reading = { from: "sim/many1", value: 1, at: noon, quality: 0, deliver: "every" } as const;
  for (const isUrgent of [true, false]) hop.outbox.reading({ ...reading, isUrgent }, instant(hop.at));
  // The critical one comes, and its confirmation is lost; the other one never comes.
  hop.exchange(2);
  hop.at += ttlDefault + 1;
  expectLaw(hop);

  settle(hop);

  expect(hop.effects).toEqual(perLane((lane) => (lane === lanes.critical ? 1 : 0)));
  expect(hop.books.up(lanes.critical)).toMatchObject({ produced: 1, delivered: 1, losses: {}, repeated: 1 });
  expect(hop.books.up(lanes.telemetry)).toMatchObject({
    produced: 1,
    delivered: 0,
    losses: { "expired ttl": 1 },
  });
  expectLaw(hop);
});
