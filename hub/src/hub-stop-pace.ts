/**
 * How often a zone is said: a stop of one that was free goes at once, and what comes after it is gathered for a moment.
 * Whoever holds a key down must not busy every node and the disk.
 */
import type { Clock } from "@interactor/shared/kernel/clock";
import { millis } from "@interactor/shared/kernel/units";

/** A zone is said again at most this often. */
const gatherFor = millis(100);

interface PaceWorld {
  readonly clock: Clock;
  readonly isLatched: (zone: string) => boolean;
  /** Says what holds in the zone now. */
  readonly publish: (zone: string) => void;
}

/** A zone that was said just now. */
interface Gathering {
  /** What was said: the next press of a zone that was free goes at once. */
  readonly wasLatched: boolean;
  readonly cancel: () => void;
  /** There is more to say when it is over. */
  isMore: boolean;
  /** The latch of presses without an id that came meanwhile: nobody has seen it, so it stands for all of them. */
  namelessId: string | undefined;
}

export class StopPace {
  readonly #world: PaceWorld;
  readonly #gathering = new Map<string, Gathering>();

  constructor(world: PaceWorld) {
    this.#world = world;
  }

  /** The latch that a press without an id belongs to; `undefined`: it makes one. */
  namelessOf(zone: string): string | undefined {
    return this.#gathering.get(zone)?.namelessId;
  }

  /** Those that come while the zone is gathered belong to this latch. */
  named(zone: string, id: string | undefined): void {
    const gathering = this.#gathering.get(zone);
    if (gathering !== undefined) gathering.namelessId = id;
  }

  /** Says the zone at once, or soon when it was said just now. */
  say(zone: string): void {
    const { clock, isLatched, publish } = this.#world;
    const isStopped = isLatched(zone);
    const gathering = this.#gathering.get(zone);
    if (gathering !== undefined && (gathering.wasLatched || !isStopped)) {
      gathering.isMore = true;
      return;
    }
    gathering?.cancel();
    publish(zone);
    const cancel = clock.after(gatherFor, () => this.#over(zone));
    this.#gathering.set(zone, { wasLatched: isStopped, cancel, isMore: false, namelessId: undefined });
  }

  /** What is gathered is said now. */
  end(): void {
    for (const [zone, { isMore, cancel }] of this.#gathering) {
      cancel();
      if (isMore) this.#world.publish(zone);
    }
  }

  #over(zone: string): void {
    const over = this.#gathering.get(zone);
    this.#gathering.delete(zone);
    if (over?.isMore === true) this.say(zone);
  }
}
