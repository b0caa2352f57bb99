// Two network namespaces joined by a virtual cable: a network for light that nothing outside sees. OLA's sACN and some
// others refuse loopback.

import { type Namespace, openNamespace, run } from "./namespaces.ts";

export const senderAddress = "10.77.0.1";
export const receiverAddress = "10.77.0.2";

export interface LightCable extends AsyncDisposable {
  readonly sender: Namespace;
  readonly receiver: Namespace;
}

export async function openLightCable(): Promise<LightCable> {
  await using undo = new AsyncDisposableStack();
  const sender = undo.use(await openNamespace("sender"));
  const receiver = undo.use(await openNamespace("receiver"));
  const ends = [`dmx0 netns ${sender.name}`, `dmx0 netns ${receiver.name}`];
  await run(`ip link add ${ends[0]} type veth peer name ${ends[1]}`.split(" "));
  for (const [namespace, address] of [
    [sender, senderAddress],
    [receiver, receiverAddress],
  ] as const) {
    const ip = (command: string): Promise<string> => namespace.run("ip", ...command.split(" "));
    await ip(`addr add ${address}/24 brd + dev dmx0`);
    await ip("link set dmx0 up");
    await ip("route add 224.0.0.0/4 dev dmx0");
  }
  const kept = undo.move();
  return { sender, receiver, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
