/**
 * A revision as it is kept: the site that was compiled, and the texts it was compiled from, so that people get back what
 * they wrote, comments and all. Equal sites from equal texts have equal bytes, and so one digest.
 */
import * as z from "zod/mini";
import { millis } from "../kernel/units.ts";
import { failed, type Result } from "../kernel/result.ts";
import { canonical } from "../wire/canonical.ts";
import { type CborBounds, encodeCbor } from "../wire/cbor.ts";
import { planDepthMax, planItemsMax } from "../wire/limits.ts";
import { compiledRoute } from "../wire/messages/desired.ts";
import { grants as reachable } from "../wire/messages/grants.ts";
import { moduleLimits } from "../wire/messages/module-limits.ts";
import { decodeDocument, type DocumentFault, name } from "../wire/messages/schema.ts";
import type { CompiledSite, Plain } from "./compiled-site.ts";
import { siteBytesMax } from "./limits.ts";

export interface RevisionContent {
  /** `routes`: of a routes.yaml, without a site file. */
  readonly from: "site" | "routes";
  readonly site: CompiledSite;
  /** Of the texts, by their paths; empty for routes. */
  readonly root: string;
  readonly files: Readonly<Record<string, string>>;
}

/** The site's texts, and what they became, which is a few times as much when nodes share settings. Larger: refuse. */
const contentBounds: CborBounds = {
  bytesMax: 4 * siteBytesMax,
  itemsMax: 2 * planItemsMax,
  depthMax: planDepthMax + 8,
};

const plain: z.ZodMiniType<Plain> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(plain), z.record(z.string(), plain)]),
);
const level = z.union([z.boolean(), z.number(), z.string()]);
const texts = z.exactOptional(z.array(z.string()));
const grants = z.object({
  pins: texts,
  buses: texts,
  serial: texts,
  universes: texts,
  hosts: texts,
  files: texts,
});
const span = z.pipe(z.number(), z.transform(millis));
const failsafe = z.object({ hold: z.nullable(span), fade: span, to: z.exactOptional(level) });

const instance = z.object({
  module: name,
  version: z.string(),
  settings: z.record(z.string(), plain),
  exhibit: z.exactOptional(z.string()),
  failsafes: z.record(z.string(), failsafe),
  stops: z.record(z.string(), level),
  backgrounds: z.exactOptional(z.record(z.string(), level)),
  leases: z.exactOptional(z.record(z.string(), z.number())),
  grant: z.exactOptional(z.object({ ...grants.shape, ...moduleLimits.shape })),
  after: z.exactOptional(z.array(z.string())),
  bundle: z.exactOptional(
    z.object({
      digest: z.string(),
      bytes: z.number(),
      takesSettings: z.boolean(),
      overlaps: z.exactOptional(z.boolean()),
      grants: z.exactOptional(reachable),
      limits: z.exactOptional(moduleLimits),
    }),
  ),
});

const routes = z.record(name, compiledRoute);
const scenes = z.record(name, z.record(z.string(), level));
const title = z.exactOptional(z.string());

const node = z.object({
  zones: z.array(name),
  exhibit: z.exactOptional(z.string()),
  title,
  allow: z.exactOptional(grants),
  instances: z.record(name, instance),
  routes,
  scenes,
});

const modes = z.record(name, z.object({ audience: z.boolean(), updates: z.boolean() }));
const mode = z.exactOptional(z.string());

const hub = z.object({
  routes,
  groups: z.record(name, z.array(name)),
  zones: z.record(
    name,
    z.object({ title, in: z.exactOptional(z.string()), modes: z.exactOptional(modes), mode }),
  ),
  exhibits: z.record(name, z.object({ zone: z.string(), title })),
  scenes,
  modes,
  mode,
  secrets: z.record(
    z.string(),
    z.object({
      env: z.exactOptional(z.string()),
      file: z.exactOptional(z.string()),
      credential: z.exactOptional(z.string()),
    }),
  ),
});

const content = z.object({
  v: z.literal(1),
  from: z.enum(["site", "routes"]),
  site: z.object({ v: z.literal(1), site: name, nodes: z.record(name, node), hub }),
  root: z.string(),
  files: z.record(z.string(), z.string()),
});

export const encodeRevision = (revision: RevisionContent): Uint8Array =>
  encodeCbor(canonical({ v: 1, ...revision }));

/** What was kept by this hub or an earlier version of it. A newer one may have kept what this one cannot read. */
export function decodeRevision(bytes: Uint8Array): Result<RevisionContent, DocumentFault> {
  const decoded = decodeDocument(bytes, content, contentBounds);
  if (!decoded.ok) return failed(decoded.error);
  const { v: _v, ...revision } = decoded.value;
  return { ok: true, value: revision };
}
