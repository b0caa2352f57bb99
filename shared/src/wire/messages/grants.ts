/** What an instance of a module that others have written may reach, by its kind: what is not there it may not. */
import * as z from "zod/mini";
import { shortText } from "./schema.ts";

/** Names of one kind that one instance is granted. More: refuse. */
const grantedNamesMax = 512;

const names = z.exactOptional(z.array(shortText).check(z.maxLength(grantedNamesMax)));

/** Hosts as `host:port`, or `host` with all its ports; files by their paths; `*` is all of a kind. */
export const grants = z.object({
  pin: names,
  bus: names,
  serial: names,
  universe: names,
  host: names,
  file: names,
});

export type Grants = z.infer<typeof grants>;
export type GrantKind = keyof Grants;

export const grantKinds = [
  "pin",
  "bus",
  "serial",
  "universe",
  "host",
  "file",
] as const satisfies readonly GrantKind[];

export const grantWords = {
  pin: "pin",
  bus: "bus",
  serial: "serial line",
  universe: "universe",
  host: "host",
  file: "file",
} as const satisfies Record<GrantKind, string>;

/** What all of a kind is called. */
export const anything = "*";

/** Whether what these names stand for has this one in it. */
export function isAmong(kind: GrantKind, name: string, names: readonly string[]): boolean {
  if (names.includes(anything) || names.includes(name)) return true;
  const port = kind === "host" ? /:\d+$/.exec(name) : null;
  return port !== null && names.includes(name.slice(0, port.index));
}
