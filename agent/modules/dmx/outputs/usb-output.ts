/**
 * A universe to a widget that speaks as the Enttec DMX USB Pro does. The widget repeats its last frame for ever, also
 * when nobody is left to send one; ours knows a guard (firmware-bridges/dmx-pro/PROTOCOL.md) that ends in the dark or in
 * a scene, and is told to keep it.
 */
import { encodeDmx, WidgetReader } from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import { between, type Clock, type Instant, later, millis } from "@interactor/shared/sdk/define-module";
import type { DeviceReports } from "@interactor/shared/sdk/devices";
import { KeptLine } from "../../../serial-line/kept-line.ts";
import { nameOfPlace } from "../../../serial-line/place.ts";
import { slotCount } from "../engine/slots.ts";
import { LineHealth, type Lines } from "../line-health.ts";
import type { UsbSettings } from "../settings/outputs.ts";
import type { OnError, Output } from "./output.ts";
import { WidgetFirmware } from "./widget-firmware.ts";
import { Widget } from "./widget.ts";

/** A serial line has ten bits a byte; around 512 levels are six more bytes. */
const frameBits = (slotCount + 6) * 10;

export class UsbOutput implements Output {
  readonly name = "USB";
  readonly #clock: Clock;
  readonly #widget: Widget;
  /** Of its line. */
  readonly #name: string;
  readonly #health: LineHealth;
  readonly #line: KeptLine;
  readonly #isMute: boolean;
  readonly #firmware: WidgetFirmware | undefined;
  /** Where what does not listen to the guard is left. */
  readonly #safe: Uint8Array;
  /** What the line takes until it has carried a frame. */
  readonly #frameTime;
  #reports: DeviceReports | undefined;
  #freeAt: Instant | undefined;
  /** What shall be on: a widget that comes, or comes back, has it at once. There is none before the first. */
  #latest: Uint8Array | undefined;
  /** The line is busy with older levels. */
  #isWaiting = false;
  #cancel: () => void = () => undefined;

  /** `scene`: what the guard ends in; `undefined`: in the dark. */
  constructor(settings: UsbSettings, scene: Uint8Array | undefined, lines: Lines, onError: OnError) {
    const { place, baudRate, guard, mute, flash } = settings;
    const { clock } = lines;
    this.#clock = clock;
    this.#isMute = mute;
    this.#frameTime = millis((frameBits * 1000) / baudRate);
    this.#name = nameOfPlace(place);
    this.#health = new LineHealth(lines, onError);
    const write = (frame: Uint8Array): void => void this.#line.write(frame);
    this.#widget = new Widget({ guard, scene, mute }, { clock, write });
    this.#safe = scene ?? new Uint8Array(slotCount);
    this.#firmware = flash && new WidgetFirmware(flash, lines, write, lines.folder);
    const reader = new WidgetReader((label, payload) => {
      this.#widget.heard(label, payload);
      this.#firmware?.heard(label, payload);
    });
    this.#line = new KeptLine({ place, baudRate, dataBits: 8, stopBits: 1, parity: "none" }, lines, {
      found: async (path) => this.#firmware?.found(path),
      closed: () => this.#firmware?.closed(),
      greet: (reports) => this.#greet(reports),
      received: (bytes) => reader.push(bytes),
      changed: (state, complaint) => {
        this.#health.changed(state, state.kind === "absent" ? complaint : this.#noted(complaint));
        if (state.kind === "ready") this.#sendLatest();
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

  open(): Promise<void> {
    return this.#line.start();
  }

  async selfTest(): Promise<string | undefined> {
    return this.#noted(await this.#line.selfTest());
  }

  /** A line that is slower than frames come carries the newest of them, when it is free. */
  send(levels: Uint8Array): boolean {
    this.#latest = Uint8Array.from(levels);
    return this.#sendLatest();
  }

  sendTerminated(): void {
    // A widget holds what it has; ours follows its guard.
  }

  goesOnWith(): boolean {
    return true;
  }

  tick(): void {
    // It asks, and is opened anew, by itself.
  }

  isOwnPort(): boolean {
    return false;
  }

  async close(): Promise<void> {
    this.#stopWaiting();
    await this.#line.stop();
    await this.#firmware?.stop();
  }

  #noted(words: string | undefined): string | undefined {
    return this.#firmware === undefined ? words : this.#firmware.withNote(words);
  }

  async #greet(reports: DeviceReports): Promise<void> {
    this.#reports = reports;
    this.#freeAt = undefined;
    this.#stopWaiting();
    this.#firmware?.asked(reports.signal);
    await this.#widget.greet(reports);
    await this.#firmware?.greet(this.#safe, reports.signal);
  }

  #sendLatest(): boolean {
    if (this.#latest === undefined || this.#health.failure !== undefined) return false;
    const now = this.#clock.now();
    const wait = this.#freeAt === undefined ? 0 : between(now, this.#freeAt);
    if (wait <= 0) {
      this.#stopWaiting();
      return this.#write(encodeDmx(this.#latest), now);
    }
    if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.#cancel = this.#clock.after(millis(wait), () => {
        this.#isWaiting = false;
        this.#sendLatest();
      });
    }
    return true;
  }

  #stopWaiting(): void {
    this.#cancel();
    this.#isWaiting = false;
  }

  #write(frame: Uint8Array, at: Instant): boolean {
    this.#freeAt = later(at, this.#frameTime);
    const outcome = this.#line.write(frame);
    if (outcome === "backlog") this.#reports?.worse("it takes nothing");
    // Of one that answers, its answers say it.
    else if (outcome === "written" && this.#isMute) this.#reports?.well();
    return outcome === "written";
  }
}
