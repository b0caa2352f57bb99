/**
 * The documents of TUF as we write them, the same on the hub and where offline keys lie: who may sign what (`root`), whose
 * modules are whose (`targets`), the modules of one publisher, what belongs together (`snapshot`), and that it is still so
 * (`timestamp`).
 */
import { createHash } from "node:crypto";
import {
  type Key,
  Metadata,
  MetadataKind,
  MetaFile,
  Root,
  Snapshot,
  TargetFile,
  Targets,
  Timestamp,
} from "@tufjs/models";
import { Delegations } from "@tufjs/models/dist/delegations.js";
import { DelegatedRole, Role } from "@tufjs/models/dist/role.js";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { SigningKey } from "./signing-key.ts";

const specVersion = "1.0.31";
const day = 24 * 3600 * 1000;

/** How long each is good. The shorter, the less an old one can be played back; what lies offline is not signed often. */
export const spans = {
  root: 730 * day,
  targets: 365 * day,
  publisher: 365 * day,
  snapshot: 30 * day,
  timestamp: 7 * day,
} as const;

const developmentField = "x-interactor-development";
const issuedField = "x-interactor-issued";

/** The role by which the hub tells each node what it shall run: the only one of `targets` whose key lies on the hub. */
export const assignRole = "assign";
/** Roles that every repository has: no document can hand on to somebody under one of these names. */
export const topRoles: ReadonlySet<string> = new Set(["root", "targets", "snapshot", "timestamp"]);
export const assignPaths = ["assign/*.json"];
export const publisherPaths = (publisher: string): readonly string[] => [`modules/${publisher}/*`];

/** Without fractions of a second, as TUF wants it. */
const timeText = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export interface Signers {
  readonly keys: readonly Key[];
  readonly threshold: number;
}

export interface RootContent {
  readonly version: number;
  readonly roles: Readonly<Record<"root" | "targets" | "snapshot" | "timestamp", Signers>>;
  /** Its keys lie on the hub: good for trying things out. */
  readonly isDevelopment: boolean;
  readonly now: number;
}

export function rootOf({ version, roles, isDevelopment, now }: RootContent): Root {
  const root = new Root({
    version,
    specVersion,
    expires: timeText(now + spans.root),
    consistentSnapshot: true,
    ...(isDevelopment && { unrecognizedFields: { [developmentField]: true } }),
  });
  for (const [name, { keys, threshold }] of Object.entries(roles)) {
    root.roles[name] = new Role({ keyIDs: keys.map(({ keyID }) => keyID), threshold });
    for (const key of keys) root.keys[key.keyID] = key;
  }
  return root;
}

export const isDevelopment = (root: Root): boolean => root.unrecognizedFields[developmentField] === true;

/** The keys that a root names for a role. */
export function signersOf(root: Root, role: "root" | "targets" | "snapshot" | "timestamp"): Signers {
  const { keyIDs = [], threshold = 1 } = root.roles[role] ?? {};
  return { keys: keyIDs.flatMap((id) => root.keys[id] ?? []), threshold };
}

export interface Delegated {
  readonly name: string;
  readonly key: Key;
  readonly paths: readonly string[];
}

/** Who may speak of what. It names no files itself. */
export function delegatingTargets(content: {
  readonly version: number;
  readonly delegated: readonly Delegated[];
  readonly now: number;
}): Targets {
  const { version, delegated, now } = content;
  const keys = Object.fromEntries(delegated.map(({ key }) => [key.keyID, key]));
  const roles = Object.fromEntries(
    delegated.map(({ name, key, paths }) => [
      name,
      new DelegatedRole({ name, keyIDs: [key.keyID], threshold: 1, terminating: true, paths: [...paths] }),
    ]),
  );
  return new Targets({
    version,
    specVersion,
    expires: timeText(now + spans.targets),
    delegations: new Delegations({ keys, roles }),
  });
}

export function delegatedBy(targets: Targets): readonly Delegated[] {
  const { keys = {}, roles = {} } = targets.delegations ?? {};
  return Object.values(roles).flatMap(({ name, keyIDs, paths = [] }) => {
    const key = keys[keyIDs[0] ?? ""];
    return key === undefined ? [] : [{ name, key, paths }];
  });
}

