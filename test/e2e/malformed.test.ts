// Every message that can be wrong, by the thousand, at the hub as it is shipped: nothing ends, nothing grows, what is
// right still works, and each refusal is counted under its reason. Connections: malformed-connections.test.ts; the
// agent: malformed-agent.test.ts.

import { afterAll, beforeAll, expect, test } from "vitest";
import fc from "fast-check";
import { encode } from "cborg";
import type { MqttClient } from "mqtt";
import { laneNumbers, lane as lanes } from "@interactor/shared/wire/lanes";
import { encodeCommand } from "@interactor/shared/wire/messages/command";
import { encodeReported, type Reported } from "@interactor/shared/wire/messages/reported";
import type { DocumentFault } from "@interactor/shared/wire/messages/schema";
import { claimsBirth, encodeNodeState } from "@interactor/shared/wire/messages/state";
import { seconds } from "@interactor/shared/kernel/units";
import { bytesOfSession } from "@interactor/shared/wire/session";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";
import {
  birth,
  client,
  cutTotal,
  subscriptionsRefusedTotal,
  type HubBench,
  openHubBench,
  publishAll,
  refusedTotal,
  riseOf,
  sample,
  sentInAll,
  session,
  site,
  stale,
  topics,
} from "./malformed-bench.ts";
import {
  goodReading,
  halfWrongBatches,
  type Malformed,
  oversized,
  overfull,
  refusedReadings,
  singleBatch,
  tally,
  wrongBatches,
  wrongDocuments,
} from "./malformed-inputs.ts";

const reported: Reported = {
  v: 1,
  session,
  revision: 0,
  digest: "",
  instances: {},
  owners: {},
  routes: {},
  refused: {},
};

let bench: HubBench;

beforeAll(async () => {
  bench = await openHubBench();
});

afterAll(() => bench[Symbol.asyncDispose]());

/** Sends what is malformed and expects each to be counted as `<kind> <reason>`, and nothing else to be. */
async function expectRefused(
  from: MqttClient,
  topic: string,
  kind: string,
  malformed: readonly Malformed[],
  retain = false,
): Promise<void> {
  expect(malformed.length).toBeGreaterThan(0);
  const payloads = malformed.map(({ payload }) => payload);

  const rise = await riseOf(bench.hub, refusedTotal, () => publishAll(from, topic, payloads, retain));

  expect(rise).toEqual(tally(malformed.map(({ reason }) => `${kind} ${reason}`)));
  await bench.expectWell();
}

test.each(laneNumbers)("refuses batches that are none, lane %i", async (lane) => {
  await expectRefused(bench.agent, topics.up(lane), "up", sample(wrongBatches(session, lane), 500));
});

test("refuses of a batch the entry that is none, and takes the one beside it", async () => {
  const payloads = sample(halfWrongBatches(session, lanes.telemetry), 300).map((batch) => {
    const first = bench.nextSeq();
    bench.nextSeq();
    return batch(first).payload;
  });
  let missed: Readonly<Record<string, number>> = {};

  const rise = await riseOf(bench.hub, refusedTotal, async () => {
    missed = await riseOf(bench.hub, "interactor_hub_messages_missed_total", () =>
      publishAll(bench.agent, topics.up(lanes.telemetry), payloads),
    );
  });

  expect(rise).toEqual({ "up wrong-shape": 300 });
  expect(missed).toEqual({});
  await bench.expectWell();
});

test("refuses payloads that are too large or too full", async () => {
  await expectRefused(bench.agent, topics.up(lanes.bulk), "up", [
    ...sample(oversized, 12),
    ...sample(overfull, 8),
  ]);
});

test("refuses readings of what nobody declared and of wrong types", async () => {
  const readings = sample(refusedReadings(), 700);
  const payloads = readings.map(({ entry }) => singleBatch(session, lanes.telemetry, bench.nextSeq(), entry));

  const rise = await riseOf(bench.hub, refusedTotal, () =>
    publishAll(bench.agent, topics.up(lanes.telemetry), payloads),
  );

  expect(rise).toEqual(tally(readings.map(({ reason }) => `up ${reason}`)));
  await bench.expectWell();
});

test.each([
  ["before it was born", undefined, "unborn"],
  ["of another life than it was born for", birth, "stale-session"],
])("does not confirm what a node sends %s, and cuts it", async (_when, born, reason) => {
  const { state, up } = nodeTopics(site, "early");
  await using early = await client(bench.hub.mqtt, { clientId: `${site}/early`, username: birth.unit });
  const closed = new Promise<void>((resolve) => early.once("close", () => resolve()));
  if (born !== undefined) await publishAll(early, state, [encodeNodeState(born)]);
  let isConfirmed = false;

  const rise = await riseOf(bench.hub, refusedTotal, async () => {
    const batch = Buffer.from(goodReading(stale, 0, 1));
    early.publish(up(lanes.telemetry), batch, { qos: 1 }, (error) => {
      isConfirmed = error === undefined || error === null;
    });
    await closed;
  });

  expect(rise).toEqual({ [`up ${reason}`]: 1 });
  expect(isConfirmed).toBe(false);
  await using next = await client(bench.hub.mqtt, { clientId: `${site}/early`, username: birth.unit });
  expect(next.connected).toBe(true);
  await bench.expectWell();
});

