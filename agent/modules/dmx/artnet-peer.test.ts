import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, instant, micros } from "@interactor/shared/sdk/define-module";
import { expect, onTestFinished, test, vi } from "vitest";
import { freePort } from "./free-port.ts";
import { ArtnetPeer, nodesMax } from "./artnet-peer.ts";
import { artPollReplyPacket } from "./artnet-poll.ts";

const systemClock: Clock = {
  now: () => instant(performance.now()),
  wall: () => micros((performance.timeOrigin + performance.now()) * 1000),
  after(delay, task) {
    const timer = setTimeout(task, delay);
    return () => clearTimeout(timer);
  },
};

/** A node at an address of the loopback network that shows these port addresses. */
async function replyFrom(address: string, port: number, shows: readonly number[]): Promise<void> {
  const socket = createSocket("udp4");
  socket.bind(0, address);
  await once(socket, "listening");
  for (const portAddress of shows) {
    const own = { address, name: "node", report: "" };
    const packet = artPollReplyPacket(own, { portAddress, direction: "shows" }, 1);
    await new Promise((resolve) => socket.send(packet, port, "127.0.0.1", resolve));
  }
  socket.close();
  await once(socket, "close");
  // Else the system's buffer of the one who listens would be full before it is read.
  await sleep(1);
}

async function peerOf(portAddress: number) {
  const port = await freePort();
  const errors: string[] = [];
  const listener = {
    port: { portAddress, direction: "sends" as const },
    received: () => undefined,
    onError: (error: Error) => void errors.push(error.message),
  };
  const options = { port, interface: "127.0.0.1", name: "here", poll: [] };
  const peer = await ArtnetPeer.join(options, systemClock, listener);
  onTestFinished(() => peer.leave(listener));
  return { peer, port, errors, subscribers: () => peer.subscribers(portAddress, systemClock.now()) };
}

test("a controller of a hundred universes is sent the one that we have, wherever it stands in its list", async () => {
  const { port, errors, subscribers } = await peerOf(90);

  await replyFrom(
    "127.0.0.2",
    port,
    Array.from({ length: 100 }, (_, portAddress) => portAddress),
  );

  await vi.waitFor(() => expect(subscribers()).toEqual(["127.0.0.2"]));
  expect(errors).toEqual([]);
});

test("nodes that want nothing of ours keep nobody out, and who comes after the bound is named", async () => {
  const { port, errors, subscribers } = await peerOf(7);
  const addressOf = (index: number): string => `127.0.${1 + (index >> 8)}.${index & 0xff}`;

  for (let index = 0; index < 20; index += 1) await replyFrom(addressOf(index), port, [8, 9]);
  for (let index = 20; index < 20 + nodesMax; index += 1) await replyFrom(addressOf(index), port, [7]);
  await vi.waitFor(() => expect(subscribers().length).toBe(nodesMax));
  expect(errors).toEqual([]);

  await replyFrom("127.0.9.1", port, [7]);

  await vi.waitFor(() => expect(errors).toEqual([expect.stringContaining("127.0.9.1 gets none")]));
  expect(subscribers()).not.toContain("127.0.9.1");
});
