/** What the site shall be: its revisions, their way to the nodes, and the modes that gate it. Joins the parts of that. */
import type { Clock } from "@interactor/shared/kernel/clock";
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import type { Instant } from "@interactor/shared/kernel/units";
import type { SiteInHand } from "@interactor/shared/site/site-in-hand";
import type { RolloutActionRequest, RolloutOptions, RolloutView } from "@interactor/shared/wire/api-config";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import type { Reported } from "@interactor/shared/wire/messages/reported";
import type { DocumentFault } from "@interactor/shared/wire/messages/schema";
import type { Refusal } from "./core/revision/refusal.ts";
import { routesKept } from "./core/rollout/hub-part.ts";
import { rolloutView } from "./core/rollout/rollout-progress.ts";
import { rolloutOrder } from "./core/rollout/rollout-request.ts";
import type { RolloutAction, RolloutEvent } from "./core/rollout/rollout-state.ts";
import { changesFor, type NodeChanges } from "./core/rollout/standing.ts";
import { HubModes, type ModeParts } from "./hub-modes.ts";
import { HubOrders } from "./hub-orders.ts";
import { HubOwnPart } from "./hub-own-part.ts";
import { HubRevisions, type Order } from "./hub-revisions.ts";
import { HubRollouts } from "./hub-rollouts.ts";
import { HubRounds } from "./hub-rounds.ts";
import { HubTargets, type TargetParts } from "./hub-targets.ts";
import type { Log } from "./ports/log.ts";
import type { RevisionLog } from "./ports/revision-log.ts";
import type { Rollout, RolloutStore, Standing } from "./ports/rollout-store.ts";
import type { SiteCompiler } from "./ports/site-compiler.ts";

export interface SiteWorld {
  readonly clock: Clock;
  readonly log: Log;
  readonly digestOf: (bytes: Uint8Array) => string;
  readonly revisionLog: RevisionLog;
  readonly rolloutStore: RolloutStore;
  readonly compiler: SiteCompiler;
  readonly assign?: TargetParts["assign"];
}

export interface SiteParts extends SiteWorld {
  readonly site: string;
  readonly isThere: (node: string) => boolean;
  /** As the node itself says. */
  readonly zonesOf: (node: string) => readonly string[];
  readonly clockSetAt: () => Instant | undefined;
  /** The hub's own routes from now on; `all`: also those that nodes run by themselves. */
  readonly serve: (own: readonly CompiledRoute[], all: readonly CompiledRoute[]) => void;
  readonly publish: (topic: string, payload: Uint8Array, retain: boolean) => void;
  readonly say: ModeParts["say"];
}

export class HubSite {
  readonly revisions: HubRevisions;
  readonly rollouts: HubRollouts;
  readonly modes: HubModes;
  readonly own: HubOwnPart;
  readonly #parts: SiteParts;
  readonly #orders: HubOrders;
  readonly #targets: HubTargets;
  readonly #rounds: HubRounds;
  #inForce: SiteInHand | undefined;
  /** Of the part before it: what nodes shall run and do not yet. */
  #kept: readonly CompiledRoute[] = [];

  constructor(parts: SiteParts) {
    this.#parts = parts;
    const { site, rolloutStore: store } = parts;
    this.#orders = new HubOrders(parts);
    this.own = new HubOwnPart({ inForce: () => this.#inForce, modes: () => this.modes });
    this.revisions = new HubRevisions({
      ...parts,
      inUse: () => new Set([...this.#targets.inUse, this.rollouts.hub.revision, this.rollouts.hub.before]),
      isStranded: () => this.#isStranded(),
      runs: (site) => this.#changesFor(site).runs,
      order: (...asked) => this.#order(...asked),
      prepare: (...asked) => this.#orders.keep(...asked),
      begin: (order, how) => this.rollouts.begin(order, { ...how, same: order.same }),
    });
    this.#targets = new HubTargets({
      site,
      digestOf: parts.digestOf,
      assign: parts.assign,
      siteOf: (number) => this.revisions.siteOf(number),
      load: (number) => this.revisions.load(number),
      publish: (topic, payload) => parts.publish(topic, payload, true),
    });
    this.modes = new HubModes({
      ...parts,
      store,
      plan: () => this.#inForce?.hub,
      zonesOf: (node) => this.#zonesOf(node),
      changed: () => this.rollouts.modesChanged(),
    });
    this.rollouts = new HubRollouts({
      ...parts,
      store,
      targets: this.#targets,
      rounds: () => this.#rounds,
      closed: (nodes) => this.modes.closed(nodes),
      hubClosed: ({ revision, digests }) =>
        this.own.closed(this.revisions.siteOf(revision), Object.keys(digests)),
      serve: (revision) => this.#serve(revision),
      settled: () => this.#letGo(),
      confirmed: (revision) => void this.revisions.confirm(revision),
    });
    this.#rounds = new HubRounds({
      ...parts,
      store,
      publish: (topic, payload) => parts.publish(topic, payload, false),
      over: (...round) => this.rollouts.roundOver(...round),
    });
  }

  /** The revision whose own part the hub serves; 0: none. */
  get revision(): number {
    return this.rollouts.hub.revision;
  }

