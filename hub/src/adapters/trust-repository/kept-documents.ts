/** What the repository serves now: the newest of each role that is whole, and what the last snapshot said of them. */
import type { Metadata, MetaFile, Root, Targets } from "@tufjs/models";
import { messageOf } from "@interactor/shared/kernel/fault";
import { metaOf, readRoot, readSnapshot, readTargets, readTimestamp } from "../../../signing/documents.ts";
import { isFollowing } from "../../../signing/verified.ts";
import type { Log } from "../../ports/log.ts";
import type { TrustFiles } from "./trust-files.ts";

export interface Kept<Content extends Root | Targets = Targets> {
  readonly document: Metadata<Content>;
  readonly bytes: Uint8Array;
}

export class KeptDocuments {
  readonly #log: Log;
  root: Kept<Root> | undefined;
  targets: Kept | undefined;
  /** Also of publishers that may not speak any more: nodes refuse a snapshot in which somebody is missing. */
  words = new Map<string, Kept>();
  snapshot = { version: 0, until: 0 };
  timestamp = { version: 0, until: 0 };
  /** What the last snapshot said of each document, by its name: nodes take nothing older. */
  vouched = new Map<string, MetaFile>();
  /** Roots that are missing, or not as they were signed: who has an older one comes no further. */
  readonly holes = new Set<number>();
  /** The others, and the last one. */
  readonly roots = new Map<number, Metadata<Root>>();
  /** Versions that were newer than what counts, and cannot be read. */
  readonly #damaged = new Map<string, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  async load(files: TrustFiles): Promise<void> {
    for (const { role, name, version } of await files.documents()) {
      if (this.#has(role)) continue;
      const bytes = await files.read("metadata", name);
      if (bytes !== undefined) this.#take(role, version, bytes);
    }
    const timestamp = await files.read("metadata", "timestamp.json");
    if (timestamp !== undefined) this.#takeTimestamp(timestamp);
    await this.findHoles(files);
  }

  /**
   * Each root that lies here must follow from the one before it, as nodes ask it. One that does not has lost a signature, or
   * the one before it is another: that one is not meant if it follows from its own.
   */
  async findHoles(files: TrustFiles): Promise<void> {
    this.holes.clear();
    this.roots.clear();
    let before: Metadata<Root> | undefined;
    let isBeforeSure = false;
    const newest = this.root?.document.signed.version ?? 0;
    for (let version = 1; version <= newest; version += 1) {
      const root = rootIn(await files.read("metadata", `${version}.root.json`), version);
      const isAfter = root !== undefined && (before === undefined || isFollowing([before, root]));
      if (!isAfter) this.holes.add(version);
      if (root !== undefined && !isAfter && !isBeforeSure) this.holes.add(version - 1);
      isBeforeSure = isAfter && before !== undefined;
      before = root;
      if (root !== undefined) this.roots.set(version, root);
    }
    for (const version of this.holes) this.roots.delete(version);
  }

  /** Of a root for trying things out nothing stays. */
  forget(): void {
    this.root = undefined;
    this.targets = undefined;
    this.words = new Map();
    this.vouched = new Map();
    this.holes.clear();
    this.roots.clear();
    this.#damaged.clear();
  }

  /** Roles of which something newer than what counts is damaged, with its version. */
  damaged(): ReadonlyMap<string, number> {
    const versionOf = (role: string): number => {
      const kept = role === "root" ? this.root : role === "targets" ? this.targets : this.words.get(role);
      return kept?.document.signed.version ?? 0;
    };
    return new Map([...this.#damaged].filter(([role, version]) => versionOf(role) < version));
  }

  /** What a snapshot says of each role: of none less than the last one said, whatever was lost since. */
  parts(): ReadonlyMap<string, MetaFile> {
    const parts = new Map(this.vouched);
    const newest = new Map([...this.words, ...(this.targets ? [["targets", this.targets] as const] : [])]);
    for (const [role, { document, bytes }] of newest) {
      const { version } = document.signed;
      if (version >= (parts.get(`${role}.json`)?.version ?? 0))
        parts.set(`${role}.json`, metaOf({ version, bytes }));
    }
    return parts;
  }

  #has(role: string): boolean {
    if (role === "root") return this.root !== undefined;
    if (role === "targets") return this.targets !== undefined;
    return role === "snapshot" ? this.snapshot.version > 0 : this.words.has(role);
  }

  #take(role: string, version: number, bytes: Uint8Array): void {
    try {
      if (role === "root") this.root = { document: readRoot(bytes), bytes };
      else if (role === "snapshot") {
        const { signed } = readSnapshot(bytes);
        this.snapshot.version = signed.version;
        this.vouched = new Map(Object.entries(signed.meta));
      } else if (role === "targets") this.targets = { document: readTargets(bytes), bytes };
      else this.words.set(role, { document: readTargets(bytes), bytes });
    } catch (error) {
      this.#damaged.set(role, Math.max(version, this.#damaged.get(role) ?? 0));
      this.#log.error("a document of the repository is damaged: the one before it counts", {
        document: `${version}.${role}.json`,
        cause: messageOf(error),
      });
    }
  }

  #takeTimestamp(bytes: Uint8Array): void {
    try {
      this.timestamp.version = readTimestamp(bytes).signed.version;
    } catch {
      // The clock's number is greater than any it can have had.
      this.#log.error("timestamp.json is damaged: it is signed anew", {});
    }
  }
}

/** If it is one of this version, signed by its own keys. */
function rootIn(bytes: Uint8Array | undefined, version: number): Metadata<Root> | undefined {
  try {
    const root = bytes === undefined ? undefined : readRoot(bytes);
    return root?.signed.version === version && isFollowing([root]) ? root : undefined;
  } catch {
    // It has one reason only, which is what is asked here.
    return undefined;
  }
}