/** A file that somebody vouches for, with what he says of it. */
export function fileOf(path: string, bytes: Uint8Array, custom: object): TargetFile {
  return new TargetFile({
    path,
    length: bytes.length,
    hashes: { sha256: sha256(bytes) },
    unrecognizedFields: { custom: JSON.parse(JSON.stringify(custom)) },
  });
}

/** TUF 5.7.3: a file's name begins with its digest, so that two versions of it never get in each other's way. */
export function locationOf({ path, hashes }: TargetFile): string {
  const end = path.lastIndexOf("/") + 1;
  return `${path.slice(0, end)}${hashes["sha256"] ?? ""}.${path.slice(end)}`;
}

export function filesTargets(content: {
  readonly version: number;
  readonly files: Readonly<Record<string, TargetFile>>;
  readonly now: number;
}): Targets {
  const { version, files, now } = content;
  return new Targets({
    version,
    specVersion,
    expires: timeText(now + spans.publisher),
    targets: { ...files },
  });
}

export interface Part {
  readonly version: number;
  readonly bytes: Uint8Array;
}

export const metaOf = ({ version, bytes }: Part): MetaFile =>
  new MetaFile({ version, length: bytes.length, hashes: { sha256: sha256(bytes) } });

/** `parts`: by the names of their files. */
export function snapshotOf(version: number, parts: ReadonlyMap<string, MetaFile>, now: number): Snapshot {
  const meta = Object.fromEntries(parts);
  return new Snapshot({ version, specVersion, expires: timeText(now + spans.snapshot), meta });
}

export function timestampOf(version: number, snapshot: Part, now: number): Timestamp {
  return new Timestamp({
    version,
    specVersion,
    expires: timeText(now + spans.timestamp),
    snapshotMeta: metaOf(snapshot),
    unrecognizedFields: { [issuedField]: timeText(now) },
  });
}

export function signed(content: Root | Targets | Snapshot | Timestamp, by: readonly SigningKey[]): Buffer {
  const metadata = new Metadata(content);
  for (const key of by) metadata.sign(key.sign, true);
  return Buffer.from(JSON.stringify(metadata.toJSON()));
}

export const readRoot = (bytes: Uint8Array): Metadata<Root> =>
  read(bytes, (json) => Metadata.fromJSON(MetadataKind.Root, json));
export const readTargets = (bytes: Uint8Array): Metadata<Targets> =>
  read(bytes, (json) => Metadata.fromJSON(MetadataKind.Targets, json));
export const readSnapshot = (bytes: Uint8Array): Metadata<Snapshot> =>
  read(bytes, (json) => Metadata.fromJSON(MetadataKind.Snapshot, json));
export const readTimestamp = (bytes: Uint8Array): Metadata<Timestamp> =>
  read(bytes, (json) => Metadata.fromJSON(MetadataKind.Timestamp, json));

type Json = Parameters<typeof Metadata.fromJSON>[1];

/** Throws a Fault `TRUST_MALFORMED` that says what is wrong with it. */
function read<Result>(bytes: Uint8Array, decode: (json: Json) => Result): Result {
  try {
    return decode(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch (cause) {
    throw new Fault("TRUST_MALFORMED", `this is no such document: ${messageOf(cause)}`, { cause });
  }
}

/** Throws a Fault `TRUST_SIGNATURE` unless those who may have signed it. */
export function checkSigned(
  by: Metadata<Root> | Metadata<Targets>,
  role: string,
  document: Metadata<Root> | Metadata<Targets> | Metadata<Snapshot> | Metadata<Timestamp>,
): void {
  try {
    by.verifyDelegate(role, document);
  } catch (cause) {
    throw new Fault("TRUST_SIGNATURE", messageOf(cause), { cause });
  }
}

export function isSigned(by: Metadata<Targets>, role: string, document: Metadata<Targets>): boolean {
  try {
    by.verifyDelegate(role, document);
    return true;
  } catch {
    // It has one reason only, which is what is asked here.
    return false;
  }
}