  /** All routes of it, wherever they run. */
  get routes(): readonly CompiledRoute[] {
    return this.#inForce?.routes ?? [];
  }

  /** The newest revision came from a site file. */
  get isFromFile(): boolean {
    const { newest } = this.revisions;
    return newest !== undefined && this.revisions.siteOf(newest.number)?.from === "site";
  }

  /** `undefined`: the site says nothing of this node. */
  wants(node: string): string | undefined {
    return this.#targets.nodes.get(node)?.digest;
  }

  /** What the instances of each node shall run. */
  get modules(): HubTargets["modules"] {
    return this.#targets.modules;
  }

  /** A node's plan by its digest. */
  plan(digest: string): Promise<Uint8Array | undefined> {
    return this.#targets.plan(digest);
  }

  problems(): readonly string[] {
    const all = [this.revisions.problem, this.rollouts.problem, this.#notBegun()];
    return all.flatMap((problem) => problem ?? []);
  }

  /** The hub was killed between writing a revision down and beginning its way, or what it knew of that was lost. */
  #notBegun(): string | undefined {
    const number = this.revisions.newest?.number;
    if (number === undefined || this.rollouts.all.some(({ plan }) => plan.revision === number))
      return undefined;
    return `nothing is known of the way of revision ${number} to its nodes: apply it again`;
  }

  /** Takes up what the life before had, before anybody comes. */
  async load(): Promise<void> {
    const { standing, rollouts } = this.#parts.rolloutStore;
    // The revisions may have been lost, and these not: no number is used for two of them.
    for (const number of numbersIn(standing, rollouts)) this.revisions.learn(number);
    const { newest } = this.revisions;
    const unbegun = this.#orders.unbegun(newest);
    // What is known of the way of one that nobody was told of is half of it.
    const isKept = (revision: number): boolean =>
      revision !== unbegun?.plan.revision && this.revisions.show(revision).ok;
    const onTheWay = rollouts.map(({ plan }) => plan.revision).filter(isKept);
    const { revision, before } = standing?.hub ?? { revision: newest?.number ?? 0, before: 0 };
    for (const number of new Set([revision, before, Math.max(0, ...onTheWay)].filter(isKept)))
      await this.revisions.load(number);
    const served = revision === 0 || isKept(revision) ? revision : (newest?.number ?? 0);
    if (served !== revision) await this.#takeUpAfterLoss(revision, served);
    this.#serve(served);
    this.rollouts.load(served, isKept);
    this.#keepAgain(standing?.hub.before);
    if (unbegun !== undefined && (await this.revisions.load(unbegun.plan.revision)) !== undefined)
      this.rollouts.begin(unbegun, { ...unbegun, same: new Map(Object.entries(unbegun.same)) });
  }

