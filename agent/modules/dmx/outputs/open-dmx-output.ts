/**
 * A universe to an adapter that is nothing but a serial chip (FT232R), as best effort: break and frame are made here,
 * by a computer that does other things too. So it repeats its look as long as it lives, as fast as the driver lets it,
 * and nothing is left on the line when it does not. The break is a 0 sent at a speed at which it takes 117 µs: setting
 * one by hand would last for as long as the system pleases.
 */
import {
  between,
  type Instant,
  later,
  millis,
  type ModuleContext,
} from "@interactor/shared/sdk/define-module";
import { KeptLine } from "../../../serial-line/kept-line.ts";
import { slotCount } from "../engine/slots.ts";
import { frameTime } from "../pacing.ts";
import type { OpenDmxSettings } from "../settings/outputs.ts";
import type { OnError, Output } from "./output.ts";

const baudRate = 250_000;
/** Nine low bits of 13 µs are the break, two stop bits the mark after it. */
const breakBaudRate = 76_800;
const breakBytes = Uint8Array.of(0);

type Context = Pick<ModuleContext, "clock" | "random">;

export class OpenDmxOutput implements Output {
  readonly name = "Open DMX";
  readonly #context: Context;
  readonly #onError: OnError;
  readonly #line: KeptLine;
  /** A start code of 0 and the levels. */
  readonly #frame = new Uint8Array(slotCount + 1);
  #failure: Error | undefined = new Error("not open yet");
  #isAbsent = false;
  /** There is no look to repeat before the first. */
  #hasLook = false;
  /** The line is open, and its driver does not do what is asked. */
  #isRefusing = false;
  #isRepeating = false;
  #isEnded = false;
  #cancelPause: () => void = () => undefined;

  constructor({ path }: OpenDmxSettings, context: Context, onError: OnError) {
    this.#context = context;
    this.#onError = onError;
    this.#line = new KeptLine({ path, baudRate, dataBits: 8, stopBits: 2, parity: "none" }, context, {
      opened: () => {
        this.#failure = undefined;
        this.#isAbsent = false;
        void this.#repeat();
      },
      received: () => undefined,
      away: (reason, isAbsent) => {
        this.#isAbsent = isAbsent;
        this.#isRefusing = false;
        this.#fail(new Error(reason));
      },
    });
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  get isAbsent(): boolean {
    return this.#isAbsent;
  }

  open(): Promise<void> {
    return this.#line.start();
  }

  /** It goes with the next repeat. */
  send(levels: Uint8Array): boolean {
    this.#frame.set(levels, 1);
    this.#hasLook = true;
    void this.#repeat();
    return this.#failure === undefined;
  }

  sendTerminated(): void {
    // The line falls silent, and receivers do what they are set to.
  }

  goesOnWith(): boolean {
    return true;
  }

  tick(): void {
    // A line that is away tries by itself; one that is open and refused a frame is tried here.
    if (!this.#isRefusing) return;
    this.#isRefusing = false;
    this.#failure = undefined;
    void this.#repeat();
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
    while (!this.#isEnded && this.#failure === undefined) {
      const next = later(this.#context.clock.now(), frameTime);
      // A copy: the look may be another before the driver has taken it.
      const frame = Uint8Array.from(this.#frame);
      try {
        const isSent =
          (await this.#line.sendAt(breakBaudRate, breakBytes)) && (await this.#line.sendAt(baudRate, frame));
        if (!isSent) break;
      } catch (error) {
        // Of a line that hung up meanwhile it is known why.
        if (this.#failure !== undefined) break;
        this.#isRefusing = true;
        this.#fail(error instanceof Error ? error : new Error(String(error)));
        break;
      }
      await this.#until(next);
    }
    this.#isRepeating = false;
  }

  async #until(next: Instant): Promise<void> {
    const wait = between(this.#context.clock.now(), next);
    if (wait <= 0 || this.#isEnded) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#context.clock.after(millis(wait), resolve);
    this.#cancelPause = () => {
      cancel();
      resolve();
    };
    await promise;
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#onError(error);
  }
}
