/** Says to each node what it shall run, retained, so that it hears it whenever it comes. */
import type { Millis } from "@interactor/shared/kernel/units";
import { emptyPlan } from "@interactor/shared/site/plan-changes";
import type { NodeInHand, SiteInHand } from "@interactor/shared/site/site-in-hand";
import { encodePlan, encodeTarget } from "@interactor/shared/wire/messages/plan";
import { nodeTopics } from "@interactor/shared/wire/topics";
import { probationDefault } from "./core/rollout/rollout-request.ts";
import type { Hold, NodeStanding, Stand, Standing } from "./core/rollout/standing.ts";

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

type SiteModules = NodeInHand["modules"];

/** A plan that stands in what is said of it. Larger: a node pulls it in pieces, so that nothing urgent waits behind it. */
const planInlineMax = 64 * 1024;
/** A word of a hold is for people; the wire bounds it. */
const whyMax = 1000;

interface Telling {
  readonly node: string;
  readonly standing: NodeStanding;
}

export class HubTargets {
  readonly emptyDigest: string;
  probation: Millis = probationDefault;
  readonly #parts: TargetParts;
  readonly #emptyPlan = Uint8Array.from(encodePlan(emptyPlan));
  readonly #nodes = new Map<string, NodeStanding>();
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

  /** What the instances of each node shall run, as far as its revision is in memory. */
  get modules(): ReadonlyMap<string, SiteModules> {
    const modules = [...this.#nodes].map(([node, { revision }]) => {
      return [node, this.#parts.siteOf(revision)?.nodes.get(node)?.modules ?? []] as const;
    });
    return new Map(modules);
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

  /** Of a revision that is not kept any more, there is nothing to say: the node has heard it. */
  load(
    { nodes, probation }: Pick<Standing, "nodes" | "probation">,
    isKept: (revision: number) => boolean,
  ): void {
    this.probation = probation;
    for (const [node, standing] of Object.entries(nodes)) {
      this.#nodes.set(node, standing);
      if (standing.revision === 0 || isKept(standing.revision)) this.#unsaid.add(node);
    }
  }

  /**
   * A new rollout: what it takes back is what stands now. Who was held and did not begin goes on waiting, until it is
   * told something else, and gets back what it had before that.
   */
  begin(probation: Millis, isDone: (node: string) => boolean): void {
    this.probation = probation;
    for (const [node, standing] of this.#nodes)
      if (standing.hold === undefined || isDone(node)) this.#nodes.set(node, plainly(standing));
  }

  /** From now on a node shall run this; it is said by `say`. */
  stand(node: string, { revision, digest }: Stand, hold?: Hold): void {
    const before = beforeOf(this.#nodes.get(node), revision, this.emptyDigest);
    this.#nodes.set(node, {
      revision,
      digest,
      ...(hold === undefined ? {} : { hold }),
      ...(before === undefined ? {} : { before }),
    });
    this.#unsaid.add(node);
  }

  /** It shall run again what it had before this rollout. */
  standBack(node: string): void {
    const before = this.#nodes.get(node)?.before;
    if (before === undefined) return;
    this.#nodes.set(node, before);
    this.#unsaid.add(node);
  }

  /** Who was told of this revision waits with it, or (`undefined`) need not. */
  hold(revision: number, hold: Hold | undefined): void {
    for (const [node, { hold: _hold, ...stand }] of this.#nodes)
      if (stand.revision === revision) this.#nodes.set(node, hold === undefined ? stand : { ...stand, hold });
  }

  /** What all wait for has come: who hears of this revision from now on need not wait any more. */
  release(revision: number): void {
    for (const [node, standing] of this.#nodes)
      if (standing.revision === revision && standing.hold !== undefined) this.#unsaid.add(node);
    this.hold(revision, undefined);
  }

  /** What is retained of it was taken away. Who is no part of the site shall run nothing, if it comes back all the same. */
  forgotten(node: string, isNamed: boolean): void {
    if (!this.#nodes.has(node)) return;
    if (!isNamed) this.#nodes.set(node, { revision: 0, digest: this.emptyDigest });
    this.#unsaid.add(node);
  }

  isUnsaid(node: string): boolean {
    return this.#unsaid.has(node);
  }

  /** Who may not know yet what it shall run, and that: it is said once it is on disk. */
  get unsaid(): readonly Telling[] {
    return [...this.#unsaid].flatMap((node) => {
      const standing = this.#nodes.get(node);
      return standing === undefined ? [] : [{ node, standing }];
    });
  }

  /** What was decided anew since then is not said: it is not on disk. */
  say({ node, standing: stand }: Telling): void {
    if (this.#nodes.get(node) !== stand || !this.#unsaid.has(node)) return;
    const plan = this.#planOf(node, stand);
    if (plan === undefined) return void this.#sayLater({ node, standing: stand });
    if (this.#assignFirst({ node, standing: stand })) return;
    this.#unsaid.delete(node);
    const document = encodeTarget({
      v: 1,
      revision: stand.revision,
      digest: this.#parts.digestOf(plan),
      bytes: plan.length,
      hold: stand.hold === undefined ? { kind: "none" } : cutHold(stand.hold),
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

  async #sayLater(telling: Telling): Promise<void> {
    // One that is not kept any more, or cannot be read: the node goes on with what it has.
    if ((await this.#parts.load(telling.standing.revision)) !== undefined) this.say(telling);
  }

  /** A node that is told of bundles asks at once whether they are for it: that is signed before. Whether there is some. */
  #assignFirst(telling: Telling): boolean {
    const { node, standing } = telling;
    const { revision, digest } = standing;
    const { assign, siteOf } = this.#parts;
    const bundles = siteOf(revision)?.nodes.get(node)?.bundles ?? [];
    if (assign === undefined || bundles.length === 0 || this.#assigned.get(node) === digest) return false;
    // One that cannot be signed is told nevertheless: the node says what is missing, and its rollout with it.
    const then = (): void => {
      this.#assigned.set(node, digest);
      this.say(telling);
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

/** What it gets back: what it was held with it never had. */
function beforeOf(known: NodeStanding | undefined, revision: number, emptyDigest: string): Stand | undefined {
  if (known === undefined) return { revision: 0, digest: emptyDigest };
  if (known.revision === revision) return known.before;
  return (known.hold && known.before) ?? plainly(known);
}

const cutHold = (hold: Hold): Hold =>
  hold.kind === "mode" && hold.why.length > whyMax
    ? { ...hold, why: `${hold.why.slice(0, whyMax).toWellFormed()}…` }
    : hold;
