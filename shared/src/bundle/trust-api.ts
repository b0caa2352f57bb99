/** How people and programs speak with the hub of trust: over HTTP, in JSON. */
import * as z from "zod/mini";
import { nameLengthMax } from "../wire/limits.ts";

/**
 * Roots that are brought at once, as to a hub that was restored from an old backup. More: refuse. Nobody hands on so often,
 * and nodes follow as many at once.
 */
export const rootsBroughtMax = 256;
/** A bundle. Larger: refuse. The largest we know, a codec with its tables, has 600 KB. */
export const moduleBytesMax = 4 * 1024 * 1024;
/** Files in one import. More: refuse. */
const importFilesMax = 8;
/** What a body may have: a bundle in base 64, the publisher's document with all he ever published, and room. Larger: refuse. */
export const importBodyMax = 2 * moduleBytesMax + 8 * 1024 * 1024;

export const trustPaths = {
  standing: "/api/v1/trust",
  metadata: "/api/v1/trust/metadata",
  root: "/api/v1/trust/root",
  targets: "/api/v1/trust/targets",
  onlineKey: "/api/v1/trust/online-key",
  publish: "/api/v1/trust/publish",
  development: "/api/v1/trust/development",
} as const;

/** A public key as TUF writes it, with its id. */
export const publicKey = z.object({
  keyid: z.string(),
  keytype: z.literal("ed25519"),
  scheme: z.literal("ed25519"),
  keyval: z.object({ public: z.string().check(z.regex(/^[0-9a-f]{64}$/)) }),
});
export type PublicKey = z.infer<typeof publicKey>;

const document = z.record(z.string(), z.unknown());
const by = z.string().check(z.minLength(1), z.maxLength(nameLengthMax));

/**
 * A signed document; `by` is who brings it, for the audit. With a root may come who may publish under it, and the roots
 * before it that the hub may have lost, in order.
 */
export const documentBody = z.object({
  by,
  document,
  targets: z.optional(document),
  before: z.optional(z.array(document).check(z.maxLength(rootsBroughtMax))),
});

const bytes = z.object({
  path: z.string().check(z.maxLength(256)),
  base64: z.string().check(z.maxLength(2 * moduleBytesMax)),
});

export const publishBody = z.object({
  by,
  publisher: z.string().check(z.maxLength(nameLengthMax)),
  document,
  files: z.array(bytes).check(z.maxLength(importFilesMax)),
});

/** For trying things out: nobody has signed it. */
export const developmentBody = z.object({
  by,
  manifest: document,
  base64: z.string().check(z.maxLength(2 * moduleBytesMax)),
});

const role = z.object({ version: z.number(), expires: z.string() });

export const trustStanding = z.object({
  /** `development`: all keys lie on the hub, good for trying things out. */
  kind: z.enum(["none", "development", "real"]),
  online: publicKey,
  root: z.optional(z.object({ ...role.shape, keys: z.array(z.string()), threshold: z.number() })),
  targets: z.optional(role),
  publishers: z.array(
    z.object({ name: z.string(), key: z.string(), files: z.number(), expires: z.optional(z.string()) }),
  ),
  /** In words for people. */
  problems: z.array(z.string()),
});
export type TrustStanding = z.infer<typeof trustStanding>;
