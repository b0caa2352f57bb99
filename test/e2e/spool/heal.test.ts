// An agent whose hub was away for long, and is back: everything that was spooled comes, once and in order, and what is
// live does not wait for it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { percentile } from "../../bench/bench.ts";
import { isLong } from "../hostile/length.ts";
import { startHub } from "../programs.ts";
import { fillSpool, heal, healedIn } from "./full-spool.ts";

const megabytes = isLong ? 200 : 20;
/** As the issue of this feature demands, on a machine that has nothing else to do. */
const livePercentile99Max = 500;
const perSecondMin = 5000;
/** A window, what is read ahead, and what the collector has not looked at yet. */
const growthMax = 64 * 1024 ** 2;

test(`an agent with ${megabytes} MB in its spool heals`, { timeout: 300_000 }, async ({ signal }) => {
  const folder = mkdtempSync(join(tmpdir(), "spool-heal-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const messages = await fillSpool(folder, megabytes * 1024 ** 2);
  await using hub = await startHub();

  const { seconds, latencies, growth } = await heal(hub, folder, signal);

  const perSecond = messages / seconds;
  const p99 = percentile(latencies, 0.99);
  console.log(
    `${messages} messages in ${seconds.toFixed(1)} s, ${perSecond.toFixed(0)}/s; live p99 ${p99.toFixed(1)} ms; ` +
      `memory ${(growth / 1024 ** 2).toFixed(0)} MB`,
  );
  expect(healedIn(join(hub.data, "journal.sqlite"))).toEqual(
    Array.from({ length: messages }, (_, index) => index + 1),
  );
  expect(perSecond).toBeGreaterThan(perSecondMin);
  expect(p99).toBeLessThan(livePercentile99Max);
  expect(growth).toBeLessThan(growthMax);
});
