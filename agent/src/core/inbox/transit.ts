/**
 * How long a batch was on its way beyond what its way takes at best. A line that was cut for a moment, or is slow,
 * brings commands late, and what the hub wrote of their time had run out meanwhile: the hub has told the sender that
 * they expired, so they must not be done. Told from the monotonic clocks of both sides, whose difference is unknown but
 * steady: the smallest difference seen lately is a batch that came at once. No clock has to be set for this, and none
 * that is set disturbs it.
 */
import { between, type Instant, later, type Millis, millis, seconds } from "@interactor/shared/kernel/units";
import type { Session } from "@interactor/shared/wire/session";

/** "Lately" is between once and twice this. The hub is asked for the time every 16 s, so there always is a batch in it. */
const half = seconds(30);

export class Transit {
  #session: Session | undefined;
  #older = Number.POSITIVE_INFINITY;
  #newer = Number.POSITIVE_INFINITY;
  #since: Instant | undefined;

  /** `sentAt`: by the clock of that session, in ms. */
  delayOf(session: Session, sentAt: number, at: Instant): Millis {
    if (session !== this.#session) this.#forget();
    this.#session = session;
    if (this.#since === undefined || between(this.#since, at) >= half) {
      const isOld = this.#since === undefined || at >= later(this.#since, millis(2 * half));
      this.#older = isOld ? Number.POSITIVE_INFINITY : this.#newer;
      this.#newer = Number.POSITIVE_INFINITY;
      this.#since = at;
    }
    const difference = at - sentAt;
    this.#newer = Math.min(this.#newer, difference);
    return millis(difference - Math.min(this.#older, this.#newer));
  }

  #forget(): void {
    this.#older = Number.POSITIVE_INFINITY;
    this.#since = undefined;
  }
}
