import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { freePort } from "./free-port.ts";
import { sacnGroup } from "./sacn.ts";
import { UdpInput } from "./udp-input.ts";

const loopback = "127.0.0.1";

/**
 * As many universes as Linux lets one socket hear, twice over and some; others than any other test has, because every
 * socket hears the groups of the whole machine.
 */
const universes = Array.from({ length: 45 }, (_, index) => 41_000 + index);

test("a node hears more universes than one socket may be in groups, and those that were left no more", async () => {
  const port = await freePort();
  const heard = new Set<number>();
  const errors: string[] = [];
  const inputs: UdpInput[] = [];
  for (const universe of universes) {
    const input = new UdpInput({
      port,
      interface: loopback,
      received: (packet) => heard.add(packet.readUInt16BE(0)),
      onError: (error) => errors.push(error.message),
    });
    input.join(sacnGroup(universe));
    await input.open();
    inputs.push(input);
  }
  onTestFinished(async () => {
    for (const input of inputs) await input.close();
  });
  const sender = createSocket("udp4");
  onTestFinished(() => void sender.close());
  sender.bind(0, loopback);
  await once(sender, "listening");
  sender.setMulticastInterface(loopback);
  const sendAll = (): void => {
    for (const universe of universes) {
      sender.send(Buffer.from([universe >> 8, universe & 0xff]), port, sacnGroup(universe));
    }
  };

  await vi.waitFor(() => {
    sendAll();
    expect(heard.size).toBe(universes.length);
  });
  expect([errors, inputs.map(({ failure }) => failure)]).toEqual([[], inputs.map(() => undefined)]);

  // Those after it have their groups on other sockets.
  await inputs.shift()?.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  heard.clear();
  await vi.waitFor(() => {
    sendAll();
    expect(heard.size).toBe(universes.length - 1);
  });
  expect(heard.has(universes[0] ?? 0)).toBe(false);
});
