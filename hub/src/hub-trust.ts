/**
 * Who may bring what: the site's policy is asked, then the repository checks the signatures, and both are on record. What
 * nobody could write down does not happen.
 */
import { assignmentPath, encodeAssignment } from "@interactor/shared/bundle/assignment";
import { builtInNames } from "@interactor/shared/bundle/built-in-names";
import { developmentPublisher, modulePath, signedManifest } from "@interactor/shared/bundle/signed-module";
import type { TrustStanding } from "@interactor/shared/bundle/trust-api";
import type { Clock } from "@interactor/shared/kernel/clock";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { seconds } from "@interactor/shared/kernel/units";
import type { PublishedModule } from "@interactor/shared/site/published-modules";
import { type BroughtModule, type ImportPolicy, objections } from "./core/registry/import-policy.ts";
import type { AuditEntry, AuditLog } from "./ports/audit-log.ts";
import type { Log } from "./ports/log.ts";
import type { ModuleRegistry } from "./ports/module-registry.ts";
import type { BroughtWord, TrustDesk } from "./ports/trust-desk.ts";
import type { TrustRepository } from "./ports/trust-repository.ts";

export interface TrustWorld {
  readonly repository: TrustRepository;
  /** As it stands now; throws a Fault when its file cannot be used: then nothing is let in. */
  readonly policy: () => Promise<ImportPolicy>;
  /** Told of what was published, so that people find it. */
  readonly registry?: Pick<ModuleRegistry, "sync" | "withdrawn">;
  readonly audit: AuditLog;
  /** SHA-256 in hex. */
  readonly digestOf: (bytes: Uint8Array) => string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Characters of a reason in the audit. More: cut, so that no request pushes those of others out of it. */
const reasonLengthMax = 500;

/** Whether something expires soon is looked up so often. */
const renewEvery = seconds(3600);

export class HubTrust implements TrustDesk {
  readonly #world: TrustWorld;
  #cancel: (() => void) | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(world: TrustWorld) {
    this.#world = world;
  }

  /** Until `stop`, what expires is signed anew. */
  async start(): Promise<void> {
    this.#renewLater();
    await this.#register();
  }

