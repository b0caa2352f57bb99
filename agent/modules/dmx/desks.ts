/** The lighting desks that are heard: their look drives routes, and this universe too where settings say so. */
import {
  between,
  type Instant,
  later,
  millis,
  type ModuleContext,
  quality,
  type Value,
} from "@interactor/shared/sdk/define-module";
import type { FrameOutcome, HeardDesk, NetworkFrame, Synchronization } from "./engine/network-sources.ts";
import { ErrorReport } from "./error-report.ts";
import { ReceivedLook } from "./received-look.ts";
import { Reception, type ReceptionOptions } from "./reception.ts";
import type { Way } from "./ways.ts";
import type { ReceiveSettings } from "./settings/receive.ts";

/** Five whole looks a second are given: channels have their own outputs, which wait for nothing. */
const lookInterval = millis(200);
/** A source of sACN has 63 bytes for its name. More: cut off. */
const nameShown = 63;

export interface DesksOptions extends Pick<ReceptionOptions, "cid" | "isOwnPort" | "lines"> {
  /** Slots, counted from 0, that are no intensity. */
  readonly latest: ReadonlySet<number>;
  /** Where frames go that show in this universe. */
  readonly merged: Pick<ReceptionOptions, "frame" | "synchronize"> | undefined;
}

export class Desks {
  readonly #context: ModuleContext;
  readonly #settings: ReceiveSettings;
  readonly #merged: DesksOptions["merged"];
  readonly #look: ReceivedLook;
  readonly #reception: Reception;
  readonly #tooMany = new ErrorReport();
  #count: number | undefined;
  #changes: number | undefined;
  #cancelWake: () => void = () => undefined;
  #lookGivenAt: Instant | undefined;
  #cancelLook: (() => void) | undefined;

  constructor(settings: ReceiveSettings, context: ModuleContext, options: DesksOptions) {
    this.#context = context;
    this.#settings = settings;
    this.#merged = options.merged;
    this.#look = new ReceivedLook(options.latest, settings.channels);
    this.#reception = new Reception(context, {
      cid: options.cid,
      isOwnPort: options.isOwnPort,
      lines: options.lines,
      frame: (frame, at) => this.#frame(frame, at),
      synchronize: (said, at) => this.#synchronize(said, at),
    });
  }

  get ways(): readonly Way[] {
    return this.#reception.ways;
  }

  selfTest(tried: Promise<void>): Promise<string | undefined> {
    return this.#reception.selfTest(tried);
  }

  async open(): Promise<void> {
    await this.#reception.open(this.#settings);
    this.#tell();
  }

  /** Once a second. */
  tick(at: Instant): void {
    this.#reception.tick(at);
  }

  async close(): Promise<void> {
    this.#cancelWake();
    this.#cancelLook?.();
    await this.#reception.close();
  }

  #frame(frame: NetworkFrame, at: Instant): void {
    this.#settle(this.#look.receive(frame, at), frame, at);
    this.#merged?.frame(frame, at);
    this.#tell();
  }

  #synchronize(said: Synchronization, at: Instant): void {
    this.#look.synchronize(said, at);
    this.#merged?.synchronize(said, at);
    this.#tell();
  }

  #settle(outcome: FrameOutcome, frame: NetworkFrame, at: Instant): void {
    if (outcome.kind !== "too-many") return;
    const line = this.#tooMany.count(`${frame.name} is one source too many: it is not followed`, at);
    if (line !== undefined) this.#context.log.warn(line);
  }

  /** Gives what is new, and sees to it that somebody looks when a source may be lost. */
  #tell(): void {
    const { context, look } = { context: this.#context, look: this.#look };
    const readings = look.takeReadings();
    for (const { output, value, isStale } of readings) {
      context.emit(output, value, { quality: isStale ? quality.stale : quality.good });
    }
    const { count } = look;
    if (count !== this.#count) context.emit("desks", count);
    // Also that nobody is heard yet: what is known of it may be of a former life.
    if (this.#changes === undefined) this.#tellDesks();
    if (count > 0 || this.#count !== undefined) this.#tellLook();
    this.#count = count;
    this.#watch();
  }

  #tellLook(): void {
    if (this.#cancelLook !== undefined) return;
    const { clock } = this.#context;
    const give = (): void => {
      this.#cancelLook = undefined;
      this.#lookGivenAt = clock.now();
      this.#context.emit("received", Uint8Array.from(this.#look.levels));
      this.#tellDesks();
    };
    const due = this.#lookGivenAt === undefined ? clock.now() : later(this.#lookGivenAt, lookInterval);
    const wait = between(clock.now(), due);
    if (wait <= 0) give();
    else this.#cancelLook = clock.after(millis(wait), give);
  }

  #tellDesks(): void {
    const { changes, desks } = this.#look;
    if (changes !== this.#changes) this.#context.emit("desk-list", desks.map(wordsOfDesk));
    this.#changes = changes;
  }

  #watch(): void {
    this.#cancelWake();
    const now = this.#context.clock.now();
    const wake = this.#look.wakeAt();
    if (wake === undefined) return;
    this.#cancelWake = this.#context.clock.after(millis(Math.max(between(now, wake), 0)), () => {
      this.#look.advance(this.#context.clock.now());
      this.#tell();
    });
  }
}

/** A name that somebody typed into a desk may have any length. */
const wordsOfDesk = ({ name, ...rest }: HeardDesk): Value => ({ name: name.slice(0, nameShown), ...rest });
