/**
 * Universes that shall change together: their frames go first, then one packet that says "now". All instances of the
 * worker that name the same synchronization share it, and it is said once for all that were sent in one turn of the
 * event loop.
 */
const groups = new Map<string, SyncGroup>();

export class SyncGroup {
  readonly #key: string;
  #members = 0;
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
