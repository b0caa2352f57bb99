/** The IPv4 networks of this node. */
import { networkInterfaces } from "node:os";

interface LocalNetwork {
  readonly address: string;
  readonly mask: number;
  readonly broadcast: string;
  /** The node's own loopback: nobody else is there. */
  readonly isInternal: boolean;
}

const numberOf = (address: string): number =>
  address.split(".").reduce((whole, part) => (whole << 8) | Number(part), 0) >>> 0;
const textOf = (address: number): string =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");

function localNetworks(): readonly LocalNetwork[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).flatMap(({ address, netmask, family, internal }) => {
      if (family !== "IPv4") return [];
      const mask = numberOf(netmask);
      const broadcast = textOf((numberOf(address) | ~mask) >>> 0);
      return [{ address, mask, broadcast, isInternal: internal }];
    }),
  );
}

/** Where a broadcast reaches everybody on the networks of this node, or on the one with the address `local`. */
export function broadcastAddresses(local: string | undefined): readonly string[] {
  const networks = localNetworks().filter(({ address }) => local === undefined || address === local);
  return [...new Set(networks.map(({ broadcast }) => broadcast))];
}

/** The fewest packets that reach all of `others`: a broadcast on each network of this node, and those behind routers alone. */
export function reachingAll(others: readonly string[]): readonly string[] {
  const networks = localNetworks().filter(({ isInternal }) => !isInternal);
  return [...new Set(others.map((other) => networks.find(isOn(other))?.broadcast ?? other))];
}

/** The address by which `other` knows this node; the first that there is when they share no network. */
export function addressToward(other: string): string {
  const networks = localNetworks();
  return (networks.find(isOn(other)) ?? networks[0])?.address ?? "0.0.0.0";
}

const isOn =
  (other: string) =>
  ({ address, mask }: LocalNetwork): boolean =>
    ((numberOf(address) ^ numberOf(other)) & mask) === 0;

export const isLocalAddress = (address: string): boolean =>
  localNetworks().some((network) => network.address === address);
