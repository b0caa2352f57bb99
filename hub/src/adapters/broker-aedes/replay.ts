/**
 * Retained messages on their way to a client that subscribed (MQTT 3.1.1 section 3.3.1.3): as fast as it takes them, a
 * piece at a time, so that nobody else waits for what one client asked for.
 */
import type { Qos } from "../../ports/broker-store.ts";
import type { Outlet } from "./outlet.ts";
import type { RetainedMessages } from "./retained.ts";
import type { RetainedSearch } from "./retained-search.ts";
import type { Session } from "./session.ts";

interface Asked {
  readonly search: RetainedSearch;
  readonly granted: Qos;
}

/** Messages are sent as long as less than this waits for the client. */
const outgoingBytesMax = 16 * 1024;
/** Branches looked at in one turn of the event loop, in 0.2 ms; the others get theirs in between. */
const stepsPerTurnMax = 1000;
/** Branches looked at in the time that a packet takes. */
const stepsPerPacket = 16;

export class Replay {
  readonly #session: Session;
  readonly #outlet: Outlet;
  readonly #retained: RetainedMessages;
  readonly #worked: (packets: number) => void;
  /** By filter, in the order in which they were asked for. There are no more than subscriptions. */
  readonly #asked = new Map<string, Asked>();
  #isTurnDue = false;

  /** `worked`: the client is told to have made work of so many packets. */
  constructor(
    { session, outlet }: { readonly session: Session; readonly outlet: Outlet },
    retained: RetainedMessages,
    worked: (packets: number) => void,
  ) {
    this.#session = session;
    this.#outlet = outlet;
    this.#retained = retained;
    this.#worked = worked;
  }

  /** The same filter again begins anew [MQTT-3.8.4-3]. */
  ask(filter: string, granted: Qos): void {
    this.#asked.set(filter, { search: this.#retained.search(filter), granted });
  }

  /** What is not yet sent for a filter is not sent any more [MQTT-3.10.4-2]. */
  drop(filter: string): void {
    this.#asked.delete(filter);
  }

  /** Sends what the client takes now. */
  run(): void {
    if (this.#outlet.isOver) return this.#asked.clear();
    let steps = 0;
    let sent = 0;
    for (const [filter, { search, granted }] of this.#asked) {
      while (!search.isDone && this.#hasRoom && steps < stepsPerTurnMax) {
        const before = search.steps;
        const found = search.next(stepsPerTurnMax - steps);
        // A filter that finds nothing at once is work too.
        steps += Math.max(search.steps - before, 1);
        if (found === undefined) continue;
        sent += 1;
        this.#session.deliverRetained(found, granted < found.qos ? granted : found.qos);
      }
      if (!search.isDone) break;
      this.#asked.delete(filter);
    }
    const work = sent + Math.floor(steps / stepsPerPacket);
    if (work > 0) this.#worked(work);
    // Where there is no room, the client's socket or its acknowledgement goes on.
    if (this.#asked.size > 0 && this.#hasRoom) this.#runNextTurn();
  }

  get #hasRoom(): boolean {
    return !this.#outlet.isOver && this.#outlet.bytes <= outgoingBytesMax && this.#session.hasRoom;
  }

  #runNextTurn(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      this.run();
    });
  }
}
