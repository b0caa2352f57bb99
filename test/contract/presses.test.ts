// Presses and readings on their way to a state, by the real cores of the node, or of both ends and the hub between them.

import { Inbox } from "@interactor/agent/src/core/inbox/inbox.ts";
import { Outbox } from "@interactor/agent/src/core/outbox/outbox.ts";
import { Outputs } from "@interactor/agent/src/core/outputs/outputs.ts";
import { Switchboard } from "@interactor/agent/src/core/switchboard/switchboard.ts";
import { Intake } from "@interactor/hub/src/core/intake/intake.ts";
import { samplesOf } from "@interactor/hub/src/core/intake/readings.ts";
import { Router } from "@interactor/hub/src/core/routing/router.ts";
import { expect, test } from "vitest";
import { millis } from "@interactor/shared/kernel/units";
import { prepareRoutes } from "@interactor/shared/routing/run-route";
import { birthOf, nowAt, routeOf, sessionNumber } from "@interactor/shared/testing/builders";
import type { Value } from "@interactor/shared/wire/value";

const routes = [
  routeOf({ name: "on", from: "hall/pins/on", to: "hall/stage/black", when: "value", map: "true" }),
  routeOf({ name: "off", from: "hall/pins/off", to: "hall/stage/black", when: "value", map: "false" }),
  routeOf({ name: "heat", from: "hall/pins/heat", to: "hall/stage/black", map: "value > 30.0" }),
];
const button = { type: "bool", deliver: "every", level: true } as const;
const pins = {
  module: "gpio",
  version: "1",
  inputs: {},
  outputs: { on: button, off: button, heat: { type: "float" } },
} as const;
const stage = {
  module: "dmx",
  version: "1",
  inputs: { black: { type: "bool", released: false } },
  outputs: {},
} as const;
const session = sessionNumber(1);
const passOver = (): void => undefined;

/** A hall with two buttons and a thermometer, whose routes to its blackout run there or on the hub. */
class Hall {
  isBlack: Value = false;
  readonly #outbox = new Outbox(session);
  readonly #board = new Switchboard("hall", {
    ownersChanged: passOver,
    held: passOver,
    apply: (_address, each) => void (this.isBlack = each?.value ?? null),
  });
  readonly #outputs = new Outputs(this.#board, this.#outbox);
  readonly #router = new Router(sessionNumber(7));
  readonly #inbox = new Inbox(this.#board, {
    receipt: (receipt) => this.#router.receipt("hall", receipt),
    result: passOver,
    clock: passOver,
    refused: (reason) => expect(reason).toBe("nothing"),
    missed: passOver,
  });
  #time = 0;
  readonly #intake = new Intake({
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

  constructor(place: "node" | "hub") {
    this.#outputs.declare("pins", pins, nowAt(0));
    this.#outputs.declare("stage", stage, nowAt(0));
    const prepared = prepareRoutes(routes);
    if (place === "node") this.#board.setRoutes(prepared, new Map(), nowAt(0));
    else this.#router.setRoutes(prepared, routes, nowAt(0));
    this.#router.connected("hall");
    this.#outbox.connected();
    for (const port of ["on", "off"]) this.give(port, false);
  }

  give(port: string, value: Value): void {
    this.#time += 200;
    const reading = { value, at: nowAt(this.#time).wall, quality: 0, isUnsynchronised: false } as const;
    this.#outputs.take({ instance: "pins", port }, reading, nowAt(this.#time));
    this.#pump();
  }

  press(port: string): void {
    this.give(port, true);
    this.give(port, false);
  }

  byHand(value: boolean): void {
    const hand = { kind: "set", by: "anna", ttl: millis(5000), holdFor: millis(1000) } as const;
    this.#board.command("stage/black", { ...hand, value }, nowAt(this.#time));
  }

  #pump(): void {
    for (const time of [this.#time, this.#time + 50, this.#time + 100]) {
      this.#outbox.pump(nowAt(time).instant, (lane, payload) => {
        const birth = birthOf({ session, instances: { pins, stage } });
        expect(this.#intake.accept("hall", lane, payload, birth)).toBeUndefined();
        this.#outbox.confirmed(lane, Number.MAX_SAFE_INTEGER);
      });
      this.#router.pump(nowAt(time).instant, (_node, lane, payload) =>
        this.#inbox.receive(lane, payload, nowAt(time)),
      );
    }
  }
}

test.each(["node", "hub"] as const)("two buttons black out and light up, again and again (%s)", (place) => {
  const hall = new Hall(place);

  const seen = ["on", "off", "on", "off"].map((port) => {
    hall.press(port);
    return hall.isBlack;
  });

  expect(seen).toEqual([true, false, true, false]);
});

test.each(["node", "hub"] as const)("a button counts again after a hand (%s)", (place) => {
  const hall = new Hall(place);
  hall.press("on");
  hall.byHand(false);
  expect(hall.isBlack).toBe(false);

  hall.press("on");

  expect(hall.isBlack).toBe(true);
});

test.each(["node", "hub"] as const)("a thermometer does not undo what a hand did since (%s)", (place) => {
  const hall = new Hall(place);
  hall.give("heat", 20);
  hall.byHand(true);

  for (const degrees of [20.1, 20.2, 20.2]) hall.give("heat", degrees);
  expect(hall.isBlack).toBe(true);
  for (const degrees of [31, 20]) hall.give("heat", degrees);

  expect(hall.isBlack).toBe(false);
});
