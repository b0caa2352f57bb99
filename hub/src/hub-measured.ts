/** What modules of all nodes measure of themselves, for whoever scrapes: the last word of each node that is here. */
import { type Breakers, decodeMeasured, type Measured } from "@interactor/shared/wire/messages/measured";
import type { MetricFamily } from "./core/registry/metric-families.ts";

/** Metrics of all nodes: a thousand nodes with twenty each. More: those of the node that brings them are refused. */
const metricsMax = 20_000;

export class HubMeasured {
  readonly #words = new Map<string, Word>();
  #count = 0;

  /** Why it is refused; nothing when it is taken. */
  said(node: string, payload: Uint8Array): string | undefined {
    const decoded = decodeMeasured(payload);
    if (!decoded.ok) return decoded.error;
    const { instances, breakers } = decoded.value;
    const ofBreakers = breakers === undefined ? 0 : breakerSamples(node, breakers).length;
    const count = Object.values(instances).reduce((sum, each) => sum + sizeOf(each), ofBreakers);
    const before = this.#words.get(node)?.count ?? 0;
    if (this.#count - before + count > metricsMax) return "too-many-metrics";
    this.#count += count - before;
    this.#words.set(node, { instances, breakers, count });
    return undefined;
  }

  /** Of nodes that are here: of the others nobody knows what they measure. */
  families(isHere: (node: string) => boolean): readonly MetricFamily[] {
    for (const [node, { count }] of this.#words) {
      if (isHere(node)) continue;
      this.#words.delete(node);
      this.#count -= count;
    }
    const samplesOf = (kind: "counters" | "gauges") =>
      [...this.#words].flatMap(([node, { instances }]) =>
        Object.entries(instances).flatMap(([instance, metrics]) =>
          Object.entries(metrics[kind]).map(([metric, value]) => ({
            labels: { node, instance, metric },
            value,
          })),
        ),
      );
    const of = (kind: "counter" | "gauge", name: string, help: string): MetricFamily => ({
      kind,
      name: `interactor_module_${name}`,
      help,
      samples: samplesOf(`${kind}s`),
    });
    return [
      of("counter", "events_total", "What modules count of themselves, by its name in the label metric."),
      of("gauge", "value", "What modules measure of themselves, by its name in the label metric."),
      {
        kind: "gauge",
        name: "interactor_module_breakers",
        help: "Hosts and serial lines that failed again and again: open, modules are kept from them; half_open, one is let through to see.",
        samples: [...this.#words].flatMap(([node, { breakers }]) =>
          breakers === undefined ? [] : breakerSamples(node, breakers),
        ),
      },
    ];
  }
}

interface Word {
  readonly instances: Measured["instances"];
  readonly breakers: Breakers | undefined;
  readonly count: number;
}

const breakerSamples = (node: string, { host, serial }: Breakers) =>
  Object.entries({ host, serial }).flatMap(([kind, { open, halfOpen }]) => [
    { labels: { node, kind, state: "open" }, value: open },
    { labels: { node, kind, state: "half_open" }, value: halfOpen },
  ]);

const sizeOf = ({ counters, gauges }: Measured["instances"][string]): number =>
  Object.keys(counters).length + Object.keys(gauges).length;
