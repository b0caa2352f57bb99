// Art-Net 4: levels go to each node alone, the word that shows them to everybody.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { artDmxPacket, artnetPort, writeArtDmx } from "../../agent/modules/dmx/artnet.ts";
import type { ArtnetHeard, ArtnetQuestion } from "./artnet-listener.ts";
import type { DriverQuestion } from "./dmx-driver.ts";
import { openLightCable, receiverAddress, senderAddress } from "./light-cable.ts";
import { requiresNamespaces, sweepNamespaces } from "./namespaces.ts";
import { Remote } from "./remote.ts";

const test = requiresNamespaces();
const broadcast = "10.77.0.255";
const absent = "10.77.0.9";

test("a program on the same node is not made to wait for what we say of our own looks", async () => {
  await sweepNamespaces();
  await using cable = await openLightCable();
  const { prefix } = cable.sender;
  const beside = (file: string): string => join(import.meta.dirname, file);
  await using driver = new Remote([...prefix, process.execPath, beside("dmx-driver.ts")]);
  const drive = (question: DriverQuestion): Promise<unknown> => driver.ask(question);
  const own = { to: [receiverAddress], interface: senderAddress, portAddress: 0, sync: true };
  await drive({ kind: "start", name: "ours", settings: { universe: 1, artnet: own } });
  const receive = { artnet: { interface: senderAddress, portAddress: 6 } };
  await drive({ kind: "start", name: "theirs", settings: { universe: 7, receive } });
  const levelHeard = async (): Promise<number | undefined> => {
    const given = await drive({ kind: "given", name: "theirs", output: "received" });
    return (given as { readonly value: readonly number[] } | null)?.value[0];
  };
  const send = async (level: number): Promise<void> => {
    const packet = artDmxPacket(6);
    writeArtDmx(packet, { levels: new Uint8Array(512).fill(level), sequence: 0 });
    const program = `const s = require("node:dgram").createSocket("udp4");
      s.send(Buffer.from("${packet.toString("hex")}", "hex"), ${artnetPort}, "${senderAddress}", () => s.close());`;
    await cable.sender.run(process.execPath, "-e", program);
  };
  // Then our own synchronization was heard after the program, and the first looks are no longer repeated.
  await send(1);
  await sleep(2500);

  // Ours comes every 900 ms now.
  for (const level of [40, 80, 120, 160]) {
    await sleep(150);
    await send(level);
    await sleep(400);
    expect(await levelHeard()).toBe(level);
  }
  for (const name of ["ours", "theirs"]) await drive({ kind: "stop", name });
});

test("ArtSync is broadcast, whoever receives the universes, and no node gets one alone", async () => {
  await sweepNamespaces();
  await using cable = await openLightCable();
  const beside = (file: string): string => join(import.meta.dirname, file);
  await using driver = new Remote([...cable.sender.prefix, process.execPath, beside("dmx-driver.ts")]);
  const listener = [process.execPath, beside("artnet-listener.ts"), receiverAddress, broadcast];
  await using receiver = new Remote([...cable.receiver.prefix, ...listener]);
  const drive = (question: DriverQuestion): Promise<unknown> => driver.ask(question);
  const heard = async (): Promise<ArtnetHeard> =>
    (await receiver.ask({ kind: "heard" } satisfies ArtnetQuestion)) as ArtnetHeard;
  await heard();

  const universes = [
    { name: "one", to: [receiverAddress] },
    { name: "two", to: [receiverAddress, absent] },
  ];
  for (const [index, { name, to }] of universes.entries()) {
    const artnet = { to, interface: senderAddress, portAddress: index, sync: true };
    await drive({ kind: "start", name, settings: { universe: index + 1, artnet } });
  }
  // Their first looks are repeated for a second.
  await sleep(2500);
  await heard();
  await Promise.all(universes.map(({ name }) => drive({ kind: "apply", name, input: "ch1", value: 200 })));
  await sleep(300);
  const told = await heard();

  expect(told.alone).toContain("levels of 0");
  expect(told.alone).toContain("levels of 1");
  expect(told.alone).not.toContain("sync");
  expect(new Set(told.broadcast)).toEqual(new Set(["sync"]));
  expect(told.broadcast.length).toBeLessThanOrEqual(told.alone.length);
  for (const { name } of universes) await drive({ kind: "stop", name });
});
