/** What the metadata says that the version floor must know. */
import { Metadata, MetadataKind, type Root } from "@tufjs/models";
import type { Judge } from "./judge.ts";
import type { Files } from "./metadata-folder.ts";
import type { Seen } from "./version-floor.ts";

/** Of our own hubs: when it was signed. Others do not have it. */
const issuedField = "x-interactor-issued";
const developmentField = "x-interactor-development";

export interface Looking {
  /** Of a refresh that did not come to its end only what it accepted: the rest may be what a damaged disk had. */
  readonly accepted: Files | undefined;
  /** Nothing was signed later than now, if anybody knows what time it is: no stolen key can put the clock ahead. */
  readonly latest: number;
}

export function seenIn(judge: Judge, { accepted, latest }: Looking): Seen {
  const isNew = (name: string): boolean => accepted?.has(name) ?? true;
  const versions = new Map<string, number>();
  const timestamp = isNew("timestamp.json") ? judge.timestamp?.signed : undefined;
  const snapshot = isNew("snapshot.json") ? judge.snapshot?.signed : undefined;
  if (timestamp !== undefined) versions.set("timestamp", timestamp.version);
  if (snapshot !== undefined) {
    versions.set("snapshot", snapshot.version);
    for (const [file, meta] of Object.entries(snapshot.meta)) versions.set(file, meta.version);
  }
  return {
    ...seenOfRoot(judge.root.signed),
    versions: Object.fromEntries(versions),
    issued: Math.min(issuedAt(timestamp?.unrecognizedFields), latest),
  };
}

export function seenOfRoot({ version, roles }: Root): Pick<Seen, "root" | "online"> {
  const online = ["timestamp", "snapshot"].map((role) => (roles[role]?.keyIDs ?? []).toSorted());
  return { root: version, online: JSON.stringify(online) };
}

/** A time that is not one says nothing. */
function issuedAt(fields: Readonly<Record<string, unknown>> | undefined): number {
  const text = fields?.[issuedField];
  const time = typeof text === "string" ? Date.parse(text) : 0;
  return Number.isFinite(time) && time > 0 ? time : 0;
}

export const isDevelopmentRoot = (root: {
  readonly unrecognizedFields?: Readonly<Record<string, unknown>>;
}): boolean => root.unrecognizedFields?.[developmentField] === true;

/** A root by its own word; `undefined`: it is none, or its own keys have not signed it. */
export function rootIn(bytes: Uint8Array | undefined): Root | undefined {
  if (bytes === undefined) return undefined;
  try {
    const root = Metadata.fromJSON(MetadataKind.Root, JSON.parse(Buffer.from(bytes).toString("utf8")));
    root.verifyDelegate(MetadataKind.Root, root);
    return root.signed;
  } catch {
    return undefined;
  }
}

/** TUF 5.7.3: with consistent snapshots a file's name begins with one of its digests. */
export function locationOf(
  path: string,
  hashes: Readonly<Record<string, string>>,
  isConsistent: boolean,
): string {
  const digest = Object.values(hashes)[0];
  if (!isConsistent || digest === undefined) return path;
  const end = path.lastIndexOf("/") + 1;
  return `${path.slice(0, end)}${digest}.${path.slice(end)}`;
}