  async #takeUpAfterLoss(lost: number, served: number): Promise<void> {
    await this.revisions.load(served);
    const words = `revision ${lost} is not kept any more: nodes go on with what they have`;
    this.#parts.log.error(words, { served });
  }

  /** What the life before did in the place of nodes that had not come to it. */
  #keepAgain(before = 0): void {
    const was = this.revisions.siteOf(before);
    const { current, hub } = this.rollouts;
    if (was === undefined || current?.plan.revision !== hub.revision || current.kind === "aborted") return;
    this.#kept = this.#stillKept(Object.values(was.hub.routes));
    if (this.#kept.length > 0) this.#parts.serve([...this.#own, ...this.#kept], this.routes);
  }

  /** The broker is there: says what holds. */
  start(): void {
    this.#rounds.resume();
    this.rollouts.open();
    this.modes.say(true);
  }

  presence(node: string, isThere: boolean): void {
    this.rollouts.presence(node, isThere);
  }

  reported(node: string, reported: Pick<Reported, "revision" | "digest" | "apply">): void {
    this.revisions.learn(Math.max(reported.revision, reported.apply?.revision ?? 0));
    this.rollouts.reported(node, reported);
  }

  /** A node says something of a change-over. Returns why it is refused. */
  voted(node: string, payload: Uint8Array): DocumentFault | undefined {
    return this.#rounds.said(node, payload);
  }

  /** Somebody wanted it forgotten; what is retained of it is taken away. */
  forgotten(node: string): void {
    this.#rounds.forgotten(node);
    const { newest } = this.revisions;
    const site = newest && this.revisions.siteOf(newest.number);
    const isNamed = site === undefined || site.nodes.has(node);
    this.#targets.forgotten(node, isNamed);
    if (!isNamed) this.rollouts.step({ kind: "forgotten", node, at: this.#parts.clock.now() });
  }

  rolloutView(revision: number): Result<RolloutView, Refusal> {
    const rollout = this.rollouts.all.find(({ plan }) => plan.revision === revision);
    if (rollout !== undefined) return ok(rolloutView(rollout, this.#parts.clock.now()));
    return failed({ kind: "not-found", error: `nothing is known of a rollout of revision ${revision}` });
  }

  rolloutViews(): readonly RolloutView[] {
    return this.rollouts.all.map((rollout) => rolloutView(rollout, this.#parts.clock.now()));
  }

  act(revision: number, action: RolloutAction, request: RolloutActionRequest): Result<RolloutView, Refusal> {
    const known = this.rolloutView(revision);
    if (!known.ok) return known;
    const { current } = this.rollouts;
    if (current?.plan.revision !== revision)
      return failed({ kind: "conflict", error: `revision ${current?.plan.revision} has taken its place` });
    const at = this.#parts.clock.now();
    this.rollouts.step(eventOf(action, request, at));
    if (this.rollouts.current === current)
      return failed({ kind: "conflict", error: `it is ${current.kind}: ${action} changes nothing` });
    const { by, reason } = request;
    this.#parts.log.info(`rollout of revision ${revision}: ${action}`, { by, reason });
    return this.rolloutView(revision);
  }

  end(): void {
    this.#rounds.end();
    this.rollouts.end();
  }

  #serve(revision: number): void {
    if (revision > 0 && this.revisions.siteOf(revision) === undefined) return void this.#serveLater(revision);
    const served = [...this.#own, ...this.#kept];
    this.#inForce = this.revisions.siteOf(revision);
    // What is taken back comes back at once: the nodes are told to let go of it.
    const isOnTheWay = this.rollouts.current?.plan.revision === revision;
    this.#kept = isOnTheWay ? this.#stillKept(served) : [];
    this.#parts.serve([...this.#own, ...this.#kept], this.routes);
    // Its modes may gate what is on its way.
    queueMicrotask(() => {
      this.rollouts.modesChanged();
      this.modes.say();
    });
  }

  /** Until it is read, and if it cannot be: what is served goes on, because nothing is worse than the one before. */
  async #serveLater(revision: number): Promise<void> {
    const site = await this.revisions.load(revision);
    if (site !== undefined && this.rollouts.hub.revision === revision) this.#serve(revision);
  }

  get #own(): readonly CompiledRoute[] {
    return Object.values(this.#inForce?.hub.routes ?? {});
  }

  #stillKept(routes: readonly CompiledRoute[]): readonly CompiledRoute[] {
    return this.#inForce === undefined ? [] : routesKept(routes, this.#inForce, (node) => this.#isDone(node));
  }

  /** What a node runs by now, the hub need not run any more. */
  #letGo(): void {
    const { current, hub } = this.rollouts;
    if (this.#kept.length === 0 || current?.plan.revision !== hub.revision) return;
    const kept = this.#stillKept(this.#kept);
    if (kept.length === this.#kept.length) return;
    this.#kept = kept;
    this.#parts.serve([...this.#own, ...kept], this.routes);
  }

  /** It runs what it was told, or changes over with its group. */
  #isDone(node: string): boolean {
    const { current } = this.rollouts;
    return current?.round === "committed" || (current?.nodes[node]?.state ?? "done") === "done";
  }

  #order(number: number, site: SiteInHand, options: RolloutOptions): Result<Order, string> {
    const { emptyDigest } = this.#targets;
    const { changed, same } = this.#changesFor(site);
    const { isThere } = this.#parts;
    const { newest } = this.revisions;
    const before = newest && this.revisions.siteOf(newest.number);
    const digestIn = (of: SiteInHand, node: string): string => of.nodes.get(node)?.digest ?? emptyDigest;
    const isBehind = (node: string): boolean =>
      before !== undefined && digestIn(before, node) === digestIn(site, node);
    const { groups } = site.hub;
    const order = rolloutOrder({ revision: number, changed, options, groups, isThere, isBehind });
    return order.ok ? ok({ ...order.value, same }) : order;
  }

  #changesFor(site: SiteInHand): NodeChanges {
    const { emptyDigest, nodes } = this.#targets;
    const { current } = this.rollouts;
    const stateOf = (node: string) => current?.nodes[node]?.state ?? "done";
    const isDone = (node: string): boolean => stateOf(node) === "done";
    return changesFor(site, nodes, { emptyDigest, isDone, wentBack: (node) => stateOf(node) === "failed" });
  }

  #isStranded(): boolean {
    const { current } = this.rollouts;
    if (current === undefined || current.plan.revision !== this.revisions.newest?.number) return true;
    return current.kind === "aborted" || Object.values(current.nodes).some(({ state }) => state === "failed");
  }

  #zonesOf(node: string): readonly string[] {
    const { newest } = this.revisions;
    const site = newest === undefined ? undefined : this.revisions.siteOf(newest.number);
    return site?.nodes.get(node)?.zones ?? this.#parts.zonesOf(node);
  }
}

function numbersIn(standing: Standing | undefined, rollouts: readonly Rollout[]): readonly number[] {
  const ofNodes = Object.values(standing?.nodes ?? {}).map(({ revision }) => revision);
  return [standing?.hub.revision ?? 0, ...ofNodes, ...rollouts.map(({ plan }) => plan.revision)];
}

function eventOf(
  action: RolloutAction,
  { by, reason, take_back: takeBack = false }: RolloutActionRequest,
  at: Instant,
): RolloutEvent {
  return action === "abort" ? { kind: action, by, reason, takeBack, at } : { kind: action, by, reason, at };
}
