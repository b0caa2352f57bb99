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
  fileOf,
  filesTargets,
  isDevelopment,
  checkSigned,
  locationOf,
  readRoot,
  readTargets,
  signed,
  signersOf,
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
import { decodeBrought, encodeBrought } from "./brought.ts";
import {
  checkLength,
  checkNamesHub,
  checkRoots,
  checkTargets,
  checkWord,
  hasDigest,
  realRoot,
} from "./checks.ts";
import { KeptDocuments } from "./kept-documents.ts";
import { filesOf, fileWithDigest, publishedAt } from "./published-files.ts";
import { standingOf } from "./standing.ts";
import { TrustFiles } from "./trust-files.ts";
import { Vouching } from "./vouching.ts";

export interface RepositoryOptions {
  readonly folder: string;
  readonly signer: Signer;
  readonly log: Log;
  /** In milliseconds since 1970. */
  readonly now: () => number;
}

export async function openTrustRepository(options: RepositoryOptions): Promise<TrustRepository> {
  const repository = new Repository(options);
  await repository.load();
  return repository;
}

const isSame = (kept: { readonly bytes: Uint8Array } | undefined, bytes: Uint8Array): boolean =>
  kept !== undefined && Buffer.from(kept.bytes).equals(bytes);

class Repository implements TrustRepository {
  readonly #options: RepositoryOptions;
  readonly #files: TrustFiles;
  readonly #kept: KeptDocuments;
  readonly #vouching: Vouching;
  /** Whether something may have been brought that is not in force yet. */
  #isBegun = true;
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: RepositoryOptions) {
    this.#options = options;
    this.#files = new TrustFiles(join(options.folder, "repository"));
    this.#kept = new KeptDocuments(options.log);
    this.#vouching = new Vouching({ ...options, kept: this.#kept, files: this.#files });
  }

  /** The newest of each that is whole; what a power cut left unfinished is finished. */
  async load(): Promise<void> {
    await this.#files.open();
    await this.#kept.load(this.#files);
    await this.#inTurn(() => this.#settle()).catch((error: unknown) => this.#notSigned(error));
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
      root: this.#kept.root?.document.signed,
      targets: this.#kept.targets?.document.signed,
      words: new Map([...this.#kept.words].map(([name, { document }]) => [name, document.signed])),
      damaged: this.#kept.damaged(),
      holes: [...this.#kept.holes],
      now: now(),
    });
  }

  putRoot(bytes: Uint8Array, withTargets?: Uint8Array, lost: readonly Uint8Array[] = []): Promise<void> {
    return this.#inTurn(async () => {
      for (const each of [...lost, bytes]) checkLength("root", "root", each);
      const root = readRoot(bytes);
      if (withTargets !== undefined) checkLength("targets", "targets", withTargets);
      const targets = withTargets === undefined ? undefined : readTargets(withTargets);
      const { root: before, targets: targetsBefore } = this.#kept;
      const isTargetsAgain = withTargets !== undefined && isSame(targetsBefore, withTargets);
      const isTrial = before !== undefined && isDevelopment(before.document.signed);
      // A real one does not follow from one for trying things out.
      const own = isTrial ? undefined : before?.document;
      await this.#kept.findHoles(this.#files);
      checkRoots([...lost.map(readRoot), root], own, isTrial ? new Map() : this.#kept.roots);
      // Who was cut off before he heard of it brings it once more.
      if (own?.signed.version !== root.signed.version) checkNamesHub(root, await this.#ownKeys());
      const last = isTrial ? undefined : targetsBefore?.document;
      if (targets !== undefined && !isTargetsAgain) checkTargets(targets, root, last);
      if (targets === undefined && last !== undefined) checkSigned(root, "targets", last);
      await this.#files.begin(encodeBrought({ root: bytes, targets: withTargets, before: lost }));
      this.#isBegun = true;
      await this.#settle();
    });
  }

  /** Those that a root may name: the one that signs, and the one that is to. */
  async #ownKeys(): Promise<readonly string[]> {
    const { signer } = this.#options;
    return [signer.online, await signer.next()].map(({ key }) => key.keyID);
  }

  /**
   * What was brought together comes into force together: it lies in one file until all of it is done, and whatever is
   * between is done again after a power cut.
   */
  async #finish(): Promise<void> {
    if (!this.#isBegun) return;
    const begun = await this.#files.begun();
    const brought = begun === undefined ? undefined : decodeBrought(begun);
    if (brought !== undefined) {
      const { root, targets, before } = brought;
      const document = readRoot(root);
      if (this.#kept.root !== undefined && isDevelopment(this.#kept.root.document.signed)) {
        const folder = await this.#files.setAside("development");
        this.#options.log.warn("the development keys are set aside: nodes need the new root", { folder });
        this.#kept.forget();
      }
      for (const each of before) await this.#bringRoot(each);
      if (targets !== undefined) await this.#writeTargets(targets);
      if (await this.#bringRoot(root)) this.#kept.root = { document, bytes: root };
    }
    await this.#takeUpKeys();
    if (begun !== undefined) await this.#files.end();
    this.#isBegun = false;
  }

  /** The hub's next key signs as soon as the root names it, and what signs everything ends where a real root begins. */
  async #takeUpKeys(): Promise<void> {
    const { signer, log } = this.#options;
    const root = this.#kept.root?.document.signed;
    if (root === undefined || isDevelopment(root)) return;
    const named = signersOf(root, "timestamp").keys.map(({ keyID }) => keyID);
    if (!named.includes(signer.online.key.keyID) && named.includes((await signer.next()).key.keyID))
      await signer.useNext();
    if (await signer.endDevelopment()) log.warn("the development key is removed: this site has a root", {});
  }

  async #settle(): Promise<void> {
    await this.#finish();
    if (this.#kept.root !== undefined) await this.#vouching.vouch();
  }

  /** What is here as it was signed stays as it is. */
  async #bringRoot(bytes: Uint8Array): Promise<boolean> {
    const { version } = readRoot(bytes).signed;
    const { root, holes } = this.#kept;
    if (version <= (root?.document.signed.version ?? 0) && !holes.has(version)) return false;
    await this.#files.write("metadata", `${version}.root.json`, bytes);
    holes.delete(version);
    return true;
  }

  async #writeTargets(bytes: Uint8Array): Promise<void> {
    const document = readTargets(bytes);
    await this.#files.write("metadata", `${document.signed.version}.targets.json`, bytes);
    this.#kept.targets = { document, bytes };
  }

  putTargets(bytes: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      checkLength("targets", "targets", bytes);
      const before = this.#kept.targets;
      checkTargets(
        readTargets(bytes),
        this.#needRoot(),
        isSame(before, bytes) ? undefined : before?.document,
      );
      await this.#writeTargets(bytes);
      await this.#vouching.vouch();
    });
  }

  putPublisher(name: string, bytes: Uint8Array, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    return this.#inTurn(async () => {
      checkLength("targets", name, bytes);
      const word = readTargets(bytes);
      const targets = this.#kept.targets?.document;
      if (targets === undefined)
        throw new Fault("TRUST_NO_ROOT", "nobody may publish yet: interactor trust init");
      const before = this.#kept.words.get(name);
      // Of a full disk, or a power cut, he heard that it failed: what is missing of it is made up for.
      const isAgain = isSame(before, bytes);
      const added = checkWord({ name, word, targets, before: before?.document, isAgain, files });
      for (const [file, content] of added) await this.#putFile(file, content);
      await this.#vouching.putWord(name, bytes);
      await this.#vouching.vouch();
    });
  }

  /** What lies there whole stays. */
  async #putFile(file: TargetFile, content: Uint8Array): Promise<void> {
    const there = await this.#files.read("targets", locationOf(file));
    if (there === undefined || !hasDigest(file, there))
      await this.#files.write("targets", locationOf(file), content);
  }

  putDevelopment({ path, bytes, custom }: DevelopmentFile): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#kept.root !== undefined && !isDevelopment(this.#kept.root.document.signed)) throw realRoot();
      const { signer, now } = this.#options;
      const key = await signer.development();
      if (this.#kept.root === undefined || this.#kept.targets === undefined) await this.#beginDevelopment();
      const file = fileOf(path, bytes, custom);
      await this.#files.write("targets", locationOf(file), bytes);
      const before = this.#kept.words.get(developmentPublisher)?.document.signed;
      const word = filesTargets({
        version: (before?.version ?? 0) + 1,
        files: { ...before?.targets, [path]: file },
        now: now(),
      });
      await this.#vouching.putWord(developmentPublisher, signed(word, [key]));
      await this.#vouching.vouch();
    });
  }

  assign(node: string, assignment: Uint8Array | undefined): Promise<void> {
    return this.#inTurn(async () => {
      this.#needRoot();
      const path = `assign/${node}.json`;
      const before = this.#kept.words.get(assignRole)?.document.signed;
      const { [path]: _gone, ...rest } = before?.targets ?? {};
      const file = assignment === undefined ? undefined : fileOf(path, assignment, {});
      if (file !== undefined && assignment !== undefined)
        await this.#files.write("targets", locationOf(file), assignment);
      await this.#vouching.signAssignments({ ...rest, ...(file && { [path]: file }) });
      await this.#vouching.vouch();
    });
  }

  renew(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#kept.root === undefined || this.#kept.targets === undefined) return false;
      if (!this.#vouching.isDue("timestamp") && !this.#vouching.isDue("snapshot")) return false;
      await this.#vouching.vouch();
      return true;
    });
  }

  newest(role: string): Promise<Uint8Array | undefined> {
    const kept =
      role === "root"
        ? this.#kept.root
        : role === "targets"
          ? this.#kept.targets
          : this.#kept.words.get(role);
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
    return filesOf(
      this.#kept.targets?.document.signed,
      (name) => this.#kept.words.get(name)?.document.signed,
    );
  }

  #documents(): readonly Targets[] {
    return [...this.#kept.words.values()].map(({ document }) => document.signed);
  }

  content(digest: string): Promise<Uint8Array | undefined> {
    const file = fileWithDigest(this.#documents(), digest);
    return file === undefined ? Promise.resolve(undefined) : this.#files.read("targets", locationOf(file));
  }

  pathOf(digest: string): string | undefined {
    return fileWithDigest(this.#documents(), digest)?.path;
  }

  #needRoot(): Metadata<Root> {
    if (this.#kept.root === undefined)
      throw new Fault("TRUST_NO_ROOT", "there is no root yet: interactor trust init");
    return this.#kept.root.document;
  }

  async #beginDevelopment(): Promise<void> {
    const { signer, now, log } = this.#options;
    const { root, targets } = developmentDocuments(await signer.development(), signer.online.key, now());
    await this.#files.write("metadata", "1.targets.json", targets);
    await this.#files.write("metadata", "1.root.json", root);
    this.#kept.root = { document: readRoot(root), bytes: root };
    this.#kept.targets = { document: readTargets(targets), bytes: targets };
    log.warn("a development key was made: whoever has this hub can sign any code", {});
  }

  /** One change after the other. */
  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const done = this.#working.then(() => this.#finish()).then(task);
    this.#working = done.catch(() => undefined);
    return done;
  }
}
