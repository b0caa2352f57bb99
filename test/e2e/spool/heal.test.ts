// An agent whose hub was away for long, and is back: everything that was spooled comes, once and in order, and what is
// live does not wait for it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { percentile } from "../../bench/bench.ts";
import { isLong } from "../hostile/length.ts";
import { freePort } from "../free-port.ts";
import { startHub } from "../programs.ts";
import { heal, healedIn, spendDayAway } from "./full-spool.ts";

const megabytes = isLong ? 200 : 20;
/** As the issue of this feature demands, on a machine that has nothing else to do. */
const livePercentile99Max = 500;
const perSecondMin = 5000;
/** A window, what is read ahead, and what the collector has not looked at yet: 47 to 58 MB, whatever the spool. */
const growthMax = 96 * 1024 ** 2;

test(
  `an agent heals that was away for a day, with ${megabytes} MB in its spool`,
  { timeout: 300_000 },
  async ({ signal }) => {
    const data = mkdtempSync(join(tmpdir(), "spool-heal-"));
    onTestFinished(() => rmSync(data, { recursive: true }));
    const mqttPort = await freePort();
    await using agent = await spendDayAway({ data, mqttPort }, megabytes * 1024 ** 2);
    await using hub = await startHub({ mqttPort });

    const { seconds, latencies, growth } = await heal(hub, agent, signal);

    const { messages, bytes } = agent;
    const perSecond = messages / seconds;
    const p99 = percentile(latencies, 0.99);
    console.log(
      `${messages} messages in ${seconds.toFixed(1)} s, ${perSecond.toFixed(0)}/s; live p99 ${p99.toFixed(1)} ms; ` +
        `memory ${(growth / 1024 ** 2).toFixed(0)} MB`,
    );
    expect(bytes).toBeGreaterThan(0.95 * megabytes * 1024 ** 2);
    expect(latencies.length).toBeGreaterThan(5);
    expect(healedIn(join(hub.data, "journal.sqlite"))).toEqual(
      Array.from({ length: messages }, (_, index) => index + 1),
    );
    expect(perSecond).toBeGreaterThan(perSecondMin);
    expect(p99).toBeLessThan(livePercentile99Max);
    expect(growth).toBeLessThan(growthMax);
  },
);
