/** What the inputs of a node are told, and whom they tell. */
import type { Instant, Micros } from "@interactor/shared/kernel/units";
import type { Applied } from "@interactor/shared/sdk/context";
import type { PortAddress } from "@interactor/shared/wire/names";
import type { Value } from "@interactor/shared/wire/value";

/** What time it is, in both clocks, when something happens. */
export interface Now {
  readonly instant: Instant;
  readonly wall: Micros;
}

/** Who holds an input at its stop value, and since when. */
export interface Held {
  readonly by: string;
  readonly at: Micros;
}

export interface SwitchboardSink {
  apply(address: PortAddress, applied: Applied | undefined): void;
  /** The owner of an input is another one now. */
  ownersChanged(): void;
  /** What an input holds, for those who watch; `null` when it is an actuator and nobody owns it any more. */
  held(address: PortAddress, value: Value, at: Micros): void;
}

/** How a value was received by an input. */
export type Reception = "taken" | "unknown-input" | "wrong-type" | "standing-still";
