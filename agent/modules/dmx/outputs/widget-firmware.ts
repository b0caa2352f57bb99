/**
 * Whether a widget on an ATmega2560 runs the firmware that this agent brings. It is asked beside everything else that is
 * said on its line, and what has no answer yet is asked again each second.
 */
import { encodeWidgetFrame, labels, WidgetReader } from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import type { BoardKind, ModuleContext } from "@interactor/shared/sdk/define-module";
import type { BoardQuestion, Runs } from "../../../flashing/ask-board.ts";
import { FirmwareUpdate, keptFolder } from "../../../flashing/firmware-update.ts";
import { firstQuestionsEvery } from "../first-questions.ts";

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

export interface WidgetFlash {
  readonly board: BoardKind;
  readonly serialNumber: string;
  readonly overwrite: boolean;
}

export class WidgetFirmware {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #update: FirmwareUpdate;
  #answers = new Answers();
  #isKnown = false;
  #seconds = 0;

  constructor(
    flash: WidgetFlash,
    context: Pick<ModuleContext, "clock" | "log">,
    write: (bytes: Uint8Array) => void,
    folder = keptFolder,
  ) {
    this.#write = write;
    const order = { ...flash, firmware: "dmx-pro", question: widgetQuestion, folder };
    this.#update = new FirmwareUpdate(order, context, () => undefined);
  }

  /** Throws while the line belongs to avrdude. */
  refuseWhileDue(path: string): Promise<void> {
    return this.#update.refuseWhileDue(path);
  }

  opened(): void {
    this.#answers = new Answers();
    this.#isKnown = false;
    this.#seconds = 0;
  }

  /** Returns whether it is to be replaced now. */
  heard(label: number, payload: Uint8Array): boolean {
    const runs = this.#isKnown ? undefined : this.#answers.heard(label, payload);
    if (runs === undefined) return false;
    this.#isKnown = true;
    return this.#update.isWanted(runs);
  }

  /** Once a second while the line is open. Returns whether it is to be replaced now, because it never answers. */
  tick(isWidget: boolean): boolean {
    if (this.#isKnown) return false;
    this.#seconds += 1;
    // What has not said that it is a widget is asked that first.
    if (isWidget) this.#write(questions);
    if (this.#seconds % firstQuestionsEvery === 0) this.#update.asked();
    return this.#update.isGivenUp;
  }

  begin(path: string, isFree: Promise<void>): void {
    this.#update.begin(path, isFree);
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
