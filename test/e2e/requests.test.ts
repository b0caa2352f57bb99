// Questions to real programs: there is always an answer, and it is true.

import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { encodeCommand } from "@interactor/shared/wire/messages/command";
import { decodeReply, type ReplyDocument } from "@interactor/shared/wire/messages/reply";
import { parseSiteAddress } from "@interactor/shared/wire/names";
import { requestOf } from "@interactor/shared/wire/request";
import { siteTopics } from "@interactor/shared/wire/topics";
import { connectAsync } from "mqtt";
import { eventually, startAgent, startHub } from "./programs.ts";

const topics = siteTopics("demo");
const instances = {
  lights: {
    module: "dmx",
    settings: { universe: 1, sacn: { interface: "127.0.0.1" }, dimmers: { front: { channel: 1 } } },
  },
};

async function openHall() {
  await using undo = new AsyncDisposableStack();
  const hub = undo.use(await startHub());
  const agent = undo.use(await startAgent({ node: "pi", hub: hub.mqtt, instances }));
  const client = undo.adopt(await connectAsync(hub.mqtt, { clientId: "asker" }), (each) =>
    each.endAsync(true),
  );
  const replies: ReplyDocument[] = [];
  client.on("message", (_topic, payload) => {
    const reply = decodeReply(payload);
    if (reply.ok) replies.push(reply.value);
  });
  await client.subscribeAsync(topics.replies, { qos: 1 });
  await eventually("the input", async () => (await hub.node("pi"))?.instances["lights"]?.inputs["front"]);
  const ask = async (
    to: string,
    given: { ttl?: number; value?: number | string; request?: Uint8Array } = {},
  ) => {
    const address = parseSiteAddress(to);
    if (!address.ok) throw new Error(`${to} is no address`);
    const request = requestOf(given.request ?? randomBytes(8));
    const ttl = millis(given.ttl ?? 2000);
    const command = {
      kind: "set",
      value: given.value ?? 0.5,
      holdFor: seconds(5),
      ttl,
      by: "asker",
      request,
    } as const;
    await client.publishAsync(topics.set(address.value), Buffer.from(encodeCommand(command)), { qos: 1 });
    return request;
  };
  /** What came of the request, as soon as it is said. */
  const answer = async (request: string) => {
    const reply = await eventually("an answer", () => replies.find((each) => each.request === request));
    return [reply.outcome, reply.reason];
  };
  const kept = undo.move();
  return { hub, agent, ask, answer, replies, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

describe("a command that asks", () => {
  test("hears that it was done, that it was refused, and why", async () => {
    await using hall = await openHall();

    expect(await hall.answer(await hall.ask("pi/lights/front"))).toEqual(["done", undefined]);
    expect(await hall.answer(await hall.ask("pi/lights/front", { value: "bright" }))).toEqual([
      "refused",
      "wrong-type",
    ]);
    expect(await hall.answer(await hall.ask("pi/lights/back"))).toEqual(["refused", "unknown-input"]);
    expect(await hall.answer(await hall.ask("nobody/lights/front"))).toEqual(["refused", "unknown-input"]);
    expect(await hall.answer(await hall.ask("pi/lights/front", { ttl: 0 }))).toEqual(["expired", "ttl"]);
  });

  test("is done once and answered twice when it is sent twice", async () => {
    await using hall = await openHall();
    const request = randomBytes(8);

    const heldUntil = async () => (await hall.hub.node("pi"))?.owners["lights/front"]?.until;
    await Promise.all([hall.ask("pi/lights/front", { request }), hall.ask("pi/lights/front", { request })]);
    await hall.answer(requestOf(request));
    const until = await eventually("it is held", heldUntil);
    await hall.ask("pi/lights/front", { request });

    await eventually("the second answer", () => hall.replies.length === 2);
    expect(hall.replies.map(({ outcome }) => outcome)).toEqual(["done", "done"]);
    // Done again, it would be held for longer; the node says so within 200 ms.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await heldUntil()).toBe(until);
  });

  test("hears of a node that is frozen, in time, and then of one that is away; nothing is done later", async () => {
    await using hall = await openHall();
    await hall.agent.signal("SIGSTOP");
    const askedAt = performance.now();

    expect(await hall.answer(await hall.ask("pi/lights/front", { ttl: 300 }))).toEqual([
      "expired",
      "no-answer",
    ]);
    expect(performance.now() - askedAt).toBeLessThan(2000);
    await eventually("it is lost", async () => (await hall.hub.node("pi"))?.state === "lost");
    const [outcome, reason] = await hall.answer(await hall.ask("pi/lights/front", { ttl: 300 }));
    expect(outcome).toBe("expired");
    expect(["node-away", "not-sent"]).toContain(reason);

    await hall.agent.signal("SIGCONT");
    expect(await hall.answer(await hall.ask("pi/lights/front", { ttl: 5000 }))).toEqual(["done", undefined]);
    expect((await hall.hub.node("pi"))?.owners["lights/front"]?.by ?? "asker").toBe("asker");
  });

  test("hears of a node that restarted with it on its way; the new life of the node does not do it", async () => {
    await using hall = await openHall();
    const { hub, agent } = hall;
    await agent.signal("SIGSTOP");
    // The hub confirms it when it is on its way.
    const request = await hall.ask("pi/lights/front", { ttl: 60_000 });
    await agent.signal("SIGKILL");

    await using _ = await startAgent({ node: "pi", hub: hub.mqtt, data: agent.data });

    expect(await hall.answer(request)).toEqual(["refused", "node-restarted"]);
    expect(await hall.answer(await hall.ask("pi/lights/back"))).toEqual(["refused", "unknown-input"]);
    await eventually("the input", async () => (await hub.node("pi"))?.instances["lights"]?.inputs["front"]);
    expect((await hub.node("pi"))?.owners["lights/front"]).toBeUndefined();
  });

  test("is not done when it comes to light after its sender was told that it expired", async () => {
    await using hall = await openHall();
    const isTimeKnown = async () => (await hall.hub.node("pi"))?.clock?.synchronised;
    await eventually("the node knows the time", isTimeKnown);
    await hall.agent.signal("SIGSTOP");

    expect(await hall.answer(await hall.ask("pi/lights/front", { ttl: 300 }))).toEqual([
      "expired",
      "no-answer",
    ]);
    // Soon enough that the connection lives on, and what waited in its socket is read.
    await hall.agent.signal("SIGCONT");
    await hall.ask("pi/lights/back", { ttl: 2000 });
    await eventually("the answer to what came after it", () => hall.replies.length === 2);

    expect((await hall.hub.node("pi"))?.owners["lights/front"]).toBeUndefined();
  });
});
