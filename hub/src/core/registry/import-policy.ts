/**
 * What a site lets in, before any node sees it. It is no wall, the sandbox is: it tells early, and in words, what would
 * fail there, and holds what people decided about licences and permissions.
 */
import type { PermissionKind } from "@interactor/shared/bundle/manifest";
import { modulePath, signedManifest } from "@interactor/shared/bundle/signed-module";
import { wrongAsks } from "@interactor/shared/bundle/wrong-asks";
import { moduleBytesMax } from "@interactor/shared/bundle/trust-api";

export interface ImportPolicy {
  /** Modules of Node that a bundle may import. What else it needs is in it. */
  readonly imports: readonly string[];
  readonly permissions: readonly PermissionKind[];
  readonly bytesMax: number;
  /** SPDX names; empty: whatever it says, or nothing. */
  readonly licences: readonly string[];
}

/** Without the network, files, processes and threads, which a sandbox denies. */
export const importPolicyDefault: ImportPolicy = {
  imports: [
    "assert",
    "async_hooks",
    "buffer",
    "crypto",
    "events",
    "path",
    "perf_hooks",
    "querystring",
    "stream",
    "stream/promises",
    "string_decoder",
    "timers",
    "timers/promises",
    "url",
    "util",
    "zlib",
  ],
  permissions: ["pin", "bus", "serial", "universe", "host", "file"],
  bytesMax: moduleBytesMax,
  licences: [],
};

export interface BroughtModule {
  readonly publisher: string;
  readonly path: string;
  /** The bundle's text, and how many bytes it has. */
  readonly text: string;
  readonly bytes: number;
  /** What its publisher says of it. */
  readonly custom: unknown;
}

/** What stands against it, in words; nothing: it is let in. */
export function objections(module: BroughtModule, policy: ImportPolicy): readonly string[] {
  const { publisher, path, bytes, custom } = module;
  const said = signedManifest(custom);
  if (!said.ok) return [said.error];
  const { permissions = [], license } = said.value;
  const found: string[] = [];
  const expected = modulePath(publisher, said.value);
  if (path !== expected) found.push(`its manifest makes it ${expected}, and it is ${path}`);
  if (bytes > policy.bytesMax) found.push(`it has ${bytes} bytes, and ${policy.bytesMax} are allowed`);
  for (const { kind } of permissions)
    if (!policy.permissions.includes(kind)) found.push(`it asks for the permission "${kind}"`);
  if (policy.licences.length > 0 && !isAmong(license, policy.licences))
    found.push(`its licence is ${license ?? "not named"}, and allowed are ${policy.licences.join(", ")}`);
  found.push(...wrongAsks(said.value));
  // What is too large is not read.
  return bytes > policy.bytesMax ? found : [...found, ...importsAgainst(module.text, policy.imports)];
}

/** Of `A OR B` one is enough, of `A AND B` all have to be. */
function isAmong(licence: string | undefined, allowed: readonly string[]): boolean {
  if (licence === undefined) return false;
  const alternatives = licence.replaceAll(/[()]/g, " ").split(/\s+OR\s+/);
  return alternatives.some((each) => each.split(/\s+AND\s+/).every((name) => allowed.includes(name.trim())));
}

/** `import … from "x"`, `export … from "x"`: what stands before `from` tells it from a word in a text. */
const declared = /(?:[}*]|\bimport\s+[\w$]{1,256}|\bas\s+[\w$]{1,256})\s*from\s*(["'])([^"'\n]{1,256})\1/g;
/** `import "x"`. */
const plain = /(?<![\w$.])import\s*(["'])([^"'\n]{1,256})\1/g;
/** `import("x")`, `require("x")`. */
const called = /(?<![\w$.])(?:import|require)\s*\(\s*(["'`])([^"'`\n$]{1,256})\1\s*[,)]/g;
/** The same with something that is known only when it runs. */
const computed = /(?<![\w$.])(?:import|require)\s*\(\s*(?!\s|(["'`])[^"'`\n$]{1,256}\1\s*[,)])/;

function importsAgainst(text: string, allowed: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const pattern of [declared, plain, called])
    for (const [, , name] of text.matchAll(pattern)) if (name !== undefined) names.add(name);
  const against = [...names].filter((name) => !isOurs(name) && !allowed.includes(name.replace(/^node:/, "")));
  const found = against.map((name) => `it imports "${name}"`);
  return computed.test(text) ? [...found, "it imports something that is only known when it runs"] : found;
}

/** What a module is written on is there where it runs. */
const isOurs = (name: string): boolean => name.startsWith("@interactor/shared/sdk");
