import { describe, expect, test } from "vitest";
import { instant } from "@interactor/shared/kernel/units";
import { prepareRoute } from "@interactor/shared/routing/run-route";
import { decodeReported, encodeReported } from "@interactor/shared/wire/messages/reported";
import { instancesMax, payloadBytesMax } from "@interactor/shared/wire/limits";
import { routeOf, sessionNumber } from "@interactor/shared/testing/builders";
import { Report } from "./report.ts";

const clock = { synchronised: true, offsetMs: -12.5, errorMs: 0.4, steps: 0 };
const apply = { revision: 0, digest: "", phase: "idle" } as const;
const nothing = { revision: 0, digest: "", apply, owners: {}, routes: [], clock };

describe("it is time to report", () => {
  test("at once in the beginning and on each new connection", () => {
    const report = new Report(sessionNumber(1));
    expect(report.isDue(instant(0))).toBe(true);
    report.take(nothing, instant(0));
    expect(report.isDue(instant(1))).toBe(false);

    report.begin();

    expect(report.isDue(instant(1))).toBe(true);
  });

  test("soon after a change, and now and then without one", () => {
    const report = new Report(sessionNumber(1));
    report.take(nothing, instant(0));
    expect(report.dueAt(instant(1))).toBe(5000);

    report.changed();

    expect(report.dueAt(instant(1))).toBe(200);
    expect([report.isDue(instant(199)), report.isDue(instant(200))]).toEqual([false, true]);
  });
});

test("it says how instances are, what routes did and what was refused", () => {
  const report = new Report(sessionNumber(1));
  const prepared = prepareRoute(routeOf({ map: "value.a" }));
  if (prepared.ok)
    prepared.value.offer({ value: 1, unit: "", quality: 0, at: 0 as never }, instant(0), () => undefined);
  report.instance("sim", { state: "running" });
  for (const reason of ["down empty", "down empty", "stop wrong-shape"]) report.refused(reason);

  const document = report.take({ ...nothing, routes: prepared.ok ? [prepared.value] : [] }, instant(0));

  expect(document).toMatchObject({
    instances: { sim: { state: "running" } },
    routes: { follow: { passed: 0, failed: 1, error: expect.stringMatching(/^map: /) } },
    refused: { "down empty": 2, "stop wrong-shape": 1 },
  });
});

test("however long the words of a module are, the hub takes the report", () => {
  const report = new Report(sessionNumber(1));
  for (let number = 0; number < instancesMax; number += 1) {
    report.instance(`sim${number}`, { state: "waiting", reason: "漢".repeat(50_000) });
    report.problem(`problem ${number}`, "漢".repeat(50_000));
  }

  const document = encodeReported(report.take(nothing, instant(0)));

  expect(document.length).toBeLessThan(payloadBytesMax);
  expect(decodeReported(document)).toMatchObject({
    ok: true,
    value: { instances: { sim9: { state: "waiting" } } },
  });
});

test("of reasons without end only the first ones are counted", () => {
  const report = new Report(sessionNumber(1));
  for (let index = 0; index < 1000; index++) report.refused(`reason ${index}`);

  expect(Object.keys(report.take(nothing, instant(0)).refused)).toHaveLength(50);
});

test("what keeps the node from working is told while it lasts, and is news when it begins and when it ends", () => {
  const report = new Report(sessionNumber(1));
  report.take(nothing, instant(0));
  const dueWhenQuiet = report.dueAt(instant(1));

  report.problem("disk", "its disk is full");
  expect(report.dueAt(instant(1))).toBeLessThan(dueWhenQuiet);
  expect(report.take(nothing, instant(1)).problems).toEqual(["its disk is full"]);
  report.problem("disk", "its disk is full");
  expect(report.dueAt(instant(2))).toBe(dueWhenQuiet + 1);
  report.problem("disk", undefined);

  expect(report.dueAt(instant(2))).toBeLessThan(dueWhenQuiet);
  expect(report.take(nothing, instant(2))).toMatchObject({ problems: [], clock });
});

describe("a report larger than a payload may be", () => {
  // Each since another time, so that nothing can be told together.
  const ownerAt = (at: number) =>
    ({ kind: "manual", by: "anna".repeat(16), since: 1_800_000_000_000_000 + at }) as const;
  const crowd = Object.fromEntries(
    Array.from({ length: 4096 }, (_, at) => [`stage${at % 8}/ch${at}`, ownerAt(at)]),
  );

  test("goes without the owners, and says so", () => {
    const report = new Report(sessionNumber(1));
    report.instance("sim", { state: "running" });

    const document = report.document({ ...nothing, owners: crowd }, instant(0));

    expect(document?.length).toBeLessThan(payloadBytesMax);
    expect(document === undefined ? undefined : decodeReported(document)).toMatchObject({
      ok: true,
      value: { owners: {}, instances: { sim: {} }, problems: [expect.stringContaining("too large")] },
    });
  });

  test("is whole again, and no problem, when it fits", () => {
    const report = new Report(sessionNumber(1));
    report.document({ ...nothing, owners: crowd }, instant(0));

    report.document({ ...nothing, owners: { "sim/a": ownerAt(0) } }, instant(200));
    const document = report.document({ ...nothing, owners: { "sim/a": ownerAt(0) } }, instant(400));

    expect(document === undefined ? undefined : decodeReported(document)).toMatchObject({
      value: { owners: { "sim/a": ownerAt(0) }, problems: [] },
    });
  });
});

test("it says what is plugged in, once somebody has looked, and rather who owns its inputs when it grows too large", () => {
  const report = new Report(sessionNumber(1));
  const devices = { serial: [{ path: "/dev/ttyUSB0" }], gpio: [], i2c: [], midi: [] };
  const owner = { kind: "manual", by: "anna", since: 1_800_000_000_000_000 } as const;
  const owners = { "stage/front": owner };
  const many = { ...devices, midi: Array.from({ length: 4000 }, () => "x".repeat(100)) };

  expect(report.take(nothing, instant(0))).not.toHaveProperty("devices");
  expect(report.take({ ...nothing, devices }, instant(0)).devices).toEqual(devices);
  const document = report.document({ ...nothing, owners, devices: many }, instant(0));

  const read = document === undefined ? undefined : decodeReported(document);
  expect(read).toMatchObject({ ok: true, value: { owners } });
  expect(read).not.toHaveProperty("value.devices");
});

test("it says what its machine lacks, once somebody has looked, and not what is well", () => {
  const report = new Report(sessionNumber(1));
  const lack = { check: "memory", state: "degraded", words: "no such group" } as const;
  const machine = [lack, { check: "user", state: "ok", words: "it has one" } as const];

  expect(report.take(nothing, instant(0))).not.toHaveProperty("machine");
  expect(report.take({ ...nothing, machine }, instant(0)).machine).toEqual([lack]);
  expect(report.take({ ...nothing, machine: [] }, instant(0)).machine).toEqual([]);
});
