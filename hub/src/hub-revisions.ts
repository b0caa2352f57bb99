/**
 * The history of a site: compiles what somebody gives, writes it down as a revision, and sends it on its way. One after
 * the other, so that two people who apply at once get two revisions and not a mixture.
 */
import type { Clock } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import type { SiteComparison, FreshSite, SiteInHand } from "@interactor/shared/site/site-in-hand";
import type { RolloutOptions, SiteFilesBody } from "@interactor/shared/wire/api-config";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import type { RevisionHead } from "./core/revision/revision-head.ts";
import { Revisions } from "./core/revision/revisions.ts";
import { type Refusal, refusalWords } from "./core/revision/refusal.ts";
import type { RolloutOrder } from "./core/rollout/rollout-request.ts";
import type { Override } from "./core/rollout/rollout-state.ts";
import type { Log } from "./ports/log.ts";
import type { RevisionLog } from "./ports/revision-log.ts";
import type { SiteCompiler } from "./ports/site-compiler.ts";

export interface RevisionParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly revisionLog: RevisionLog;
  readonly compiler: SiteCompiler;
  /** Revisions that nodes run, are on their way to, or go back to. */
  readonly inUse: () => ReadonlySet<number>;
  /** Whether the newest revision did not come to its end: then the same again is another try. */
  readonly isStranded: () => boolean;
  /** By node that has something to do for a site: the revision that it runs; 0: none. */
  readonly runs: (site: SiteInHand) => ReadonlyMap<string, number>;
  readonly order: (number: number, site: SiteInHand, options: RolloutOptions) => Result<Order, string>;
  /** Before the revision is on disk: how it is to go its way. */
  readonly prepare: (head: RevisionHead, order: Order, how: How) => Promise<void>;
  readonly begin: (order: Order, how: How) => void;
}

interface How {
  readonly by: string;
  readonly override?: Override | undefined;
}

/** How a revision comes to the nodes, as it was found to be possible. */
export interface Order extends RolloutOrder {
  /** By node: the digest of those that have it already. */
  readonly same: ReadonlyMap<string, string>;
}

/** Revisions that a plan is told against: each is read whole. Nodes of more are told against the newest. */
const comparedMax = 5;

/** Of a node that is told the same once more. */
const nothingElse = {
  start: [],
  stop: [],
  restart: [],
  takeOver: [],
  reconfigure: [],
  routes: { added: [], removed: [], changed: [] },
  inputs: [],
};

export interface Making {
  readonly author: string;
  readonly message: string;
  /** Refuse when this is not the newest. */
  readonly base?: number | undefined;
  readonly rollout?: RolloutOptions | undefined;
  readonly override?: { readonly reason: string } | undefined;
  /** A newest revision that did not come to its end is made anew, when it is asked for again. */
  readonly isAgain?: boolean;
}

export interface Made {
  readonly head: RevisionHead;
  readonly isUnchanged: boolean;
}

/** Sites of routes.yaml reach all nodes at once, as whoever saves that file expects. */
export const allAtOnce: RolloutOptions = {
  waves: [{ share: 1 }],
  threshold: { share: 1 },
  probation_ms: 0,
  settle_ms: 0,
};

type Source =
  | { readonly kind: "fresh"; readonly site: FreshSite }
  | {
      readonly kind: "rollback";
      readonly of: RevisionHead;
      readonly content: Uint8Array;
      readonly site: SiteInHand;
    };

export class HubRevisions {
  readonly #parts: RevisionParts;
  readonly #revisions: Revisions;
  readonly #sites = new Map<number, SiteInHand>();
  #turn: Promise<unknown> = Promise.resolve();
  #problem: string | undefined;

  constructor(parts: RevisionParts) {
    this.#parts = parts;
    this.#revisions = new Revisions(parts.revisionLog.heads);
  }

  get newest(): RevisionHead | undefined {
    return this.#revisions.newest;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  history(countMax: number): readonly RevisionHead[] {
    return this.#revisions.history(countMax);
  }

  show(number: number): Result<RevisionHead, Refusal> {
    const found = this.#revisions.show(number);
    return found.ok ? found : failed({ kind: "not-found", error: found.error });
  }

  /** One that is in memory. */
  siteOf(number: number): SiteInHand | undefined {
    return this.#sites.get(number);
  }

  /** A node knows of this number: it is not used again. */
  learn(number: number): void {
    this.#revisions.learn(number);
  }

  /** Brings a revision into memory. `undefined`: it is not kept any more, or cannot be read. */
  async load(number: number): Promise<SiteInHand | undefined> {
    const known = this.#sites.get(number);
    if (known !== undefined) return known;
    const content = await this.#content(number);
    const opened = content.ok ? await this.#parts.compiler.open(content.value) : content;
    if (opened.ok) {
      this.#sites.set(number, opened.value);
      return opened.value;
    }
    const [cause] = typeof opened.error === "string" ? [opened.error] : refusalWords(opened.error);
    this.#parts.log.error(`revision ${number} cannot be used`, { cause });
    return undefined;
  }

