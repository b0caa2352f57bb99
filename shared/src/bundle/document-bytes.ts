/**
 * Bytes that a signed document of each role may have, whatever length somebody has signed: who holds the hub's keys could
 * sign any, and a node has all of it in memory. More: refuse, and the hub takes none that nodes would refuse. They are what
 * TUF's reference clients take where no length is signed; of `targets` each publisher's word is one.
 */
export const documentBytesMax = {
  root: 512_000,
  timestamp: 16_384,
  snapshot: 2_000_000,
  targets: 5_000_000,
} as const;
