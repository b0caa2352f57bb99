// An agent as it is, with its link and its spool, and one instance whose durable output counts. What it has made, and
// what its spool calls safe, stands in a file before anything else happens to it: it outlives a kill.
//
//   counting-agent.ts {"hub":"mqtt://…","data":"/…","node":"pi","perSecond":1000,"messages":500,"ledger":"/…"}

import { randomBytes } from "node:crypto";
import { openSync, readFileSync, writeSync } from "node:fs";
import { setImmediate as nextTurn, setTimeout as after } from "node:timers/promises";
import { newSteering, systemClock } from "@interactor/agent/src/adapters/clock-system.ts";
import { mqttLink } from "@interactor/agent/src/adapters/hub-link-mqtt/hub-link-mqtt.ts";
import { openSpool } from "@interactor/agent/src/adapters/spool-segments/spool-segments.ts";
import { openStateStore } from "@interactor/agent/src/adapters/state-store-files.ts";
import { Agent } from "@interactor/agent/src/agent.ts";
import type { ModuleHost, ModuleHostEvents } from "@interactor/agent/src/ports/module-host.ts";
import type { SiteClock } from "@interactor/agent/src/ports/site-clock.ts";
import { type Spool, spoolLimits } from "@interactor/agent/src/ports/spool.ts";
import { type Millis, millis, seconds } from "@interactor/shared/kernel/units";
import { sessionOf } from "@interactor/shared/wire/session";
import { memoryApplyStore, noSecrets, nothingFetched } from "../../contract/apply/memory-apply-store.ts";
import { SkippingClock } from "./skipping-clock.ts";

export interface CountingPlan {
  readonly hub: string;
  readonly data: string;
  readonly node: string;
  /** 0: it makes nothing and only sends what is left. */
  readonly perSecond: number;
  /** It ends by itself when so many were made and all are confirmed. */
  readonly messages: number;
  /** Values a second of another output, which say when they were made, in ms since 1970. */
  readonly livePerSecond?: number;
  /** First of all it lives through so many hours without its hub, in less, and gives so many durable texts meanwhile. */
  readonly away?: { readonly hours: number; readonly messages: number };
  readonly ledger: string;
}

const tick = 5;
/** As a line of text or a barcode: with its frame a reading takes about 250 bytes on disk. */
const textLength = 200;
/** Texts between two turns of the event loop, and those that wait for the disk: a day is longer than this one. */
const awayTexts = { atOnce: 50, unsavedMax: 5000 };
const say = (word: string) => (text: string, details?: unknown) =>
  void (process.env["SAY"] && process.stderr.write(`${word} ${text} ${JSON.stringify(details)}\n`));
const silent = { info: say("info"), warn: say("warn"), error: say("error") };

async function count(plan: CountingPlan): Promise<void> {
  const before = madeBefore(plan.ledger);
  const ledger = openSync(plan.ledger, "a");
  const clock = clockOf(plan);
  const spool = await openSpool({
    folder: `${plan.data}/spool`,
    session: sessionOf(randomBytes(8)),
    limits: spoolLimits,
    // A disk takes its own time, whatever a test makes of the hours that pass.
    clock: { now: () => clock.now(), after: systemClock(newSteering()).after },
    log: silent,
  });
  let emit: Emit = () => undefined;
  const agent = new Agent(
    {
      site: "demo",
      node: plan.node,
      unit: `unit-${plan.node}`,
      version: "0.1.0",
      session: sessionOf(randomBytes(8)),
      zones: [],
      instances: [{ name: "counter", module: "counter", settings: {} }],
    },
    {
      clock,
      random: { next: Math.random },
      log: silent,
      link: mqttLink(plan.hub),
      store: await openStateStore(plan.data),
      applyStore: memoryApplyStore(),
      files: nothingFetched,
      secrets: noSecrets,
      restart: say("restart"),
      spool,
      openHost: (events) => hostOf(events, clock, (given) => (emit = given)),
    },
  );
  await agent.start();
  process.stdout.write("started\n");
  if (plan.away !== undefined && clock instanceof SkippingClock) {
    await spendAway(plan.away, { spool, clock }, (text) => emit("text", text));
    // Whoever looks at its memory from now on sees what it needs.
    globalThis.gc?.({ type: "major", flavor: "last-resort" });
    process.stdout.write("away\n");
  }
  const live = plan.livePerSecond ?? 0;
  const sayLive = () => emit("live", performance.timeOrigin + performance.now());
  const timer = live === 0 ? undefined : setInterval(sayLive, 1000 / live);
  await produce(plan, { spool, ledger, before }, (value) => emit("count", value));
  while (spool.queued > 0) await after(tick);
  process.stdout.write("done\n");
  clearInterval(timer);
  await agent[Symbol.asyncDispose]();
}

