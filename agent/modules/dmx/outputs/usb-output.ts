/**
 * A universe to a widget that speaks as the Enttec DMX USB Pro does. The widget repeats its last frame for ever, also
 * when nobody is left to send one; ours knows a guard (firmware-bridges/dmx-pro/PROTOCOL.md) that ends in the dark or in
 * a scene, and is told to keep it.
 */
import { encodeDmx, WidgetReader } from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import {
  between,
  type Instant,
  later,
  millis,
  type ModuleContext,
} from "@interactor/shared/sdk/define-module";
import { KeptLine } from "../../../serial-line/kept-line.ts";
import { slotCount } from "../engine/slots.ts";
import type { UsbSettings } from "../settings/outputs.ts";
import type { OnError, Output } from "./output.ts";
import { Widget } from "./widget.ts";

/** A serial line has ten bits a byte; around 512 levels are six more bytes. */
const frameBits = (slotCount + 6) * 10;

type Context = Pick<ModuleContext, "clock" | "random" | "log">;

export class UsbOutput implements Output {
  readonly name = "USB";
  readonly #path: string;
  readonly #widget: Widget;
  readonly #context: Context;
  readonly #onError: OnError;
  readonly #line: KeptLine;
  /** What the line takes until it has carried a frame. */
  readonly #frameTime;
  #failure: Error | undefined = new Error("not open yet");
  #isAbsent = false;
  #freeAt: Instant | undefined;
  /** The newest levels, while the line is busy with others. */
  #waiting: Uint8Array | undefined;
  #cancel: () => void = () => undefined;

  /** `scene`: what the guard ends in; `undefined`: in the dark. */
  constructor(settings: UsbSettings, scene: Uint8Array | undefined, context: Context, onError: OnError) {
    this.#path = settings.path;
    this.#context = context;
    this.#onError = onError;
    this.#frameTime = millis((frameBits * 1000) / settings.baudRate);
    const { path, baudRate } = settings;
    const { guard, mute } = settings;
    this.#widget = new Widget({ guard, scene, mute }, (frame) => void this.#line.write(frame));
    const reader = new WidgetReader((label, payload) => this.#widget.heard(label, payload));
    this.#line = new KeptLine({ path, baudRate, dataBits: 8, stopBits: 1, parity: "none" }, context, {
      opened: () => this.#opened(),
      received: (bytes) => reader.push(bytes),
      away: (reason, isAbsent) => {
        this.#isAbsent = isAbsent;
        this.#fail(new Error(reason));
      },
    });
  }

  get failure(): Error | undefined {
    if (this.#failure !== undefined) return this.#failure;
    const problem = this.#widget.problem;
    return problem === undefined ? undefined : new Error(problem);
  }

  get isAbsent(): boolean {
    return this.#isAbsent;
  }

  open(): Promise<void> {
    return this.#line.start();
  }

  /** A line that is slower than frames come carries the newest of them, when it is free. */
  send(levels: Uint8Array): boolean {
    if (!this.#widget.takesLevels) return false;
    const now = this.#context.clock.now();
    const wait = this.#freeAt === undefined ? 0 : between(now, this.#freeAt);
    if (wait <= 0) {
      this.#forgetWaiting();
      return this.#write(encodeDmx(levels), now);
    }
    const isScheduled = this.#waiting !== undefined;
    this.#waiting = Uint8Array.from(levels);
    if (!isScheduled) {
      this.#cancel = this.#context.clock.after(millis(wait), () => {
        const waiting = this.#waiting ?? levels;
        this.#waiting = undefined;
        this.#write(encodeDmx(waiting), this.#context.clock.now());
      });
    }
    return this.#failure === undefined;
  }

  sendTerminated(): void {
    // A widget holds what it has; ours follows its guard.
  }

  goesOnWith(): boolean {
    return true;
  }

  tick(): void {
    if (this.#failure === undefined) this.#widget.tick();
  }

  isOwnPort(): boolean {
    return false;
  }

  async close(): Promise<void> {
    this.#forgetWaiting();
    await this.#line.stop();
  }

  #opened(): void {
    this.#failure = undefined;
    this.#isAbsent = false;
    this.#freeAt = undefined;
    this.#forgetWaiting();
    this.#widget.opened();
  }

  /** Older than what goes out now. */
  #forgetWaiting(): void {
    this.#cancel();
    this.#waiting = undefined;
  }

  #write(frame: Uint8Array, at: Instant): boolean {
    this.#freeAt = later(at, this.#frameTime);
    const outcome = this.#line.write(frame);
    if (outcome === "backlog") this.#fail(new Error(`${this.#path} takes nothing`));
    else if (outcome === "written") this.#failure = undefined;
    return outcome === "written";
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#onError(error);
  }
}
