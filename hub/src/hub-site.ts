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
import { rolloutView } from "./core/rollout/rollout-progress.ts";
import { rolloutOrder } from "./core/rollout/rollout-request.ts";
import type { RolloutAction, RolloutEvent } from "./core/rollout/rollout-state.ts";
import { changesFor } from "./core/rollout/standing.ts";
import { HubModes, type ModeParts } from "./hub-modes.ts";
import { HubRevisions, type Order } from "./hub-revisions.ts";
import { HubRollouts } from "./hub-rollouts.ts";
import { HubRounds } from "./hub-rounds.ts";
import { HubTargets, type TargetParts } from "./hub-targets.ts";
import type { Log } from "./ports/log.ts";
import type { RevisionLog } from "./ports/revision-log.ts";
import type { RolloutStore } from "./ports/rollout-store.ts";
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
  readonly #parts: SiteParts;
  readonly #targets: HubTargets;
  readonly #rounds: HubRounds;
  #inForce: SiteInHand | undefined;

  constructor(parts: SiteParts) {
    this.#parts = parts;
    const { site, rolloutStore: store } = parts;
    this.revisions = new HubRevisions({
      ...parts,
      inUse: () => new Set([...this.#targets.inUse, this.rollouts.hub.revision, this.rollouts.hub.before]),
      isStranded: () => this.#isStranded(),
      order: (...asked) => this.#order(...asked),
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
      hubClosed: () => this.modes.whyClosed([]),
      serve: (revision) => this.#serve(revision),
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

  /** A node's plan by its digest. */
  plan(digest: string): Promise<Uint8Array | undefined> {
    return this.#targets.plan(digest);
  }

  problems(): readonly string[] {
    return [this.revisions.problem, this.rollouts.problem].flatMap((problem) => problem ?? []);
  }

  /** Takes up what the life before had, before anybody comes. */
  async load(): Promise<void> {
    const { standing, rollouts } = this.#parts.rolloutStore;
    const { newest } = this.revisions;
    if (newest === undefined) return;
    const onTheWay = Math.max(0, ...rollouts.map(({ plan }) => plan.revision));
    const served = standing?.hub.revision ?? newest.number;
    for (const number of new Set([served, onTheWay])) if (number > 0) await this.revisions.load(number);
    if (standing === undefined) this.rollouts.stand(served);
    this.#serve(served);
    this.rollouts.load();
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

  reported(node: string, reported: Reported): void {
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
    this.#targets.forgotten(node);
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
    this.#inForce = this.revisions.siteOf(revision);
    this.#parts.serve(Object.values(this.#inForce?.hub.routes ?? {}), this.routes);
    // Its modes may gate what is on its way.
    queueMicrotask(() => {
      this.rollouts.modesChanged();
      this.modes.say();
    });
  }

  #order(number: number, site: SiteInHand, options: RolloutOptions): Result<Order, string> {
    const { emptyDigest, nodes } = this.#targets;
    const { current } = this.rollouts;
    const isDone = (node: string): boolean => (current?.nodes[node]?.state ?? "done") === "done";
    const { changed, same } = changesFor(site, nodes, { emptyDigest, isDone });
    const { isThere } = this.#parts;
    const order = rolloutOrder({ revision: number, changed, options, groups: site.hub.groups, isThere });
    return order.ok ? ok({ ...order.value, same }) : order;
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

function eventOf(
  action: RolloutAction,
  { by, reason, take_back: takeBack = false }: RolloutActionRequest,
  at: Instant,
): RolloutEvent {
  return action === "abort" ? { kind: action, by, reason, takeBack, at } : { kind: action, by, reason, at };
}
