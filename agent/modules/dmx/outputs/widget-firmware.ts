/**
 * Whether a widget on an ATmega2560 runs the firmware that this agent brings. It is asked when it has said
 * that it is a widget.
 */
import {
  encodeDmx,
  encodeWidgetFrame,
  labels,
  WidgetReader,
} from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import {
  type BoardKind,
  type Clock,
  millis,
  type ModuleContext,
  seconds,
} from "@interactor/shared/sdk/define-module";
import type { BoardQuestion, Runs } from "../../../flashing/ask-board.ts";
import { FirmwareUpdate, keptFolder } from "../../../flashing/firmware-update.ts";
import { greetingLongest } from "../questions.ts";

const questions = Uint8Array.of(
  ...encodeWidgetFrame(labels.getDevice),
  ...encodeWidgetFrame(labels.getParameters, Uint8Array.of(0, 0)),
);

export const widgetQuestion: BoardQuestion = {
  // What it listens at after a start.
  baudRate: 115_200,
  bytes: questions,
  listen() {
    const answers = new Answers();
    let runs: Runs | undefined;
    const reader = new WidgetReader((label, payload) => {
      runs ??= answers.heard(label, payload);
    });
    return (bytes) => {
      reader.push(bytes);
      return runs;
    };
  },
};

/** Until a frame that a widget has taken is on its DMX line, from its first slot to its last. */
const shownAfter = millis(150);
/** A widget that has just answered answers to this in milliseconds. Later: it is left as it is. */
const answerLongest = seconds(1);

export interface WidgetFlash {
  readonly board: BoardKind;
  readonly serialNumber: string;
  readonly overwrite: boolean;
}

export class WidgetFirmware {
  readonly #clock: Clock;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #update: FirmwareUpdate;
  #answers = new Answers();
  #said = Promise.withResolvers<Runs | undefined>();
  #closed = Promise.withResolvers<void>();
  #path = "";

  constructor(
    flash: WidgetFlash,
    context: Pick<ModuleContext, "clock" | "log">,
    write: (bytes: Uint8Array) => void,
    folder = keptFolder,
  ) {
    this.#clock = context.clock;
    this.#write = write;
    const order = { ...flash, firmware: "dmx-pro", question: widgetQuestion, folder };
    this.#update = new FirmwareUpdate(order, context, () => undefined);
  }

  /** Throws while the line belongs to avrdude. */
  async found(path: string): Promise<void> {
    await this.#update.refuseWhileDue(path);
    this.#path = path;
    this.#answers = new Answers();
    this.#said = Promise.withResolvers();
    this.#closed = Promise.withResolvers();
  }

  /** Its line is open, and it is asked whether it is a widget. */
  asked(signal: AbortSignal): void {
    this.#update.asked(greetingLongest, signal);
  }

  heard(label: number, payload: Uint8Array): void {
    this.#update.heard();
    const runs = this.#answers.heard(label, payload);
    if (runs !== undefined) this.#said.resolve(runs);
  }

  /**
   * A widget has answered. Rejects when its firmware is replaced: for a minute nothing is on the DMX line then, and what
   * hears it holds what it heard last, so that is `safe`.
   */
  async greet(safe: Uint8Array, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    // Of this opening: by the end there may be another.
    const [path, said, closed] = [this.#path, this.#said, this.#closed];
    this.#write(questions);
    const cancel = this.#clock.after(answerLongest, () => said.resolve(undefined));
    const runs = await said.promise;
    cancel();
    if (signal.aborted || runs === undefined || !this.#update.isWanted(runs)) return;
    this.#write(encodeDmx(safe));
    const shown = Promise.withResolvers<void>();
    this.#clock.after(shownAfter, shown.resolve);
    await shown.promise;
    if (signal.aborted) return;
    this.#update.begin(path, closed.promise);
    throw new Error(`its firmware ${runs.firmware} ${runs.release} is replaced`);
  }

  /** What is said of the widget, and what became of its firmware. */
  withNote(words: string | undefined): string | undefined {
    return this.#update.withNote(words);
  }

  /** The line is free. */
  closed(): void {
    this.#closed.resolve();
  }

  stop(): Promise<void> {
    return this.#update.stop();
  }
}

/** The two answers that say it. */
class Answers {
  #firmware: string | undefined;
  #release: string | undefined;

  heard(label: number, payload: Uint8Array): Runs | undefined {
    if (label === labels.getDevice) this.#firmware = Buffer.from(payload).toString("latin1", 2);
    if (label === labels.getParameters) this.#release = `${payload[1] ?? 0}.${payload[0] ?? 0}`;
    if (this.#firmware === undefined || this.#release === undefined) return undefined;
    return { firmware: this.#firmware, release: this.#release };
  }
}
