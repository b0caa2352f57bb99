/** Says to each node what it shall run, retained, so that it hears it whenever it comes. */
import type { Millis } from "@interactor/shared/kernel/units";
import { emptyPlan } from "@interactor/shared/site/plan-changes";
import type { SiteInHand } from "@interactor/shared/site/site-in-hand";
import { encodePlan, encodeTarget, type Target } from "@interactor/shared/wire/messages/plan";
import { nodeTopics } from "@interactor/shared/wire/topics";
import { probationDefault } from "./core/rollout/rollout-request.ts";
import type { NodeStanding, Stand, Standing } from "./core/rollout/standing.ts";

export interface TargetParts {
  readonly site: string;
  readonly digestOf: (bytes: Uint8Array) => string;
  /** A revision that is in memory. */
  readonly siteOf: (revision: number) => SiteInHand | undefined;
  /** One that is not, yet. */
  readonly load: (revision: number) => Promise<SiteInHand | undefined>;
  readonly publish: (topic: string, payload: Uint8Array) => void;
  /** Signs which bundles a node may install. Missing: none of them has to be. */
  readonly assign?: ((node: string, bundles: readonly string[]) => Promise<void>) | undefined;
}

/** A plan that stands in what is said of it. Larger: a node pulls it in pieces, so that nothing urgent waits behind it. */
const planInlineMax = 64 * 1024;
/** A word of a hold is for people; the wire bounds it. */
const whyMax = 1000;

export class HubTargets {
  readonly emptyDigest: string;
  probation: Millis = probationDefault;
  readonly #parts: TargetParts;
  readonly #emptyPlan = Uint8Array.from(encodePlan(emptyPlan));
  readonly #nodes = new Map<string, NodeStanding>();
  readonly #holds = new Map<string, Target["hold"]>();
  /** Nobody may have heard in this life of the hub what these shall run. */
  readonly #unsaid = new Set<string>();
  /** Digests of plans whose bundles were assigned in this life of the hub. */
  readonly #assigned = new Map<string, string>();

  constructor(parts: TargetParts) {
    this.#parts = parts;
    this.emptyDigest = parts.digestOf(this.#emptyPlan);
  }

  /** What each node was told last. */
  get nodes(): ReadonlyMap<string, NodeStanding> {
    return this.#nodes;
  }

  /** Revisions that some node was told of, or gets back when the newest is taken back. */
  get inUse(): ReadonlySet<number> {
    const used = new Set<number>();
    for (const { revision, before } of this.#nodes.values()) {
      used.add(revision);
      if (before !== undefined) used.add(before.revision);
    }
    return used;
  }

  load({ nodes, probation }: Pick<Standing, "nodes" | "probation">): void {
    this.probation = probation;
    for (const [node, standing] of Object.entries(nodes)) {
      this.#nodes.set(node, standing);
      this.#unsaid.add(node);
    }
  }

  /** A new rollout: what it takes back is what stands now. */
  begin(probation: Millis): void {
    this.probation = probation;
    this.#holds.clear();
    for (const [node, { revision, digest }] of this.#nodes) this.#nodes.set(node, { revision, digest });
  }

  /** From now on a node shall run this; it is said by `say`. */
  stand(node: string, { revision, digest }: Stand, hold: Target["hold"] = { kind: "none" }): void {
    const known = this.#nodes.get(node);
    const nothing: Stand = { revision: 0, digest: this.emptyDigest };
    const before = known?.revision === revision ? known.before : plainly(known ?? nothing);
    this.#nodes.set(node, { revision, digest, ...(before === undefined ? {} : { before }) });
    this.#holds.set(node, hold);
    this.#unsaid.add(node);
  }

  /** It shall run again what it had before this rollout. */
  standBack(node: string): void {
    const before = this.#nodes.get(node)?.before;
    if (before === undefined) return;
    this.#nodes.set(node, before);
    this.#holds.delete(node);
    this.#unsaid.add(node);
  }

  /** Who was told of this revision waits with it. */
  hold(revision: number, hold: Target["hold"]): void {
    for (const [node, stand] of this.#nodes) if (stand.revision === revision) this.#holds.set(node, hold);
  }

  /** What all wait for has come: who hears of it from now on need not wait any more. */
  release(): void {
    for (const [node, { kind }] of this.#holds) if (kind !== "none") this.#unsaid.add(node);
    this.#holds.clear();
  }

  /** What is retained of it was taken away. */
  forgotten(node: string): void {
    if (this.#nodes.has(node)) this.#unsaid.add(node);
  }

  isUnsaid(node: string): boolean {
    return this.#unsaid.has(node);
  }

  /** Says it to those that may not know. */
  sayAll(): void {
    for (const node of this.#unsaid) this.say(node);
  }

  say(node: string): void {
    const stand = this.#nodes.get(node);
    if (stand === undefined || !this.#unsaid.has(node)) return;
    const plan = this.#planOf(node, stand);
    if (plan === undefined) return void this.#sayLater(node, stand);
    if (this.#assignFirst(node, stand)) return;
    this.#unsaid.delete(node);
    const document = encodeTarget({
      v: 1,
      revision: stand.revision,
      digest: this.#parts.digestOf(plan),
      bytes: plan.length,
      hold: cutHold(this.#holds.get(node) ?? { kind: "none" }),
      probation: this.probation,
      ...(plan.length > planInlineMax ? {} : { plan }),
    });
    this.#parts.publish(nodeTopics(this.#parts.site, node).desired, document);
  }

  /** What a node pulls when it was told a digest only; `undefined`: no node shall run it. */
  async plan(digest: string): Promise<Uint8Array | undefined> {
    for (const [node, stand] of this.#nodes) {
      if (stand.digest !== digest) continue;
      const plan = this.#planOf(node, stand);
      if (plan !== undefined) return plan;
      await this.#parts.load(stand.revision);
      return this.#planOf(node, stand);
    }
    return undefined;
  }

  async #sayLater(node: string, { revision }: Stand): Promise<void> {
    // One that is not kept any more, or cannot be read: the node goes on with what it has.
    if ((await this.#parts.load(revision)) !== undefined) this.say(node);
  }

  /** A node that is told of bundles asks at once whether they are for it: that is signed before. Whether there is some. */
  #assignFirst(node: string, { revision, digest }: Stand): boolean {
    const { assign, siteOf } = this.#parts;
    const bundles = siteOf(revision)?.nodes.get(node)?.bundles ?? [];
    if (assign === undefined || bundles.length === 0 || this.#assigned.get(node) === digest) return false;
    // One that cannot be signed is told nevertheless: the node says what is missing, and its rollout with it.
    const then = (): void => {
      this.#assigned.set(node, digest);
      this.say(node);
    };
    void assign(node, bundles).then(then, then);
    return true;
  }

  #planOf(node: string, { revision }: Stand): Uint8Array | undefined {
    if (revision === 0) return this.#emptyPlan;
    const site = this.#parts.siteOf(revision);
    return site === undefined ? undefined : (site.nodes.get(node)?.plan ?? this.#emptyPlan);
  }
}

const plainly = ({ revision, digest }: Stand): Stand => ({ revision, digest });

const cutHold = (hold: Target["hold"]): Target["hold"] =>
  hold.kind === "mode" && hold.why.length > whyMax
    ? { ...hold, why: `${hold.why.slice(0, whyMax).toWellFormed()}…` }
    : hold;
