/**
 * The show stop at the hub. Whoever asks for a stop or a release is answered by the zone's whole document, retained
 * for everybody; it leaves before it is on disk, because a stop does not wait. What nodes hold is learnt from their
 * reports, so a hub that has lost its folder knows it again when they are back.
 */
import type { Clock } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { between, type Instant, seconds } from "@interactor/shared/kernel/units";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import type { NodesResponse, NodeView } from "@interactor/shared/wire/api";
import type { StopReport } from "@interactor/shared/wire/messages/reported";
import {
  decodeStopLatch,
  encodeStopLatch,
  everyZone,
  type StopLatch,
} from "@interactor/shared/wire/messages/stop";
import type { PresenceState } from "./core/presence/presence.ts";
import { type KeptStop, StopBook } from "./core/stop/stop-book.ts";
import type { Log } from "./ports/log.ts";
import type { StopStore } from "./ports/stop-store.ts";

export interface HubStopWorld {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: StopStore;
  readonly digestOf: (bytes: Uint8Array) => string;
  /** To everybody, retained. */
  publish(zone: string, document: Uint8Array): void;
}

/** How often what could not be kept is tried again. */
const keepAgainAfter = seconds(5);
/** Zones that are none and were named in the log. More are counted alone. */
const unknownZonesMax = 32;
const nothingKept: KeptStop = { zones: {}, members: {} };

type StopOutcome = ReturnType<StopBook["stop"] | StopBook["release"]>;

export class HubStop {
  readonly #world: HubStopWorld;
  /** Makes the ids of this life differ from those of others. */
  readonly #salt: string;
  #book = new StopBook(nothingKept);
  #pressed = 0;
  /** When a latch was first sent, by its id. */
  readonly #sentAt = new Map<string, Instant>();
  /** How long each node took to answer the latch that holds it, by node and id. */
  readonly #answers = new Map<string, Map<string, number>>();
  readonly #unknown = new Set<string>();
  #isKeeping = false;
  #isUnkept = false;

  constructor(salt: string, world: HubStopWorld) {
    this.#salt = salt;
    this.#world = world;
  }

