// A TUF repository of plain JSON, as other implementations make them: any kind of key, any threshold, any tree of
// delegations. Nothing of ours signs or checks in it, and what a role says can be bent before it is published.

import { createHash, generateKeyPairSync, type KeyObject, constants, sign } from "node:crypto";
import { canonicalize } from "@tufjs/canonical-json";

export const days = 24 * 3600 * 1000;
const timeText = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
const digestOf = (algorithm: string, bytes: Uint8Array): string =>
  createHash(algorithm).update(bytes).digest("hex");

type Fields = Record<string, unknown>;

export interface PublicKey extends Fields {
  keytype: string;
  scheme: string;
  keyval: { public: string };
}

export interface Signer {
  readonly keyid: string;
  readonly key: PublicKey;
  readonly sign: (bytes: Uint8Array) => string;
}

export type KeyKind = "ed25519" | "ecdsa" | "rsa";

/** `more`: what else its key says of itself, and is part of its id. */
export function newSigner(kind: KeyKind = "ed25519", more: Fields = {}): Signer {
  const { key, sign: signs } = made[kind]();
  const said = { ...key, ...more };
  return { key: said, keyid: digestOf("sha256", Buffer.from(canonicalize(said))), sign: signs };
}

const pem = (key: KeyObject): string => key.export({ type: "spki", format: "pem" });
const publicOf = (keytype: string, scheme: string, value: string): PublicKey => ({
  keytype,
  scheme,
  keyval: { public: value },
});

const made: Record<KeyKind, () => Omit<Signer, "keyid">> = {
  ed25519: () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
    return {
      key: publicOf("ed25519", "ed25519", raw),
      sign: (bytes) => sign(undefined, bytes, privateKey).toString("hex"),
    };
  },
  ecdsa: () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return {
      key: publicOf("ecdsa", "ecdsa-sha2-nistp256", pem(publicKey)),
      sign: (bytes) => sign("sha256", bytes, privateKey).toString("hex"),
    };
  },
  rsa: () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return {
      key: publicOf("rsa", "rsassa-pss-sha256", pem(publicKey)),
      sign: (bytes) => sign("sha256", bytes, { key: privateKey, padding, saltLength: 32 }).toString("hex"),
    };
  },
};

interface RoleKeys extends Fields {
  keyids: string[];
  threshold: number;
}

interface Common extends Fields {
  _type: string;
  spec_version: string;
  version: number;
  expires: string;
}

export interface RootContent extends Common {
  consistent_snapshot: boolean;
  keys: Record<string, PublicKey>;
  roles: Record<string, RoleKeys>;
}

export interface Meta extends Fields {
  version: number;
  length?: number;
  hashes?: Record<string, string>;
}

interface Vouching extends Common {
  meta: Record<string, Meta>;
}

interface Target extends Fields {
  length: number;
  hashes: Record<string, string>;
}

export interface Delegated extends RoleKeys {
  name: string;
  terminating: boolean;
  paths?: string[];
  path_hash_prefixes?: string[];
}

export interface TargetsContent extends Common {
  targets: Record<string, Target>;
  delegations?: { keys: Record<string, PublicKey>; roles: Delegated[] };
}

export interface SignedDocument {
  signed: Fields;
  signatures: { keyid: string; sig: string }[];
}

export const topRoles = ["root", "targets", "snapshot", "timestamp"] as const;
type TopRole = (typeof topRoles)[number];

const common = (type: string): Common => ({
  _type: type,
  spec_version: "1.0.31",
  version: 1,
  expires: timeText(Date.now() + 30 * days),
});

export class SimulatedRepository {
  readonly root: RootContent = { ...common("root"), consistent_snapshot: true, keys: {}, roles: {} };
  readonly snapshot: Vouching = { ...common("snapshot"), meta: {} };
  readonly timestamp: Vouching = { ...common("timestamp"), meta: {} };
  readonly targets: TargetsContent = { ...common("targets"), targets: {} };
  readonly delegated = new Map<string, TargetsContent>();
  /** Who signs a role, whatever is said of who should. */
  readonly signers = new Map<string, Signer[]>();
  /** All that was published of a role: the first is number 1, whatever it says itself. */
  readonly published = new Map<string, Buffer[]>();
  /** By its name, without a digest. */
  readonly files = new Map<string, Buffer>();
  hasHashes = false;
  /** `root 2`, `timestamp`, `?`-quoted as they were asked for. */
  readonly asked: string[] = [];
  readonly askedFiles: string[] = [];

  constructor() {
    for (const role of topRoles) this.addKey(role);
    this.publish("targets", "snapshot", "timestamp", "root");
  }

  expire(role: TopRole, inDays: number): void {
    this[role].expires = timeText(Date.now() + inDays * days);
  }

  /** A role of the four, or one that somebody delegated to. */
  contentOf(role: string): RootContent | Vouching | TargetsContent {
    return role === "root" || role === "snapshot" || role === "timestamp" ? this[role] : this.targetsOf(role);
  }

  targetsOf(role: string): TargetsContent {
    const content = role === "targets" ? this.targets : this.delegated.get(role);
    if (content === undefined) throw new Error(`no role ${role}`);
    return content;
  }

  /** One more signer of one of the four roles, whom root names. */
  addKey(role: TopRole, signer = newSigner()): Signer {
    this.root.keys[signer.keyid] = signer.key;
    const keys = (this.root.roles[role] ??= { keyids: [], threshold: 1 });
    keys.keyids.push(signer.keyid);
    this.signedBy(role, ...this.signersOf(role), signer);
    return signer;
  }

