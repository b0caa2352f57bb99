/**
 * Sends a look whenever it is another: changed levels become frames, frames go out on every output.
 *
 * What changes in one turn of the event loop makes one frame: the first change asks for `setImmediate`, which runs
 * right after all that has arrived is handled. A microtask would run between two messages of one turn, send the first
 * alone and leave the second waiting for the line.
 */
import {
  between,
  type Clock,
  earliest,
  type Instant,
  instant,
  later,
  millis,
} from "@interactor/shared/sdk/define-module";
import { frameTime, Pacing } from "./pacing.ts";
import type { Output } from "./outputs/output.ts";
import type { SyncGroup, SyncMember } from "./outputs/sync-group.ts";

/** What is sent. */
export interface Look {
  readonly levels: Uint8Array;
  /** Brings the look up to `at`. Returns whether it is another now. */
  advance(at: Instant): boolean;
  /** When it may change by itself; `at` itself while it moves. */
  wakeAt(at: Instant): Instant | undefined;
}

/** E1.31 section 6.2.6: a source that leaves says so three times. */
const terminatedPackets = 3;

export class Sender {
  readonly #look: Look;
  readonly #outputs: readonly Output[];
  readonly #clock: Clock;
  readonly #pacing: Pacing;
  /** Called after each frame that at least one output took. */
  readonly #sent: (at: Instant) => void;
  readonly #groups: readonly SyncGroup[];
  /** As those see it that it changes together with. */
  readonly #member: SyncMember;
  #collecting: NodeJS.Immediate | undefined;
  #timer: { readonly due: Instant; cancel(): void } | undefined;
  /** What moves so slowly that a frame would show nothing new is looked at no more often than frames could go. */
  #lookAt: Instant;
  #isEnded = false;

  constructor(look: Look, outputs: readonly Output[], clock: Clock, sent: (at: Instant) => void) {
    this.#look = look;
    this.#outputs = outputs;
    this.#clock = clock;
    this.#pacing = new Pacing(clock.now());
    this.#sent = sent;
    this.#lookAt = clock.now();
    const pacing = this.#pacing;
    this.#member = {
      get freeAt() {
        return pacing.freeAt;
      },
      prepare: (now) => this.#isDue(now),
      send: () => {
        this.#sendFrame();
        this.schedule();
      },
    };
    this.#groups = outputs.flatMap(({ sync }) => sync ?? []);
  }

  /** The look is another than the one that was sent last. */
  changed(): void {
    this.#pacing.changed();
    this.schedule();
  }

  /** Sees to it that the next frame goes when it is due. To be called too when the look began to move. */
  schedule(): void {
    if (this.#isEnded || this.#collecting !== undefined) return;
    // Not before: what is not open yet has nothing to send.
    for (const group of this.#groups) group.add(this.#member);
    const now = this.#clock.now();
    const due = this.#dueAt(now);
    if (between(due, now) >= 0) {
      this.#collecting = setImmediate(() => {
        this.#collecting = undefined;
        this.#wake();
      });
      return;
    }
    if (this.#timer?.due === due) return;
    this.#timer?.cancel();
    const cancel = this.#clock.after(millis(between(now, due)), () => {
      this.#timer = undefined;
      this.#wake();
    });
    this.#timer = { due, cancel };
  }

  /** Sends what still waits and takes leave on these outputs. Takes about four frame times. */
  async leave(leaving: readonly Output[]): Promise<void> {
    this.#isEnded = true;
    for (const group of this.#groups) group.remove(this.#member);
    this.#timer?.cancel();
    clearImmediate(this.#collecting);
    if (this.#pacing.isChanged) {
      await this.#untilFree();
      this.#sendFrame();
    }
    for (let sent = 0; leaving.length > 0 && sent < terminatedPackets; sent += 1) {
      await this.#untilFree();
      for (const output of leaving) output.sendTerminated(this.#look.levels);
      this.#pacing.sent(this.#clock.now());
    }
  }

  /** A look that moves is looked at when the line has room for it, and not before. */
  #dueAt(now: Instant): Instant {
    const wake = this.#look.wakeAt(now);
    const freeAt = this.#freeAt;
    const due = instant(Math.max(this.#pacing.due(), freeAt));
    if (wake === undefined) return due;
    const room = instant(Math.max(freeAt, this.#lookAt, wake));
    return earliest(due, room) ?? due;
  }

  /** Asks once more whether a frame is due: a timer may be early, or another may have sent it. */
  #wake(): void {
    const now = this.#clock.now();
    if (this.#isDue(now)) {
      // Asked before the first of them sends: then none is free.
      const others = new Set(this.#groups.flatMap(({ senders }) => senders));
      others.delete(this.#member);
      const due = [...others].filter((other) => other.prepare(now));
      this.#sendFrame();
      for (const other of due) other.send();
    }
    this.schedule();
  }

  #isDue(now: Instant): boolean {
    if (this.#look.advance(now)) this.#pacing.changed();
    this.#lookAt = later(now, frameTime);
    return this.#pacing.isDue(now) && between(this.#freeAt, now) >= 0;
  }

  /** When all have room for another frame that it changes together with. */
  get #freeAt(): Instant {
    return instant(Math.max(this.#pacing.freeAt, ...this.#groups.map(({ freeAt }) => freeAt)));
  }

  #sendFrame(): void {
    const { levels } = this.#look;
    let isSent = false;
    for (const output of this.#outputs) isSent = output.send(levels) || isSent;
    const now = this.#clock.now();
    this.#pacing.sent(now);
    if (isSent) this.#sent(now);
  }

  async #untilFree(): Promise<void> {
    for (let now = this.#clock.now(); between(now, this.#pacing.freeAt) > 0; now = this.#clock.now()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#clock.after(millis(between(now, this.#pacing.freeAt)), resolve);
      await promise;
    }
  }
}