  /** Takes up what the last life kept. What cannot be read may have been a stop, and counts as one. */
  async load(): Promise<void> {
    const kept = await this.#world.store.load();
    this.#book = new StopBook(kept === undefined || kept === "unreadable" ? nothingKept : kept);
    for (const { zone, by } of this.#book.latches) {
      this.#world.log.warn(`show stop in ${zone}, kept over the restart`, { by });
    }
    if (kept !== "unreadable") return;
    const by = "hub: what it kept of the show stop cannot be read";
    this.#book.stop(everyZone, { id: undefined, by, ...this.#stamp() });
    this.#world.log.error(
      "show stop in all, because what was kept of it cannot be read; see after the site, then release it",
    );
    this.#keep();
  }

  /** Says again what holds. */
  start(): void {
    for (const zone of this.#book.touched) this.#say(zone);
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
    if (this.#book.join(node, zones)) this.#keep();
  }

  /** A node says what holds it. */
  reported(node: string, report: StopReport | undefined): void {
    this.#answered(node, report);
    for (const latch of report?.latches ?? []) {
      if (!this.#book.learn(node, latch)) continue;
      const { zone, by } = latch;
      this.#world.log.warn(`show stop in ${zone}: node ${node} still held it`, { by });
      this.#say(zone);
      this.#keep();
    }
  }

  view(isoOf: (at: number) => string): NonNullable<NodesResponse["stop"]> {
    const latches = this.#book.latches.map(({ zone, id, by, at }) => ({ zone, id, by, since: isoOf(at) }));
    return { zones: [...this.#book.zones], latches };
  }

  nodeView(node: string, report: StopReport | undefined, isoOf: (at: number) => string): NodeView["stop"] {
    if (report === undefined) return undefined;
    const answers = report.latches.flatMap(({ id }) => this.#answers.get(node)?.get(id) ?? []);
    return {
      latches: report.latches.map(({ zone, id, by, at, local = false }) => ({
        zone,
        id,
        by,
        since: isoOf(at),
        local,
      })),
      took_ms: report.tookMs,
      answered_ms: answers[0] ?? null,
    };
  }

  /** Every zone, and whether something holds it. */
  get zones(): ReadonlyMap<string, boolean> {
    const latched = new Set(this.#book.latches.map(({ zone }) => zone));
    return new Map(this.#book.zones.map((zone) => [zone, latched.has(zone)]));
  }

  #stop(zone: string, { id, by }: StopLatch): StopOutcome {
    const outcome = this.#book.stop(zone, { id, by, ...this.#stamp() });
    if (outcome !== "latched") return outcome;
    this.#say(zone);
    this.#world.log.warn(`show stop in ${zone}`, { by });
    this.#keep();
    return outcome;
  }

  #release(zone: string, { by, released }: StopLatch, presence: PresenceState): StopOutcome {
    const latches = [...presence.values()].flatMap(({ reported }) => reported?.stop?.latches ?? []);
    const reported = latches.filter((latch) => latch.zone === zone).map(({ id }) => id);
    const { at } = this.#stamp();
    const outcome = this.#book.release(zone, { by, at, ids: released, reported });
    if (outcome !== "released") return outcome;
    for (const id of this.#sentAt.keys()) {
      if (!this.#book.latches.some((latch) => latch.id === id)) this.#sentAt.delete(id);
    }
    this.#say(zone);
    this.#world.log.warn(`show stop released in ${zone}`, { by });
    this.#keep();
    return outcome;
  }

  /** Once for each name: whoever asks may ask for ever. */
  #sayUnknown(zone: string, by: string): void {
    if (this.#unknown.has(zone) || this.#unknown.size >= unknownZonesMax) return;
    this.#unknown.add(zone);
    const words = `there is no zone ${zone} to stop or release; there are ${this.#book.zones.join(", ")}`;
    this.#world.log.warn(words, { by });
  }

  #stamp(): { readonly at: number; readonly freshId: () => string } {
    const freshId = () => {
      this.#pressed += 1;
      return this.#world.digestOf(encodeCbor([this.#salt, this.#pressed])).slice(0, 16);
    };
    return { at: this.#world.clock.wall(), freshId };
  }

  #say(zone: string): void {
    const document = this.#book.document(zone);
    this.#world.publish(zone, encodeStopLatch(document));
    const now = this.#world.clock.now();
    for (const { id } of document.latches ?? []) if (!this.#sentAt.has(id)) this.#sentAt.set(id, now);
  }

  #answered(node: string, report: StopReport | undefined): void {
    const before = this.#answers.get(node);
    const answers = new Map<string, number>();
    for (const { id } of report?.latches ?? []) {
      const sentAt = this.#sentAt.get(id);
      const known = before?.get(id);
      if (known !== undefined) answers.set(id, known);
      else if (sentAt !== undefined) answers.set(id, between(sentAt, this.#world.clock.now()));
    }
    if (answers.size > 0) this.#answers.set(node, answers);
    else this.#answers.delete(node);
  }

  /** One write at a time, of what is true when it begins. */
  #keep(): void {
    this.#isUnkept = true;
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    void this.#write();
  }

  async #write(): Promise<void> {
    while (this.#isUnkept) {
      this.#isUnkept = false;
      try {
        await this.#world.store.save(this.#book.kept);
      } catch (error) {
        this.#world.log.error(
          "the show stop could not be kept on disk: nodes keep it, a restart of the hub may not",
          {
            cause: messageOf(error),
          },
        );
        this.#isUnkept = true;
        break;
      }
    }
    this.#isKeeping = false;
    if (this.#isUnkept) this.#world.clock.after(keepAgainAfter, () => this.#keep());
  }
}
