/**
 * What is said to a widget beside levels: who it is, whether it is still there, and what it shall do when nobody speaks
 * any more. A widget that was reset has forgotten that, so it is told again and again, and has to repeat it.
 */
import { encodeGuard, encodeWidgetFrame, labels } from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import { FirstQuestions } from "../first-questions.ts";

/** What our firmware answers when asked who made it. */
const ownManufacturer = "Interactor";
/** Seconds between two questions to a widget that answers. A reset is noticed within this. */
const questionEvery = 2;
/** Questions without an answer until it counts as silent: a busy board may miss one. */
const unansweredMax = 3;

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
  #kind: "unknown" | "ours" | "other" = "unknown";
  #unanswered = 0;
  #untilQuestion = 0;
  readonly #first = new FirstQuestions();

  constructor(settings: WidgetSettings, write: (frame: Uint8Array) => void) {
    this.#settings = settings;
    this.#write = write;
  }

  /** What speaks no widget's language must not get levels: it may be another machine's controller. */
  get takesLevels(): boolean {
    return this.#settings.mute || this.#kind !== "unknown";
  }

  get problem(): string | undefined {
    if (this.#settings.mute) return undefined;
    if (this.#kind === "unknown")
      return "it does not answer as a DMX USB Pro does: is it the right device? (mute: true for one that never answers)";
    return this.#unanswered > unansweredMax ? "it does not answer any more" : undefined;
  }

  /** The line was opened: who is there now is not known, and may be starting. */
  opened(): void {
    this.#kind = "unknown";
    this.#first.begin();
  }

  /** Once, when whatever was reset by the opening should have started. */
  started(): void {
    if (this.#kind === "unknown") this.#ask();
  }

  get isKnown(): boolean {
    return this.#kind !== "unknown";
  }

  /** Once a second. */
  tick(): void {
    if (this.#kind === "unknown") {
      if (this.#first.tick()) this.#ask();
      return;
    }
    this.#untilQuestion -= 1;
    if (this.#untilQuestion <= 0) this.#ask();
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
    this.#unanswered = 0;
  }

  #ask(): void {
    this.#untilQuestion = questionEvery;
    this.#unanswered += 1;
    const { guard, scene, mute } = this.#settings;
    if (mute) return;
    // Its answer says what it keeps; the scene goes along only when it has none.
    if (this.#kind === "ours") return this.#write(encodeGuard(guard, scene && "kept"));
    this.#write(encodeWidgetFrame(labels.getManufacturer));
    this.#write(encodeWidgetFrame(labels.getSerial));
  }

  #sayGuard(): void {
    this.#write(encodeGuard(this.#settings.guard, this.#settings.scene));
  }
}
