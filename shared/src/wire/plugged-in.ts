/** What is plugged into a machine, as its kernel tells it: found by an agent, read by whoever writes a site file. */
import * as z from "zod/mini";

/** Of each kind one machine tells of so many. More: left out. */
export const pluggedInMax = 64;
/** UTF-16 units of what a plug says of itself. Longer: cut. */
export const plugWordsMax = 100;
/** Of a path. Longer: it is as if it were not there, because half of a path is none. */
export const plugPathMax = 200;

const words = z.string().check(z.maxLength(plugWordsMax));
const path = z.string().check(z.maxLength(plugPathMax));
const listOf = <Each extends z.ZodMiniType>(each: Each) => z.array(each).check(z.maxLength(pluggedInMax));

const serialDevice = z.object({
  path,
  /** What stays the same when things are plugged in another order. Missing: there is no such path. */
  link: z.optional(path),
  /** Missing: it is not on USB. */
  usb: z.optional(
    z.object({
      /** Four hexadecimal digits each. */
      vendor: words,
      product: words,
      manufacturer: words,
      name: words,
      /** Empty: it has none, and is told from its like by where it is plugged in. */
      serial: words,
    }),
  ),
});

export const pluggedIn = z.object({
  serial: listOf(serialDevice),
  /** Paths of chips with pins. */
  gpio: listOf(path),
  /** Paths of buses. */
  i2c: listOf(path),
  /** Names of MIDI ports. */
  midi: listOf(words),
});

export type SerialDevice = z.infer<typeof serialDevice>;
export type PluggedIn = z.infer<typeof pluggedIn>;
