/** The hub's metric families as a prom-client registry: numbers are read when somebody scrapes. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { HubView } from "../../ports/view.ts";

type MetricFamily = ReturnType<HubView["metrics"]>[number];

/** prom-client's own names that `promtool check metrics` rejects: gauges called `_total`. */
const misnamed = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

export class Metrics {
  readonly #view: HubView;
  readonly #process = new Registry();

  constructor(view: HubView) {
    this.#view = view;
    collectDefaultMetrics({ register: this.#process });
    for (const name of misnamed) this.#process.removeSingleMetric(name);
  }

  get contentType(): string {
    return this.#process.contentType;
  }

  async text(): Promise<string> {
    const own = new Registry();
    for (const family of this.#view.metrics()) register(family, own);
    return `${await own.metrics()}\n${await this.#process.metrics()}`;
  }
}

function register(family: MetricFamily, registry: Registry): void {
  const { name, help } = family;
  const registers = [registry];
  switch (family.kind) {
    case "gauge": {
      const gauge = new Gauge({ name, help, labelNames: labelNames(family.samples), registers });
      for (const { labels, value } of family.samples) gauge.set(labels, value);
      return;
    }
    case "counter": {
      const counter = new Counter({ name, help, labelNames: labelNames(family.samples), registers });
      for (const { labels, value } of family.samples) counter.inc(labels, value);
      return;
    }
    case "histogram":
      registry.registerMetric(new CountedHistogram(family));
      return;
    default:
      family satisfies never;
  }
}

const labelNames = (samples: readonly { readonly labels: Readonly<Record<string, string>> }[]): string[] => [
  ...new Set(samples.flatMap(({ labels }) => Object.keys(labels))),
];

/** A histogram whose buckets were counted elsewhere. */
class CountedHistogram extends Histogram {
  readonly #family: Extract<MetricFamily, { kind: "histogram" }>;

  constructor(family: Extract<MetricFamily, { kind: "histogram" }>) {
    super({ name: family.name, help: family.help, buckets: [...family.bounds], registers: [] });
    this.#family = family;
  }

  /** What prom-client 15 asks a metric for when it writes text; its types leave it out. */
  async getForPromString() {
    const { name, help, bounds, counts, sum } = this.#family;
    let total = 0;
    const buckets = counts.map((count, index) => {
      total += count;
      return { metricName: `${name}_bucket`, labels: { le: bounds[index] ?? "+Inf" }, value: total };
    });
    const values = [
      ...buckets,
      { metricName: `${name}_sum`, labels: {}, value: sum },
      { metricName: `${name}_count`, labels: {}, value: total },
    ];
    return { name, help, type: "histogram", values };
  }
}
