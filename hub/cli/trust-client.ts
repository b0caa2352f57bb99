/** Trust over the hub's API. */
import * as z from "zod/mini";
import {
  publicKey,
  type PublicKey,
  trustPaths,
  type TrustStanding,
  trustStanding,
} from "@interactor/shared/bundle/trust-api";
import { messageOf } from "@interactor/shared/kernel/fault";
import { commandFault } from "./exit.ts";
import { findHub, type HubAddress, type HubOptions } from "./hub-client.ts";
import { printable } from "./output.ts";
import { whoAsks } from "./who-asks.ts";

/** A bundle over a slow line. */
const answerTimeout = 60_000;
const problem = z.object({ error: z.string(), code: z.optional(z.string()) });

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
    standing: async () => decoded(trustStanding, await request(hub, trustPaths.standing)),
    document: async (role) => Buffer.from(await request(hub, `${trustPaths.metadata}/${role}`)),
    nextOnlineKey: async () => decoded(publicKey, await request(hub, trustPaths.onlineKey, {})),
    rootOf: async (version) => Buffer.from(await request(hub, `${trustPaths.metadata}/${version}.root`)),
    async bring(what, document, targets, before = []) {
      const json = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString("utf8"));
      const body = {
        by: whoAsks(),
        document: json(document),
        ...(targets && { targets: json(targets) }),
        ...(before.length > 0 && { before: before.map(json) }),
      };
      await request(hub, trustPaths[what], body);
    },
    async wordOf(publisher) {
      const { publishers } = decoded(trustStanding, await request(hub, trustPaths.standing));
      // A publisher who was let in and has not spoken yet has no date on which his word expires.
      const hasSpoken = publishers.some(({ name, expires }) => name === publisher && expires !== undefined);
      return hasSpoken ? Buffer.from(await request(hub, `${trustPaths.metadata}/${publisher}`)) : undefined;
    },
    async publish({ publisher, document, path, bytes }) {
      const files = [{ path, base64: Buffer.from(bytes).toString("base64") }];
      const body = {
        by: whoAsks(),
        publisher,
        document: JSON.parse(Buffer.from(document).toString("utf8")),
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

export function decoded<Answer>(schema: z.ZodMiniType<Answer>, text: string): Answer {
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw commandFault("FAILED", "what answers is not an Interactor hub of this version");
}

/** What the hub answers there, as a text. */
export const trustAnswer = async (options: HubOptions, path: string): Promise<string> =>
  request(await findHub(options, process.env), path);

async function request(hub: HubAddress, path: string, body?: object): Promise<string> {
  const sent = {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  };
  let response: Response;
  try {
    response = await fetch(`${hub.url}${path}`, {
      ...(body !== undefined && sent),
      signal: AbortSignal.timeout(answerTimeout),
      redirect: "manual",
    });
  } catch (error) {
    const reason =
      error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
    throw commandFault("HUB_UNREACHABLE", `no hub at ${hub.url} (from ${hub.source}): ${reason}`, error);
  }
  const text = await response.text();
  if (response.ok) return text;
  const said = problem.safeParse(parseJson(text));
  const words = said.success
    ? `${said.data.code ?? response.status}: ${said.data.error}`
    : `HTTP ${response.status}`;
  throw commandFault("FAILED", `the hub refuses: ${printable(words)}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
