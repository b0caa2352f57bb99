import { expect, test } from "vitest";
import { cpuSecondsIn, megabytesIn } from "./usage-of.ts";

test("CPU time is read past a name with parentheses and spaces", () => {
  const stat = "42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 123 45 6 7 20 0 11 0 99";

  expect(cpuSecondsIn(stat)).toBeCloseTo(1.68);
  expect(() => cpuSecondsIn("nonsense")).toThrow("/proc/<pid>/stat");
});

test("memory is read from its own line only, and a missing one is no zero", () => {
  const status = "VmHWM:\t  4096 kB\nVmRSS:\t  2048 kB\n";

  expect(megabytesIn(status, "VmRSS")).toBe(2);
  expect(() => megabytesIn(status, "Pss")).toThrow("no Pss");
});
