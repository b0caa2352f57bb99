/** What the hub says of itself on `h/state`: that it lives, what time it is, and how its nodes shall come back. */
import type { Clock } from "@interactor/shared/kernel/clock";
import type { Instant } from "@interactor/shared/kernel/units";
import { encodeHubState } from "@interactor/shared/wire/messages/hub-state";
import type { Session } from "@interactor/shared/wire/session";
import { ClockWatch } from "./core/presence/clock-watch.ts";
import { FleetSize, reconnectSpread } from "./core/presence/reconnect-spread.ts";
import type { HubCounters } from "./core/registry/counters.ts";
import type { Log } from "./ports/log.ts";

export interface AnnouncementParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: HubCounters;
  readonly session: Session;
  readonly version: string;
  readonly publish: (document: Uint8Array) => void;
}

export class HubAnnouncement {
  readonly #parts: AnnouncementParts;
  readonly #watch = new ClockWatch();
  #clockSetAt: Instant | undefined;
  #fleet: FleetSize | undefined;
  #spread: number | undefined;

  constructor(parts: AnnouncementParts) {
    this.#parts = parts;
  }

  /** When somebody set the site's clock last, in this life of the hub. */
  get clockSetAt(): Instant | undefined {
    return this.#clockSetAt;
  }

  /** The hub lives. `before`: nodes that it knew in its last life, which come now. */
  start(before: number): void {
    this.#fleet = new FleetSize(before, this.#parts.clock.now());
    this.#spread = reconnectSpread(before);
    this.#say("birth");
  }

  /** It says goodbye. */
  end(): void {
    this.#say("death");
  }

  /** Says it again when it has become another: more nodes, or a clock that somebody has set. */
  look(nodes: number): void {
    const { clock, log, counters } = this.#parts;
    const now = clock.now();
    const step = this.#watch.look(now, clock.wall());
    if (step !== undefined) {
      counters.clockSteps += 1;
      this.#clockSetAt = now;
      log.warn(`the clock of this machine, which is the site's, was set by ${Math.round(step)} ms`, { step });
    }
    const spread = reconnectSpread(this.#fleet?.at(now, nodes) ?? nodes);
    if (step === undefined && spread === this.#spread) return;
    this.#spread = spread;
    this.#say("birth");
  }

  #say(kind: "birth" | "death"): void {
    const { clock, session, version, publish } = this.#parts;
    const spread = this.#spread === undefined ? {} : { reconnectSpread: this.#spread };
    publish(encodeHubState({ v: 1, kind, session, version, at: clock.wall(), ...spread }));
  }
}
