/**
 * The show stop at the hub. Whoever asks for a stop or a release is answered by the zone's whole document, retained
 * for everybody; it leaves before it is on disk, because a stop does not wait. A hub that has lost its folder learns
 * from the nodes what holds, for a while; after that, what a single node says stops nobody else.
 */
import { type Instant, later, seconds } from "@interactor/shared/kernel/units";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import type { NodesResponse, NodeView } from "@interactor/shared/wire/api";
import type { StopReport } from "@interactor/shared/wire/messages/reported";
import {
  decodeStopLatch,
  encodeStopLatch,
  everyZone,
  type StopLatch,
  type ZoneLatch,
} from "@interactor/shared/wire/messages/stop";
import type { PresenceState } from "./core/presence/presence.ts";
import { Remarks, type Summary } from "./core/registry/remarks.ts";
import { StopAnswers } from "./core/stop/stop-answers.ts";
import { type KeptStop, StopBook } from "./core/stop/stop-book.ts";
import { StopKeeping, type StopKeepingWorld } from "./hub-stop-keeping.ts";
import { StopPace } from "./hub-stop-pace.ts";

export interface HubStopWorld extends StopKeepingWorld {
  readonly digestOf: (bytes: Uint8Array) => string;
  /** To everybody, retained. */
  publish(zone: string, document: Uint8Array): void;
}

/**
 * How long a hub without a readable book learns for whole zones: nodes are back within 30 s, and a Pi boots in a
 * minute. Later: that node alone stays stopped, because one that lay in a drawer must not stop the site.
 */
const learnFor = seconds(120);
/** Zones that are none and were named in the log. More are counted alone. */
const unknownZonesMax = 32;
const nothingKept: KeptStop = { zones: {}, members: {} };

type StopOutcome = ReturnType<StopBook["stop"] | StopBook["release"]>;

export class HubStop implements AsyncDisposable {
  readonly #world: HubStopWorld;
  /** Makes the ids of this life differ from those of others. */
  readonly #salt: string;
  readonly #answers = new StopAnswers();
  readonly #remarks = new Remarks();
  readonly #pace: StopPace;
  readonly #keeping: StopKeeping;
  readonly #unknown = new Set<string>();
  /** Latches that a node holds alone, as they were told of last, by node. */
  readonly #alone = new Map<string, string>();
  #book = new StopBook(nothingKept);
  #learnsUntil: Instant | undefined;
  #pressed = 0;

