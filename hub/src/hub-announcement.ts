/** What the hub says of itself on `h/state`: that it lives, what time it is, and how its nodes shall come back. */
import type { Clock } from "@interactor/shared/kernel/clock";
import { encodeHubState } from "@interactor/shared/wire/messages/hub-state";
import type { Session } from "@interactor/shared/wire/session";
import { ClockWatch } from "./core/presence/clock-watch.ts";
import { reconnectSpread } from "./core/presence/reconnect-spread.ts";
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
  #spread: number | undefined;

  constructor(parts: AnnouncementParts) {
    this.#parts = parts;
  }

  say(kind: "birth" | "death"): void {
    const { clock, session, version, publish } = this.#parts;
    const spread = this.#spread === undefined ? {} : { reconnectSpread: this.#spread };
    publish(encodeHubState({ v: 1, kind, session, version, at: clock.wall(), ...spread }));
  }

  /** Says it again when it has become another: more nodes, or a clock that somebody has set. */
  look(nodes: number): void {
    const { clock, log, counters } = this.#parts;
    const step = this.#watch.look(clock.now(), clock.wall());
    if (step !== undefined) {
      counters.clockSteps += 1;
      log.warn(`the clock of this machine, which is the site's, was set by ${Math.round(step)} ms`, { step });
    }
    const spread = reconnectSpread(nodes);
    if (step === undefined && spread === this.#spread) return;
    this.#spread = spread;
    this.say("birth");
  }
}
