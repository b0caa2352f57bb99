/**
 * When the next frame of a universe goes out. A changed look goes at once when the last frame is old enough,
 * else the moment it becomes so; then it is repeated, because UDP loses packets; then it is kept alive.
 * Pure: the time comes in as an argument.
 */
import { between, type Instant, later, millis } from "@interactor/shared/sdk/define-module";

/**
 * A frame of 512 slots takes this long on a DMX line: break 92 µs, mark 12 µs, 513 slots of 44 µs (ANSI
 * E1.11). More frames than that could not be shown and overrun gateways, and E1.31 section 6.6 bounds their rate by it. Only
 * after a frame that was late the next may follow sooner, by at most `latenessForgiven`: 14.7 ms then.
 */
export const frameTime = millis(22.7);
/**
 * A static look is sent again this often: E1.31 section 6.6 and Art-Net 4 both ask for 800 to 1000 ms.
 * In the middle, so that a timer which is late on a busy Pi is still inside.
 */
export const keepAliveInterval = millis(900);
/** E1.31 section 6.6: a look is sent three times before the source slows down to keep-alive. */
export const repeatsOfChange = 2;
/**
 * Two frames' time: a repeat that took the line just before the next look of a moving desk came would hold that up for
 * a whole frame, and the one after it.
 */
export const repeatInterval = millis(2 * frameTime);
/**
 * An agent that was killed and comes back has the same CID and begins its sequence numbers anew. A receiver
 * drops packets up to 20 numbers behind the last it saw (E1.31 section 6.7.2), so the first look is repeated
 * until the numbers have left that window.
 */
export const repeatsOfFirst = 20;
/**
 * How long a new instance waits for its inputs before it sends a first look in which nobody drives anything:
 * after a restart they are set again within milliseconds, and dark in between would be seen.
 */
export const firstLookDelay = millis(500);

/**
 * How much earlier than `frameTime` after the last one a frame may go, when the last one went late. A thread that shares
 * its core is held up now and then, by a timer's millisecond at rest and by several under load. Counted from when a frame
 * went, each delay would push all that follow: a desk that sends 44 times a second would soon be a whole frame ahead
 * of us, and a look would be passed over. So frames are counted from when the line had room, as long as the look moves;
 * later than this, the time is gone. It is what networks add and gateways bear: over any time there are no more than
 * 44 frames a second and one.
 */
export const latenessForgiven = millis(8);

export class Pacing {
  #isChanged = false;
  #repeats = repeatsOfFirst;
  /** No frame may go before this. */
  #freeAt: Instant;
  /** A frame goes then even if nothing changes. */
  #keepAliveAt: Instant;

  constructor(startedAt: Instant) {
    this.#freeAt = startedAt;
    this.#keepAliveAt = later(startedAt, firstLookDelay);
  }

  /** The look is no longer the one that was sent last. */
  changed(): void {
    this.#isChanged = true;
  }

  /** Whether a change waits for its frame. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** When the line has room for another frame. */
  get freeAt(): Instant {
    return this.#freeAt;
  }

  /** When the next frame shall go; never before the line could carry it. */
  due(): Instant {
    return this.#isChanged ? this.#freeAt : this.#keepAliveAt;
  }

  isDue(at: Instant): boolean {
    return between(this.due(), at) >= 0;
  }

  /** A frame with the present look went out. */
  sent(at: Instant): void {
    const late = between(this.#freeAt, at);
    // A line that was free for longer than a frame takes was at rest: nobody was late.
    const forgiven = late < frameTime ? Math.min(Math.max(late, 0), latenessForgiven) : 0;
    this.#repeats = this.#isChanged ? Math.max(this.#repeats, repeatsOfChange) : this.#repeats;
    this.#isChanged = false;
    this.#freeAt = later(at, millis(frameTime - forgiven));
    this.#keepAliveAt = later(at, this.#repeats > 0 ? repeatInterval : keepAliveInterval);
    this.#repeats = Math.max(this.#repeats - 1, 0);
  }
}
