import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { seconds } from "@interactor/shared/kernel/units";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { lookAtGroups } from "../adapters/module-host-sandbox/cgroup.ts";
import type { Measure } from "../adapters/module-host-sandbox/machine.ts";
import { watchMachine } from "./machine.ts";

/** What an agent reports of a machine that has no user for modules and no filter of system calls. */
async function lacksWith(required: ReadonlySet<Measure>) {
  const data = mkdtempSync(join(tmpdir(), "machine-"));
  onTestFinished(() => rmSync(data, { recursive: true }));
  const clock = new VirtualClock();
  const words: string[] = [];
  const say = (line: string): void => void words.push(line);
  const survey = async () => ({
    has: new Set<Measure>(),
    missing: { user: "no user", "system-calls": "no filter" },
    groups: lookAtGroups(),
    filter: "",
  });
  const lacks = watchMachine(
    { data, survey, required },
    { clock, log: { info: say, warn: say, error: say } },
  );
  clock.advance(seconds(10));
  await vi.waitFor(() => expect(lacks() ?? words[0]).toBeDefined(), { timeout: 20_000 });
  expect(words).toEqual([]);
  return new Map(lacks()?.map(({ check, state }) => [check, state]));
}

test("what a node reports of its machine goes by what its own file and options require", async () => {
  const lacks = await lacksWith(new Set(["system-calls"]));

  expect([lacks.get("system-calls"), lacks.get("user")]).toEqual(["missing", "degraded"]);
});

test("a program whose file is younger than the clock says takes that for no proof that the clock is wrong", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2001, 0, 1) });
  onTestFinished(() => void vi.useRealTimers());

  expect((await lacksWith(new Set())).has("time-floor")).toBe(false);
});
