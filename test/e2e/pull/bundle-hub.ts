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

/**
 * A press of a zone that is held is said with the others of 100 ms, and a release after a press too: nobody waits for
 * either. Timed is what somebody waits for, a press of a zone that is free, so each is let go before the next.
 */
const pressEvery = 125;
const releaseAfter = 25;

export interface Presses {
  /** How many there were until now. */
  readonly count: number;
  /** How long each took to the node. */
  end(): Promise<readonly number[]>;
}

/** Somebody who presses stop and lets go, again and again until told. */
export async function presses(hub: HubProgram, node: PullingNode): Promise<Presses> {
  const presser = await connectAsync(hub.mqtt, { protocolVersion: 4, clientId: "presser" });
  const sent = new Map<string, number>();
  round += 1;
  const name = `press-${process.pid}-${round}`;
  const ask = (latched: boolean, id?: string): void => {
    const asked = encodeStopLatch({ v: 1, latched, by: "test", at: Date.now() * 1000, id });
    presser.publish(siteTopics("demo").stop("all"), Buffer.from(asked));
  };
  const press = (): void => {
    const id = `${name}-${sent.size}`;
    sent.set(id, performance.now());
    ask(true, id);
    setTimeout(() => ask(false), releaseAfter);
  };
  const timer = setInterval(press, pressEvery);
  return {
    get count() {
      return sent.size;
    },
    async end() {
      clearInterval(timer);
      await after(1000);
      await presser.endAsync();
      const came = new Map<string, number>();
      for (const { payload, at } of node.others) {
        const said = decodeStopLatch(payload);
        if (!said.ok) continue;
        for (const { id } of said.value.latches ?? []) if (!came.has(id)) came.set(id, at);
      }
      return [...sent].map(([id, at]) => (came.get(id) ?? Infinity) - at);
    },
  };
}
