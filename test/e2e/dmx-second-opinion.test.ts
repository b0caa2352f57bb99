// What two packages of other people make of what we send, and we of what they send.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { DriverQuestion } from "./dmx-driver.ts";
import { openLightCable, receiverAddress, senderAddress } from "./light-cable.ts";
import { requiresNamespaces, sweepNamespaces } from "./namespaces.ts";
import type { NpmQuestion, NpmSeen } from "./npm-lights.ts";
import { Remote } from "./remote.ts";

const test = requiresNamespaces();

test("npm's sacn and dmxnet see the 512 channels that we send, and we see theirs", async () => {
  await sweepNamespaces();
  await using cable = await openLightCable();
  const beside = (file: string): string => join(import.meta.dirname, file);
  await using driver = new Remote([...cable.sender.prefix, process.execPath, beside("dmx-driver.ts")]);
  await using npm = new Remote([...cable.receiver.prefix, process.execPath, beside("npm-lights.ts")]);
  const drive = (question: DriverQuestion): Promise<unknown> => driver.ask(question);
  const ask = (question: NpmQuestion): Promise<unknown> => npm.ask(question);
  const seen = async (): Promise<NpmSeen> => (await ask({ kind: "seen" })) as NpmSeen;
  const levels = Array.from({ length: 512 }, (_, slot) => (slot * 5 + 1) % 256);

  await ask({ kind: "receive", universe: 5, interface: receiverAddress, portAddress: 0x105 });
  // No address: dmxnet answers our poll, and so gets it.
  const artnet = { interface: senderAddress, portAddress: 0x105 };
  const sacn = { interface: senderAddress };
  await drive({ kind: "start", name: "ours", settings: { universe: 5, sacn, artnet } });
  await Promise.all(
    levels.map((value, slot) => drive({ kind: "apply", name: "ours", input: `ch${slot + 1}`, value })),
  );
  await until(async () => {
    const { sacn, artnet } = await seen();
    return sacn.join() === levels.join() && artnet.join() === levels.join();
  });
  expect((await seen()).outOfOrder).toBe(0);

  const receive = { sacn: { ...sacn, universe: 6 }, artnet: { ...artnet, portAddress: 6, priority: 50 } };
  await drive({ kind: "start", name: "theirs", settings: { universe: 6, receive } });
  const received = async (): Promise<readonly number[]> => {
    const given = await drive({ kind: "given", name: "theirs", output: "received" });
    return (given as { readonly value: readonly number[] } | null)?.value ?? [];
  };
  await ask({ kind: "send-artnet", to: senderAddress, portAddress: 6, level: 77 });
  await until(async () => (await received())[0] === 77);
  await ask({ kind: "send", universe: 6, interface: receiverAddress, priority: 120, level: 88 });
  await until(async () => (await received())[0] === 88);

  expect(await received()).toEqual([88, ...Array<number>(510).fill(0), 3]);
  await drive({ kind: "stop", name: "ours" });
  await drive({ kind: "stop", name: "theirs" });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 15_000; performance.now() < end; await sleep(20))
    if (await isSo()) return;
  throw new Error("never came to be");
}
