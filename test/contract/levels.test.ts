// The level of a contact on its way to another node, by the real cores of both ends and of the hub between them.

import { Inbox } from "@interactor/agent/src/core/inbox/inbox.ts";
import { ListSpool } from "@interactor/agent/src/core/outbox/list-spool.ts";
import { Outbox } from "@interactor/agent/src/core/outbox/outbox.ts";
import { Outputs } from "@interactor/agent/src/core/outputs/outputs.ts";
import { Switchboard } from "@interactor/agent/src/core/switchboard/switchboard.ts";
import { Intake } from "@interactor/hub/src/core/intake/intake.ts";
import { samplesOf } from "@interactor/hub/src/core/intake/readings.ts";
import { Router } from "@interactor/hub/src/core/routing/router.ts";
import { expect, test } from "vitest";
import { prepareRoutes } from "@interactor/shared/routing/run-route";
import { birthOf, nowAt, routeOf, sessionNumber } from "@interactor/shared/testing/builders";
import type { Delivery } from "@interactor/shared/wire/messages/port";
import type { Receipt } from "@interactor/shared/wire/messages/receipt";
import type { Value } from "@interactor/shared/wire/value";

const from = "door/pins/contact";
const routes = [
  routeOf({ name: "light", from, to: "hall/stage/wash", map: "value ? 1.0 : 0.0" }),
  routeOf({ name: "go", from, to: "hall/stage/cue-go", when: "value", map: '"show"' }),
];
const unheard = { ownersChanged: () => undefined, held: () => undefined };
const passOver = (): void => undefined;

class Hall {
  readonly applied: (readonly [input: string, value: Value | undefined])[] = [];
  receipt: (receipt: Receipt) => void = passOver;
  readonly #board = new Switchboard("hall", {
    ...unheard,
    apply: ({ port }, each) => void this.applied.push([port, each?.value]),
  });
  readonly inbox = new Inbox(this.#board, {
    receipt: (receipt) => this.receipt(receipt),
    result: passOver,
    clock: passOver,
    refused: (reason) => void this.applied.push([reason, undefined]),
    missed: passOver,
  });

  constructor() {
    const wash = { type: "float", min: 0, max: 1, actuator: true } as const;
    const inputs = { wash, "cue-go": { type: "text", once: true } as const };
    this.#board.declare("stage", { inputs, outputs: {} }, nowAt(0));
  }

  count(input: string): number {
    return this.applied.filter(([each]) => each === input).length;
  }

  get wash(): Value | undefined {
    return this.applied.findLast(([input]) => input === "wash")?.[1];
  }
}

