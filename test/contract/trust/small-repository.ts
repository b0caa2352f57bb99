// A TUF repository in memory that can be made to lie: who tests a client must be able to sign what no honest hub would.

import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { canonicalize } from "@tufjs/canonical-json";
import {
  Key,
  Metadata,
  MetaFile,
  Root,
  Signature,
  Snapshot,
  TargetFile,
  Targets,
  Timestamp,
} from "@tufjs/models";
import { Delegations } from "@tufjs/models/dist/delegations.js";
import { DelegatedRole, Role } from "@tufjs/models/dist/role.js";

const specVersion = "1.0.31";
export const days = 24 * 3600 * 1000;
/** Without fractions, as TUF wants it. */
const timeText = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export interface Signer {
  readonly key: Key;
  readonly sign: (bytes: Buffer) => Signature;
}

export function newSigner(): Signer {
  const pair = generateKeyPairSync("ed25519");
  return signerOf(pair.privateKey, pair.publicKey);
}

function signerOf(secret: KeyObject, open: KeyObject): Signer {
  const raw = open.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
  const named = { keytype: "ed25519", scheme: "ed25519", keyval: { public: raw } };
  const keyID = createHash("sha256").update(canonicalize(named)).digest("hex");
  return {
    key: new Key({ keyID, keyType: "ed25519", scheme: "ed25519", keyVal: { public: raw } }),
    sign: (bytes) => new Signature({ keyID, sig: sign(undefined, bytes, secret).toString("hex") }),
  };
}

const topRoles = ["root", "targets", "snapshot", "timestamp"] as const;
type TopRole = (typeof topRoles)[number];

interface Publisher {
  /** The one that the delegation names. */
  readonly signer: Signer;
  /** Who signs in its place. */
  signedBy?: Signer;
  paths: readonly string[];
  version: number;
  readonly files: Record<string, TargetFile>;
  expires: number;
}

export class SmallRepository {
  /** By the path that a client asks for: `metadata/1.root.json`, `targets/…`. */
  files = new Map<string, Buffer>();
  keys: Record<TopRole, Signer[]>;
  thresholds: Record<TopRole, number> = { root: 2, targets: 1, snapshot: 1, timestamp: 1 };
  versions: Record<TopRole, number> = { root: 0, targets: 0, snapshot: 0, timestamp: 0 };
  /** From `now` on. */
  spans: Record<TopRole, number> = {
    root: 730 * days,
    targets: 365 * days,
    snapshot: 30 * days,
    timestamp: 7 * days,
  };
  /** What its roots say of themselves from now on. */
  isDevelopment = false;
  targets: Record<string, TargetFile> = {};
  publishers: Record<string, Publisher> = {};
  now: number;
  issued: number | undefined;
  /** What the timestamp says that the snapshot has, in the place of what it has. */
  snapshotBytes: number | undefined;
  /** They hand on to those that come after them. */
  #rootBefore: readonly Signer[] = [];

  constructor(now = Date.now()) {
    this.now = now;
    this.keys = {
      root: [newSigner(), newSigner(), newSigner()],
      targets: [newSigner()],
      snapshot: [newSigner()],
      timestamp: [newSigner()],
    };
    this.publishRoot();
    this.publish();
  }

  get firstRoot(): Buffer {
    return this.file("metadata/1.root.json");
  }

  file(path: string): Buffer {
    const bytes = this.files.get(path);
    if (bytes === undefined) throw new Error(`no ${path}`);
    return bytes;
  }

  /** The same repository as it is now, which can go another way from here. */
  clone(): SmallRepository {
    const copy = new SmallRepository(this.now);
    copy.files = new Map(this.files);
    copy.keys = { ...this.keys };
    copy.thresholds = { ...this.thresholds };
    copy.versions = { ...this.versions };
    copy.spans = { ...this.spans };
    copy.targets = { ...this.targets };
    for (const [name, each] of Object.entries(this.publishers))
      copy.publishers[name] = { ...each, files: { ...each.files } };
    copy.issued = this.issued;
    copy.#rootBefore = this.#rootBefore;
    return copy;
  }

