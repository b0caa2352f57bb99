/** Trust over the hub's API. */
import type * as z from "zod/mini";
import {
  publicKey,
  type PublicKey,
  trustPaths,
  type TrustStanding,
  trustStanding,
} from "@interactor/shared/bundle/trust-api";
import { commandFault } from "./exit.ts";
import {
  answerIn,
  askHub,
  findHub,
  type HubAddress,
  type HubOptions,
  isGood,
  parseJson,
  refusalIn,
} from "./hub-client.ts";
import { whoAsks } from "./who-asks.ts";

/** A bundle over a slow line. */
const answerTimeout = 60_000;

export interface TrustClient {
  readonly standing: () => Promise<TrustStanding>;
  /** The newest document of a role. */
  readonly document: (role: "root" | "targets") => Promise<Uint8Array>;
  readonly nextOnlineKey: () => Promise<PublicKey>;
  /** One of the roots that there ever were. */
  readonly rootOf: (version: number) => Promise<Uint8Array>;
  /** With a root may come who may publish under it, and the roots before it: all come into force or none. */
  readonly bring: (
    what: "root" | "targets",
    document: Uint8Array,
    targets?: Uint8Array,
    before?: readonly Uint8Array[],
  ) => Promise<void>;
  /** The newest word of a publisher; `undefined`: he has published nothing. */
  readonly wordOf: (publisher: string) => Promise<Uint8Array | undefined>;
  readonly publish: (word: PublishedWord) => Promise<void>;
  readonly publishDevelopment: (manifest: object, bundle: Uint8Array) => Promise<void>;
}

export interface PublishedWord {
  readonly publisher: string;
  readonly document: Uint8Array;
  readonly path: string;
  readonly bytes: Uint8Array;
}

export async function trustClient(options: HubOptions): Promise<TrustClient> {
  const hub = await findHub(options, process.env);
  return {
    standing: () => asked(hub, trustPaths.standing, trustStanding),
    document: async (role) => Buffer.from(await request(hub, `${trustPaths.metadata}/${role}`)),
    nextOnlineKey: () => asked(hub, trustPaths.onlineKey, publicKey, {}),
    rootOf: async (version) => Buffer.from(await request(hub, `${trustPaths.metadata}/${version}.root`)),
    async bring(what, document, targets, before = []) {
      const body = {
        by: whoAsks(),
        document: jsonIn(document),
        ...(targets && { targets: jsonIn(targets) }),
        ...(before.length > 0 && { before: before.map(jsonIn) }),
      };
      await request(hub, trustPaths[what], body);
    },
    async wordOf(publisher) {
      const { publishers } = await asked(hub, trustPaths.standing, trustStanding);
      // A publisher who was let in and has not spoken yet has no date on which his word expires.
      const hasSpoken = publishers.some(({ name, expires }) => name === publisher && expires !== undefined);
      return hasSpoken ? Buffer.from(await request(hub, `${trustPaths.metadata}/${publisher}`)) : undefined;
    },
    async publish({ publisher, document, path, bytes }) {
      const files = [{ path, base64: Buffer.from(bytes).toString("base64") }];
      const body = {
        by: whoAsks(),
        publisher,
        document: jsonIn(document),
        files,
      };
      await request(hub, trustPaths.publish, body);
    },
    async publishDevelopment(manifest, bundle) {
      const body = { by: whoAsks(), manifest, base64: Buffer.from(bundle).toString("base64") };
      await request(hub, trustPaths.development, body);
    },
  };
}

async function request(hub: HubAddress, path: string, body?: object): Promise<string> {
  const answer = await askHub(hub, path, { body, timeout: answerTimeout });
  if (!isGood(answer)) throw refusalIn(hub, answer);
  return answer.text;
}

async function asked<Answered>(
  hub: HubAddress,
  path: string,
  schema: z.ZodMiniType<Answered>,
  body?: object,
): Promise<Answered> {
  return answerIn(hub, await askHub(hub, path, { body, timeout: answerTimeout }), schema);
}

/** What was signed; a file that a full disk or an editor has torn is none. */
function jsonIn(document: Uint8Array): unknown {
  const json = parseJson(Buffer.from(document).toString("utf8"));
  if (json !== undefined) return json;
  throw commandFault("VALIDATION", "what was signed is damaged: sign it again, with interactor module sign");
}
