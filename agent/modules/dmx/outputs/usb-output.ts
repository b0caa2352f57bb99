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
import { pathOfSerialNumber } from "../../../serial-line/place.ts";
import { slotCount } from "../engine/slots.ts";
import type { UsbSettings } from "../settings/outputs.ts";
import { startedAfter } from "../first-questions.ts";
import type { OnError, Output } from "./output.ts";
import { WidgetFirmware } from "./widget-firmware.ts";
import { Widget } from "./widget.ts";

/** A serial line has ten bits a byte; around 512 levels are six more bytes. */
const frameBits = (slotCount + 6) * 10;

/** Until a frame that a widget has taken is on its DMX line, from its first slot to its last. */
const shownAfter = millis(100);

type Context = Pick<ModuleContext, "clock" | "random" | "log">;

/** A test has folders of its own. */
interface Given {
  /** Where the lines of USB adapters are found by their serial numbers. */
  readonly links?: string;
  /** Where old firmware is kept. */
  readonly folder?: string;
}

export class UsbOutput implements Output {
  readonly name = "USB";
  readonly #widget: Widget;
  readonly #context: Context;
  readonly #onError: OnError;
  readonly #line: KeptLine;
  readonly #firmware: WidgetFirmware | undefined;
  /** Where what does not listen to the guard is left. */
  readonly #safe: Uint8Array;
  /** What the line takes until it has carried a frame. */
  readonly #frameTime;
  #failure: Error | undefined = new Error("not open yet");
  #isAbsent = false;
  #freeAt: Instant | undefined;
  /** The newest levels, while the line is busy with others. */
  #waiting: Uint8Array | undefined;
  #cancel: () => void = () => undefined;
  #cancelStart: () => void = () => undefined;
  /** Where its line was found last. */
  #path = "";
  /** Its firmware is replaced: it gets nothing more. */
  #isReplaced = false;

  /** `scene`: what the guard ends in; `undefined`: in the dark. */
  constructor(
    settings: UsbSettings,
    scene: Uint8Array | undefined,
    context: Context,
    onError: OnError,
    given: Given = {},
  ) {
    this.#context = context;
    this.#onError = onError;
    this.#safe = scene ?? new Uint8Array(slotCount);
    const { baudRate, guard, mute, flash } = settings;
    this.#frameTime = millis((frameBits * 1000) / baudRate);
    const write = (frame: Uint8Array): void => void this.#line.write(frame);
    this.#widget = new Widget({ guard, scene, mute }, write);
    this.#firmware = flash && new WidgetFirmware(flash, context, write, given.folder);
    const reader = new WidgetReader((label, payload) => this.#heard(label, payload));
    const path = (): Promise<string> => this.#find(settings, given.links);
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
    if (!this.#widget.takesLevels || this.#isReplaced) return false;
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
    if (this.#failure !== undefined || this.#isReplaced) return;
    this.#widget.tick();
    if (this.#firmware?.tick(this.#widget.isKnown) === true) this.#replace();
  }

  isOwnPort(): boolean {
    return false;
  }

  async close(): Promise<void> {
    this.#forgetWaiting();
    this.#cancelStart();
    await this.#line.stop();
    await this.#firmware?.stop();
  }

  async #find({ place }: UsbSettings, links: string | undefined): Promise<string> {
    this.#path = "path" in place ? place.path : await pathOfSerialNumber(place.serialNumber, links);
    await this.#firmware?.refuseWhileDue(this.#path);
    return this.#path;
  }

  #heard(label: number, payload: Uint8Array): void {
    this.#widget.heard(label, payload);
    if (this.#firmware?.heard(label, payload) === true) this.#replace();
  }

  /** For a minute nothing is on the DMX line, and what hears it holds what it heard last: that is something safe. */
  #replace(): void {
    this.#isReplaced = true;
    this.#forgetWaiting();
    this.#cancelStart();
    if (this.#widget.takesLevels) this.#line.write(encodeDmx(this.#safe));
    const shown = Promise.withResolvers<void>();
    this.#context.clock.after(millis(this.#frameTime + shownAfter), shown.resolve);
    const isFree = shown.promise.then(() => this.#line.letGo("its firmware is being written"));
    this.#firmware?.begin(this.#path, isFree);
  }

  #opened(): void {
    this.#failure = undefined;
    this.#isAbsent = false;
    this.#freeAt = undefined;
    this.#forgetWaiting();
    this.#isReplaced = false;
    this.#widget.opened();
    this.#firmware?.opened();
    this.#cancelStart();
    this.#cancelStart = this.#context.clock.after(startedAfter, () => this.#widget.started());
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
