/**
 * What the page has asked of the show stop, until a document of the hub says that it is so. That a press has left says
 * nothing: the line may be dead, the hub may hang, the account may lack the right. A stop stays on its way for as long
 * as the page lives; a release does not, because a show must not start when nobody looks any more.
 */
import { everyZone, type StopLatch } from "@interactor/shared/wire/messages/stop";
import { confirmWithin, releaseLife, unconfirmedShownFor } from "./limits.ts";

/** What is asked, as it is sent. */
export type Asking = Pick<StopLatch, "latched" | "id" | "released">;

export interface StopAsksOptions {
  /** `taken` is called when the hub has it, whatever it makes of it. Returns how to take it back. */
  readonly send: (zone: string, asking: Asking, taken: () => void) => () => void;
  readonly newId: () => string;
}

/** Times are ms of a monotonic clock. */
export interface StopAsk {
  readonly kind: "stop" | "release";
  readonly zone: string;
  /** Of the latch that a stop makes, or of those that a release lets go. */
  readonly ids: readonly string[];
  readonly askedAt: number;
}

interface OpenAsk extends StopAsk {
  isTaken: boolean;
  isTakenBack: boolean;
  takeBack(): void;
}

export class StopAsks {
  readonly #options: StopAsksOptions;
  /** One for each zone and kind, so that a hand that presses on and on fills nothing. */
  readonly #open = new Map<string, OpenAsk>();

  constructor(options: StopAsksOptions) {
    this.#options = options;
  }

  get open(): readonly StopAsk[] {
    return [...this.#open.values()];
  }

  stop(zone: string, at: number): void {
    const before = this.#open.get(keyOf("stop", zone));
    // It is on its way, and comes again with every reconnect.
    if (before?.isTaken === false) return;
    this.#ask({ kind: "stop", zone, ids: [this.#options.newId()], askedAt: at });
  }

  release(zone: string, ids: readonly string[], at: number): void {
    this.#open.get(keyOf("release", zone))?.takeBack();
    this.#ask({ kind: "release", zone, ids, askedAt: at });
  }

  /** What the hub says of a zone. */
  heard(zone: string, { latches = [], released = [] }: StopLatch): void {
    for (const [key, ask] of this.#open) {
      const named = ask.kind === "stop" ? [...latches.map(({ id }) => id), ...released] : released;
      if (ask.zone === zone && ask.ids.every((id) => named.includes(id))) this.#open.delete(key);
    }
  }

  /** Takes back releases that are too old, and forgets what has been shown for long. */
  tick(at: number): void {
    for (const [key, ask] of this.#open) {
      const age = at - ask.askedAt;
      if (ask.kind === "release" && age > releaseLife && !ask.isTakenBack) {
        ask.isTakenBack = true;
        ask.takeBack();
      }
      if (age > unconfirmedShownFor && (ask.isTaken || ask.isTakenBack)) this.#open.delete(key);
    }
  }

  #ask(asked: StopAsk): void {
    const { kind, zone, ids } = asked;
    const asking = kind === "stop" ? { latched: true, id: ids[0] } : { latched: false, released: [...ids] };
    const open: OpenAsk = { ...asked, isTaken: false, isTakenBack: false, takeBack: () => undefined };
    this.#open.set(keyOf(kind, zone), open);
    open.takeBack = this.#options.send(zone, asking, () => {
      open.isTaken = true;
    });
  }
}

const keyOf = (kind: StopAsk["kind"], zone: string): string => `${kind} ${zone}`;

/** What is said of an ask; `now` in ms of the same clock. */
export function askText({ kind, zone, askedAt }: StopAsk, now: number): string {
  const isLate = now - askedAt >= confirmWithin;
  if (kind === "release") return isLate ? "NOT CONFIRMED: it may still be stopped" : "releasing…";
  const what = zone === everyZone ? "STOP" : `STOP ${zone}`;
  return isLate ? `${what} NOT CONFIRMED: use the wired emergency stop` : `${what}: sending…`;
}
