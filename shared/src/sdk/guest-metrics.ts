/** The inside of what an instance measures of itself: counted here, and told now and then. */
import type { Clock } from "../kernel/clock.ts";
import { Fault } from "../kernel/fault.ts";
import { seconds } from "../kernel/units.ts";
import { type InstanceMetrics, isMetricName, metricsOfInstanceMax } from "../wire/messages/measured.ts";
import type { ModuleMetrics } from "./services.ts";

/** Between two words about them: Prometheus asks every 15 s. */
const interval = seconds(5);

export class GuestMetrics implements ModuleMetrics {
  readonly #clock: Clock;
  readonly #tell: (metrics: InstanceMetrics) => void;
  readonly #counters: Record<string, number> = {};
  readonly #gauges: Record<string, number> = {};
  #known = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, tell: (metrics: InstanceMetrics) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  count(name: string, by = 1): void {
    if (!Number.isFinite(by) || by < 0)
      throw new Fault("METRIC_VALUE", `counter "${name}" cannot grow by ${by}`);
    this.#counters[name] = (this.#take(name, this.#counters) ?? 0) + by;
    this.#changed();
  }

  set(name: string, value: number): void {
    if (!Number.isFinite(value)) throw new Fault("METRIC_VALUE", `gauge "${name}" cannot be ${value}`);
    this.#take(name, this.#gauges);
    this.#gauges[name] = value;
    this.#changed();
  }

  /** Nothing is told any more. */
  end(): void {
    this.#cancel?.();
  }

  #take(name: string, all: Readonly<Record<string, number>>): number | undefined {
    const known = Object.hasOwn(all, name) ? all[name] : undefined;
    if (known !== undefined) return known;
    if (!isMetricName(name))
      throw new Fault("METRIC_NAME", `"${name}" is no name of a metric: a-z, 0-9 and _, at most 48 letters`);
    if (this.#known >= metricsOfInstanceMax)
      throw new Fault("TOO_MANY", `${metricsOfInstanceMax} metrics are all an instance may have`);
    this.#known += 1;
    return undefined;
  }

  #changed(): void {
    this.#cancel ??= this.#clock.after(interval, () => {
      this.#cancel = undefined;
      this.#tell({ counters: { ...this.#counters }, gauges: { ...this.#gauges } });
    });
  }
}