class Site {
  readonly #spool = new ListSpool(sessionNumber(2));
  readonly door = new Outbox(sessionNumber(1), { queue: this.#spool, isAwaited: () => false });
  readonly #outputs = new Outputs(new Switchboard("door", { ...unheard, apply: passOver }), this.door);
  hall = new Hall();
  #lives = 6;
  #time = 0;
  #router = this.#startHub();
  #intake = this.#startIntake();
  readonly #declared;

  constructor(deliver: Delivery = "every") {
    const contact = { type: "bool", deliver, level: true } as const;
    this.#declared = { module: "gpio", version: "1", inputs: {}, outputs: { contact } };
    this.#outputs.declare("pins", this.#declared, nowAt(0));
    this.connect(0);
  }

  /** The hub's next life knows nothing. */
  restartHub(at: number): void {
    this.door.disconnected();
    this.#router = this.#startHub();
    this.#intake = this.#startIntake();
    this.connect(at);
  }

  /** The other end starts again, and the hub tells it how things are. */
  restartHall(at: number): void {
    this.hall = new Hall();
    this.#router.connected("hall", true);
    this.#router.catchUp("hall", new Set(["stage"]), nowAt(at).instant);
    this.pump(at);
  }

  connect(at: number): void {
    this.door.connected();
    this.#outputs.sayAgain(nowAt(at).instant);
    this.pump(at);
  }

  /** The contact closes or opens. */
  give(value: boolean, at: number): void {
    const reading = { value, at: nowAt(at).wall, quality: 0, isUnsynchronised: false } as const;
    this.#outputs.take({ instance: "pins", port: "contact" }, reading, nowAt(at));
  }

  /** Everything comes to its end. */
  pump(at: number): void {
    for (const time of [at, at + 50, at + 100]) {
      this.#time = time;
      // As an agent does with a birth.
      this.door.spool?.announce();
      this.door.pump(nowAt(time).instant, (lane, payload) => {
        const instances = { pins: this.#declared };
        const birth = birthOf({ session: sessionNumber(1), spool: this.#spool.session, instances });
        expect(this.#intake.accept("door", lane, payload, birth)).toBeUndefined();
        this.door.confirmed(lane, Number.MAX_SAFE_INTEGER);
      });
      this.#router.pump(nowAt(time).instant, (node, lane, payload) => {
        expect(node).toBe("hall");
        this.hall.receipt = (receipt) => this.#router.receipt(node, receipt);
        this.hall.inbox.receive(lane, payload, nowAt(time));
      });
    }
  }

  #startHub(): Router {
    const router = new Router(sessionNumber((this.#lives += 1)));
    router.setRoutes(prepareRoutes(routes), routes, nowAt(0));
    router.connected("hall");
    return router;
  }

  #startIntake(): Intake {
    return new Intake({
      keep: (_record, then) => then?.(),
      values: (source, readings, batch, seq) => {
        const samples = samplesOf(source, readings, nowAt(this.#time).wall, { batch, seq });
        if (samples !== undefined) this.#router.values(source.address, samples, nowAt(this.#time).instant);
      },
      forget: passOver,
      receipt: passOver,
      result: passOver,
      clock: passOver,
      refused: (reason) => expect(reason).toBe("nothing"),
      took: passOver,
    });
  }
}

test("every edge comes to the other node", () => {
  const site = new Site();
  site.give(false, 0);

  for (const value of [true, false, true, false, true]) site.give(value, 10);
  site.pump(20);

  expect(site.hall.count("cue-go")).toBe(3);
  expect(site.hall.wash).toBe(1);
});

test.each(["every", "latest", "durable"] as const)(
  "an edge that is too old when the hub is back is none, and its level is known (%s)",
  (deliver) => {
    const site = new Site(deliver);
    site.give(true, 0);
    site.pump(0);
    expect(site.hall.wash).toBe(1);
    site.door.disconnected();

    site.give(false, 100);
    site.connect(10_000);

    expect(site.hall.wash).toBe(0);
    expect(site.hall.count("cue-go")).toBe(0);
  },
);

test.each(["every", "latest", "durable"] as const)(
  "a contact that is closed at the start is one that lights, and what it says again is no press (%s)",
  (deliver) => {
    const site = new Site(deliver);
    for (const at of [0, 1000]) {
      site.give(true, at);
      site.pump(at);
      expect(site.hall.wash).toBe(1);
    }
    site.restartHall(1500);
    expect(site.hall.wash).toBe(1);
    expect(site.hall.count("cue-go")).toBe(0);

    site.give(false, 2000);
    site.give(true, 3000);
    site.pump(3000);

    expect(site.hall.count("cue-go")).toBe(1);
    expect(site.hall.wash).toBe(1);
  },
);

test("a hub that knows nothing any more is told the level, and no cue goes for it", () => {
  const site = new Site();
  site.give(false, 0);
  site.give(true, 10);
  site.pump(20);
  expect(site.hall.count("cue-go")).toBe(1);
  site.hall.applied.length = 0;

  site.restartHub(1000);
  site.restartHall(2000);

  expect(site.hall.applied).toEqual([["wash", 1]]);
});

test("a node that starts again is told the level of a contact elsewhere, and no cue goes for it", () => {
  const site = new Site();
  site.give(false, 0);
  site.give(true, 10);
  site.pump(20);

  site.restartHall(1000);

  expect(site.hall.applied).toEqual([["wash", 1]]);
});
