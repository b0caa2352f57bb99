/** Counts what was done about clients and messages that were wrong, and logs it and how nodes are without filling the disk. */
import type { Clock } from "@interactor/shared/kernel/clock";
import type { HubCounters } from "./core/registry/counters.ts";
import { faultOutcomes } from "./core/registry/faults.ts";
import { Remarks, type Summary } from "./core/registry/remarks.ts";
import type { BrokerFault, FaultContext } from "./ports/broker.ts";
import type { Log } from "./ports/log.ts";

export interface HubFaultsWorld {
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: HubCounters;
}

/** A line of the log about one node. */
export interface NodeLine {
  readonly level: "info" | "warn";
  readonly words: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Characters of a name or of words in a line: a client may give itself a name of 64 KB. Longer: cut short. */
const textMax = 300;

export class HubFaults {
  readonly #world: HubFaultsWorld;
  readonly #clients = new Remarks();
  readonly #messages = new Remarks();
  readonly #nodes = new Remarks();

  constructor(world: HubFaultsWorld) {
    this.#world = world;
  }

  client(
    reason: BrokerFault,
    details: string,
    { who = details, outcome = "cut", count = 1 }: FaultContext = {},
  ): void {
    const { clock, log, counters } = this.#world;
    counters.faults[outcome].add(reason, count);
    const kind = `${faultOutcomes[outcome].words}: ${reason}`;
    if (this.#clients.note(clock.now(), kind, short(who))) log.warn(kind, { details: short(details) });
  }

  message(topicKind: string, reason: string, node: string): void {
    const { clock, log, counters } = this.#world;
    counters.refused.add(`${topicKind} ${reason}`);
    const kind = `refused a message on ${topicKind}: ${reason}`;
    if (this.#messages.note(clock.now(), kind, short(node))) log.warn(kind, { node: short(node) });
  }

  /** What a node is or did; `kind` says the same of many, or of one that does it all the time. */
  node(kind: string, node: string, { level, words, details }: NodeLine): void {
    const { clock, log } = this.#world;
    if (this.#nodes.note(clock.now(), kind, node)) log[level](words, details);
  }

  /** Sums up what had no line of its own. To be called once a second. */
  sumUp(): void {
    const at = this.#world.clock.now();
    this.#tell(this.#clients.takeDue(at));
    this.#tell(this.#messages.takeDue(at));
    this.#tell(this.#nodes.takeDue(at));
  }

  /** Nothing comes after it. */
  end(): void {
    const at = this.#world.clock.now();
    this.#tell(this.#clients.takeAll(at));
    this.#tell(this.#messages.takeAll(at));
    this.#tell(this.#nodes.takeAll(at));
  }

  #tell(summaries: readonly Summary[]): void {
    for (const { kind, count, last, span } of summaries) {
      const words = `${kind} … and ${count} more like it in the last ${Math.ceil(span / 1000)} s`;
      this.#world.log.warn(words, { last });
    }
  }
}

const short = (text: string): string => (text.length <= textMax ? text : `${text.slice(0, textMax)}…`);
