/**
 * A TUF repository on the hub. What was signed elsewhere is checked as a node will check it before it is taken; what the
 * hub signs itself is what belongs together, that it is still so, and who shall run what. Files come before the documents
 * that name them and `timestamp.json` comes last: whatever a power cut leaves behind, nodes see the old state or the new.
 */
import { join } from "node:path";
import type { Metadata, Root, TargetFile, Targets } from "@tufjs/models";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { developmentPublisher } from "@interactor/shared/bundle/signed-module";
import type { TrustStanding } from "@interactor/shared/bundle/trust-api";
import {
  assignRole,
  delegatedBy,
  fileOf,
  filesTargets,
  isDevelopment,
  isSigned,
  locationOf,
  readRoot,
  readSnapshot,
  readTargets,
  readTimestamp,
  signed,
  signersOf,
  snapshotOf,
  spans,
  timestampOf,
} from "../../../signing/documents.ts";
import { developmentDocuments } from "../../../signing/ceremony.ts";
import type { Signer } from "../../../signing/signer.ts";
import { publicKeyOf } from "../../../signing/signing-key.ts";
import type { Log } from "../../ports/log.ts";
import type {
  DevelopmentFile,
  NamedFile,
  PublishedFile,
  TrustRepository,
} from "../../ports/trust-repository.ts";
import { checkRoot, checkTargets, checkWord, realRoot } from "./checks.ts";
import { filesOf, fileWithDigest, publishedAt } from "./published-files.ts";
import { standingOf } from "./standing.ts";
import { TrustFiles } from "./trust-files.ts";

export interface RepositoryOptions {
  readonly folder: string;
  readonly signer: Signer;
  readonly log: Log;
  /** In milliseconds since 1970. */
  readonly now: () => number;
}

/** What expires within this is signed anew: a hub that is off over a weekend comes back to nodes that believe it. */
const renewBefore = { snapshot: 20, timestamp: 6 } as const;
const day = 24 * 3600 * 1000;

export async function openTrustRepository(options: RepositoryOptions): Promise<TrustRepository> {
  const repository = new Repository(options);
  await repository.load();
  return repository;
}

interface Kept<Content extends Root | Targets = Targets> {
  readonly document: Metadata<Content>;
  readonly bytes: Uint8Array;
}