  constructor(salt: string, world: HubStopWorld) {
    this.#salt = salt;
    this.#world = world;
    this.#pace = new StopPace({
      clock: world.clock,
      isLatched: (zone) => this.#book.isLatched(zone),
      publish: (zone) => this.#publish(zone),
    });
    this.#keeping = new StopKeeping(world, () => this.#book.kept);
  }

  /** Takes up what the last life kept. What cannot be read may have been a stop, and counts as one. */
  async load(): Promise<void> {
    const { store, clock, log } = this.#world;
    const kept = await store.load();
    if (kept !== undefined && kept !== "unreadable") this.#book = new StopBook(kept);
    else this.#learnsUntil = later(clock.now(), learnFor);
    for (const { zone, by } of this.#book.latches)
      log.warn(`show stop in ${zone}, kept over the restart`, { by });
    if (kept !== "unreadable") return;
    const by = "hub: what it kept of the show stop cannot be read";
    this.#book.stop(everyZone, { id: undefined, by, at: clock.wall(), freshId: this.#freshId });
    log.error(
      "show stop in all, because what was kept of it cannot be read; see after the site, then release it",
    );
    this.#keeping.keep();
  }

  /** Nodes that are in the book, here or not: those of the last life too. */
  get nodesKept(): number {
    return this.#book.members;
  }

  /** Says again what holds. */
  start(): void {
    for (const zone of this.#book.touched) this.#publish(zone);
  }

  /** What was asked last is on disk, or the disk has refused it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#pace.end();
    await this.#keeping.end();
    this.#tell(this.#remarks.takeAll(this.#world.clock.now()));
  }

  /** Somebody asks for a stop or a release. Returns why not. */
  asked(zone: string, payload: Uint8Array, presence: PresenceState): string | undefined {
    const decoded = decodeStopLatch(payload);
    if (!decoded.ok) return decoded.error;
    const asked = decoded.value;
    const outcome = asked.latched ? this.#stop(zone, asked) : this.#release(zone, asked, presence);
    if (outcome === "unknown-zone") this.#sayUnknown(zone, asked.by);
    return outcome === "unknown-zone" || outcome === "too-many-zones" ? outcome : undefined;
  }

  /** A node says where it is. */
  born(node: string, zones: readonly string[] = []): void {
    if (this.#book.join(node, zones)) this.#keeping.keep();
  }

  /** A node is forgotten. */
  left(node: string): void {
    this.#answers.forget(node);
    if (this.#book.leave(node)) this.#keeping.keep();
  }

  /** A node says what holds it. */
  reported(node: string, report: StopReport | undefined): void {
    const latches = report?.latches ?? [];
    const now = this.#world.clock.now();
    const ids = latches.map(({ id }) => id);
    this.#answers.heard(node, ids, now);
    const isLearning = this.#learnsUntil !== undefined && now <= this.#learnsUntil;
    for (const latch of isLearning ? latches : []) {
      if (!this.#book.learn(node, latch)) continue;
      const { zone, by } = latch;
      this.#world.log.warn(`show stop in ${zone}: node ${node} still held it`, { by });
      this.#pace.say(zone);
    }
    this.#sayAlone(node, latches);
  }

  /** Sums up what had no line in the log of its own. To be called once a second. */
  sumUp(): void {
    this.#tell(this.#remarks.takeDue(this.#world.clock.now()));
  }

  /** What keeps it from outliving the hub, in words; `undefined`: nothing. */
  get problem(): string | undefined {
    return this.#keeping.problem;
  }

  view(isoOf: (at: number) => string): NonNullable<NodesResponse["stop"]> {
    const latches = this.#book.latches.map(({ zone, id, by, at }) => ({ zone, id, by, since: isoOf(at) }));
    return { zones: [...this.#book.zones], latches };
  }

  nodeView(node: string, report: StopReport | undefined, isoOf: (at: number) => string): NodeView["stop"] {
    if (report === undefined) return undefined;
    const answers = report.latches.flatMap(({ id }) => this.#answers.of(node, id) ?? []);
    return {
      latches: report.latches.map(({ zone, id, by, at, local = false }) => {
        const isAlone = local || !this.#book.knows(zone, id);
        return { zone, id, by, since: isoOf(at), local: isAlone };
      }),
      took_ms: tookOf(report),
      answered_ms: answers.at(-1) ?? null,
    };
  }

  /** Every zone, and whether something holds it. */
  get zones(): ReadonlyMap<string, boolean> {
    return new Map(this.#book.zones.map((zone) => [zone, this.#book.isLatched(zone)]));
  }

  #stop(zone: string, asked: StopLatch): StopOutcome {
    const { clock } = this.#world;
    const { by } = asked;
    const id = asked.id ?? this.#pace.namelessOf(zone);
    let made: string | undefined;
    const freshId = () => (made = this.#freshId());
    const outcome = this.#book.stop(zone, { id, by, at: clock.wall(), freshId });
    if (outcome !== "latched") return outcome;
    if (asked.id === undefined) this.#pace.named(zone, made ?? id);
    const latch = made ?? id;
    if (latch !== undefined) this.#answers.pressed(latch, clock.now());
    this.#pace.say(zone);
    this.#note(`show stop in ${zone}`, by);
    return outcome;
  }

  #release(zone: string, { by, released }: StopLatch, presence: PresenceState): StopOutcome {
    const latches = [...presence.values()].flatMap(({ reported }) => reported?.stop?.latches ?? []);
    const reported = latches.filter((latch) => latch.zone === zone).map(({ id }) => id);
    const at = this.#world.clock.wall();
    const outcome = this.#book.release(zone, { by, at, ids: released, reported });
    if (outcome !== "released") return outcome;
    this.#pace.say(zone);
    this.#note(`show stop released in ${zone}`, by);
    return outcome;
  }

  #publish(zone: string): void {
    this.#world.publish(zone, encodeStopLatch(this.#book.document(zone)));
    this.#answers.keepOnly(new Set(this.#book.latches.map(({ id }) => id)));
    this.#keeping.keep();
  }

  /** Whoever asks may ask for ever: a name has one line, and the rest is summed up. */
  #note(kind: string, by: string): void {
    if (this.#remarks.note(this.#world.clock.now(), kind, by)) this.#world.log.warn(kind, { by });
  }

  #tell(summaries: readonly Summary[]): void {
    for (const { kind, count, last } of summaries) {
      this.#world.log.warn(`${kind} … and ${count} more like it`, { by: last });
    }
  }

  /** Once for each name: whoever asks may ask for ever. */
  #sayUnknown(zone: string, by: string): void {
    if (this.#unknown.has(zone) || this.#unknown.size >= unknownZonesMax) return;
    this.#unknown.add(zone);
    const words = `there is no zone ${zone} to stop or release; there are ${this.#book.zones.join(", ")}`;
    this.#world.log.warn(words, { by });
  }

  #sayAlone(node: string, latches: readonly ZoneLatch[]): void {
    const alone = latches.filter(({ zone, id, local }) => local !== true && !this.#book.knows(zone, id));
    const told = alone.map(({ zone, id }) => `${zone}/${id}`).join(" ");
    if (told === (this.#alone.get(node) ?? "")) return;
    if (told === "") this.#alone.delete(node);
    else this.#alone.set(node, told);
    for (const { zone, by } of alone) {
      const words = `node ${node} holds a show stop of ${zone} that this hub does not know: it alone is stopped`;
      this.#world.log.warn(`${words}, until a release of ${zone}`, { by });
    }
  }

  readonly #freshId = (): string => {
    this.#pressed += 1;
    return this.#world.digestOf(encodeCbor([this.#salt, this.#pressed])).slice(0, 16);
  };
}

/** Of the newest latch that came in the agent's life; an agent of before tells it of the last one alone. */
function tookOf({ latches, tookMs }: StopReport): number | null {
  const timed = latches.findLast((latch) => latch.tookMs !== undefined);
  return timed?.tookMs ?? (tookMs > 0 ? tookMs : null);
}