  signersOf(role: string): readonly Signer[] {
    return this.signers.get(role) ?? [];
  }

  signedBy(role: string, ...signers: readonly Signer[]): void {
    this.signers.set(role, [...signers]);
  }

  /** Other keys, as many as are needed. */
  rotate(role: TopRole): void {
    const { threshold = 1 } = this.root.roles[role] ?? {};
    this.nameKeys(
      role,
      threshold,
      Array.from({ length: threshold }, () => newSigner()),
    );
  }

  nameKeys(role: TopRole, threshold: number, signers: readonly Signer[]): void {
    this.root.roles[role] = { keyids: signers.map(({ keyid }) => keyid), threshold };
    for (const { keyid, key } of signers) this.root.keys[keyid] = key;
    this.signedBy(role, ...signers);
  }

  delegate(by: string, given: Partial<Delegated> & { readonly name: string }): TargetsContent {
    const delegator = this.targetsOf(by);
    const signer = newSigner();
    delegator.delegations ??= { keys: {}, roles: [] };
    delegator.delegations.keys[signer.keyid] = signer.key;
    const { path_hash_prefixes: prefixes, paths = ["*"], ...rest } = given;
    const which = prefixes === undefined ? { paths } : { path_hash_prefixes: prefixes };
    delegator.delegations.roles.push({
      keyids: [signer.keyid],
      threshold: 1,
      terminating: false,
      ...which,
      ...rest,
    });
    this.signedBy(given.name, ...this.signersOf(given.name), signer);
    const content = this.delegated.get(given.name) ?? { ...common("targets"), targets: {} };
    this.delegated.set(given.name, content);
    return content;
  }

  addFile(role: string, path: string, text: string, algorithms: readonly string[] = ["sha256"]): void {
    const bytes = Buffer.from(text);
    const hashes = Object.fromEntries(algorithms.map((each) => [each, digestOf(each, bytes)]));
    this.targetsOf(role).targets[path] = { length: bytes.length, hashes };
    this.files.set(path, bytes);
  }

  /** Signs each as it is now, the first time under the number that it has and then under the next. */
  publish(...roles: readonly string[]): void {
    for (const role of roles) {
      const content = this.contentOf(role);
      const before = this.published.get(role);
      if (before !== undefined) content.version += 1;
      this.publishAs(role, content);
      const meta = this.#metaOf(role, content.version);
      if (role === "snapshot") this.timestamp.meta = { "snapshot.json": meta };
      else if (role !== "root" && role !== "timestamp") this.snapshot.meta[`${role}.json`] = meta;
    }
  }

  /** Puts something in the place of the next document of a role, signed by whoever signs that. */
  publishAs(role: string, content: Fields, by = this.signersOf(role)): void {
    const bytes = Buffer.from(canonicalize(content));
    const signatures = by.map((signer) => ({ keyid: signer.keyid, sig: signer.sign(bytes) }));
    this.published.set(role, [
      ...(this.published.get(role) ?? []),
      Buffer.from(JSON.stringify({ signatures, signed: content }, undefined, 1)),
    ]);
  }

  last(role: string): Buffer {
    const bytes = this.published.get(role)?.at(-1);
    if (bytes === undefined) throw new Error(`nothing of ${role} is published`);
    return bytes;
  }

  /** Changes what was published last of a role, behind its signatures. */
  bend(role: string, change: (document: SignedDocument) => void): void {
    const document: SignedDocument = JSON.parse(this.last(role).toString());
    change(document);
    this.published.get(role)?.splice(-1, 1, Buffer.from(JSON.stringify(document)));
  }

  #metaOf(role: string, version: number): Meta {
    if (!this.hasHashes) return { version };
    const bytes = this.last(role);
    return { version, length: bytes.length, hashes: { sha256: digestOf("sha256", bytes) } };
  }

  /** What a web server has at a path below the repository; `undefined`: 404. */
  answer(path: string): Buffer | undefined {
    if (path.startsWith("metadata/")) return this.#document(path.slice("metadata/".length));
    return path.startsWith("targets/")
      ? this.#file(decodeURIComponent(path.slice("targets/".length)))
      : undefined;
  }

  #document(name: string): Buffer | undefined {
    const isConsistent = this.root.consistent_snapshot && name !== "timestamp.json";
    const [, number, quoted] = /^(?:(\d+)\.)?(.+)\.json$/.exec(name) ?? [];
    if (quoted === undefined) return undefined;
    this.asked.push(number === undefined ? quoted : `${quoted} ${number}`);
    const all = this.published.get(decodeURIComponent(quoted)) ?? [];
    if (quoted === "root" || isConsistent) return number === undefined ? undefined : all[Number(number) - 1];
    return number === undefined ? all.at(-1) : undefined;
  }

  #file(path: string): Buffer | undefined {
    this.askedFiles.push(path);
    if (!this.root.consistent_snapshot) return this.files.get(path);
    const [, folder = "", digest = "", rest = ""] = /^(.*\/)?([^./]*)\.([^/]*)$/.exec(path) ?? [];
    const name = `${folder}${rest}`;
    const said = [this.targets, ...this.delegated.values()].flatMap(({ targets }) => targets[name] ?? []);
    const isNamed = said.some(({ hashes }) => Object.values(hashes).includes(digest));
    return isNamed ? this.files.get(name) : undefined;
  }
}
