/**
 * What inputs do when their source is lost: hold the last look, then fade, and end at a level; or hold, and let go. An
 * input is in its failsafe from the loss until its source has said something again, or its route is gone.
 */
import { between, earliest, type Instant, later, type Millis, millis } from "@interactor/shared/kernel/units";
import type { Plan } from "@interactor/shared/wire/messages/plan";
import type { Value } from "@interactor/shared/wire/value";

export type Failsafe = NonNullable<Plan["inputs"][string]["failsafe"]>;

/** A step of a fade: as often as DMX can be sent. */
const fadeStep: Millis = millis(25);

interface Falling {
  readonly failsafe: Failsafe;
  /** What it held when its source was lost. */
  readonly from: Value;
  readonly lostAt: Instant;
  /** `undefined`: it has come to its end. */
  dueAt: Instant | undefined;
}

export interface FailsafeLevel {
  /** `instance/input`. */
  readonly input: string;
  /** `undefined`: it is let go. */
  readonly value: Value | undefined;
}

export class Failsafes {
  readonly #falling = new Map<string, Falling>();
  /** Those that it has let go, and whose they were. What comes in doubt does not take them again. */
  readonly #letGo = new Map<string, string>();

  has(input: string): boolean {
    return this.#falling.has(input);
  }

  /** The source of the input is lost; `from` is what it holds. Lost twice is lost once. */
  lost(input: string, from: Value, failsafe: Failsafe, at: Instant): void {
    if (this.#falling.has(input)) return;
    const dueAt = failsafe.hold === null ? undefined : later(at, failsafe.hold);
    this.#falling.set(input, { failsafe, from, lostAt: at, dueAt });
  }

  /** Whose the input was when it was let go; `undefined`: it has not been, or its source has said something since. */
  letGoOf(input: string): string | undefined {
    return this.#letGo.get(input);
  }

  /** It has come to its end, and its route had it. */
  letGo(input: string, route: string | undefined): void {
    if (route !== undefined) this.#letGo.set(input, route);
  }

  /** Its source has said something. */
  back(input: string): void {
    this.#falling.delete(input);
    this.#letGo.delete(input);
  }

  /** No route holds it any more. */
  free(input: string): void {
    this.#falling.delete(input);
  }

  /** What it has let go of an instance that begins anew, or is here no more. */
  forget(instance: string): void {
    for (const input of this.#letGo.keys()) if (input.startsWith(`${instance}/`)) this.#letGo.delete(input);
  }

  /** Where inputs go now, and when there is more to say. */
  tick(at: Instant): { readonly levels: readonly FailsafeLevel[]; readonly next: Instant | undefined } {
    const levels: FailsafeLevel[] = [];
    let next: Instant | undefined;
    for (const [input, falling] of this.#falling) {
      if (falling.dueAt === undefined) continue;
      if (between(at, falling.dueAt) <= 0) {
        levels.push({ input, value: step(falling, at) });
      }
      next = earliest(next, falling.dueAt);
    }
    return { levels, next };
  }
}

/** The level at `at`; sets when the next one is due. `undefined`: it is let go. */
function step(falling: Falling, at: Instant): Value | undefined {
  const { from, lostAt } = falling;
  const { fade, to } = falling.failsafe;
  const faded = between(later(lostAt, falling.failsafe.hold ?? millis(0)), at);
  if (typeof from !== "number" || typeof to !== "number" || faded >= fade) {
    falling.dueAt = undefined;
    return to;
  }
  falling.dueAt = later(at, fadeStep);
  return from + (to - from) * (faded / fade);
}
