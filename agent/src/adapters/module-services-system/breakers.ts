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
import type { Resting } from "../../ports/module-services.ts";

/** Failures after each other. More: it rests. */
const failuresMax = 5;
/** Then one is let through to see. */
const rest = 10_000;
/** Things that are remembered: the oldest is forgotten for a new one. */
const thingsMax = 256;

/** What is asked, and which kind of thing that is. */
export type Asked = Pick<Resting, "kind" | "thing">;

interface Kept {
  readonly kind: Resting["kind"];
  readonly breaker: CircuitBreakerPolicy;
}

export class Breakers {
  readonly #breakers = new Map<string, Kept>();
  readonly #changed: () => void;

  /** `changed`: something else is given a rest, or is tried again. */
  constructor(changed: () => void = () => undefined) {
    this.#changed = changed;
  }

  /** Throws what the work does, or a Fault `UNAVAILABLE` without beginning it. */
  async execute<Done>({ kind, thing }: Asked, work: () => Promise<Done>): Promise<Done> {
    try {
      return await this.#breakerOf(kind, thing).execute(work);
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      throw new Fault("UNAVAILABLE", `${thing} failed ${failuresMax} times and is given a rest`, {
        cause: error,
      });
    }
  }

  /** What is given a rest now, or is tried for the first time after one. */
  get resting(): readonly Resting[] {
    return [...this.#breakers].flatMap(
      ([
        thing,
        {
          kind,
          breaker: { state },
        },
      ]) =>
        state === CircuitState.Open || state === CircuitState.HalfOpen
          ? [{ kind, thing, isTried: state === CircuitState.HalfOpen }]
          : [],
    );
  }

  #breakerOf(kind: Resting["kind"], thing: string): CircuitBreakerPolicy {
    const known = this.#breakers.get(thing);
    if (known !== undefined) return known.breaker;
    const breaker = circuitBreaker(handleAll, {
      halfOpenAfter: rest,
      breaker: new ConsecutiveBreaker(failuresMax),
    });
    const [oldest] = this.#breakers.keys();
    breaker.onStateChange(() => this.#changed());
    this.#breakers.set(thing, { kind, breaker });
    if (this.#breakers.size <= thingsMax || oldest === undefined) return breaker;
    this.#breakers.delete(oldest);
    this.#changed();
    return breaker;
  }
}
