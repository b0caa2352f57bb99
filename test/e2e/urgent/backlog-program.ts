// The nodes that a backlog is made for, in a process of their own: one that works slowly on what comes, and others that
// take nothing at all. Apart, so that its work holds nobody up but itself.

import { Fifo } from "@interactor/shared/wire/fifo";
import type { Batch } from "@interactor/shared/wire/batch";
import { lane } from "@interactor/shared/wire/lanes";
import { LightNode } from "../delivery/light-node.ts";
import { answerRequests } from "../remote.ts";

export type BacklogRequest =
  | {
      readonly kind: "start";
      readonly port: number;
      readonly site: string;
      readonly stalled: readonly string[];
      readonly workMicros: number;
    }
  /** The slow node works from now on. */
  | { readonly kind: "begin" }
  | { readonly kind: "look" };

export interface SlowLook {
  /** Events that it has worked on. */
  readonly taken: number;
  /** From publish to arrival of each critical message since the last look, in ms. */
  readonly lates: readonly number[];
}

/** Others wait so long, in ms, before the socket is looked at again: as in an agent's own link. */
const turnMax = 1;

class SlowNode {
  readonly #workMicros: number;
  readonly #waiting = new Fifo<readonly [Batch, () => void]>();
  readonly #lates: number[] = [];
  #taken = 0;
  #isTurnDue = false;
  #isWorking = false;

  constructor(workMicros: number) {
    this.#workMicros = workMicros;
  }

  readonly take = (batch: Batch, confirm: () => void): void => {
    if (batch.lane === lane.critical) {
      for (const { body } of batch.entries) this.#lates.push(nowMicros() - Number(body));
      confirm();
      return;
    }
    this.#waiting.push([batch, confirm]);
    this.#turnSoon();
  };

  begin(): void {
    this.#isWorking = true;
    this.#turnSoon();
  }

  look(): SlowLook {
    return { taken: this.#taken, lates: this.#lates.splice(0).map((late) => late / 1000) };
  }

  #turnSoon(): void {
    if (!this.#isWorking || this.#isTurnDue || this.#waiting.length === 0) return;
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      const end = performance.now() + turnMax;
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        this.#work(...next);
        if (performance.now() > end) break;
      }
      this.#turnSoon();
    });
  }

  /** Keeps the processor busy, as an agent does that has much to do for each message. */
  #work({ entries }: Batch, confirm: () => void): void {
    const end = nowMicros() + entries.length * this.#workMicros;
    while (nowMicros() < end);
    this.#taken += entries.length;
    confirm();
  }
}

/** One clock for all processes of a machine. */
const nowMicros = (): number => Number(process.hrtime.bigint() / 1000n);

let slow: SlowNode | undefined;

answerRequests(async (asked) => {
  const request = asked as BacklogRequest;
  if (request.kind === "start") {
    const { port, site, stalled, workMicros } = request;
    slow = new SlowNode(workMicros);
    const inputs = { load: { type: "float" }, alarm: { type: "float" } } as const;
    await LightNode.connect({ port, site, node: "slow", inputs }, slow.take);
    for (const node of stalled) (await LightNode.connect({ port, site, node, inputs })).stall();
  }
  if (request.kind === "begin") slow?.begin();
  return slow?.look();
});
