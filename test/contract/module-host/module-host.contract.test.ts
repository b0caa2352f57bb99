// One suite for every kind of guest: what an agent may count on wherever a module runs.

import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, vi } from "vitest";
import { millis } from "@interactor/shared/kernel/units";
import { kindsWith } from "./kinds.ts";

describe.each(kindsWith("lamp-module.ts"))("in a $kind", ({ kind, openBench, test }) => {
  const spec = (settings: unknown, name = "lamp") => ({ name, module: "lamp", settings });

  test("one that hangs is said to be silent, ended, and started again", { timeout: 60_000 }, async () => {
    await using bench = await openBench();
    await bench.start("lamp");

    bench.apply("lamp", "hang", 60_000);

    await vi.waitFor(() => expect(bench.reports).toHaveLength(4), { timeout: 25_000 });
    expect(bench.reports.slice(1)).toEqual([
      "lamp: waiting, it has not answered for 2 s",
      `lamp: failed, the ${kind} died: it did not answer for 5 s; it starts again in 1 s`,
      "lamp: running",
    ]);
    expect(bench.starts("lamp")).toBe(2);
    bench.apply("lamp", "level", 3);
    await vi.waitFor(() => expect(bench.said).toContain("lamp: level 3"), { timeout: 5000 });
  });

  test("of what comes while it is silent it gets the latest", { timeout: 40_000 }, async () => {
    await using bench = await openBench();
    await bench.start("lamp");

    bench.apply("lamp", "hang", 4000);
    // A ping and one round without an answer.
    await sleep(2500);
    for (let level = 1; level <= 1000; level++) {
      bench.apply("lamp", "level", level);
      bench.apply("lamp", "other", -level);
      if (level % 100 === 0) await sleep(1);
    }

    await vi.waitFor(() => expect(bench.said).toContain("lamp: other -1000"), { timeout: 15_000 });
    expect(bench.said).toEqual(["lamp: hang 4000", "lamp: level 1000", "lamp: other -1000"]);
    bench.apply("lamp", "level", 7);
    await vi.waitFor(() => expect(bench.said.at(-1)).toBe("lamp: level 7"), { timeout: 5000 });
    expect(bench.reports.at(-1)).toBe("lamp: running");
    expect(bench.starts("lamp")).toBe(1);
  });

  test("where its time goes can be seen while it runs", { timeout: 40_000 }, async () => {
    await using bench = await openBench();
    await bench.start("lamp");

    const parts = await Array.fromAsync(
      bench.host.profile?.("lamp", { what: "cpu", span: millis(200) }) ?? [],
    );

    const profile: unknown = JSON.parse(Buffer.concat(parts).toString());
    expect(profile).toMatchObject({ samples: expect.any(Array), timeDeltas: expect.any(Array) });
    bench.apply("lamp", "level", 2);
    await vi.waitFor(() => expect(bench.said).toContain("lamp: level 2"), { timeout: 5000 });
    expect(bench.starts("lamp")).toBe(1);
  });

  test("what it holds can be seen, but not in a sandbox", { timeout: 40_000 }, async () => {
    await using bench = await openBench();
    await bench.start("lamp");
    const heap = async () =>
      Buffer.concat(
        await Array.fromAsync(bench.host.profile?.("lamp", { what: "heap", span: millis(0) }) ?? []),
      );

    if (kind === "sandbox") await expect(heap()).rejects.toThrow("no memory for a snapshot of its heap");
    else expect(JSON.parse((await heap()).toString())).toHaveProperty("snapshot.meta");

    expect(() => bench.host.profile?.("lump", { what: "heap", span: millis(0) })).toThrow(
      "does not run here",
    );
    expect(bench.starts("lamp")).toBe(1);
  });

  test("one that ends while it is looked into is told as that", { timeout: 40_000 }, async () => {
    await using bench = await openBench();
    await bench.start("lamp");

    const parts = Array.fromAsync(bench.host.profile?.("lamp", { what: "cpu", span: millis(1000) }) ?? []);

    await Promise.all([
      expect(parts).rejects.toMatchObject({ code: "PROFILE_FAILED" }),
      bench.host.stop("lamp"),
    ]);
  });

  test("what it emits is told with its time", async () => {
    await using bench = await openBench();
    await bench.start("lamp");

    bench.apply("lamp", "level", 0.25);

    await vi.waitFor(() => expect(bench.outputs).toHaveLength(1), { timeout: 5000 });
    expect(bench.outputs[0]).toMatchObject({ instance: "lamp", output: "seen", value: 0.25, quality: 0 });
    expect(Math.abs(Number(bench.outputs[0]?.at) / 1000 - Date.now())).toBeLessThan(20_000);
  });

  test("one that works in part runs, and is told with what it lacks, until it lacks nothing", async () => {
    await using bench = await openBench();
    bench.host.start(spec({ lacks: "its left half is away" }));

    await vi.waitFor(() => expect(bench.reports).toEqual(["lamp: running, its left half is away"]), {
      timeout: 20_000,
    });
    bench.apply("lamp", "level", 0.5);
    await vi.waitFor(() => expect(bench.outputs).toHaveLength(1), { timeout: 5000 });
    expect(await bench.host.selfTest("lamp")).toBeUndefined();

    expect(await bench.host.reconfigure(spec({}))).toBeUndefined();
    await vi.waitFor(() => expect(bench.reports.at(-1)).toBe("lamp: running"), { timeout: 5000 });
    expect(bench.reports).toHaveLength(2);
    expect(bench.starts("lamp")).toBe(1);
  });

  test("before a change it is asked, and what runs goes on", { timeout: 40_000 }, async () => {
    await using bench = await openBench();

    expect(await bench.host.prepare(spec({}))).toBeUndefined();
    expect(await bench.host.prepare(spec({ veto: "no such line here" }))).toBe("lamp: no such line here");
    expect(await bench.host.prepare(spec({ veto: 5 }))).toMatch(/settings\.veto/);
    expect(await bench.host.prepare({ name: "x", module: "nowhere", settings: {} })).toBe(
      'there is no module "nowhere"',
    );

    await bench.start("lamp", { busy: "it moves" });
    expect(await bench.host.prepare(spec({ label: "left" }))).toBe("it moves");
    expect(await bench.host.prepare(spec({ label: "left" }, "other"))).toBeUndefined();
    expect(bench.starts("lamp")).toBe(1);
  });

  test("what would take the place of one that hangs is asked apart", { timeout: 60_000 }, async () => {
    await using bench = await openBench();
    await bench.start("lamp");

    bench.apply("lamp", "hang", 60_000);

    const answers = await Promise.all([
      bench.host.prepare(spec({})),
      bench.host.prepare(spec({ veto: "no" })),
    ]);
    expect(answers).toEqual([undefined, "lamp: no"]);
  });

  test("after a change it is asked whether it does what it is for", { timeout: 40_000 }, async () => {
    await using bench = await openBench();
    expect(await bench.host.selfTest("lamp")).toBe("it does not run");

    await bench.start("lamp");
    await bench.start("dark", { broken: "the lamp is dark" });
    bench.host.start(spec({ failsToStart: true }, "away"));
    await vi.waitFor(() => expect(bench.reports).toContain("away: failed, no such lamp"), { timeout: 5000 });

    expect(await bench.host.selfTest("lamp")).toBeUndefined();
    expect(await bench.host.selfTest("dark")).toBe("the lamp is dark");
    expect(await bench.host.selfTest("away")).toBe("no such lamp");
  });

  test("a silent one fails its test in time", { timeout: 60_000 }, async () => {
    await using bench = await openBench();
    await bench.start("lamp");

    bench.apply("lamp", "hang", 60_000);

    expect(await bench.host.selfTest("lamp")).toMatch(/did not answer/);
  });

  test("it goes on with other settings, or with those it has", { timeout: 40_000 }, async () => {
    await using bench = await openBench();
    await bench.start("lamp", { label: "left" });

    expect(await bench.host.reconfigure(spec({ label: "right" }))).toBeUndefined();
    expect(await bench.host.reconfigure(spec({ label: "" }))).toBe("a lamp has a label");
    expect(await bench.host.reconfigure(spec({ label: 5 }))).toMatch(/settings\.label/);
    // The same again is none.
    expect(await bench.host.reconfigure(spec({ label: "right" }))).toBeUndefined();

    expect(bench.said).toEqual(["lamp: now right"]);
    expect(bench.starts("lamp")).toBe(1);
    expect(await bench.host.reconfigure(spec({}, "nobody"))).toBe("it does not run");
  });
});

