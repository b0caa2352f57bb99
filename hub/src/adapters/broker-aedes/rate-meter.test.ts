import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { brokerLimits } from "../../ports/broker.ts";
import { RateMeter } from "./rate-meter.ts";

// The meter reads the process's clock; here that clock stands until it is told to go on.
beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const meterOf = (): RateMeter =>
  new RateMeter({ ...brokerLimits, packetsPerSecondMax: 10, bytesPerSecondMax: 1000 });

test("a second's worth of packets comes at once, and not one more", () => {
  const meter = meterOf();

  const answers = Array.from({ length: 11 }, () => meter.packets(1));

  expect(answers).toEqual([...Array.from({ length: 10 }, () => true), false]);
  expect(meter.isExceeded).toBe(true);
});

test("a second's worth of bytes comes at once, and not one more", () => {
  const meter = meterOf();

  meter.bytes(1000);
  expect(meter.isExceeded).toBe(false);
  meter.bytes(1);

  expect(meter.isExceeded).toBe(true);
  expect(meter.packets(1)).toBe(false);
});

test("goes on when what was too much has been paid for", () => {
  const meter = meterOf();
  meter.packets(15);

  vi.advanceTimersByTime(499);
  expect(meter.refill(performance.now())).toBe(false);
  vi.advanceTimersByTime(1);
  expect(meter.refill(performance.now())).toBe(true);
  expect(meter.isExceeded).toBe(false);
});

test("whoever was silent for long has no more than a second's worth", () => {
  const meter = meterOf();
  vi.advanceTimersByTime(3_600_000);
  meter.refill(performance.now());

  meter.packets(10);
  expect(meter.isExceeded).toBe(false);
  expect(meter.packets(1)).toBe(false);
});

test("packets at the rate that is allowed go on for ever", () => {
  const meter = meterOf();
  const answers: boolean[] = [];

  for (let round = 0; round < 1000; round += 1) {
    answers.push(meter.packets(1));
    vi.advanceTimersByTime(100);
  }

  expect(answers).not.toContain(false);
});

test("over any time no more comes than the rate and one second's worth", () => {
  const meter = meterOf();
  let taken = 0;

  for (let at = 0; at < 60_000; at += 7) {
    if (!meter.isExceeded || meter.refill(performance.now())) {
      meter.packets(1);
      taken += 1;
    }
    vi.advanceTimersByTime(7);
  }

  expect(taken).toBeGreaterThan(590);
  expect(taken).toBeLessThanOrEqual(611);
});

test("an answer that is due costs nothing: what is given back is there again", () => {
  const meter = meterOf();

  for (let round = 0; round < 100; round += 1) {
    meter.packets(-1);
    expect(meter.packets(1)).toBe(true);
  }
});

// `bytes` does not look at the clock, and `isExceeded` does not either: a client that has sent its second's worth over
// an hour is held, and counted under `rate`, in the middle of a packet that comes in pieces.
test("bytes at the rate that is allowed go on for ever", () => {
  const meter = meterOf();

  for (let round = 0; round < 100; round += 1) {
    meter.bytes(100);
    expect(meter.isExceeded).toBe(false);
    vi.advanceTimersByTime(1000);
  }
});
