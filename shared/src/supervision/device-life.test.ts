import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instant } from "../kernel/units.ts";
import {
  complaintOf,
  deviceAtStart,
  type DeviceEffect,
  type DeviceEvent,
  type DeviceState,
  isUsable,
  stepDevice,
  usualDeviceSpans,
  wakeAt,
} from "./device-life.ts";

/** A device that is told one thing after the other; `wait` lets time go by until the next tick is due. */
class Told {
  state: DeviceState = deviceAtStart(instant(0));
  effects: DeviceEffect[] = [];
  at = instant(0);

  tell(...events: readonly DeviceEvent[]): this {
    for (const event of events) {
      const step = stepDevice(this.state, event, { at: this.at, chance: 0 });
      this.state = step.state;
      this.effects.push(...step.effects);
    }
    return this;
  }

  wait(): this {
    this.at = wakeAt(this.state) ?? this.at;
    return this.tell(tick);
  }

  ready(attempt = 1): this {
    return this.tell(tick, opened(attempt), greeted(attempt));
  }
}

const tick: DeviceEvent = { kind: "tick" };
const opened = (attempt: number): DeviceEvent => ({ kind: "opened", attempt });
const greeted = (attempt: number): DeviceEvent => ({ kind: "greeted", attempt });
const failed = (attempt: number): DeviceEvent => ({ kind: "failed", attempt, reason: "hung up" });
const missing = (attempt: number): DeviceEvent => ({ kind: "missing", attempt, reason: "not plugged in" });
const worse = (attempt: number): DeviceEvent => ({ kind: "worse", attempt, reason: "half of it is noise" });
const well = (attempt: number): DeviceEvent => ({ kind: "well", attempt });

test("a device is opened, greeted and ready", () => {
  const device = new Told().ready();

  expect(device.state.kind).toBe("ready");
  expect(device.effects).toEqual([
    { kind: "open", attempt: 1 },
    { kind: "greet", attempt: 1 },
  ]);
  expect(complaintOf(device.state)).toBeUndefined();
});

test("one that hangs up is closed, and tried again as another attempt", () => {
  const device = new Told().ready().tell(failed(1));

  expect(device.state.kind).toBe("lost");
  expect(complaintOf(device.state)).toBe("hung up");
  expect(device.effects.at(-1)).toEqual({ kind: "close", attempt: 1 });
  expect(device.wait().effects.at(-1)).toEqual({ kind: "open", attempt: 2 });
  expect(device.at).toBe(1000);
});

test("what an old attempt still says changes nothing; what it opens late is closed", () => {
  const device = new Told().tell(tick).wait().wait();
  expect(device.state).toMatchObject({ kind: "opening", attempt: 2 });

  const before = device.state;
  device.tell(greeted(1), failed(1), missing(1), worse(1));
  expect(device.state).toBe(before);
  device.tell(opened(1));

  expect(device.state).toBe(before);
  expect(device.effects.at(-1)).toEqual({ kind: "close", attempt: 1 });
});

test("opening and answering have a deadline", () => {
  expect(complaintOf(new Told().tell(tick).wait().state)).toBe("it could not be opened in time");
  expect(complaintOf(new Told().tell(tick, opened(1)).wait().state)).toBe("it did not answer in time");
});

test("an absent device is looked for every few seconds, for ever", () => {
  const device = new Told().tell(tick, missing(1));
  const times: number[] = [];

  for (let attempt = 2; attempt < 9; attempt += 1) {
    times.push(device.wait().at);
    device.tell(missing(attempt));
  }

  expect(device.state.kind).toBe("absent");
  expect(times).toEqual([1000, 3000, 7000, 12_000, 17_000, 22_000, 27_000]);
});

