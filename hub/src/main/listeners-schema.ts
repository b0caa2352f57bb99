/** The shape of a listeners file. */
import { isIP } from "node:net";
import * as z from "zod";
import type { Path } from "@interactor/shared/site/yaml-text";
import { accountSchema } from "./account-schema.ts";
import { limitsSchema } from "./limits-schema.ts";

/** Accounts of one hub. More: refuse. */
const accountsMax = 64;

const fileWords = "the file is a map of listeners, accounts, anonymous, agents and limits";
const hostWords = "a host is an address such as 127.0.0.1 or ::1, or localhost";
const portWords = "a port is a whole number from 0 (any free one) to 65535";
const listenerWords = "a listener is a map of host and port, such as { host: 127.0.0.1, port: 1883 }";

const listener = z.strictObject(
  {
    host: z
      .string(hostWords)
      .refine((text) => isIP(text) !== 0 || text === "localhost", hostWords)
      .optional(),
    port: z.int(portWords).min(0, portWords).max(65_535, portWords).optional(),
  },
  listenerWords,
);
const listeners = z.strictObject(
  { mqtt: listener.optional(), http: listener.optional() },
  "listeners are mqtt and http, each a map of host and port",
);
export const listenersSchema = z.strictObject(
  {
    listeners: listeners.optional(),
    accounts: z
      .array(accountSchema, "accounts are a list, each with a name and what it may do")
      .max(accountsMax, `at most ${accountsMax} accounts`)
      .optional(),
    anonymous: z.string("the name of the account for clients without a user name").optional(),
    agents: z.boolean("true or false").optional(),
    limits: limitsSchema.optional(),
  },
  fileWords,
);

export type WrittenFile = z.infer<typeof listenersSchema>;

/** The keys there are in the map at `path`. */
export function keysAt(path: Path): readonly string[] {
  const [first, second] = path;
  if (first === "accounts") return Object.keys(accountSchema.shape);
  if (first === "limits") return Object.keys(limitsSchema.shape);
  if (first === "listeners") return Object.keys((second === undefined ? listeners : listener).shape);
  return Object.keys(listenersSchema.shape);
}
