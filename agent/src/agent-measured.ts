/** What modules of this node measure of themselves, told to the hub when it has changed. */
import type { Clock } from "@interactor/shared/kernel/clock";
import { seconds } from "@interactor/shared/kernel/units";
import { instancesMax, payloadBytesMax } from "@interactor/shared/wire/limits";
import {
  type Breakers,
  encodeMeasured,
  type InstanceMetrics,
} from "@interactor/shared/wire/messages/measured";
import { nodeTopics } from "@interactor/shared/wire/topics";
import type { Neighbour } from "./agent-neighbours.ts";
import type { Connection } from "./ports/hub-link.ts";

/** Between two words: of all instances together. */
const interval = seconds(5);

export class AgentMeasured implements Neighbour, Disposable {
  readonly #topic: string;
  readonly #clock: Clock;
  readonly #metrics = new Map<string, InstanceMetrics>();
  /** `undefined`: none has ever opened. */
  #breakers: Breakers | undefined;
  #connection: Connection | undefined;
  #cancel: (() => void) | undefined;

  constructor({ site, node }: { readonly site: string; readonly node: string }, clock: Clock) {
    this.#topic = nodeTopics(site, node).measured;
    this.#clock = clock;
  }

  /** `undefined`: the instance is here no more. */
  readonly take = (instance: string, metrics: InstanceMetrics | undefined): void => {
    if (metrics === undefined) {
      if (!this.#metrics.delete(instance)) return;
    } else if (this.#metrics.has(instance) || this.#metrics.size < instancesMax)
      this.#metrics.set(instance, metrics);
    this.#sayLater();
  };

  /** How many breakers are not closed now. */
  readonly resting = (breakers: Breakers): void => {
    this.#breakers = breakers;
    this.#sayLater();
  };

  connected(connection: Connection): void {
    this.#connection = connection;
    // The hub may be another one.
    if (this.#metrics.size > 0 || this.#breakers !== undefined) this.#sayLater();
  }

  disconnected(): void {
    this.#connection = undefined;
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#connection = undefined;
  }

  #sayLater(): void {
    this.#cancel ??= this.#clock.after(interval, () => {
      this.#cancel = undefined;
      const document = encodeMeasured({
        v: 1,
        kind: "measured",
        instances: Object.fromEntries(this.#metrics),
        ...(this.#breakers === undefined ? {} : { breakers: this.#breakers }),
      });
      if (document.length <= payloadBytesMax)
        this.#connection?.publish(this.#topic, document, { retain: false, confirmed: () => undefined });
    });
  }
}
