// A program: an agent's module host with a lamp that is asked two hundred times a second, and beside it one attacker
// after the other. Prints one line of JSON for each, and what became of it, of the lamp and of the host's own memory.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sandboxLimitsDefault } from "../../../agent/src/adapters/module-host-sandbox/limits.ts";
import { surveyMachine } from "../../../agent/src/adapters/module-host-sandbox/machine.ts";
import { systemServices } from "../../../agent/src/adapters/module-services-system/module-services-system.ts";
import { AgentModules } from "../../../agent/src/agent-modules.ts";
import { newSteering, systemClock } from "../../../agent/src/adapters/clock-system.ts";
import { failed } from "@interactor/shared/kernel/result";
import { micros } from "@interactor/shared/kernel/units";
import { bundled, openSandboxes } from "../../contract/module-host/sandboxes.ts";

export interface Outcome {
  readonly attack: string;
  /** Why its guest ended; empty when it did not. */
  readonly ended: string;
  /** From the start of the attack to its end, in ms. */
  readonly after: number;
  /** The host's memory in MB: before, and the most meanwhile. */
  readonly before: number;
  readonly most: number;
  /** Of the lamp's round trips in ms: before, and meanwhile. */
  readonly p99Before: number;
  readonly p99: number;
  /** The lamp was asked so often, and answered so often. */
  readonly asked: number;
  readonly answers: number;
  /** Lines that came into the host's log. */
  readonly lines: number;
}

/** The lamp is left alone for so long before each attack, in ms. */
const quiet = 700;
/** Nobody has to end before this: silence alone takes 5 s. */
const longest = 12_000;
/** Who harms nobody may go on; looked at for so long. */
const harmless = 4000;

const [mode = "groups", names = "[]"] = process.argv.slice(2);
const attacks: readonly { readonly name: string; readonly isEnding: boolean }[] = JSON.parse(names);
const folder = mkdtempSync(join(tmpdir(), "attacked-"));
const machine = await surveyMachine({ folder });
const none = failed("taken away for the test");
const poorer = { ...machine, has: new Set(machine.has), groups: { memory: none, pids: none, cpu: none } };
for (const measure of ["memory", "processor", "processes"] as const) poorer.has.delete(measure);
const open = await openSandboxes(folder, mode === "groups" ? machine : poorer);
// The attacker alone: the lamp goes on as it is.
const withoutPermissions = {
  ...machine,
  has: new Set([...machine.has].filter((each) => each !== "permissions")),
};
const openAttacker = mode === "no-permissions" ? await openSandboxes(folder, withoutPermissions) : open;
const here = import.meta.dirname;
const lamp = await bundled(join(here, "../../contract/module-host/lamp-module.ts"), join(folder, "lamp.mjs"));
const attacker = await bundled(join(here, "attacker-module.ts"), join(folder, "attacker.mjs"));

const waiting = new Map<number, number>();
let trips: number[] = [];
let ended = "";
let lines = 0;
const running = new Set<string>();
const say = (): void => void (lines += 1);
const host = new AgentModules(
  {
    clock: systemClock(newSteering()),
    services: systemServices(join(folder, "modules"), systemClock(newSteering())),
    random: { next: () => 0 },
    log: { info: say, warn: say, error: say },
    placeOf: ({ name, module }) => ({
      name,
      kind: "sandbox",
      open:
        module === "lamp"
          ? open({ bundle: lamp, limits: sandboxLimitsDefault })
          : openAttacker({ bundle: attacker, limits: sandboxLimitsDefault }),
    }),
  },
  {
    declared: () => undefined,
    started: () => undefined,
    beat: () => undefined,
    output({ instance, value }) {
      const sent = waiting.get(Number(value));
      if (instance !== "lamp" || sent === undefined) return;
      waiting.delete(Number(value));
      trips.push(performance.now() - sent);
    },
    stateChanged(instance, { state, reason }) {
      if (state === "running") running.add(instance);
      if (state === "failed" && instance.startsWith("attacker")) ended ||= reason ?? "failed";
    },
  },
);

const until = async (isTrue: () => boolean, most: number): Promise<void> => {
  for (const start = performance.now(); !isTrue() && performance.now() - start < most;) await sleep(10);
};
const megabytes = (): number => process.memoryUsage.rss() / 1024 / 1024;
const p99 = (): number => {
  const sorted = trips.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
};

let number = 0;
const asking = setInterval(() => {
  number += 1;
  waiting.set(number, performance.now());
  host.apply("lamp", "level", { value: number, at: micros(0), owner: "manual" });
}, 5);
host.start({ name: "lamp", module: "lamp", settings: {} });
await until(() => running.has("lamp"), 20_000);

for (const [index, { name, isEnding }] of attacks.entries()) {
  globalThis.gc?.();
  trips = [];
  lines = 0;
  await sleep(quiet);
  const p99Before = p99();
  globalThis.gc?.();
  const before = megabytes();
  trips = [];
  ended = "";
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, megabytes())), 20);
  const instance = `attacker-${index}`;
  host.start({ name: instance, module: "attacker", settings: { attack: name } });
  await until(() => running.has(instance), 20_000);
  const from = performance.now();
  trips = [];
  const askedBefore = number;
  const feed =
    name === "does not read"
      ? setInterval(() => {
          for (let turn = 0; turn < 50; turn++)
            host.apply(instance, "level", { value: turn, at: micros(0), owner: "manual" });
        }, 1)
      : undefined;
  await until(() => ended !== "", isEnding ? longest : harmless);
  const after = Math.round(performance.now() - from);
  clearInterval(feed);
  await sleep(100);
  clearInterval(watch);
  const outcome: Outcome = {
    attack: name,
    ended,
    after,
    before,
    most,
    p99Before,
    p99: p99(),
    asked: number - askedBefore,
    answers: trips.length,
    lines,
  };
  await host.stop(instance);
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
clearInterval(asking);
await host[Symbol.asyncDispose]();
rmSync(folder, { recursive: true });
process.exit(0);
