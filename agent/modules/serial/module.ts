/** A device that speaks in lines of text: each line gives values, and a line can be sent to it. */
import { defineModule, type Instance, type ModuleContext } from "@interactor/shared/sdk/define-module";
import { Complaints } from "@interactor/shared/sdk/complaints";
import { tellDevice } from "@interactor/shared/sdk/devices";
import { PacedCounter } from "@interactor/shared/sdk/paced-counter";
import { KeptLine } from "../../serial-line/kept-line.ts";
import { linePlace } from "../../serial-line/place.ts";
import { linesPerSecondMax, listeningLongest, unreadableMax } from "./limits.ts";
import { LineSplitter } from "./line-splitter.ts";
import { manifest } from "./manifest.ts";
import { type LineFault, lineReader } from "./read-line.ts";
import { type Settings, settings } from "./settings.ts";

export const definition = defineModule({ manifest, settings, start });

type Rejection = LineFault | "too-long" | "too-many" | "not-utf8";

async function start(settings: Settings, context: ModuleContext): Promise<Instance> {
  const intake = new LineIntake(settings, context);
  const { usb, path, ...speed } = settings;
  const line = new KeptLine({ ...speed, place: linePlace(usb, path) }, context, {
    ...tellDevice(context),
    // Whoever is there may say what it likes.
    greet: async () => intake.begin(),
    received: (bytes) => intake.take(bytes),
  });
  const unsent = new Complaints<Unsendable | "not-open" | "backlog">(context.clock, (message) =>
    context.log.warn(`lines not sent: ${message}`),
  );
  const send = lineSender(settings, (bytes) => line.write(bytes));
  context.onInput((_, applied) => {
    if (typeof applied?.value !== "string") return;
    const outcome = send(applied.value);
    if (outcome !== "written") unsent.add(outcome, applied.value);
  });
  await line.start();
  return {
    async selfTest() {
      const [failure] = await Promise.all([line.selfTest(), intake.listened()]);
      return failure ?? intake.verdict;
    },
    async stop() {
      intake.stop();
      unsent.stop();
      await line.stop();
    },
  };
}

type Unsendable = "too-long" | "more-than-one-line";

function lineSender<Outcome>(settings: Settings, write: (bytes: Uint8Array) => Outcome) {
  const { delimiter, lineBytesMax } = settings;
  return (text: string): Outcome | Unsendable => {
    // A second line in disguise could be a command that nobody meant to send.
    if (/[\r\n\0]/u.test(text) || text.includes(delimiter)) return "more-than-one-line";
    const bytes = new TextEncoder().encode(text + delimiter);
    return bytes.length > lineBytesMax ? "too-long" : write(bytes);
  };
}

/** From bytes to values: what cannot be read is counted, named and passed over. */
class LineIntake {
  readonly #context: ModuleContext;
  readonly #settings: Settings;
  readonly #splitter: LineSplitter;
  readonly #read: ReturnType<typeof lineReader>;
  readonly #lines: PacedCounter;
  readonly #rejected: PacedCounter;
  readonly #complaints: Complaints<Rejection>;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true });
  readonly #latin1 = new TextDecoder("latin1");
  /** What comes now began before the line was opened, perhaps in the middle of a number. */
  #mayBeTorn = true;
  #second = 0;
  #linesOfSecond = 0;
  /** Lines in which nothing could be read, and whether there was one in which something could. */
  #unreadable = 0;
  #isUnderstood = false;
  #understood = (): void => undefined;

  constructor(settings: Settings, context: ModuleContext) {
    this.#context = context;
    this.#settings = settings;
    this.#read = lineReader(settings);
    this.#lines = new PacedCounter(context.clock, (count) => context.emit("lines", count));
    this.#rejected = new PacedCounter(context.clock, (count) => context.emit("rejected", count));
    this.#complaints = new Complaints(context.clock, (message) =>
      context.log.warn(`not understood: ${message}`),
    );
    this.#splitter = new LineSplitter({
      delimiter: new TextEncoder().encode(settings.delimiter),
      lineBytesMax: settings.lineBytesMax,
      onLine: (bytes) => this.#takeLine(bytes),
      onTooLong: (bytes) => this.#takeTooLong(bytes),
    });
  }

  /** The line was opened. */
  begin(): void {
    this.#splitter.restart();
    this.#mayBeTorn = this.#settings.discardFirst;
  }

  take(bytes: Uint8Array): void {
    this.#splitter.push(bytes);
  }

  /** Resolves when a line could be read, or after a while without one. */
  listened(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#isUnderstood) return Promise.resolve();
    const cancel = this.#context.clock.after(listeningLongest, resolve);
    this.#understood = () => {
      cancel();
      resolve();
    };
    return promise;
  }

  /** A device may be silent for as long as it likes; but one of which nothing can be read has another speed or format. */
  get verdict(): string | undefined {
    if (this.#isUnderstood || this.#unreadable < unreadableMax) return undefined;
    return `${this.#unreadable} lines came and none could be read: are baudRate and format right?`;
  }

  stop(): void {
    this.#understood();
    this.#lines.stop();
    this.#rejected.stop();
    this.#complaints.stop();
  }

  #takeLine(bytes: Uint8Array): void {
    const isTorn = this.#mayBeTorn;
    this.#mayBeTorn = false;
    if (bytes.length === 0 || (bytes.length === 1 && bytes[0] === carriageReturn)) return;
    const line = this.#decode(bytes);
    if (isTorn) {
      // Its values are not to be trusted. But a device that starts when its line is opened sends a header first.
      if (line !== undefined) this.#read(line);
      return;
    }
    this.#lines.add();
    if (this.#isFlooded()) return this.#reject("too-many", line ?? "");
    if (line === undefined) return this.#rejectWhole("not-utf8", this.#latin1.decode(bytes));
    const { readings, faults } = this.#read(line);
    if (readings.length > 0 || faults.length === 0) this.#understand();
    // Without its header a good line cannot be read either.
    else if (!faults.includes("no-header")) this.#unreadable += 1;
    for (const { output, value } of readings) this.#context.emit(output, value);
    for (const fault of faults) this.#reject(fault, line);
  }

  #takeTooLong(beginning: Uint8Array): void {
    if (!this.#mayBeTorn) this.#rejectWhole("too-long", this.#latin1.decode(beginning));
    this.#mayBeTorn = false;
  }

  #decode(bytes: Uint8Array): string | undefined {
    const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length;
    try {
      return this.#utf8.decode(bytes.subarray(0, end));
    } catch {
      return undefined;
    }
  }

  #isFlooded(): boolean {
    const second = Math.floor(this.#context.clock.now() / 1000);
    if (second !== this.#second) this.#linesOfSecond = 0;
    this.#second = second;
    this.#linesOfSecond += 1;
    return this.#linesOfSecond > linesPerSecondMax;
  }

  #understand(): void {
    this.#isUnderstood = true;
    this.#understood();
  }

  #rejectWhole(reason: Rejection, line: string): void {
    this.#unreadable += 1;
    this.#reject(reason, line);
  }

  #reject(reason: Rejection, line: string): void {
    this.#rejected.add();
    this.#complaints.add(reason, line);
  }
}

const carriageReturn = 13;
