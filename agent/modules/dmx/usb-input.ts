/**
 * What a widget that speaks as the Enttec DMX USB Pro does hears on its line. It is asked for every frame and not for
 * changes alone: a desk at rest says something 40 times a second, a line that was pulled nothing.
 */
import {
  encodeReceive,
  encodeWidgetFrame,
  labels,
  receivedLevels,
  WidgetReader,
} from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import type { ModuleContext } from "@interactor/shared/sdk/define-module";
import { KeptLine } from "../../serial-line/kept-line.ts";
import { FirstQuestions, startedAfter } from "./first-questions.ts";
import type { UsbReceiveSettings } from "./settings/receive.ts";

/** A widget of ours listens at one of two speeds, and turns to the other after 16 bytes that are no frame: more than these. */
const questionsAtOnce = 8;

export interface UsbInputListener {
  heard(levels: Uint8Array): void;
  onError(error: Error): void;
}

export class UsbInput {
  readonly #listener: UsbInputListener;
  readonly #line: KeptLine;
  #failure: Error | undefined = new Error("not open yet");
  readonly #first = new FirstQuestions();
  #cancelStart: () => void = () => undefined;
  /** It has said something since the line was opened. */
  #isHeard = false;
  /** The widget has told a frame since the second before. */
  #isTelling = false;

  constructor(
    { path, baudRate }: UsbReceiveSettings,
    context: Pick<ModuleContext, "clock" | "random">,
    listener: UsbInputListener,
  ) {
    this.#listener = listener;
    const reader = new WidgetReader((label, payload) => this.#take(label, payload));
    this.#line = new KeptLine({ path, baudRate, dataBits: 8, stopBits: 1, parity: "none" }, context, {
      opened: () => {
        this.#failure = undefined;
        this.#isHeard = false;
        this.#first.begin();
        this.#cancelStart();
        this.#cancelStart = context.clock.after(startedAfter, () => this.#ask());
      },
      received: (bytes) => reader.push(bytes),
      away: (reason) => this.#fail(new Error(reason)),
    });
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  open(): Promise<void> {
    return this.#line.start();
  }

  /** Once a second: a widget that tells nothing may have been reset, or speak at the other speed. */
  tick(): void {
    if (!this.#isTelling && this.#failure === undefined && (this.#isHeard || this.#first.tick())) this.#ask();
    this.#isTelling = false;
  }

  close(): Promise<void> {
    this.#cancelStart();
    return this.#line.stop();
  }

  #ask(): void {
    this.#line.write(encodeReceive());
    for (let count = 0; count < questionsAtOnce; count += 1)
      this.#line.write(encodeWidgetFrame(labels.getParameters, Uint8Array.of(0, 0)));
  }

  #take(label: number, payload: Uint8Array): void {
    this.#isHeard = true;
    if (label !== labels.receivedDmx) return;
    this.#isTelling = true;
    const levels = receivedLevels(payload);
    if (levels !== undefined) this.#listener.heard(levels);
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#listener.onError(error);
  }
}