  #renewLater(): void {
    this.#cancel = this.#world.clock.after(renewEvery, () => {
      this.#renewLater();
      void this.#world.repository.renew().catch((error: unknown) => {
        this.#world.log.error("what nodes are to believe could not be signed anew", {
          cause: messageOf(error),
        });
      });
    });
  }

  stop(): void {
    this.#cancel?.();
  }

  standing(): TrustStanding {
    return this.#world.repository.standing();
  }

  document(role: string): Promise<Uint8Array | undefined> {
    const { repository } = this.#world;
    // Whoever signs with offline keys follows every root from the one that he has.
    return /^[1-9][0-9]{0,9}\.root$/.test(role)
      ? repository.read("metadata", `${role}.json`)
      : repository.newest(role);
  }

  nextOnlineKey(): Promise<TrustStanding["online"]> {
    return this.#world.repository.nextOnlineKey();
  }

  putRoot(
    by: string,
    document: Uint8Array,
    targets?: Uint8Array,
    before: readonly Uint8Array[] = [],
  ): Promise<void> {
    const roots = before.length === 0 ? "a root" : `a root, and ${before.length} before it`;
    const what = targets === undefined ? roots : `${roots}, and who may publish`;
    return this.#audited(by, "trust root", what, () =>
      this.#world.repository.putRoot(document, targets, before),
    );
  }

  putTargets(by: string, document: Uint8Array): Promise<void> {
    return this.#audited(by, "trust targets", "who may publish", () =>
      this.#world.repository.putTargets(document),
    );
  }

  publish(by: string, { publisher, document, files }: BroughtWord): Promise<void> {
    const what = [...files.keys()].join(", ") || `the word of ${publisher}`;
    return this.#audited(by, "module publish", what, async () => {
      const { repository } = this.#world;
      const said = repository.customOf(document);
      for (const [path, bytes] of files)
        await this.#judge({ publisher, path, ...textOf(bytes), custom: said.get(path) });
      await repository.putPublisher(publisher, document, files);
    });
  }

  async publishDevelopment(by: string, manifest: unknown, bundle: Uint8Array): Promise<string> {
    const custom = { manifest };
    const said = signedManifest(custom);
    if (!said.ok) throw new Fault("IMPORT_REFUSED", said.error);
    const path = modulePath(developmentPublisher, said.value);
    await this.#audited(by, "module publish --dev", path, async () => {
      await this.#judge({ publisher: developmentPublisher, path, ...textOf(bundle), custom });
      await this.#world.repository.putDevelopment({ path, bytes: bundle, custom });
    });
    return path;
  }

  /**
   * Signs that a node may install the published ones among these digests: before it is told to. What is not published is
   * not in it, and the node will say so. Nothing happens on a hub without a root: then no node asks.
   */
  async assign(node: string, digests: readonly string[]): Promise<void> {
    const { repository } = this.#world;
    if (repository.standing().kind === "none") return;
    const modules = [...new Set(digests)].flatMap((digest) => {
      const path = repository.pathOf(digest);
      const file = path === undefined ? undefined : repository.published(path);
      return path === undefined || file === undefined ? [] : [{ path, digest, bytes: file.bytes }];
    });
    const assignment = encodeAssignment({ v: 1, node, modules });
    const before = repository.published(assignmentPath(node));
    if (before?.digest === this.#world.digestOf(assignment)) return;
    await repository.assign(node, assignment);
  }

  /** What a site may name beside the modules that every agent has. */
  modules(): readonly PublishedModule[] {
    const published = this.#world.repository.files().flatMap(({ custom, digest, bytes }) => {
      const said = signedManifest(custom);
      if (!said.ok) return [];
      const { id, version } = said.value;
      return [{ id, version, digest, bytes, manifest: said.value }];
    });
    return [...published, ...this.#withdrawn()];
  }

  #withdrawn(): readonly PublishedModule[] {
    const { registry, repository } = this.#world;
    const names = repository.standing().publishers.map(({ name }) => name);
    return (registry?.withdrawn ?? []).map(({ id, version, publisher }) => {
      const withdrawn =
        publisher === developmentPublisher
          ? "it was there for development only"
          : names.includes(publisher)
            ? `${publisher} does not publish it any more`
            : `${publisher} may not publish here any more`;
      return { id, version, digest: "", bytes: 0, manifest: undefined, withdrawn };
    });
  }

  async #judge(module: BroughtModule): Promise<void> {
    const byPolicy = objections(module, await this.#world.policy());
    const against = [...byPolicy, ...this.#taken(module)];
    if (against.length === 0) return;
    const where = byPolicy.length === 0 ? "" : " (what is let in: trust/import-policy.json on the hub)";
    throw new Fault("IMPORT_REFUSED", `${module.path}: ${against.join("; ")}${where}`);
  }

  /** A site names a module by its id alone: nobody may come under the name of another's. */
  #taken({ publisher, custom }: BroughtModule): readonly string[] {
    const said = signedManifest(custom);
    if (!said.ok) return [];
    const { id } = said.value;
    if (builtInNames.has(id)) return [`every agent has a module "${id}" of its own`];
    const owner = this.#world.repository.files().find((file) => {
      const known = signedManifest(file.custom);
      return known.ok && known.value.id === id && file.publisher !== publisher;
    });
    return owner === undefined ? [] : [`"${id}" is a module of ${owner.publisher}`];
  }

  /** What is published is so also where the registry cannot be written: it is made anew at the next start. */
  async #register(): Promise<void> {
    const { registry, repository, log } = this.#world;
    await registry?.sync(repository.files()).catch((error: unknown) => {
      log.error("the registry of modules could not be brought up to date", { cause: messageOf(error) });
    });
  }

  /** One after the other: two publishers who come together must not both find an id free. */
  #audited(by: string, action: string, what: string, task: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(() => this.#recorded(by, action, what, task));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #recorded(by: string, action: string, what: string, task: () => Promise<void>): Promise<void> {
    const { audit, log } = this.#world;
    await audit.record({ by, action, what, outcome: "asked" }).catch((error: unknown) => {
      const words = `nothing is taken that cannot be written down: ${messageOf(error)}; look after the disk of the hub, then ask again`;
      log.error(words, { by, action, what });
      throw new Fault("AUDIT_UNUSABLE", words, { cause: error });
    });
    // From here on it is on record that it was asked; what became of it is so whether that can be written too or not.
    const become = (entry: Omit<AuditEntry, "by" | "action" | "what">): Promise<void> =>
      audit.record({ by, action, what, ...entry }).catch((error: unknown) => {
        log.error("what became of it is not in the audit", { by, action, what, cause: messageOf(error) });
      });
    try {
      await task();
      await this.#register();
    } catch (error) {
      const code = error instanceof Fault ? error.code : "FAILED";
      const reason = messageOf(error).slice(0, reasonLengthMax).toWellFormed();
      log.warn("trust: refused", { by, action, what, code, reason });
      await become({ outcome: "refused", code, reason });
      throw error;
    }
    log.info("trust: done", { by, action, what });
    await become({ outcome: "done" });
  }
}

const textOf = (bytes: Uint8Array): { text: string; bytes: number } => ({
  text: new TextDecoder().decode(bytes),
  bytes: bytes.length,
});
