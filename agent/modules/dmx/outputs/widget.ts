/**
 * What is said to a widget beside levels: who it is, whether it is still there, and what it shall do when nobody speaks
 * any more. A widget that was reset has forgotten that, so it is told again and again, and has to repeat it.
 */
import { encodeGuard, encodeWidgetFrame, labels } from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import { type Clock, seconds } from "@interactor/shared/sdk/define-module";
import type { DeviceReports } from "@interactor/shared/sdk/devices";
import { Questions } from "../questions.ts";

/** What our firmware answers when asked who made it. */
const ownManufacturer = "Interactor";
/** Between two questions to a widget that answers. A reset is noticed within this. */
const questionEvery = seconds(2);

export interface WidgetSettings {
  /** In ms; 0: it holds the last levels for ever, as the original does. */
  readonly guard: number;
  /** What the guard ends in; `undefined`: in the dark. */
  readonly scene: Uint8Array | undefined;
  /** It never answers, and gets levels nevertheless. */
  readonly mute: boolean;
}

export class Widget {
  readonly #settings: WidgetSettings;
  readonly #write: (frame: Uint8Array) => void;
  readonly #questions: Questions;
  #kind: "unknown" | "ours" | "other" = "unknown";

  constructor(settings: WidgetSettings, shell: { clock: Clock; write: (frame: Uint8Array) => void }) {
    this.#settings = settings;
    this.#write = shell.write;
    this.#questions = new Questions(shell.clock, {
      every: questionEvery,
      ask: () => this.#ask(),
      hint: "mute: true for one that never answers",
    });
  }

  /**
   * The line was opened: who is there now is not known, and what speaks no widget's language must not get levels, because
   * it may be another machine's controller. Rejects when it is none.
   */
  async greet(reports: DeviceReports): Promise<void> {
    this.#kind = "unknown";
    if (!this.#settings.mute) await this.#questions.greet(reports);
  }

  heard(label: number, payload: Uint8Array): void {
    if (label === labels.getManufacturer) {
      const name = Buffer.from(payload).toString("latin1", 2);
      const wasOurs = this.#kind === "ours";
      this.#answered(name.startsWith(ownManufacturer) ? "ours" : "other");
      if (this.#kind === "ours" && !wasOurs) this.#sayGuard();
    } else if (label === labels.getSerial) this.#answered(this.#kind === "unknown" ? "other" : this.#kind);
    else if (label === labels.setGuard) this.#guardHeard(payload);
  }

  #guardHeard([low = 0, high = 0, hasScene = 0]: Uint8Array): void {
    const { guard, scene } = this.#settings;
    this.#answered("ours");
    const isKept = (low | (high << 8)) === guard && (hasScene !== 0) === (scene !== undefined);
    if (!isKept) this.#sayGuard();
  }

  #answered(kind: "ours" | "other"): void {
    this.#kind = kind;
    this.#questions.answered();
  }

  #ask(): void {
    const { guard, scene } = this.#settings;
    // Its answer says what it keeps; the scene goes along only when it has none.
    if (this.#kind === "ours") return this.#write(encodeGuard(guard, scene && "kept"));
    this.#write(encodeWidgetFrame(labels.getManufacturer));
    this.#write(encodeWidgetFrame(labels.getSerial));
  }

  #sayGuard(): void {
    this.#write(encodeGuard(this.#settings.guard, this.#settings.scene));
  }
}
