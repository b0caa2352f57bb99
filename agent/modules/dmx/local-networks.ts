/** The IPv4 networks of this node. */
import { networkInterfaces } from "node:os";

interface LocalNetwork {
  readonly address: string;
  readonly broadcast: string;
}

const numberOf = (address: string): number =>
  address.split(".").reduce((whole, part) => (whole << 8) | Number(part), 0) >>> 0;
const textOf = (address: number): string =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");

function localNetworks(): readonly (LocalNetwork & { readonly mask: number })[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).flatMap(({ address, netmask, family }) => {
      if (family !== "IPv4") return [];
      const mask = numberOf(netmask);
      return [{ address, mask, broadcast: textOf((numberOf(address) | ~mask) >>> 0) }];
    }),
  );
}

/** Where a broadcast reaches everybody on the networks of this node, or on the one with the address `local`. */
export function broadcastAddresses(local: string | undefined): readonly string[] {
  const networks = localNetworks().filter(({ address }) => local === undefined || address === local);
  return [...new Set(networks.map(({ broadcast }) => broadcast))];
}

/** The address by which `other` knows this node; the first that there is when they share no network. */
export function addressToward(other: string): string {
  const networks = localNetworks();
  const shared = networks.find(({ address, mask }) => ((numberOf(address) ^ numberOf(other)) & mask) === 0);
  return (shared ?? networks[0])?.address ?? "0.0.0.0";
}

export const isLocalAddress = (address: string): boolean =>
  localNetworks().some((network) => network.address === address);
