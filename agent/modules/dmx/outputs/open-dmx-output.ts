/**
 * A universe to an adapter that is nothing but a serial chip (FT232R), as best effort: break and frame are made here,
 * by a computer that does other things too. So it repeats its look as long as it lives, as fast as the driver lets it,
 * and nothing is left on the line when it does not. The break is a 0 sent at a speed at which it takes 117 µs: setting
 * one by hand would last for as long as the system pleases.
 */
import {
  between,
  type Clock,
  type Instant,
  later,
  messageOf,
  millis,
} from "@interactor/shared/sdk/define-module";
import { KeptLine } from "../../../serial-line/kept-line.ts";
import { nameOfPlace } from "../../../serial-line/place.ts";
import { slotCount } from "../engine/slots.ts";
import { LineHealth, type Lines } from "../line-health.ts";
import { frameTime } from "../pacing.ts";
import type { OpenDmxSettings } from "../settings/outputs.ts";
import type { OnError, Output } from "./output.ts";

const baudRate = 250_000;
/** Nine low bits of 13 µs are the break, two stop bits the mark after it. */
const breakBaudRate = 76_800;
const breakBytes = Uint8Array.of(0);

export class OpenDmxOutput implements Output {
  readonly name = "Open DMX";
  readonly #clock: Clock;
  /** Of its line. */
  readonly #name: string;
  readonly #health: LineHealth;
  readonly #line: KeptLine;
  /** A start code of 0 and the levels. */
  readonly #frame = new Uint8Array(slotCount + 1);
  /** There is no look to repeat before the first. */
  #hasLook = false;
  #isRepeating = false;
  #isEnded = false;
  #cancelPause: () => void = () => undefined;

  constructor({ place }: OpenDmxSettings, lines: Lines, onError: OnError) {
    this.#clock = lines.clock;
    this.#name = nameOfPlace(place);
    this.#health = new LineHealth(lines, onError);
    this.#line = new KeptLine({ place, baudRate, dataBits: 8, stopBits: 2, parity: "none" }, lines, {
      // It says nothing: what can be opened is taken for one.
      received: () => undefined,
      changed: (state, complaint) => {
        this.#health.changed(state, complaint);
        if (state.kind === "ready") void this.#repeat();
      },
    });
  }

  get failure(): Error | undefined {
    return this.#health.failure;
  }

  get reaches(): string {
    return this.#name;
  }

  get to(): readonly string[] {
    return [this.#name];
  }

  selfTest(): Promise<string | undefined> {
    return this.#line.selfTest();
  }

  open(): Promise<void> {
    return this.#line.start();
  }

  /** It goes with the next repeat. */
  send(levels: Uint8Array): boolean {
    this.#frame.set(levels, 1);
    this.#hasLook = true;
    void this.#repeat();
    return this.failure === undefined;
  }

  sendTerminated(): void {
    // The line falls silent, and receivers do what they are set to.
  }

  goesOnWith(): boolean {
    return true;
  }

  tick(): void {
    // A line that is away tries by itself.
  }

  isOwnPort(): boolean {
    return false;
  }

  async close(): Promise<void> {
    this.#isEnded = true;
    this.#cancelPause();
    await this.#line.stop();
  }

  async #repeat(): Promise<void> {
    if (this.#isRepeating || !this.#hasLook) return;
    this.#isRepeating = true;
    while (!this.#isEnded && this.failure === undefined) {
      const next = later(this.#clock.now(), frameTime);
      // A copy: the look may be another before the driver has taken it.
      const frame = Uint8Array.from(this.#frame);
      try {
        const isSent =
          (await this.#line.sendAt(breakBaudRate, breakBytes)) && (await this.#line.sendAt(baudRate, frame));
        if (!isSent) break;
      } catch (error) {
        // Of a line that hung up meanwhile it is known why.
        if (this.failure === undefined) this.#line.failed(`its driver refused a frame: ${messageOf(error)}`);
        break;
      }
      await this.#until(next);
    }
    this.#isRepeating = false;
  }

  async #until(next: Instant): Promise<void> {
    const wait = between(this.#clock.now(), next);
    if (wait <= 0 || this.#isEnded) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(millis(wait), resolve);
    this.#cancelPause = () => {
      cancel();
      resolve();
    };
    await promise;
  }
}