class Repository implements TrustRepository {
  readonly #options: RepositoryOptions;
  readonly #files: TrustFiles;
  #root: Kept<Root> | undefined;
  #targets: Kept | undefined;
  /** Also of publishers that may not speak any more: nodes refuse a snapshot in which somebody is missing. */
  #words = new Map<string, Kept>();
  #snapshot = { version: 0, until: 0 };
  #timestamp = { version: 0, until: 0 };
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: RepositoryOptions) {
    this.#options = options;
    this.#files = new TrustFiles(join(options.folder, "repository"));
  }

  /** The newest of each that is whole; what a power cut left unfinished is finished. */
  async load(): Promise<void> {
    await this.#files.open();
    for (const { role, name, version } of await this.#files.documents()) {
      const bytes = await this.#files.read("metadata", name);
      if (bytes !== undefined) this.#take(role, version, bytes);
    }
    const timestamp = await this.#files.read("metadata", "timestamp.json");
    if (timestamp !== undefined) this.#takeTimestamp(timestamp);
    if (this.#root !== undefined) await this.#vouch().catch((error: unknown) => this.#notSigned(error));
  }

  #take(role: string, version: number, bytes: Uint8Array): void {
    try {
      if (role === "root") this.#root ??= { document: readRoot(bytes), bytes };
      else if (role === "snapshot") this.#snapshot.version ||= readSnapshot(bytes).signed.version;
      else if (role === "targets") this.#targets ??= { document: readTargets(bytes), bytes };
      else if (!this.#words.has(role)) this.#words.set(role, { document: readTargets(bytes), bytes });
    } catch (error) {
      this.#options.log.error("a document of the repository is damaged: the one before it counts", {
        document: `${version}.${role}.json`,
        cause: messageOf(error),
      });
    }
  }

  #takeTimestamp(bytes: Uint8Array): void {
    try {
      this.#timestamp.version = readTimestamp(bytes).signed.version;
    } catch {
      // The clock's number is greater than any it can have had.
      this.#options.log.error("timestamp.json is damaged: it is signed anew", {});
    }
  }

  /** On a full disk a hub starts all the same: what is there is good until it expires. */
  #notSigned(error: unknown): void {
    this.#options.log.error("what nodes are to believe could not be signed anew", {
      cause: messageOf(error),
    });
  }

  standing(): TrustStanding {
    const { signer, now } = this.#options;
    return standingOf({
      online: publicKeyOf(signer.online.key),
      root: this.#root?.document.signed,
      targets: this.#targets?.document.signed,
      words: new Map([...this.#words].map(([name, { document }]) => [name, document.signed])),
      now: now(),
    });
  }

  putRoot(bytes: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const root = readRoot(bytes);
      const { signer, log } = this.#options;
      const next = await signer.next();
      const isTrial = this.#root !== undefined && isDevelopment(this.#root.document.signed);
      // A real one does not follow from one for trying things out.
      const named = checkRoot(
        root,
        isTrial ? undefined : this.#root?.document,
        [signer.online, next].map(({ key }) => key.keyID),
      );
      if (isTrial) {
        const folder = await this.#files.setAside("development");
        log.warn("the development keys are set aside: nodes need the new root", { folder });
        this.#targets = undefined;
        this.#words = new Map();
      }
      await this.#files.write("metadata", `${root.signed.version}.root.json`, bytes);
      this.#root = { document: root, bytes };
      if (named === next.key.keyID) await signer.useNext();
      await this.#vouch();
    });
  }

  putTargets(bytes: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const targets = readTargets(bytes);
      checkTargets(targets, this.#needRoot(), this.#targets?.document);
      await this.#files.write("metadata", `${targets.signed.version}.targets.json`, bytes);
      this.#targets = { document: targets, bytes };
      await this.#vouch();
    });
  }

  putPublisher(name: string, bytes: Uint8Array, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    return this.#inTurn(async () => {
      const word = readTargets(bytes);
      const targets = this.#targets?.document;
      if (targets === undefined)
        throw new Fault("TRUST_NO_ROOT", "nobody may publish yet: interactor trust init");
      const before = this.#words.get(name)?.document;
      const added = checkWord({ name, word, targets, before, files });
      for (const [file, content] of added) await this.#files.write("targets", locationOf(file), content);
      await this.#putWord(name, bytes);
      await this.#vouch();
    });
  }

  putDevelopment({ path, bytes, custom }: DevelopmentFile): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#root !== undefined && !isDevelopment(this.#root.document.signed)) throw realRoot();
      const { signer, now } = this.#options;
      const key = await signer.development();
      if (this.#root === undefined || this.#targets === undefined) await this.#beginDevelopment();
      const file = fileOf(path, bytes, custom);
      await this.#files.write("targets", locationOf(file), bytes);
      const before = this.#words.get(developmentPublisher)?.document.signed;
      const word = filesTargets({
        version: (before?.version ?? 0) + 1,
        files: { ...before?.targets, [path]: file },
        now: now(),
      });
      await this.#putWord(developmentPublisher, signed(word, [key]));
      await this.#vouch();
    });
  }

  assign(node: string, assignment: Uint8Array | undefined): Promise<void> {
    return this.#inTurn(async () => {
      this.#needRoot();
      const path = `assign/${node}.json`;
      const before = this.#words.get(assignRole)?.document.signed;
      const { [path]: _gone, ...rest } = before?.targets ?? {};
      const file = assignment === undefined ? undefined : fileOf(path, assignment, {});
      if (file !== undefined && assignment !== undefined)
        await this.#files.write("targets", locationOf(file), assignment);
      await this.#signAssignments({ ...rest, ...(file && { [path]: file }) });
      await this.#vouch();
    });
  }

  renew(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#root === undefined || this.#targets === undefined) return false;
      const now = this.#options.now();
      const isSoon = ({ until }: { readonly until: number }, days: number): boolean =>
        until - now < days * day;
      if (!isSoon(this.#timestamp, renewBefore.timestamp) && !isSoon(this.#snapshot, renewBefore.snapshot))
        return false;
      await this.#vouch();
      return true;
    });
  }

  newest(role: string): Promise<Uint8Array | undefined> {
    const kept = role === "root" ? this.#root : role === "targets" ? this.#targets : this.#words.get(role);
    return Promise.resolve(kept?.bytes);
  }

  async nextOnlineKey(): Promise<TrustStanding["online"]> {
    return publicKeyOf((await this.#options.signer.next()).key);
  }

  customOf(document: Uint8Array): ReadonlyMap<string, unknown> {
    const { targets } = readTargets(document).signed;
    return new Map(Object.values(targets).map(({ path, custom }) => [path, custom]));
  }

  read(kind: "metadata" | "file", path: string): Promise<Uint8Array | undefined> {
    return this.#files.read(kind === "file" ? "targets" : "metadata", path);
  }

  published(path: string): PublishedFile | undefined {
    return publishedAt(this.#documents(), path);
  }

  files(): readonly NamedFile[] {
    return filesOf(this.#targets?.document.signed, (name) => this.#words.get(name)?.document.signed);
  }

  #documents(): readonly Targets[] {
    return [...this.#words.values()].map(({ document }) => document.signed);
  }

  content(digest: string): Promise<Uint8Array | undefined> {
    const file = fileWithDigest(this.#documents(), digest);
    return file === undefined ? Promise.resolve(undefined) : this.#files.read("targets", locationOf(file));
  }

  pathOf(digest: string): string | undefined {
    return fileWithDigest(this.#documents(), digest)?.path;
  }

  #needRoot(): Metadata<Root> {
    if (this.#root === undefined)
      throw new Fault("TRUST_NO_ROOT", "there is no root yet: interactor trust init");
    return this.#root.document;
  }

  async #putWord(name: string, bytes: Uint8Array): Promise<void> {
    const document = readTargets(bytes);
    await this.#files.write("metadata", `${document.signed.version}.${encodeURIComponent(name)}.json`, bytes);
    this.#words.set(name, { document, bytes });
  }

  async #beginDevelopment(): Promise<void> {
    const { signer, now, log } = this.#options;
    const { root, targets } = developmentDocuments(await signer.development(), signer.online.key, now());
    await this.#files.write("metadata", "1.targets.json", targets);
    await this.#files.write("metadata", "1.root.json", root);
    this.#root = { document: readRoot(root), bytes: root };
    this.#targets = { document: readTargets(targets), bytes: targets };
    log.warn("a development key was made: whoever has this hub can sign any code", {});
  }

  async #signAssignments(files: Readonly<Record<string, TargetFile>>): Promise<void> {
    const { signer, now } = this.#options;
    const version = this.#number(this.#words.get(assignRole)?.document.signed.version ?? 0);
    await this.#putWord(assignRole, signed(filesTargets({ version, files, now: now() }), [signer.online]));
  }

  /** Signs what belongs together now, and that it is so. */
  async #vouch(): Promise<void> {
    const { signer, now } = this.#options;
    // What is signed with a key that no root names, nobody would believe: what is there is good until it expires.
    if (this.#targets === undefined || !this.#isNamed()) return;
    const { document: targets, bytes } = this.#targets;
    const assigned = this.#words.get(assignRole)?.document;
    const isOurs = delegatedBy(targets.signed).some(
      ({ name, key }) => name === assignRole && key.keyID === signer.online.key.keyID,
    );
    if (isOurs && (assigned === undefined || !isSigned(targets, assignRole, assigned)))
      await this.#signAssignments(assigned?.signed.targets ?? {});
    const parts = [
      { name: "targets", version: targets.signed.version, bytes },
      ...[...this.#words].map(([name, word]) => ({
        name,
        version: word.document.signed.version,
        bytes: word.bytes,
      })),
    ];
    const at = now();
    const version = this.#number(this.#snapshot.version);
    const snapshot = signed(snapshotOf(version, parts, at), [signer.online]);
    await this.#files.write("metadata", `${version}.snapshot.json`, snapshot);
    this.#snapshot = { version, until: at + spans.snapshot };
    const last = this.#number(this.#timestamp.version);
    const part = { name: "snapshot", version, bytes: snapshot };
    await this.#files.write(
      "metadata",
      "timestamp.json",
      signed(timestampOf(last, part, at), [signer.online]),
    );
    this.#timestamp = { version: last, until: at + spans.timestamp };
    await this.#files.evict();
  }

  #isNamed(): boolean {
    const { keys } = signersOf(this.#needRoot().signed, "timestamp");
    return keys.some(({ keyID }) => keyID === this.#options.signer.online.key.keyID);
  }

  /** The clock's milliseconds: a hub that lost its numbers gives none that nodes have seen. */
  #number(last: number): number {
    return Math.max(last + 1, Math.floor(this.#options.now()));
  }

  /** One change after the other. */
  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const done = this.#working.then(task);
    this.#working = done.catch(() => undefined);
    return done;
  }
}