test("one that fails again and again is left alone, until it is plugged in anew", () => {
  const device = new Told().tell(tick, failed(1));
  for (let attempt = 2; attempt < 6; attempt += 1) device.wait().tell(failed(attempt));
  expect(device.state).toMatchObject({ kind: "lost", failsAlways: true, dueAt: device.at + 60_000 });
  expect(complaintOf(device.state)).toContain("failed 5 times in a row");

  device.tell({ kind: "appeared" });
  expect(device.state).toMatchObject({ kind: "opening", attempt: 6 });
  device.tell(failed(6));

  expect(device.state).toMatchObject({ failsAlways: false, dueAt: device.at + 1000 });
});

test("one that was well for a while is tried soon again when it fails", () => {
  const device = new Told().tell(tick, failed(1)).wait().tell(failed(2)).wait();
  device.tell(opened(3), greeted(3)).wait();

  device.tell(failed(3));

  expect(device.state).toMatchObject({ failures: 1, dueAt: device.at + 1000 });
});

describe("a device that works badly", () => {
  test("is used on and well again", () => {
    const device = new Told().ready().tell(worse(1));
    expect(isUsable(device.state)).toBe(true);
    expect(complaintOf(device.state)).toBe("it works badly: half of it is noise");

    device.tell(well(1));

    expect(device.state.kind).toBe("ready");
    expect(device.effects.filter(({ kind }) => kind === "close")).toEqual([]);
  });

  test("is opened anew when it goes on too long, however often it complains", () => {
    const device = new Told().ready().tell(worse(1));
    const due = wakeAt(device.state);

    device.tell(worse(1));
    expect(wakeAt(device.state)).toBe(due);
    device.wait();

    expect(device.state.kind).toBe("lost");
    expect(device.effects.at(-1)).toEqual({ kind: "close", attempt: 1 });
  });
});

test.each(["opening", "handshaking", "ready"])("one that is stopped while %s is closed", (kind) => {
  const device = new Told().tell(tick);
  if (kind !== "opening") device.tell(opened(1));
  if (kind === "ready") device.tell(greeted(1));
  expect(device.state.kind).toBe(kind);

  device.tell({ kind: "stop" });

  expect(device.state.kind).toBe("stopped");
  expect(device.effects.at(-1)).toEqual({ kind: "close", attempt: 1 });
  expect(device.tell(tick, { kind: "appeared" }, failed(1)).state.kind).toBe("stopped");
});

/** An event, mostly of the attempt that runs. */
const anyEvent: fc.Arbitrary<(state: DeviceState) => DeviceEvent> = fc.oneof(
  fc.constant(() => tick),
  fc.constant((): DeviceEvent => ({ kind: "appeared" })),
  ...[opened, opened, greeted, greeted, failed, missing, worse, well].map((event) =>
    fc
      .constantFrom(0, 0, 0, 1, 2)
      .map((age) => (state: DeviceState) => event(state.kind === "stopped" ? 0 : state.attempt - age)),
  ),
);

test("whatever is said in whatever order, each attempt is closed before the next, and something is waited for", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: 5000 }), anyEvent), { maxLength: 60, size: "max" }),
      (script) => {
        let state = deviceAtStart(instant(0));
        let at = instant(0);
        let openAttempt: number | undefined;
        for (const [pause, event] of script) {
          at = instant(at + pause);
          const step = stepDevice(state, event(state), { at, chance: 0.5 });
          state = step.state;
          seen.add(state.kind);
          for (const effect of step.effects) {
            if (effect.kind === "open") expect(openAttempt).toBeUndefined();
            if (effect.kind === "open") openAttempt = effect.attempt;
            if (effect.kind === "close" && effect.attempt === openAttempt) openAttempt = undefined;
          }
          if (state.kind === "ready" && wakeAt(state) === undefined) continue;
          expect(wakeAt(state)).toBeLessThanOrEqual(at + usualDeviceSpans.lostLongest);
        }
      },
    ),
    { numRuns: 1000 },
  );
  expect([...seen].toSorted()).toEqual(["absent", "degraded", "handshaking", "lost", "opening", "ready"]);
});
