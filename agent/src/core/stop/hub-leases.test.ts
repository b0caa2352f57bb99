import { expect, test } from "vitest";
import { instant, micros, millis, seconds } from "@interactor/shared/kernel/units";
import type { InputSpec } from "@interactor/shared/wire/messages/port";
import { Switchboard } from "../switchboard/switchboard.ts";
import { HubLeases } from "./hub-leases.ts";

const nowAt = (at: number) => ({ instant: instant(at), wall: micros(at * 1000) });
const dimmer: InputSpec = { type: "float", min: 0, max: 1, actuator: true };

function bench() {
  const held = new Map<string, unknown>();
  const board = new Switchboard("pi", {
    apply: ({ instance, port }, applied) => held.set(`${instance}/${port}`, applied?.value),
    ownersChanged: () => undefined,
    held: () => undefined,
  });
  const ports = { inputs: { front: dimmer, back: dimmer, text: { type: "text" as const } }, outputs: {} };
  board.declare("lights", ports, nowAt(0));
  for (const input of ["front", "back"]) {
    const set = { kind: "set", value: 0.8, holdFor: seconds(3600), ttl: millis(1), by: "anna" } as const;
    board.command(`lights/${input}`, set, nowAt(0));
  }
  const leases = new HubLeases([{ name: "lights", leases: { front: seconds(10) } }], board, instant(0));
  return { board, leases, ports, level: (input: string) => held.get(`lights/${input}`) };
}

test("an input with a lease goes to its stop value when the hub is silent, and comes back with it", () => {
  const { board, leases, level } = bench();

  expect(leases.tick(nowAt(9000))).toBe(10_000);
  expect(level("front")).toBe(0.8);
  expect(leases.tick(nowAt(10_000))).toBeUndefined();
  expect([level("front"), level("back")]).toEqual([0, 0.8]);
  expect(board.owners()["lights/front"]).toMatchObject({
    kind: "stop",
    by: "lease: the hub was not heard for 10 s",
  });
  leases.heard(nowAt(12_000));

  expect(level("front")).toBe(0.8);
  expect(leases.tick(nowAt(12_000))).toBe(22_000);
});

test("a word of the hub renews the lease", () => {
  const { leases, level } = bench();
  leases.heard(nowAt(9000));

  expect(leases.tick(nowAt(18_000))).toBe(19_000);
  expect(level("front")).toBe(0.8);
});

test("a lease and a show stop hold the same input, and it goes when both let go", () => {
  const { board, leases, level } = bench();
  leases.tick(nowAt(10_000));
  board.stopShow("anna", nowAt(11_000));
  expect([level("front"), level("back")]).toEqual([0, 0]);

  board.releaseStop(nowAt(12_000));
  expect([level("front"), level("back")]).toEqual([0, 0.8]);
  board.stopShow("anna", nowAt(13_000));
  leases.heard(nowAt(14_000));
  expect(level("front")).toBe(0);
  board.releaseStop(nowAt(15_000));

  expect(level("front")).toBe(0.8);
});

test("a lease holds an instance that comes later", () => {
  const { board, leases, ports, level } = bench();
  const late = new HubLeases([{ name: "late", leases: { front: seconds(5) } }], board, instant(0));
  late.tick(nowAt(6000));
  leases.heard(nowAt(6000));

  board.declare("late", ports, nowAt(7000));

  expect(board.owners()["late/front"]?.kind).toBe("stop");
  expect(level("front")).toBe(0.8);
});

test("a lease of what is no actuator input is named", () => {
  const { ports } = bench();
  const leases = { front: seconds(5), text: seconds(5), none: seconds(5) };
  const hub = new HubLeases([{ name: "lights", leases }], bench().board, instant(0));

  expect(hub.misplaced("lights", ports)).toEqual(["text", "none"]);
  expect(hub.misplaced("other", ports)).toEqual([]);
});

test("another plan gives other leases: what has lapsed and has none any more goes on", () => {
  const { leases, level } = bench();
  leases.tick(nowAt(10_000));
  expect(level("front")).toBe(0);

  leases.renewed([{ name: "lights", leases: { back: seconds(30) } }], nowAt(11_000));

  expect(level("front")).toBe(0.8);
  expect(leases.tick(nowAt(11_000))).toBe(30_000);
});

test("a lease that stays as it is stays lapsed, and a longer one has not run out", () => {
  const { leases, level } = bench();
  leases.tick(nowAt(10_000));

  leases.renewed([{ name: "lights", leases: { front: seconds(10) } }], nowAt(11_000));
  expect(level("front")).toBe(0);
  leases.renewed([{ name: "lights", leases: { front: seconds(20) } }], nowAt(12_000));

  expect(level("front")).toBe(0.8);
  expect(leases.tick(nowAt(12_000))).toBe(20_000);
});
