/**
 * Universes that shall change together: their frames go first, then one packet that says "now". All instances of the
 * worker that name the same synchronization share it: none of them sends before all could, then all send that have
 * something to send, and it is said once for all that were sent in one turn of the event loop.
 */
import { type Instant, instant } from "@interactor/shared/sdk/define-module";

/** Who sends the frames of one universe. */
export interface SyncMember {
  /** When its line has room for another frame. */
  readonly freeAt: Instant;
  /** Brings its look up to `now`. Returns whether a frame of it is due. */
  prepare(now: Instant): boolean;
  /** Sends that. */
  send(): void;
}

const groups = new Map<string, SyncGroup>();

export class SyncGroup {
  readonly #key: string;
  #members = 0;
  readonly #senders = new Set<SyncMember>();
  /** What to say, by where it goes: two universes with the same receivers need it once. */
  readonly #due = new Map<string, () => void>();
  #isAsked = false;

  private constructor(key: string) {
    this.#key = key;
  }

  static join(key: string): SyncGroup {
    const group = groups.get(key) ?? new SyncGroup(key);
    groups.set(key, group);
    group.#members += 1;
    return group;
  }

  add(sender: SyncMember): void {
    this.#senders.add(sender);
  }

  remove(sender: SyncMember): void {
    this.#senders.delete(sender);
  }

  /** When the last of them has room for another frame. */
  get freeAt(): Instant {
    return instant(Math.max(...[...this.#senders].map(({ freeAt }) => freeAt)));
  }

  get senders(): readonly SyncMember[] {
    return [...this.#senders];
  }

  /** A frame was sent to `receivers`. */
  frameSent(receivers: string, say: () => void): void {
    this.#due.set(receivers, say);
    // Frames of this turn are sent by immediates too, and one that is asked for in them runs after them.
    if (this.#isAsked) return;
    this.#isAsked = true;
    setImmediate(() => {
      this.#isAsked = false;
      const due = [...this.#due.values()];
      this.#due.clear();
      for (const each of due) each();
    });
  }

  leave(): void {
    this.#members -= 1;
    if (this.#members === 0 && groups.get(this.#key) === this) groups.delete(this.#key);
  }
}
