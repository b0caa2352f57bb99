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
import { seconds } from "@interactor/shared/sdk/define-module";
import { KeptLine } from "../../serial-line/kept-line.ts";
import { LineHealth, type Lines } from "./line-health.ts";
import { Questions } from "./questions.ts";
import type { UsbReceiveSettings } from "./settings/receive.ts";

/** A widget of ours listens at one of two speeds, and turns to the other after 16 bytes that are no frame: more than these. */
const questionsAtOnce = 8;
/** A widget that tells nothing may have been reset, or speak at the other speed; its desk is not lost within this. */
const questionEvery = seconds(1);

export interface UsbInputListener {
  heard(levels: Uint8Array): void;
  onError(error: Error): void;
}

export class UsbInput {
  readonly #listener: UsbInputListener;
  readonly #line: KeptLine;
  readonly #health: LineHealth;
  readonly #questions: Questions;
  /** The widget has told a frame since the question before. */
  #isTelling = false;

  constructor({ place, baudRate }: UsbReceiveSettings, lines: Lines, listener: UsbInputListener) {
    this.#listener = listener;
    this.#health = new LineHealth(lines, (error) => listener.onError(error));
    this.#questions = new Questions(lines.clock, { every: questionEvery, ask: () => this.#ask() });
    const reader = new WidgetReader((label, payload) => this.#take(label, payload));
    this.#line = new KeptLine({ place, baudRate, dataBits: 8, stopBits: 1, parity: "none" }, lines, {
      greet: (reports) => this.#questions.greet(reports),
      received: (bytes) => reader.push(bytes),
      changed: (state, complaint) => this.#health.changed(state, complaint),
    });
  }

  get failure(): Error | undefined {
    return this.#health.failure;
  }

  open(): Promise<void> {
    return this.#line.start();
  }

  selfTest(): Promise<string | undefined> {
    return this.#line.selfTest();
  }

  close(): Promise<void> {
    return this.#line.stop();
  }

  /** One that tells frames has answered with them. */
  #ask(): void {
    const isTelling = this.#isTelling;
    this.#isTelling = false;
    if (isTelling) return;
    this.#line.write(encodeReceive());
    for (let count = 0; count < questionsAtOnce; count += 1)
      this.#line.write(encodeWidgetFrame(labels.getParameters, Uint8Array.of(0, 0)));
  }

  #take(label: number, payload: Uint8Array): void {
    if (label !== labels.receivedDmx && label !== labels.getParameters) return;
    this.#questions.answered();
    if (label !== labels.receivedDmx) return;
    this.#isTelling = true;
    const levels = receivedLevels(payload);
    if (levels !== undefined) this.#listener.heard(levels);
  }
}
