import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  cpuLoad,
  diskUsed,
  parseCpuTimes,
  parseLoadAverage,
  parseMemoryUsed,
  parseTemperature,
  parseThrottled,
  parseTraffic,
  parseUptime,
  trafficRate,
} from "./parse.ts";
import { pi4 } from "./sample-texts.ts";

test("a Pi 4 is read", () => {
  expect(parseTemperature(pi4.temp)).toBe(48.7);
  expect(parseCpuTimes(pi4.stat)).toEqual({ busy: 94_557, total: 5_022_283 });
  expect(parseLoadAverage(pi4.loadavg)).toBe(0.52);
  expect(parseMemoryUsed(pi4.meminfo)).toBe(14.2);
  expect(parseUptime(pi4.uptime)).toBe(12_567.84);
  expect(parseThrottled(pi4.throttled)).toEqual({ isUnderVoltage: true, isThrottled: true });
  expect(parseTraffic(pi4.netDev)).toEqual(
    new Map([
      ["eth0", { received: 98_304_512, sent: 4_210_688 }],
      ["wlan0", { received: 1024, sent: 2048 }],
    ]),
  );
});

test("load is the share of busy ticks in between, over all cores", () => {
  const before = { busy: 1000, total: 10_000 };

  expect(cpuLoad(before, { busy: 1100, total: 10_400 })).toBe(25);
  expect(cpuLoad(before, before)).toBeUndefined();
  expect(cpuLoad(before, { busy: 10, total: 100 })).toBeUndefined();
  expect(cpuLoad(before, { busy: 990, total: 10_100 })).toBe(0);
});

test("traffic is a rate over all interfaces, without those that came or began anew", () => {
  const before = new Map([
    ["eth0", { received: 1000, sent: 500 }],
    ["wlan0", { received: 9000, sent: 9000 }],
  ]);
  const after = new Map([
    ["eth0", { received: 3000, sent: 1500 }],
    ["wlan0", { received: 10, sent: 10 }],
    ["usb0", { received: 5_000_000, sent: 5_000_000 }],
  ]);

  expect(trafficRate(before, after, 2)).toEqual({ received: 1000, sent: 500 });
  expect(trafficRate(before, after, 0)).toBeUndefined();
});

test("disk is what df calls Use%", () => {
  expect(diskUsed({ blocks: 1000, bfree: 300, bavail: 200 })).toBe(77.8);
  expect(diskUsed({ blocks: 0, bfree: 0, bavail: 0 })).toBeUndefined();
});

test("a firmware that has only once been short of power is not so now", () => {
  expect(parseThrottled("50000\n")).toEqual({ isUnderVoltage: false, isThrottled: false });
  expect(parseThrottled("0x4")).toEqual({ isUnderVoltage: false, isThrottled: true });
});

test.each(["", "-274000\n", "hot", "48686 48686", "999999999999"])("%j is no temperature", (text) => {
  expect(parseTemperature(text)).toBeUndefined();
});

test.each([
  "",
  "cpu",
  "cpu  1 2 3",
  "cpu  a b c d e",
  "cpu0 1 2 3 4 5 6 7 8",
  `cpu  ${"9".repeat(20)} 1 1 1`,
])("%j tells no CPU times", (text) => {
  expect(parseCpuTimes(text)).toBeUndefined();
});

test("memory without MemAvailable, of a kernel before 3.14, is not guessed", () => {
  expect(parseMemoryUsed("MemTotal:  1000 kB\nMemFree:  500 kB\n")).toBeUndefined();
  expect(parseMemoryUsed("MemTotal:  0 kB\nMemAvailable:  0 kB\n")).toBeUndefined();
});

test("a table of interfaces of another make is not guessed", () => {
  expect(parseTraffic("eth0: 1 2 3")).toBeUndefined();
  expect(parseTraffic(pi4.netDev.slice(0, 240))?.size).toBe(0);
});

const parsers = {
  parseTemperature,
  parseCpuTimes,
  parseLoadAverage,
  parseMemoryUsed,
  parseTraffic,
  parseUptime,
  parseThrottled,
};
const damaged = fc
  .tuple(fc.constantFrom(...Object.values(pi4)), fc.nat(400), fc.nat(400), fc.string())
  .map(([text, from, to, inserted]) => text.slice(0, from) + inserted + text.slice(to));

test("no text whatever makes a parser throw, or gives a number that is none", () => {
  const numbersIn = (value: unknown): number[] => {
    if (typeof value === "number") return [value];
    if (value instanceof Map) return [...value.values()].flatMap(numbersIn);
    return typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : [];
  };

  fc.assert(
    fc.property(fc.oneof(damaged, fc.string()), fc.constantFrom(...Object.values(parsers)), (text, parse) => {
      expect(numbersIn(parse(text)).every(Number.isFinite)).toBe(true);
    }),
    { numRuns: 5000 },
  );
});