  /** What would change; nothing is written down. */
  async plan(
    files: SiteFilesBody,
  ): Promise<Result<SiteComparison & { readonly isUnchanged: boolean; readonly site: SiteInHand }, Refusal>> {
    const compiled = await this.#parts.compiler.compile(files);
    if (!compiled.ok) return failed({ kind: "invalid", ...compiled.error });
    const { newest } = this;
    const before = newest === undefined ? undefined : await this.#content(newest.number);
    if (before?.ok === false) return before;
    const compared = await this.#parts.compiler.compare(before?.value, compiled.value.content);
    if (!compared.ok) return failed({ kind: "unavailable", error: compared.error });
    const site = compiled.value;
    const isUnchanged = newest?.digest === site.digest && !this.#parts.isStranded();
    const nodes = isUnchanged ? [] : await this.#nodesToChange(site, compared.value);
    const touched = new Set(nodes.map(({ node }) => node));
    const untouched = [...site.nodes.keys()].filter((node) => !touched.has(node)).length;
    return ok({ changes: compared.value.changes, nodes, untouched, isUnchanged, site });
  }

  /** Each against what it runs: a revision that was aborted, or failed there, is not what it changes from. */
  async #nodesToChange(site: FreshSite, toNewest: SiteComparison): Promise<SiteComparison["nodes"]> {
    const runs = this.#parts.runs(site);
    const revisions = [...new Set(runs.values())].toSorted((left, right) => right - left);
    const from = new Map<number, ReadonlyMap<string, SiteComparison["nodes"][number]>>();
    for (const revision of revisions.slice(0, comparedMax)) {
      const compared = await this.#comparedFrom(revision, site, toNewest);
      from.set(revision, new Map(compared.nodes.map((each) => [each.node, each])));
    }
    const other = new Map(toNewest.nodes.map((each) => [each.node, each]));
    return [...runs]
      .map(([node, revision]) => (from.get(revision) ?? other).get(node) ?? { node, ...nothingElse })
      .toSorted((left, right) => (left.node < right.node ? -1 : 1));
  }

  async #comparedFrom(revision: number, site: FreshSite, toNewest: SiteComparison): Promise<SiteComparison> {
    if (revision === this.newest?.number) return toNewest;
    const before = revision === 0 ? undefined : await this.#content(revision);
    // What is not kept any more cannot be compared with; the newest is the next best.
    if (before?.ok === false) return toNewest;
    const compared = await this.#parts.compiler.compare(before?.value, site.content);
    return compared.ok ? compared.value : toNewest;
  }

  async apply(files: SiteFilesBody, making: Making): Promise<Result<Made, Refusal>> {
    const compiled = await this.#parts.compiler.compile(files);
    if (!compiled.ok) return failed({ kind: "invalid", ...compiled.error });
    return this.#inTurn(() => this.#make({ kind: "fresh", site: compiled.value }, making));
  }

  /** Routes alone; the same ones again are no revision. */
  async applyRoutes(routes: readonly CompiledRoute[], making: Making): Promise<Result<Made, Refusal>> {
    const compiled = await this.#parts.compiler.routesAlone(routes);
    if (!compiled.ok) return failed({ kind: "invalid", ...compiled.error });
    return this.#inTurn(() => this.#make({ kind: "fresh", site: compiled.value }, making));
  }

  /** A new revision with the content of an old one. */
  async rollback(number: number, making: Making): Promise<Result<Made, Refusal>> {
    const of = this.show(number);
    if (!of.ok) return of;
    const content = await this.#content(number);
    if (!content.ok) return content;
    const site = await this.#parts.compiler.open(content.value);
    if (!site.ok) return failed({ kind: "unavailable", error: `revision ${number}: ${site.error}` });
    const source: Source = { kind: "rollback", of: of.value, content: content.value, site: site.value };
    return this.#inTurn(() => this.#make(source, making));
  }

  /** The texts of a revision as they were written. */
  async textsOf(number: number): Promise<Result<SiteFilesBody, Refusal>> {
    const content = await this.#content(number);
    if (!content.ok) return content;
    const texts = await this.#parts.compiler.textsOf(content.value);
    return texts.ok ? texts : failed({ kind: "unavailable", error: `revision ${number}: ${texts.error}` });
  }

  async diff(before: number, after: number): Promise<Result<SiteComparison, Refusal>> {
    const [left, right] = [await this.#content(before), await this.#content(after)];
    if (!left.ok) return left;
    if (!right.ok) return right;
    const compared = await this.#parts.compiler.compare(left.value, right.value);
    return compared.ok ? compared : failed({ kind: "unavailable", error: compared.error });
  }

  /** All nodes that it was meant for run it. */
  async confirm(number: number): Promise<void> {
    this.#revisions.confirmed(number);
    try {
      await this.#parts.revisionLog.confirm(number);
    } catch (error) {
      this.#parts.log.error(`that revision ${number} is confirmed cannot be kept`, {
        cause: messageOf(error),
      });
    }
  }

  #inTurn<Value>(task: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(task);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #make(source: Source, making: Making): Promise<Result<Made, Refusal>> {
    const { author, base, override, rollout = {} } = making;
    const newest = this.newest?.number ?? 0;
    if (base !== undefined && base !== newest) {
      const error = `revision ${newest} is the newest, not ${base}: somebody was quicker`;
      const look =
        base > 0 && newest > 0 ? `interactor config diff ${base} ${newest}` : "interactor config history";
      return failed({ kind: "conflict", error, hint: `${look} shows what changed; then apply again` });
    }
    const head = this.#draft(source, making);
    if (!head.ok) return head;
    if (head.value === "unchanged") return this.#unchanged();
    const { number } = head.value;
    const order = this.#parts.order(number, source.site, rollout);
    if (!order.ok) return failed({ kind: "bad-request", error: order.error });
    const how = { by: author, override: override && { by: author, reason: override.reason } };
    await this.#parts.prepare(head.value, order.value, how);
    const kept = await this.#keep(head.value, source.kind === "fresh" ? source.site.content : source.content);
    if (!kept.ok) return kept;
    this.#sites.set(number, inMemory(source.site));
    this.#parts.log.info(`revision ${number} by ${author}: ${making.message}`, {
      nodes: order.value.plan.waves.flat().length,
      waves: order.value.plan.waves.length,
    });
    this.#parts.begin(order.value, how);
    await this.#evict();
    return ok({ head: head.value, isUnchanged: false });
  }

  #unchanged(): Result<Made, Refusal> {
    const { newest } = this;
    if (newest === undefined) return failed({ kind: "unavailable", error: "there is no revision" });
    return ok({ head: newest, isUnchanged: true });
  }

  #draft(
    source: Source,
    { author, message, isAgain: isAsked = false }: Making,
  ): Result<RevisionHead | "unchanged", Refusal> {
    const at = this.#parts.clock.wall();
    const isAgain = isAsked && this.#parts.isStranded();
    const made =
      source.kind === "fresh"
        ? this.#revisions.draft(
            { digest: source.site.digest, bytes: source.site.content.length, author, message, at },
            isAgain,
          )
        : this.#revisions.rollback(source.of.number, { author, message, at }, isAgain);
    if (made.ok) return made;
    if (made.error === "unchanged") return ok("unchanged");
    if (made.error === "too-large")
      return failed({ kind: "too-large", error: "the site is too large to be kept" });
    return failed({ kind: "conflict", error: made.error });
  }

  async #keep(head: RevisionHead, content: Uint8Array): Promise<Result<undefined, Refusal>> {
    try {
      await this.#parts.revisionLog.add(head, content);
    } catch (error) {
      const words = `revision ${head.number} cannot be kept on disk, and is not taken over: ${messageOf(error)}`;
      this.#parts.log.error(words);
      this.#problem = words;
      return failed({ kind: "unavailable", error: words });
    }
    this.#problem = undefined;
    this.#revisions.added(head);
    return ok(undefined);
  }

  async #evict(): Promise<void> {
    const inUse = this.#parts.inUse();
    for (const number of this.#sites.keys()) {
      if (!inUse.has(number) && number !== this.newest?.number) this.#sites.delete(number);
    }
    const gone = this.#revisions.evictable(this.#parts.clock.wall(), inUse);
    if (gone.length === 0) return;
    try {
      await this.#parts.revisionLog.remove(gone);
      this.#revisions.evicted(gone);
    } catch (error) {
      this.#parts.log.warn("old revisions cannot be removed; later again", { cause: messageOf(error) });
    }
  }

  async #content(number: number): Promise<Result<Uint8Array, Refusal>> {
    const head = this.show(number);
    if (!head.ok) return head;
    try {
      const content = await this.#parts.revisionLog.content(head.value.digest);
      if (content !== undefined) return ok(content);
    } catch (error) {
      this.#parts.log.error(`revision ${number} cannot be read`, { cause: messageOf(error) });
    }
    return failed({ kind: "unavailable", error: `what is kept of revision ${number} is damaged` });
  }
}

/** Without its content, which is on disk. */
const inMemory = ({ from, hub, nodes, routes }: SiteInHand): SiteInHand => ({ from, hub, nodes, routes });
