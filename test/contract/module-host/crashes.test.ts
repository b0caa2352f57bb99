// What an agent knows of the end of a guest, whatever kind it is: how it ended, where it was, and what was said last.

import { describe, expect, vi } from "vitest";
import type { Death } from "../../../agent/src/core/crashes/crash-book.ts";
import { kindsWith } from "./kinds.ts";

describe.each(kindsWith("crashing-module.ts"))("in a $kind", ({ kind, openBench, test }) => {
  async function endedBy(how: string): Promise<Death | undefined> {
    await using bench = await openBench();
    await bench.start("lamp", { token: "abc-123" });
    // Until its first answer a guest has longer.
    if (how === "hang")
      await vi.waitFor(() => expect(bench.beats("lamp")).toBeGreaterThan(0), { timeout: 20_000 });
    bench.host.apply("lamp", "end", { value: how, at: 0 as never, owner: "route" });
    await vi.waitFor(() => expect(bench.deaths).toHaveLength(1), { timeout: 60_000 });
    return bench.deaths[0];
  }

  test("what it threw is told with its stack, and what was said before", { timeout: 90_000 }, async () => {
    const death = await endedBy("throw");

    expect(death).toMatchObject({ guest: kind, cause: "error", restarts: 0 });
    expect(death?.reason).toContain("no such lamp");
    expect(death?.stack).toMatch(/TypeError: no such lamp[^\n]*\n\s+at \S+ \(file:/);
    expect(death?.instances).toEqual([
      { instance: "lamp", module: "crashing", version: "3.2.1", digest: "" },
    ]);
    // Settings are not told, nor what it keeps: when that was answered is told, if it ran for so long.
    expect(death?.told.filter((line) => line !== "answer to lamp's question 1: done")).toEqual([
      "start lamp of lamp",
      'lamp/end = "throw" by route',
    ]);
    expect(death?.said.at(-1)).toBe('lamp/seen = "throw"');
    expect(death?.upMs).toBeGreaterThan(0);
    if (kind === "sandbox") expect(death?.code).toBe(1);
  });

  test("a start that fails is told once, with its stack, and ends nothing", { timeout: 90_000 }, async () => {
    await using bench = await openBench();
    await bench.start("beside");
    bench.host.start({ name: "lamp", module: "lamp", settings: { token: "refused" } });
    await vi.waitFor(() => expect(bench.reports).toContain("lamp: failed, no start for refused"), {
      timeout: 60_000,
    });

    expect(bench.deaths).toHaveLength(1);
    const [death] = bench.deaths;
    expect(death).toMatchObject({ guest: kind, cause: "start", upMs: expect.any(Number) });
    expect(death?.reason).toBe("it did not start: no start for refused");
    expect(death?.stack).toMatch(/RangeError: no start for refused[^\n]*\n\s+at \S+ \(file:/);
    expect(death?.instances).toEqual([
      { instance: "lamp", module: "crashing", version: "3.2.1", digest: "" },
    ]);
  });

  test("a promise that nobody waits for ends it like any other mistake", { timeout: 90_000 }, async () => {
    const death = await endedBy("reject");

    expect(death).toMatchObject({ cause: "error" });
    expect(`${death?.reason} ${death?.stack}`).toContain("RangeError: too far");
  });

  test("one that hangs is told as such, and where it does", { timeout: 120_000 }, async () => {
    const death = await endedBy("hang");

    expect(death).toMatchObject({ cause: "hang", reason: "it did not answer for 5 s" });
    // What was inlined, and what was bundled, has names of its own.
    expect(death?.stack).toMatch(/^where it was [^\n]*:\n\s+at [^\n]*file:\S+:\d+/);
  });

  test("one whose memory is full is told as such", { timeout: 90_000 }, async () => {
    expect(await endedBy("heap")).toMatchObject({ cause: "memory" });
  });
});
