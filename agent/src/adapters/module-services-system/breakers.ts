/** What fails again and again is given a rest, each thing by itself: whoever asks in a loop costs the agent nothing then. */
import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  handleAll,
} from "cockatiel";
import { Fault } from "@interactor/shared/kernel/fault";

/** Failures after each other. More: it rests. */
const failuresMax = 5;
/** Then one is let through to see. */
const rest = 10_000;
/** Things that are remembered: the oldest is forgotten for a new one. */
const thingsMax = 256;

export class Breakers {
  readonly #breakers = new Map<string, CircuitBreakerPolicy>();

  /** Throws what the work does, or a Fault `UNAVAILABLE` without beginning it. */
  async execute<Done>(thing: string, work: () => Promise<Done>): Promise<Done> {
    try {
      return await this.#breakerOf(thing).execute(work);
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      throw new Fault("UNAVAILABLE", `${thing} failed ${failuresMax} times and is given a rest`, {
        cause: error,
      });
    }
  }

  /** What is given a rest now. */
  get resting(): readonly string[] {
    return [...this.#breakers].flatMap(([thing, { state }]) => (state === CircuitState.Open ? [thing] : []));
  }

  #breakerOf(thing: string): CircuitBreakerPolicy {
    const known = this.#breakers.get(thing);
    if (known !== undefined) return known;
    const breaker = circuitBreaker(handleAll, {
      halfOpenAfter: rest,
      breaker: new ConsecutiveBreaker(failuresMax),
    });
    const [oldest] = this.#breakers.keys();
    if (this.#breakers.size >= thingsMax && oldest !== undefined) this.#breakers.delete(oldest);
    this.#breakers.set(thing, breaker);
    return breaker;
  }
}
