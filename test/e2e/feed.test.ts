// What viewers see of a real site: thinned values for everybody, raw ones for who asks.

import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { eventually, startAgent, startHub } from "./programs.ts";
import { Visitor } from "./visitor.ts";

const rate = 100;

test("a raw stream has every value, the public ones twenty a second, and nobody else hears the raw", async () => {
  await using hub = await startHub();
  const instances = { sim: { module: "simulated", settings: { rate, noise: 1 } } };
  await using _agent = await startAgent({ node: "pi", hub: hub.mqtt, instances });
  await using watcher = await Visitor.connect(hub.mqtt);
  await eventually("values", () => watcher.values("pi/sim/distance").length > 5);
  await using close = await Visitor.connect(hub.mqtt, ["ix/1/demo/raw/pi/sim/distance"]);
  await eventually("raw values", () => close.heard.length > 0);

  watcher.forget();
  close.forget();
  await sleep(2000);

  const raw = close.heard.length / 2;
  const thinned = watcher.values("pi/sim/distance").length / 2;
  expect(raw).toBeGreaterThan(0.6 * rate);
  expect(thinned).toBeLessThanOrEqual(21);
  expect(thinned).toBeGreaterThan(8);
  expect(watcher.heard.some(({ topic }) => topic.includes("/raw/"))).toBe(false);
  expect(close.heard.some(({ isRetained }) => isRetained)).toBe(false);
});
