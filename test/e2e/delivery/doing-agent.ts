// An agent without modules at the other end of routes: our inbox, our switchboard, our outbox for the receipts. What its
// inputs are told is what it does, and it remembers when.

import { isLane } from "@interactor/shared/wire/lanes";
import { parseTopic } from "@interactor/shared/wire/topics";
import { Inbox } from "../../../agent/src/core/inbox/inbox.ts";
import { Outbox } from "../../../agent/src/core/outbox/outbox.ts";
import { Switchboard } from "../../../agent/src/core/switchboard/switchboard.ts";
import { LightLine, type LightLineOptions, now } from "./light-line.ts";

export interface Done {
  /** Of the input that was told. */
  readonly input: string;
  readonly value: number;
  /** ms, as `performance.now` has it. */
  readonly at: number;
}

export class DoingAgent implements AsyncDisposable {
  readonly done: Done[] = [];
  /** How much was done, by input. */
  readonly counts = new Map<string, number>();
  readonly #line: LightLine;
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;

  /** `inputs`: of its instance `stage`. */
  constructor(options: LightLineOptions, inputs: readonly string[]) {
    const ports = {
      inputs: Object.fromEntries(inputs.map((input) => [input, { type: "int" } as const])),
      outputs: {},
    };
    const stage = { module: "stage", version: "0.1.0", ...ports };
    this.#line = new LightLine(
      options,
      { stage },
      {
        connected: () => this.#outbox.connected(),
        disconnected: () => this.#outbox.disconnected(),
        message: (topic, payload) => this.#message(topic, payload),
        pump: (at) =>
          this.#outbox.pump(at, (lane, payload, lastSeq) =>
            this.#line.publish(lane, payload, () => this.#outbox.confirmed(lane, lastSeq)),
          ),
      },
    );
    this.#outbox = new Outbox(this.#line.session);
    const switchboard = new Switchboard(options.node, {
      apply: ({ port }, applied) => {
        this.done.push({ input: port, value: Number(applied?.value), at: performance.now() });
        this.counts.set(port, (this.counts.get(port) ?? 0) + 1);
      },
      ownersChanged: () => undefined,
      held: () => undefined,
    });
    switchboard.declare("stage", ports, now());
    this.#inbox = new Inbox(switchboard, {
      receipt: (receipt) => this.#outbox.receipt(receipt, now().wall, now().instant),
      result: () => undefined,
      clock: () => undefined,
      refused: () => undefined,
      missed: () => undefined,
    });
    this.#line.open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#line.end();
  }

  #message(topic: string, payload: Uint8Array): void {
    const parsed = parseTopic(topic);
    if (parsed?.kind === "down" && isLane(parsed.lane)) this.#inbox.receive(parsed.lane, payload, now());
    this.#line.pump();
  }
}