/** Its wall clock is right when the absence is over. */
function clockOf({ away }: CountingPlan): SiteClock {
  return away === undefined ? systemClock(newSteering()) : new SkippingClock(hoursOf(away.hours));
}

const hoursOf = (hours: number): Millis => seconds(hours * 3600);

async function spendAway(
  { hours, messages }: NonNullable<CountingPlan["away"]>,
  { spool, clock }: { readonly spool: Spool; readonly clock: SkippingClock },
  emit: (text: string) => void,
): Promise<void> {
  const pause = millis(hoursOf(hours) / messages);
  for (let message = 1; message <= messages; message += 1) {
    clock.skip(pause);
    emit(String(message).padEnd(textLength, "."));
    // Attempts to reach the hub fail in their own time.
    if (message % awayTexts.atOnce === 0) await nextTurn();
    while (spool.unsaved > awayTexts.unsavedMax) await after(1);
  }
  while (spool.unsaved > 0) await after(tick);
}

type Emit = (output: "count" | "live" | "text", value: number | string) => void;

interface Made {
  readonly spool: Spool;
  readonly ledger: number;
  readonly before: number;
}

async function produce(
  { perSecond, messages }: CountingPlan,
  { spool, ledger, before }: Made,
  emit: (value: number) => void,
): Promise<void> {
  const startedAt = performance.now();
  let made = 0;
  let said = 0;
  while (made < messages || spool.unsaved > 0) {
    const due = Math.min(((performance.now() - startedAt) / 1000) * perSecond, messages);
    if (due > made) writeSync(ledger, `made ${before + Math.ceil(due)}\n`);
    for (; made < due; made += 1) emit(before + made + 1);
    const safe = made - spool.unsaved;
    if (safe > said) writeSync(ledger, `safe ${before + 1} ${before + safe}\n`);
    said = safe;
    await after(tick);
  }
}

/** Counters of a life begin where those of the one before ended at the latest. */
function madeBefore(ledger: string): number {
  const counters = [...readFileSync(ledger, "utf8").matchAll(/^made (\d+)$/gm)].map(([, made]) =>
    Number(made),
  );
  return counters.at(-1) ?? 0;
}

function hostOf(events: ModuleHostEvents, clock: SiteClock, started: (emit: Emit) => void): ModuleHost {
  return {
    start({ name: instance }) {
      const outputs = {
        count: { type: "int", deliver: "durable" },
        text: { type: "text", deliver: "durable" },
        live: { type: "float", deliver: "every" },
      } as const;
      events.declared(instance, { inputs: {}, outputs }, { module: "counter", version: "1" });
      events.started(instance);
      events.stateChanged(instance, { state: "running" });
      started((output, value) => {
        const isUnsynchronised = !clock.isSynchronised;
        events.output({ instance, output, value, at: clock.wall(), quality: 0, isUnsynchronised });
      });
    },
    apply: () => undefined,
    prepare: () => Promise.resolve(undefined),
    selfTest: () => Promise.resolve(undefined),
    reconfigure: () => Promise.resolve(undefined),
    stop: () => Promise.resolve(),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

const [plan] = process.argv.slice(2);
if (plan !== undefined && import.meta.main) await count(JSON.parse(plan));
