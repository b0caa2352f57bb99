import { describe, expect, test } from "vitest";
import { decodeBatch } from "@interactor/shared/wire/batch";
import { type Micros, micros } from "@interactor/shared/kernel/units";
import { noon, nowAt, sessionNumber } from "@interactor/shared/testing/builders";
import { type Lane, lane } from "@interactor/shared/wire/lanes";
import { Outbox } from "../outbox/outbox.ts";
import { Switchboard } from "../switchboard/switchboard.ts";
import { Outputs } from "./outputs.ts";

const day = 24 * 3600 * 1e6;

function bench() {
  const outbox = new Outbox(sessionNumber(1));
  outbox.connected();
  const board = new Switchboard("pi", {
    apply: () => undefined,
    ownersChanged: () => undefined,
    held: () => undefined,
  });
  const outputs = new Outputs(board, outbox);
  const ports = {
    inputs: {},
    outputs: { level: { type: "int" }, alarm: { type: "int", urgent: true } },
  } as const;
  outputs.declare("sim", { module: "sim", version: "1", ...ports }, nowAt(0));
  return {
    outputs,
    give: (at: Micros, { port = "level", isUnsynchronised = false } = {}) =>
      outputs.take({ instance: "sim", port }, { value: 1, at, quality: 0, isUnsynchronised }, nowAt(0)),
    /** The stamps that go to the hub. */
    sent(): readonly number[] {
      const stamps: number[] = [];
      outbox.pump(nowAt(0).instant, (of, payload) => {
        const batch = decodeBatch(payload, of);
        if (batch.ok) stamps.push(...batch.value.entries.map(({ at }) => at));
      });
      return stamps;
    },
    losses: (of: Lane) => outbox.ledger.read(of).losses,
  };
}

describe("a stamp", () => {
  test("that lies far ahead is refused and counted, goes nowhere, and takes nothing along", () => {
    const { outputs, give, sent, losses } = bench();

    give(micros(noon + 2 * day));
    give(micros(noon + 2 * day), { port: "alarm" });
    expect(outputs.latest.size).toBe(0);
    give(noon);

    expect(sent()).toEqual([noon]);
    for (const of of [lane.telemetry, lane.critical])
      expect(losses(of)).toEqual([{ end: "refused", reason: "wrong-time", count: 1 }]);
  });

  test("is taken when the clock was set back since, when it is old, and when the node does not know the time", () => {
    const { give, sent, losses } = bench();

    give(micros(noon + day / 2));
    expect(sent()).toEqual([noon + day / 2]);
    give(micros(0), { port: "alarm" });
    expect(sent()).toEqual([0]);
    give(micros(noon + 30 * day), { port: "alarm", isUnsynchronised: true });
    expect(sent()).toEqual([noon + 30 * day]);

    expect(losses(lane.telemetry)).toEqual([]);
  });
});
