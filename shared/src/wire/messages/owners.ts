/**
 * Owners of inputs as a report carries them. Who stops a show owns every channel of every universe at once: said one by
 * one that was 30 KB a universe, seconds of a slow line each time anything changed, and more than a payload may hold
 * from the ninth universe on. So inputs with the same owner are told together, those that differ in a number as a run.
 */
import * as z from "zod/mini";
import { wireInteger } from "../cbor.ts";
import { instancesMax, portCountMax } from "../limits.ts";
import { parsePortAddress } from "../names.ts";
import { count, portAddressText, shortText } from "./schema.ts";

/** Who may own an actuator input, most powerful first. */
export const ownerKinds = ["stop", "manual", "cue", "route", "calendar", "background"] as const;
export type OwnerKind = (typeof ownerKinds)[number];

export const ownerReport = z.object({
  kind: z.enum(ownerKinds),
  /** The route's name, or who set it. */
  by: shortText,
  /** µs since 1970. */
  since: count,
  /** When a manual value gives the input back. µs since 1970. */
  until: z.optional(count),
});
export type OwnerReport = z.infer<typeof ownerReport>;
export type Owners = Readonly<Record<string, OwnerReport>>;

/** Fewer with the same owner are told one by one, as they always were. */
const alikeMin = 16;
/** Inputs that one report names together: a universe for each instance. More: refuse. */
const alikeMax = instancesMax * portCountMax;

/** `instance/port`, or the first of a run and how many: `["stage/ch1", 512]`. */
const inputs = z.union([
  portAddressText,
  z.tuple([portAddressText, z.int().check(z.gte(2), z.lte(portCountMax))]),
]);
type Inputs = z.infer<typeof inputs>;

export const ownedAlike = z.object({ ...ownerReport.shape, inputs: z.array(inputs) });
type OwnedAlike = z.infer<typeof ownedAlike>;

/** The fields of a report that tell of owners. */
export function ownersOnWire(owners: Owners) {
  const groups = Map.groupBy(
    Object.entries(owners),
    ([, { kind, by, since, until }]) => `${kind} ${since} ${until} ${by}`,
  );
  const single: (readonly [string, OwnerReport])[] = [];
  const alike: (ReturnType<typeof onWire> & { readonly inputs: readonly Inputs[] })[] = [];
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined || group.length < alikeMin) single.push(...group);
    else alike.push({ ...onWire(first[1]), inputs: runsOf(group.map(([address]) => address)) });
  }
  return {
    owners: Object.fromEntries(single.map(([address, owner]) => [address, onWire(owner)])),
    ...(alike.length === 0 ? {} : { ownedAlike: alike }),
  };
}

/** Every owner by its input. `undefined`: more than anybody has. */
export function ownersFrom(single: Owners, alike: readonly OwnedAlike[]): Owners | undefined {
  const sum = alike.reduce(
    (sum, group) => sum + group.inputs.reduce((all, each) => all + sizeOf(each), 0),
    0,
  );
  if (sum > alikeMax) return undefined;
  const told = alike.flatMap(({ inputs, ...owner }) =>
    inputs.flatMap(addressesOf).map((address) => [address, owner] as const),
  );
  return told.length === 0 ? single : { ...single, ...Object.fromEntries(told) };
}

const onWire = (owner: OwnerReport) => ({
  ...owner,
  since: wireInteger(owner.since),
  ...(owner.until === undefined ? {} : { until: wireInteger(owner.until) }),
});

/** A name and the number it ends in, which has no zero before it. */
const numbered = /^(.*?)(0|[1-9]\d{0,4})$/;

/** Addresses that follow each other as runs. */
function runsOf(addresses: readonly string[]): Inputs[] {
  const runs: { first: string; stem: string | undefined; next: number; length: number }[] = [];
  for (const address of addresses) {
    const [, stem, digits] = numbered.exec(address) ?? [];
    const last = runs.at(-1);
    const goesOn =
      last !== undefined && stem !== undefined && last.stem === stem && last.next === Number(digits);
    if (goesOn && last.length < portCountMax) {
      last.next += 1;
      last.length += 1;
    } else runs.push({ first: address, stem, next: Number(digits) + 1, length: 1 });
  }
  return runs.map(({ first, length }) => (length === 1 ? first : [first, length]));
}

const sizeOf = (each: Inputs): number => (typeof each === "string" ? 1 : each[1]);

function addressesOf(each: Inputs): readonly string[] {
  if (typeof each === "string") return [each];
  const [first, length] = each;
  const [, stem = "", digits] = numbered.exec(first) ?? [];
  const addresses = Array.from({ length }, (_, index) => `${stem}${Number(digits) + index}`);
  return addresses.filter((address) => parsePortAddress(address).ok);
}
