import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { causeIn, interruptedAt, LastWords } from "./last-words.ts";

test("the cause stands in the report of a fatal error, else in the error itself", () => {
  const report = {
    header: { event: "Allocation failed - JavaScript heap out of memory" },
    javascriptStack: { message: "Error", stack: ["at run (file:///module/index.mjs:1:2)"] },
  };

  expect(causeIn(`FATAL ERROR\n${JSON.stringify(report)}\n 1: 0x84 [/node]`)).toEqual({
    reason: "Allocation failed - JavaScript heap out of memory",
    stack: "Error\nat run (file:///module/index.mjs:1:2)",
    isOutOfHeap: true,
  });
  expect(causeIn("file:///module/index.mjs:1\nthrow x;\n\nTypeError: no lamp\n    at start")).toEqual({
    reason: "TypeError: no lamp",
    stack: "TypeError: no lamp\n    at start",
  });
  for (const text of ["", "gone", '{"header":', '{"header":5}']) expect(causeIn(text).reason).toBeUndefined();
});

test("the cause is whole however long it is: what is secret in it is looked for before anybody cuts", () => {
  const reason = `Error: ${"x".repeat(190)} a secret ${"y".repeat(5000)}`;
  const report = { header: { event: reason }, javascriptStack: { message: reason, stack: [] } };

  expect(causeIn(reason)).toEqual({ reason, stack: reason });
  expect(causeIn(JSON.stringify(report))).toMatchObject({ reason, stack: reason });
});

test("a report says what it used, and where in native code it was when its own stack is lost", () => {
  const report = {
    header: { event: "Allocation failed - process out of memory" },
    javascriptStack: { message: "No stack.", stack: ["Unavailable."] },
    nativeStack: [{ pc: "0x1", symbol: "node::OOMErrorHandler" }, 5, { symbol: 7 }],
    resourceUsage: { rss: "88080384", userCpuSeconds: 1.5, kernelCpuSeconds: 0.5 },
  };

  expect(causeIn(JSON.stringify(report))).toEqual({
    reason: "Allocation failed - process out of memory",
    stack: "No stack.\n    at node::OOMErrorHandler",
    isOutOfHeap: true,
    memory: 88_080_384,
    cpuMs: 2000,
  });
});

test("of what is written without end the end is kept", async () => {
  const words = new LastWords(
    Readable.from(Array.from({ length: 20 }, (_, index) => `${index}`.repeat(5000))),
  );

  await sleep(100);

  expect(words.text.length).toBeLessThanOrEqual(64 * 1024);
  expect(words.text.endsWith("1919")).toBe(true);
});

test("where it was when a signal came is read as Node writes it, whatever stands around it", () => {
  const text =
    "noise\nKEYBOARD_INTERRUPT: Script execution was interrupted by `SIGINT`\n    at spin (file:///m.mjs:2:3)\n\nmore";

  expect(interruptedAt(text)).toBe("where it was when it was ended:\n    at spin (file:///m.mjs:2:3)");
  expect(interruptedAt("noise\n    at home")).toBe("");
});
