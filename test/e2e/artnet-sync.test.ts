// Art-Net 4: levels go to each node alone, the word that shows them to everybody.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { ArtnetHeard, ArtnetQuestion } from "./artnet-listener.ts";
import type { DriverQuestion } from "./dmx-driver.ts";
import { openLightCable, receiverAddress, senderAddress } from "./light-cable.ts";
import { requiresNamespaces, sweepNamespaces } from "./namespaces.ts";
import { Remote } from "./remote.ts";

const test = requiresNamespaces();
const broadcast = "10.77.0.255";
const absent = "10.77.0.9";

test("ArtSync is broadcast, once for universes with different receivers that change together", async () => {
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
  // Never one for each universe.
  expect(told.broadcast.length).toBeLessThan(told.alone.length);
  for (const { name } of universes) await drive({ kind: "stop", name });
});