test("counts batches that come again, and takes them once", async () => {
  const repeats = sample(fc.nat(bench.nextSeq() - 1), 200);

  const rise = await riseOf(bench.hub, "interactor_hub_messages_repeated_total", () =>
    publishAll(
      bench.agent,
      topics.up(lanes.telemetry),
      repeats.map((number) => goodReading(session, number, -1)),
    ),
  );

  expect(rise).toEqual({ "": repeats.length });
  await bench.expectWell();
});

test("cuts off whoever is born in a way that cannot be read, and counts what is neither birth nor death", async () => {
  const document = { ...birth, session: bytesOfSession(session) };
  const malformed = sample(wrongDocuments(document), 400);
  const isBirth = ({ payload, reason }: Malformed) => claimsBirth(payload, reason as DocumentFault);
  const births = malformed.filter(isBirth).length;
  expect(births).toBeGreaterThan(100);
  expect(malformed.length - births).toBeGreaterThan(50);

  const say = async ({ payload }: Malformed, index: number): Promise<"cut" | "confirmed"> => {
    const node = `novice${index}`;
    await using novice = await client(bench.hub.mqtt, { clientId: `${site}/${node}`, username: node });
    const message = Buffer.from(payload);
    const said = novice.publishAsync(nodeTopics(site, node).state, message, { qos: 1, retain: true });
    const confirmed = said.then(
      () => "confirmed" as const,
      () => "cut" as const,
    );
    // What was not confirmed is neither while the client may connect again.
    const cut = new Promise<"cut">((resolve) => novice.once("close", () => resolve("cut")));
    return await Promise.race([confirmed, cut]);
  };
  const ends: string[] = [];
  const refused = await riseOf(bench.hub, refusedTotal, async () => {
    for (let first = 0; first < malformed.length; first += 25)
      ends.push(
        ...(await Promise.all(malformed.slice(first, first + 25).map((each, at) => say(each, first + at)))),
      );
  });

  expect(refused).toEqual(tally(malformed.map(({ reason }) => `state ${reason}`)));
  expect(ends).toEqual(malformed.map((each) => (isBirth(each) ? "cut" : "confirmed")));
  expect(bench.hub.log()).toMatch(/node novice\d+ speaks a newer version .* update the hub/);
  const novices = (await bench.hub.nodes()).filter(({ node }) => node.startsWith("novice"));
  expect(novices).toEqual([]);
  await bench.expectWell();
});

test("refuses deaths that are none, retained ones too, and the node stays as it is", async () => {
  const death = { v: 1, kind: "death", session: bytesOfSession(session), connection: 5, reason: "lost" };
  const malformed = sample(wrongDocuments(death), 400).filter(
    ({ payload, reason }) => !claimsBirth(payload, reason as DocumentFault),
  );

  await expectRefused(bench.agent, topics.state, "state", malformed, true);
  await publishAll(bench.agent, topics.state, [
    encodeNodeState({ v: 1, kind: "death", session: stale, connection: 5, reason: "lost" }),
  ]);

  expect((await bench.hub.node("fuzz"))?.state).toBe("init");
});

test("refuses the births and deaths of an earlier life or connection", async () => {
  const late = sample(
    fc
      .tuple(fc.boolean(), fc.nat(4))
      .map(([isStale, connection]) => ({ session: isStale ? stale : session, connection })),
    100,
  );
  const deaths = late.map(({ session, connection }) =>
    encodeNodeState({ v: 1, kind: "death", session, connection, reason: "lost" }),
  );
  const births = late.map(({ connection }) => encodeNodeState({ ...birth, connection }));

  const rise = await riseOf(bench.hub, refusedTotal, () =>
    publishAll(bench.agent, topics.state, [...deaths, ...births], true),
  );

  expect(rise).toEqual({ "death stale-session": deaths.length, "birth stale-session": births.length });
  expect((await bench.hub.node("fuzz"))?.state).toBe("init");
});

test("refuses reports that are none or of an earlier life", async () => {
  const document = { ...reported, session: bytesOfSession(session) };
  await expectRefused(bench.agent, topics.reported, "reported", sample(wrongDocuments(document), 400), true);
  const staleReports = sample(fc.nat(1000), 50).map((revision) =>
    encodeReported({ ...reported, session: stale, revision }),
  );

  const rise = await riseOf(bench.hub, refusedTotal, () =>
    publishAll(bench.agent, topics.reported, staleReports),
  );

  expect(rise).toEqual({ "reported stale-session": staleReports.length });
});

