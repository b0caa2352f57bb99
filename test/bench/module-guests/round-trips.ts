/** How long a message there and back takes: one now and then, and one after the other. */
import { setTimeout as sleep } from "node:timers/promises";
import { percentile } from "../bench.ts";

/** In µs. */
export interface RoundTrips {
  readonly p50: number;
  readonly p99: number;
}

const trips = 2000;
const warmUp = 500;
/** Between two messages, in ms: whoever answers sleeps meanwhile, and the machine has to wake it. */
const pause = 1;

export const tripsApart = (trip: (value: number) => Promise<void>): Promise<RoundTrips> =>
  measured(trip, () => sleep(pause));

export const tripsInARow = (trip: (value: number) => Promise<void>): Promise<RoundTrips> =>
  measured(trip, () => undefined);

async function measured(
  trip: (value: number) => Promise<void>,
  between: () => Promise<void> | undefined,
): Promise<RoundTrips> {
  const times: number[] = [];
  for (let count = -warmUp; count < trips; count += 1) {
    const from = performance.now();
    await trip(count);
    if (count >= 0) times.push((performance.now() - from) * 1000);
    await between();
  }
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}
