// Everything wrong that can come from a hub, at the agent as it is shipped, which speaks to a broker that lets
// everything through.

import { afterAll, beforeAll, expect, test } from "vitest";
import { createHash } from "node:crypto";
import { sessionNumber } from "@interactor/shared/testing/builders";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { laneNumbers, lane as lanes } from "@interactor/shared/wire/lanes";
import { emptyPlan } from "@interactor/shared/site/plan-changes";
import { encodePlan, encodeTarget } from "@interactor/shared/wire/messages/plan";
import { decodeReported, type Reported } from "@interactor/shared/wire/messages/reported";
import { encodeStopLatch } from "@interactor/shared/wire/messages/stop";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";
import { riseBetween, sample, sentInAll, site, watchMemory } from "./malformed-bench.ts";
import {
  oversized,
  overfull,
  refusedByInputs,
  singleBatch,
  tally,
  halfWrongBatches,
  wrongBatches,
  wrongDocuments,
} from "./malformed-inputs.ts";
import { type AgentProgram, eventually, startAgent } from "./programs.ts";
import { openTameBroker } from "./tame-broker.ts";

const down = nodeTopics(site, "target");
const hubSession = sessionNumber(2);
let broker: Awaited<ReturnType<typeof openTameBroker>>;
let agent: AgentProgram;
let latest: Reported | undefined;
const receipts: Uint8Array[] = [];
let expectNoGrowth: () => void;
let seq = 0;

beforeAll(async () => {
  broker = await openTameBroker((topic, payload) => {
    const decoded = topic === down.reported ? decodeReported(payload) : undefined;
    if (decoded?.ok === true) latest = decoded.value;
    if (topic === down.up(lanes.control)) receipts.push(payload.slice());
  });
  agent = await startAgent({
    node: "target",
    hub: `mqtt://127.0.0.1:${broker.port}`,
    instances: {
      sim: { module: "simulated" },
      lights: {
        module: "dmx",
        settings: {
          universe: 1,
          artnet: { to: ["127.0.0.1"] },
          dimmers: { front: { channel: 1 } },
        },
      },
    },
  });
  await eventually(
    "the agent reports its instances",
    () =>
      latest?.instances["lights"]?.state === "running" || latest?.instances["lights"]?.state === "waiting",
  );
  expectNoGrowth = watchMemory(agent.pid);
});

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await broker[Symbol.asyncDispose]();
});

/** What the agent counts rises by exactly these; then a right command is still obeyed. */
async function expectCounted(reasons: readonly string[], work: () => void): Promise<void> {
  expect(reasons.length).toBeGreaterThan(0);
  const before = latest?.refused ?? {};
  const expected = tally(reasons);
  work();
  await eventually(
    `all ${reasons.length} are counted`,
    () => Object.values(riseSince(before)).reduce((sum, each) => sum + each, 0) >= reasons.length,
  ).catch(() => undefined); // What is missing then, the next line shows.
  expect(riseSince(before)).toEqual(expected);
  await expectObeys();
  expectNoGrowth();
  expect(agent.process.exitCode).toBeNull();
}

const riseSince = (before: Reported["refused"]) => riseBetween(before, latest?.refused ?? {});

const send = (topic: string, payload: Uint8Array) =>
  broker.publish(topic, payload, { retain: false, qos: 1 });

async function expectObeys(): Promise<void> {
  const by = `test ${seq}`;
  const body = { v: 1, kind: "set", value: 0.5, for_ms: 60_000, ttl_ms: 60_000, by };
  const received = receipts.length;
  send(
    down.down(lanes.control),
    singleBatch(hubSession, lanes.control, seq++, { to: "lights/front", flags: 16, body }),
  );
  await eventually("a right command is obeyed", () => latest?.owners["lights/front"]?.by === by);
  await eventually("and confirmed", () => receipts.length > received);
}

test.each(laneNumbers)("refuses batches that are none, lane %i", async (lane) => {
  const malformed = [
    ...sample(wrongBatches(hubSession, lane), 300),
    ...sample(halfWrongBatches(hubSession, lane), 150).map((batch) => batch(0)),
  ];

  await expectCounted(
    malformed.map(({ reason }) => `down ${reason}`),
    () => malformed.forEach(({ payload }) => send(down.down(lane), payload)),
  );
});

test("refuses payloads that are too large or too full", async () => {
  const malformed = [...sample(oversized, 6), ...sample(overfull, 4)];

  await expectCounted(
    malformed.map(({ reason }) => `down ${reason}`),
    () => malformed.forEach(({ payload }) => send(down.down(lanes.bulk), payload)),
  );
});

test("refuses what its inputs do not take", async () => {
  const refused = sample(refusedByInputs, 600);

  await expectCounted(
    refused.map(({ reason }) => `down ${reason}`),
    () =>
      refused.forEach(({ entry }) =>
        send(down.down(lanes.control), singleBatch(hubSession, lanes.control, seq++, entry)),
      ),
  );
});

test("refuses desired documents that are none, and a plan that cannot run, and keeps what it has", async () => {
  const none = { v: 1, revision: 99, digest: "0".repeat(64), bytes: 1, hold: { kind: "none" }, probation: 0 };
  // An empty one is none at all: the node goes on with what it has.
  const malformed = sample(wrongDocuments(none), 500).filter(({ payload }) => payload.length > 0);
  const route = {
    name: "bad",
    from: "target/sim/distance",
    to: "target/lights/front",
    map: "valu *",
    ttl: seconds(1),
    lane: 2 as const,
  };
  const plan = encodePlan({ ...emptyPlan, routes: [route] });
  const digest = createHash("sha256").update(plan).digest("hex");
  const wrongExpression = encodeTarget({
    v: 1,
    revision: 99,
    digest,
    bytes: plan.length,
    plan,
    hold: { kind: "none" },
    probation: millis(0),
  });
  const wrongDigest = encodeTarget({
    v: 1,
    revision: 98,
    digest: "0".repeat(64),
    bytes: plan.length,
    plan,
    hold: { kind: "none" },
    probation: millis(0),
  });

  await expectCounted(
    malformed.map(({ reason }) => `desired ${reason}`),
    () => malformed.forEach(({ payload }) => send(down.desired, payload)),
  );
  send(down.desired, wrongDigest);
  await eventually(
    "a plan of another digest is refused",
    () => latest?.apply?.revision === 98 && latest.apply.phase === "rejected",
  );
  send(down.desired, wrongExpression);
  await eventually("a route that cannot run is told", () =>
    latest?.apply?.reason?.startsWith('route "bad": map: '),
  );

  expect(latest?.revision).toBe(0);
});

test("refuses show stops that are none, and obeys one that is", async () => {
  const document = { v: 1, latched: true, by: "someone", at: 1_800_000_000_000_000 };
  const malformed = sample(wrongDocuments(document), 400);
  const stop = siteTopics(site).stop("all");

  await expectCounted(
    malformed.map(({ reason }) => `stop ${reason}`),
    () => malformed.forEach(({ payload }) => send(stop, payload)),
  );
  send(stop, encodeStopLatch({ v: 1, latched: true, by: "test", at: 1_800_000_000_000_000 }));

  await eventually("the show stop holds the node", () => latest?.stop?.latches[0]?.by === "test");
});

test("three thousand of the ten thousand were sent", () => {
  expect(sentInAll()).toBeGreaterThanOrEqual(3000);
});
