/** What is told of latencies, in ms. */
import { percentile, type Samples } from "../bench.ts";

export function addLatencies(
  samples: Samples,
  subject: string,
  what: string,
  lates: readonly number[],
): void {
  samples.add(subject, `${what}, p50`, "ms", percentile(lates, 0.5));
  samples.add(subject, `${what}, p99`, "ms", percentile(lates, 0.99));
  samples.add(subject, `${what}, max`, "ms", percentile(lates, 1));
}
