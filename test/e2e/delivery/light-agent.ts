// An agent without modules, many of which fit into one process: our wire and our outbox, a counter for an output.
// Each message says its number, so that a judge can see what became of every one.

import { quality } from "@interactor/shared/wire/entry";
import { type Lane, lane } from "@interactor/shared/wire/lanes";
import { LaneSender } from "@interactor/shared/wire/lane-sender";
import { Ledger } from "@interactor/shared/wire/ledger";
import type { Session } from "@interactor/shared/wire/session";
import { LightLine, type LightLineOptions, now } from "./light-line.ts";

export interface LightAgentOptions extends LightLineOptions {
  /** In which its output goes up; telemetry, when nothing is said. */
  readonly lane?: Lane;
}

export interface LightAgentEvents {
  /** These numbers of the lane are about to leave for the first time, and hold counters from `first` on. */
  readonly sent: (session: Session, lastSeq: number) => void;
  /** The hub has confirmed all up to this number. */
  readonly confirmed: (session: Session, lastSeq: number) => void;
  readonly connected: () => void;
}

const limits = { messagesMax: 20_000, bytesMax: 8 * 1024 * 1024 };
const counter = {
  module: "counter",
  version: "0.1.0",
  inputs: {},
  outputs: { count: { type: "int", deliver: "every" } },
} as const;

export class LightAgent {
  readonly #options: LightAgentOptions;
  readonly #events: LightAgentEvents;
  readonly #line: LightLine;
  readonly #sender: LaneSender;
  #highest = -1;

  constructor(options: LightAgentOptions, events: LightAgentEvents) {
    this.#options = options;
    this.#events = events;
    this.#line = new LightLine(
      options,
      { counter },
      {
        connected: () => {
          events.connected();
          this.#sender.connected();
        },
        disconnected: () => this.#sender.disconnected(),
        pump: (at) =>
          this.#sender.pump(at, (into, payload, lastSeq) => this.#publish(into, payload, lastSeq)),
      },
    );
    this.#sender = new LaneSender(this.#line.session, limits, new Ledger());
    this.#line.open();
  }

  /** Messages that wait, or are on the way. */
  get queued(): number {
    return this.#sender.queued;
  }

  /** The next message of its output. */
  produce(counter: number): void {
    const { lane: into = lane.telemetry } = this.#options;
    const entry = {
      at: now().wall,
      from: "counter/count",
      to: null,
      ttl: null,
      flags: 0,
      trace: null,
      quality: quality.good,
      body: counter,
    };
    if (!this.#sender.offer({ lane: into, entry, key: undefined }, now().instant))
      throw new Error(`the outbox of ${this.#options.node} is full`);
    this.#line.pump();
  }

  end(): Promise<void> {
    return this.#line.end();
  }

  #publish(into: Lane, payload: Uint8Array, lastSeq: number): void {
    if (lastSeq > this.#highest) {
      this.#highest = lastSeq;
      this.#events.sent(this.#line.session, lastSeq);
    }
    this.#line.publish(into, payload, () => {
      this.#events.confirmed(this.#line.session, lastSeq);
      this.#sender.confirm(into, lastSeq);
    });
  }
}