  /** `signers`: other than those that should. */
  publishRoot(signers?: readonly Signer[]): void {
    const version = ++this.versions.root;
    const root = new Root({
      version,
      specVersion,
      expires: this.#until("root"),
      consistentSnapshot: true,
      ...(this.isDevelopment && { unrecognizedFields: { "x-interactor-development": true } }),
    });
    for (const role of topRoles) {
      const keys = this.keys[role].map(({ key }) => key);
      root.roles[role] = new Role({
        keyIDs: keys.map(({ keyID }) => keyID),
        threshold: this.thresholds[role],
      });
      for (const key of keys) root.keys[key.keyID] = key;
    }
    const all = signers ?? [...new Set([...this.#rootBefore, ...this.keys.root])];
    this.#rootBefore = this.keys.root;
    this.#put(`metadata/${version}.root.json`, signed(root, all));
  }

  addFile(path: string, bytes: Buffer, given: { readonly by?: string; readonly custom?: object } = {}): void {
    const digest = sha256(bytes);
    const file = new TargetFile({
      path,
      length: bytes.length,
      hashes: { sha256: digest },
      ...(given.custom && { unrecognizedFields: { custom: { ...given.custom } } }),
    });
    const files = given.by === undefined ? this.targets : this.publisher(given.by).files;
    files[path] = file;
    const end = path.lastIndexOf("/") + 1;
    this.files.set(`targets/${path.slice(0, end)}${digest}.${path.slice(end)}`, bytes);
  }

  publisher(name: string): Publisher {
    const found = this.publishers[name];
    if (found === undefined) throw new Error(`no publisher ${name}`);
    return found;
  }

  addPublisher(name: string, paths: readonly string[], signer = newSigner()): void {
    this.publishers[name] = { signer, paths, version: 1, files: {}, expires: this.now + 365 * days };
  }

  /** Signs what is asked for, and what vouches for it by number and digest. */
  publish(
    given: {
      readonly roles?: readonly TopRole[];
      readonly by?: Partial<Record<TopRole, readonly Signer[]>>;
    } = {},
  ): void {
    const { roles = ["targets", "snapshot", "timestamp"], by = {} } = given;
    if (roles.includes("targets")) this.#publishTargets(by.targets ?? this.keys.targets);
    if (roles.includes("snapshot")) this.#publishSnapshot(by.snapshot ?? this.keys.snapshot);
    if (roles.includes("timestamp")) this.#publishTimestamp(by.timestamp ?? this.keys.timestamp);
  }

  /** What somebody can sign who has the keys of the hub only: `targets.json` stays as it is. */
  publishByHub(role: string): void {
    const publisher = this.publisher(role);
    publisher.version += 1;
    this.#publishWord(role, publisher);
    this.publish({ roles: ["snapshot", "timestamp"] });
  }

  #publishWord(name: string, { version, files, signer, signedBy = signer, expires }: Publisher): void {
    const role = new Targets({ version, specVersion, expires: timeText(expires), targets: { ...files } });
    this.#put(`metadata/${version}.${name}.json`, signed(role, [signedBy]));
  }

  #publishTargets(by: readonly Signer[]): void {
    const named = Object.entries(this.publishers);
    for (const [name, publisher] of named) this.#publishWord(name, publisher);
    const version = ++this.versions.targets;
    const keys = Object.fromEntries(named.map(([, { signer }]) => [signer.key.keyID, signer.key]));
    const roles = Object.fromEntries(
      named.map(([name, { signer, paths }]) => [
        name,
        new DelegatedRole({
          name,
          keyIDs: [signer.key.keyID],
          threshold: 1,
          terminating: true,
          paths: [...paths],
        }),
      ]),
    );
    const targets = new Targets({
      version,
      specVersion,
      expires: this.#until("targets"),
      targets: { ...this.targets },
      ...(named.length > 0 && { delegations: new Delegations({ keys, roles }) }),
    });
    this.#put(`metadata/${version}.targets.json`, signed(targets, by));
  }

  #publishSnapshot(by: readonly Signer[]): void {
    const version = ++this.versions.snapshot;
    const parts = [
      ["targets", this.versions.targets] as const,
      ...Object.entries(this.publishers).map(([name, each]) => [name, each.version] as const),
    ];
    const meta = Object.fromEntries(
      parts.map(([name, each]) => [`${name}.json`, metaOf(each, this.file(`metadata/${each}.${name}.json`))]),
    );
    const snapshot = new Snapshot({ version, specVersion, expires: this.#until("snapshot"), meta });
    this.#put(`metadata/${version}.snapshot.json`, signed(snapshot, by));
  }

  #publishTimestamp(by: readonly Signer[]): void {
    const { timestamp: version, snapshot } = { ...this.versions, timestamp: ++this.versions.timestamp };
    const meta = metaOf(snapshot, this.file(`metadata/${snapshot}.snapshot.json`));
    const length = this.snapshotBytes;
    const timestamp = new Timestamp({
      version,
      specVersion,
      expires: this.#until("timestamp"),
      snapshotMeta: length === undefined ? meta : new MetaFile({ version: meta.version, length }),
      unrecognizedFields: { "x-interactor-issued": timeText(this.issued ?? this.now) },
    });
    this.#put("metadata/timestamp.json", signed(timestamp, by));
  }

  #until(role: TopRole): string {
    return timeText(this.now + this.spans[role]);
  }

  #put(path: string, bytes: Buffer): void {
    this.files.set(path, bytes);
  }
}

const metaOf = (version: number, bytes: Buffer): MetaFile =>
  new MetaFile({ version, length: bytes.length, hashes: { sha256: sha256(bytes) } });

function signed(content: Root | Targets | Snapshot | Timestamp, by: readonly Signer[]): Buffer {
  const metadata = new Metadata(content);
  for (const signer of by) metadata.sign(signer.sign, true);
  return Buffer.from(JSON.stringify(metadata.toJSON()));
}
