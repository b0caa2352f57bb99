// A hub with a bundle of 300 KB, and somebody who presses stop all the time to see how long that takes.

import { createHash } from "node:crypto";
import { setTimeout as after } from "node:timers/promises";
import { connectAsync } from "mqtt";
import { trustPaths } from "@interactor/shared/bundle/trust-api";
import { decodeStopLatch, encodeStopLatch } from "@interactor/shared/wire/messages/stop";
import { siteTopics } from "@interactor/shared/wire/topics";
import { type HubProgram, startHub } from "../programs.ts";
import type { PullingNode } from "./pulling-node.ts";

export const bundle = Buffer.concat(
  Array.from({ length: 300 }, (_, at) => Buffer.from(`// ${String(at).padStart(1020, ".")}\n`)),
);
export const bundleDigest = createHash("sha256").update(bundle).digest("hex");

/** With the bundle in its repository. */
export async function hubWithBundle(): Promise<HubProgram> {
  const hub = await startHub();
  const body = { by: "test", manifest: { id: "big", version: "1.0.0" }, base64: bundle.toString("base64") };
  const answer = await fetch(`${hub.http}${trustPaths.development}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
  if (!answer.ok) throw new Error(`the bundle was refused: ${await answer.text()}`);
  return hub;
}

/** The hub tells what holds a zone to whoever comes: no name comes twice. */
let round = 0;

/** How long each stop takes to the node that somebody presses, every 20 ms, until told. */
export async function presses(hub: HubProgram, node: PullingNode) {
  const presser = await connectAsync(hub.mqtt, { protocolVersion: 4, clientId: "presser" });
  const sent = new Map<string, number>();
  round += 1;
  const name = `press-${process.pid}-${round}`;
  const timer = setInterval(() => {
    const id = `${name}-${sent.size}`;
    sent.set(id, performance.now());
    const press = encodeStopLatch({ v: 1, latched: true, by: "test", at: Date.now() * 1000, id });
    presser.publish(siteTopics("demo").stop("all"), Buffer.from(press));
  }, 20);
  return {
    async end(): Promise<readonly number[]> {
      clearInterval(timer);
      await after(1000);
      await presser.endAsync();
      const came = new Map<string, number>();
      for (const { payload, at } of node.others) {
        const said = decodeStopLatch(payload);
        if (!said.ok) continue;
        for (const { id } of said.value.latches ?? []) if (!came.has(id)) came.set(id, at);
      }
      return [...sent].flatMap(([id, at]) => (came.get(id) ?? at) - at);
    },
  };
}