describe.each(kindsWith("lamp-module.ts"))("in a $kind, what is stopped", ({ kind, openBench, test }) => {
  test.each([
    ["lamp", { label: "blue" }, "stopped, blue is next"],
    ["lamp", { label: 7 }, "stopped"],
    ["another", { label: "blue" }, "stopped"],
  ])("one that %s with %j follows is told %s", { timeout: 40_000 }, async (module, settings, words) => {
    await using bench = await openBench();
    await bench.start("lamp");

    await bench.host.stop("lamp", { name: "lamp", module, settings });

    expect(bench.said).toEqual([`lamp: ${words}`]);
  });

  test("one is stopped in good order, and the others go on", { timeout: 40_000 }, async () => {
    await using bench = await openBench();
    await bench.start("lamp");
    await bench.start("other");

    await bench.host.stop("lamp");

    expect(bench.said).toEqual(["lamp: stopped"]);
    expect(await bench.host.selfTest("lamp")).toBe("it does not run");
    expect(await bench.host.selfTest("other")).toBeUndefined();
    await bench.start("lamp");
    expect(bench.starts("lamp")).toBe(2);
    expect(bench.starts("other")).toBe(1);
  });

  test("one that does not stop is ended, and the others start again", { timeout: 40_000 }, async () => {
    await using bench = await openBench();
    await bench.start("lamp", { stopTakes: 60_000 });
    await bench.start("other");

    await bench.host.stop("lamp");

    expect(bench.said).toEqual([
      "lamp did not stop in time and was ended",
      `${kind} lamp crashed: lamp did not stop in time`,
    ]);
    await vi.waitFor(() => expect(bench.starts("other")).toBe(2), { timeout: 20_000 });
    expect(bench.starts("lamp")).toBe(1);
  });
});
