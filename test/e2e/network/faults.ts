// What can go wrong between a node and its hub, each begun on one node and healed again.

import { setTimeout as sleep } from "node:timers/promises";
import { type FleetApart, floodPlace, nodeNames, proxiedNode, remoteAt } from "./fleet-apart.ts";
import { type Heal, hubAddress, mqttPort } from "./network.ts";
import type { FloodQuestion } from "./flood-program.ts";

export interface Fault {
  readonly name: string;
  /** Who suffers it; nobody, when it is a stranger's. */
  readonly nodes: readonly string[];
  /** The hub loses the node, and finds out. */
  readonly isCut: boolean;
  readonly begin: (fleet: FleetApart) => Promise<Heal>;
}

/** Each on a node of its own, so that all can be there at once. */
export const faults: readonly Fault[] = [
  {
    name: "stalled",
    nodes: ["n0"],
    isCut: true,
    async begin(fleet) {
      // What a line says to a stopped program waits in the line; this one says nothing.
      await fleet.ask({ kind: "hush", nodes: ["n0"] });
      await fleet.agent("n0").signal("SIGSTOP");
      return () => fleet.agent("n0").signal("SIGCONT");
    },
  },
  {
    name: "slow, 64 kbit/s",
    nodes: ["n1"],
    isCut: false,
    begin: (fleet) => fleet.network.slow("n1", "64kbit"),
  },
  { name: "flapping each second", nodes: ["n2"], isCut: false, begin: (fleet) => flap(fleet, "n2") },
  {
    name: "delayed, 300 ms",
    nodes: [proxiedNode],
    isCut: false,
    async begin(fleet) {
      await fleet.delay(300);
      return () => fleet.delay(0);
    },
  },
  {
    name: "partitioned both ways",
    nodes: ["n4"],
    isCut: true,
    begin: (fleet) => fleet.network.drop("n4", "to the hub", "from the hub"),
  },
  {
    name: "partitioned to the hub",
    nodes: ["n5"],
    isCut: true,
    begin: (fleet) => fleet.network.drop("n5", "to the hub"),
  },
  {
    name: "partitioned from the hub",
    nodes: ["n6"],
    isCut: true,
    begin: (fleet) => fleet.network.drop("n6", "from the hub"),
  },
  { name: "flooding", nodes: [], isCut: false, begin: flood },
];

/** The hub hears nobody and nobody hears it. */
export const hubAlone: Fault = {
  name: "hub cut off from all",
  nodes: nodeNames,
  isCut: true,
  begin: (fleet) => fleet.network.dropAll(),
};

async function flap(fleet: FleetApart, node: string): Promise<Heal> {
  const ended = new AbortController();
  const flapping = (async () => {
    for (let isIn = false; !ended.signal.aborted; isIn = !isIn) {
      await fleet.network.plug(node, isIn);
      await sleep(1000, undefined, { signal: ended.signal }).catch(() => undefined);
    }
    await fleet.network.plug(node, true);
  })();
  return () => {
    ended.abort();
    return flapping;
  };
}

async function flood(fleet: FleetApart): Promise<Heal> {
  // As if it had a machine of its own: it takes what processor the others leave.
  const peer = remoteAt([...fleet.network.at(floodPlace).prefix, "nice", "-n", "10"], "flood-program");
  await peer.ask({ hub: `mqtt://${hubAddress}:${mqttPort}` } satisfies FloodQuestion);
  return () => peer[Symbol.asyncDispose]();
}
