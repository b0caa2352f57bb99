/** An account as it stands in a listeners file. */
import * as z from "zod";

const nameWords = "a name is a text of 1 to 64 characters; put a number in quotes";
const passwordWords = "a password is a text of 1 to 256 characters; put a number in quotes";
const filterWords = "a topic filter is a text such as lights/+/level or sensors/#";
const filtersWords = "a list of topic filters such as [sensors/#], or any";
const clientIdWords = "a client id, or the beginning of ids with a * behind it, such as gateway-*";
const clientIdsWords = "a list of client ids such as [panel, gateway-*], or any";

/** Texts in one list. More: refuse. */
const listMax = 256;

/** As MQTT has it (3.1.1 section 4.7): wildcards are whole levels, and `#` is the last. */
const isFilter = (text: string): boolean =>
  text.length > 0 &&
  text.length <= 65_535 &&
  !text.includes("\0") &&
  text
    .split("/")
    .every((level, index, { length }) =>
      level === "#" ? index === length - 1 : level === "+" || !/[#+]/.test(level),
    );
const isClientId = (text: string): boolean => /^[^*\0]{1,255}\*?$/.test(text);

const filters = z
  .array(z.string(filterWords).refine(isFilter, filterWords), filtersWords)
  .max(listMax, `at most ${listMax} filters`);
const any = z.literal("any");

export const accountSchema = z.strictObject(
  {
    name: z.string(nameWords).min(1, nameWords).max(64, nameWords),
    password: z
      .string(passwordWords)
      .min(1, passwordWords)
      .max(256, passwordWords)
      .refine((text) => !text.startsWith("scrypt:"), "hashes of passwords are not read yet: write it out")
      .optional(),
    clientIds: z
      .union(
        [
          any,
          z
            .array(z.string(clientIdWords).refine(isClientId, clientIdWords), clientIdsWords)
            .max(listMax, `at most ${listMax} client ids`),
        ],
        clientIdsWords,
      )
      .default("any"),
    publish: z.union([any, filters], filtersWords).default([]),
    subscribe: z.union([any, filters], filtersWords).default([]),
    subscribeNot: filters.default([]),
  },
  "an account is a map with at least a name",
);

export type WrittenAccount = z.infer<typeof accountSchema>;