test("shows what a node has refused, however odd the words", async () => {
  const refused = { "down wrong-shape": 3, constructor: 2, 'quoted " and \\ and\nbroken': 1 };
  await publishAll(bench.agent, topics.reported, [encodeReported({ ...reported, refused })]);

  const text = await (await fetch(`${bench.hub.http}/metrics`)).text();

  expect(text).toContain('interactor_agent_messages_refused_total{node="fuzz",reason="down wrong-shape"} 3');
  expect(text).toContain('interactor_agent_messages_refused_total{node="fuzz",reason="constructor"} 2');
  expect(text).toContain('reason="quoted \\" and \\\\ and\\nbroken"');
});

test("refuses commands that are none", async () => {
  const address = { node: "fuzz", instance: "lights", port: "front" };
  const document = { v: 1, kind: "set", value: 1, for_ms: 1000, ttl_ms: 1000, by: "someone" };
  const wrongNumbers = fc
    .tuple(
      fc.constantFrom("value", "for_ms", "ttl_ms"),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, [], { a: 1 }, null),
    )
    .map(([key, value]) => ({ ...document, [key]: value }));

  await expectRefused(bench.visitor, siteTopics(site).set(address), "set", [
    ...sample(wrongDocuments(document), 500),
    ...sample(wrongNumbers, 100).map((each) => ({ payload: encode(each), reason: "wrong-shape" })),
  ]);
});

test("refuses commands to inputs that are not there, and such that came too late", async () => {
  const odd = sample(
    fc.constantFrom(
      "constructor/front",
      "lights/constructor",
      "lights/ch0",
      "lights/ch513",
      "lights/ch",
      "other/front",
      "sim/distance",
    ),
    200,
  );
  const command = encodeCommand({
    kind: "set",
    value: 1,
    holdFor: seconds(1),
    ttl: seconds(1),
    by: "someone",
  });
  const late = encodeCommand({ kind: "release", ttl: seconds(0), by: "someone" });

  const rise = await riseOf(bench.hub, refusedTotal, async () => {
    for (const address of odd)
      await bench.visitor.publishAsync(`ix/1/${site}/set/fuzz/${address}`, Buffer.from(command), { qos: 1 });
    await bench.visitor.publishAsync(`ix/1/${site}/set/nobody/lights/front`, Buffer.from(command), {
      qos: 1,
    });
    await publishAll(bench.visitor, `ix/1/${site}/set/fuzz/lights/front`, [late]);
  });

  expect(rise).toEqual({ "set unknown-input": odd.length + 1, "set expired": 1 });
  await bench.expectWell();
});

test("refuses show stops that are none, retained ones too", async () => {
  const document = { v: 1, latched: true, by: "someone", at: 1_800_000_000_000_000 };

  await expectRefused(
    bench.visitor,
    siteTopics(site).stop("all"),
    "stop",
    sample(wrongDocuments(document), 400),
    true,
  );
});

test("cuts off whoever publishes where it may not", async () => {
  const forbidden = sample(
    fc.oneof(
      fc.record({
        id: fc.constant(`${site}/fuzz2`),
        topic: fc.constantFrom(
          topics.up(2),
          topics.state,
          topics.reported,
          topics.desired,
          nodeTopics(site, "fuzz2").down(1),
          siteTopics(site).hubState,
          "ix/1/demo/v/fuzz/sim/distance",
          "ix/1/demo/set/fuzz/lights/front",
        ),
      }),
      fc.record({
        id: fc.constantFrom("someone-else", `other/fuzz`, `${site}/fuzz/x`, "__proto__", "constructor"),
        topic: fc.constantFrom(
          topics.up(2),
          topics.state,
          topics.down(0),
          topics.desired,
          "ix/1/other/set/fuzz/lights/front",
          "ix/2/demo/stop/all",
          "constructor",
          "ix/1/kept",
          "a/b/c",
        ),
      }),
    ),
    80,
  );

  const rise = await riseOf(bench.hub, refusedTotal, async () => {
    const cut = await riseOf(bench.hub, cutTotal, async () => {
      for (const { id, topic } of forbidden) {
        await using intruder = await client(bench.hub.mqtt, { clientId: id });
        const closed = new Promise<void>((resolve) => intruder.once("close", () => resolve()));
        intruder.publish(topic, Buffer.of(1), { qos: 0, retain: true });
        await closed;
      }
    });
    expect(cut).toEqual({ "not-allowed": forbidden.length });
  });

  expect(rise).toEqual({ "not-allowed": forbidden.length });
  await bench.expectWell();
});

test("gives nobody a subscription that it may not have", async () => {
  const filters = sample(
    fc.constantFrom(
      "#",
      "+/#",
      "$SYS/#",
      "ix/#",
      "ix/1/#",
      "ix/1/+/n/+/state",
      "ix/1/demo",
      "$share/g/ix/1/demo/#",
      "a",
    ),
    60,
  );

  const rise = await riseOf(bench.hub, subscriptionsRefusedTotal, async () => {
    for (const filter of filters) {
      await expect(bench.visitor.subscribeAsync(filter, { qos: 0 })).rejects.toThrow(/error/i);
    }
  });

  expect(rise).toEqual({ "not-allowed": filters.length });
  await bench.expectWell();
});

test("five thousand of the ten thousand were sent", () => {
  expect(sentInAll()).toBeGreaterThanOrEqual(5000);
});
