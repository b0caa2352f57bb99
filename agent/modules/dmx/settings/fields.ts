/** Fields that several settings are made of, each with an error that says what would be right. */
import { isIPv4 } from "node:net";
import { type Millis, millis } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import { durationMax, parseDuration } from "@interactor/shared/sdk/durations";
import { slotCount } from "../engine/slots.ts";

/** An object in which a misspelt key is an error that names the right ones. */
export function strict<Shape extends z.core.$ZodShape>(shape: Shape): z.ZodMiniObject<Shape, z.core.$strict> {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `unknown setting ${issue.keys?.join(", ")}; there are ${known}`
        : `must be a map of ${known}`,
  });
}

export function whole(least: number, most: number): z.ZodMiniNumber {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.int({ error }).check(z.gte(least, error), z.lte(most, error));
}

export const text = z.string({ error: "must be a text" });
export const flag = z.boolean({ error: "must be true or false" });
/** 1–512, as people count. */
export const channel = whole(1, slotCount);

const spanOf = (written: string): Millis | undefined => {
  const parsed = parseDuration(written);
  return parsed.ok && parsed.value <= durationMax ? parsed.value : undefined;
};

/** A time as people write it; stays text, so that it looks the same in every copy of the settings. */
export const span = text.check(
  z.refine((written) => spanOf(written) !== undefined, "must be a time of at most 24h, such as 3s or 250ms"),
);

/** Of a text that `span` has let pass. */
export const millisOf = (written: string): Millis => spanOf(written) ?? millis(0);

export const isUnicast = (address: string): boolean =>
  isIPv4(address) && !/^(0|22[4-9]|2[3-5]\d)\./.test(address);

export const localAddress = text.check(
  z.refine(isUnicast, "must be an IPv4 address of this node, such as 192.168.1.5"),
);

/** Every frame goes to each of them in turn, 44 times a second. More: refuse, and use multicast. */
const addressesMax = 32;

export function addresses(
  isAllowed: (address: string) => boolean,
  example: string,
  least: 0 | 1 = 1,
): z.ZodMiniType<string[]> {
  const address = text.check(z.refine(isAllowed, `must be an IPv4 address, such as ${example}`));
  return z.array(address, { error: `must be a list of IPv4 addresses, such as [${example}]` }).check(
    z.minLength(least, "must name at least one address"),
    z.maxLength(addressesMax, `must not name more than ${addressesMax} addresses`),
    z.refine((list) => new Set(list).size === list.length, "an address stands twice"),
  );
}

/** What is wrong between settings that are right each by itself. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The slots, counted from 0, of `7` or `11-14`; none when it is no such range, turned round, or leaves the universe. */
export function slotsOf(range: number | string): readonly number[] {
  const match = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(String(range));
  const first = Number(match?.[1] ?? 0);
  const last = Number(match?.[2] ?? first);
  if (first < 1 || last > slotCount || last < first) return [];
  return Array.from({ length: last - first + 1 }, (_, index) => first - 1 + index);
}

export const rangeWords = (range: number | string): string =>
  `${range} is no range of channels from 1 to 512`;
