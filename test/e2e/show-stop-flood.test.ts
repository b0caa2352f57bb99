// A show stop that comes behind a flood, at the agent as it is shipped, from a broker that holds nothing back.

import { expect, test } from "vitest";
import { sessionNumber } from "@interactor/shared/testing/builders";
import { micros, millis } from "@interactor/shared/kernel/units";
import { decodeBatch, encodeBatch } from "@interactor/shared/wire/batch";
import { entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import { lane as lanes } from "@interactor/shared/wire/lanes";
import { commandBody } from "@interactor/shared/wire/messages/command";
import { readReceiptBody } from "@interactor/shared/wire/messages/receipt";
import { encodeStopLatch } from "@interactor/shared/wire/messages/stop";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";
import { Light } from "./light.ts";
import { eventually, startAgent } from "./programs.ts";
import { dmxInstance } from "./room.ts";
import { openTameBroker } from "./tame-broker.ts";

const site = "demo";
const node = nodeTopics(site, "target");
/** Far more than the hub would have on its way to one node, and work for a tenth of a second and more. */
const flood = { batches: 200, commands: 64 };

/** The last entry of the lane that the node has taken, if this is a receipt. */
function receivedUpTo(payload: Uint8Array): number | undefined {
  const batch = decodeBatch(payload, lanes.control);
  if (!batch.ok) throw new Error(batch.error);
  const receipt = batch.value.entries.findLast((entry) => hasFlag(entry, entryFlag.receipt));
  return receipt === undefined ? undefined : readReceiptBody(receipt.body)?.seq;
}

test("is performed before the flood it came behind, and ahead of most of it", async () => {
  let isBorn = false;
  let takenUpTo = -1;
  let lastReceiptAt = 0;
  await using broker = await openTameBroker((topic, payload) => {
    if (topic === node.state) isBorn = true;
    const seq = topic === node.up(lanes.control) ? receivedUpTo(payload) : undefined;
    if (seq !== undefined) {
      takenUpTo = seq;
      lastReceiptAt = performance.now();
    }
  });
  await using light = await Light.open();
  const hub = `mqtt://127.0.0.1:${broker.port}`;
  await using agent = await startAgent({
    node: "target",
    hub,
    instances: { stage: dmxInstance(light.port) },
  });
  await eventually("the stage works", () => agent.log().includes("instance stage is running"));
  // It says so once it hears: this broker keeps nothing for those who do not listen yet.
  await eventually("the agent listens", () => isBorn);
  let seq = 0;
  const batchOf = (port: string, values: readonly number[]): Uint8Array => {
    const entries = values.map((value) => ({
      at: micros(Date.now() * 1000),
      from: "",
      to: `stage/${port}`,
      ttl: millis(60_000),
      flags: entryFlag.command,
      trace: null,
      quality: 0 as const,
      body: commandBody({ kind: "set", value, holdFor: millis(60_000), ttl: millis(60_000), by: "flood" }),
    }));
    const firstSeq = seq;
    seq += entries.length;
    return encodeBatch({ lane: lanes.control, session: sessionNumber(2), firstSeq, entries });
  };
  const send = (topic: string, payload: Uint8Array) =>
    broker.publish(topic, payload, { retain: false, qos: 1 });
  const down = node.down(lanes.control);
  send(down, batchOf("ch1", [200]));
  await eventually("light", () => light.level(1) === 200);
  // The code that takes them is warm, as in a show that runs.
  for (let count = 0; count < 20; count += 1) send(down, batchOf("ch2", Array(64).fill(count)));
  await eventually("all taken", () => takenUpTo === seq - 1);
  const batches = Array.from({ length: flood.batches }, (_, count) =>
    batchOf(
      "ch2",
      Array.from({ length: flood.commands }, (_, index) => (count + index) % 256),
    ),
  );
  const stop = encodeStopLatch({
    v: 1,
    latched: true,
    by: "test",
    at: 0,
    latches: [{ id: "a", by: "test", at: 0 }],
  });

  const sentAt = performance.now();
  for (const batch of batches) send(down, batch);
  send(siteTopics(site).stop("all"), stop);
  const darkAt = await eventually("dark", () =>
    light.frames.find(({ at, levels }) => at > sentAt && levels[0] === 0),
  ).then(({ at }) => at);
  await eventually("the flood is through", () => takenUpTo === seq - 1);

  const figures = { dark: darkAt - sentAt, flood: lastReceiptAt - sentAt };
  console.info(
    `dark after ${figures.dark.toFixed(1)} ms, the flood was through after ${figures.flood.toFixed(1)} ms`,
  );
  expect(figures.dark).toBeLessThan(figures.flood * 0.7);
});
