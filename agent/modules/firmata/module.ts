/** An Arduino with Firmata: its devices give values and take values, its process lives as long as it is plugged in. */
import {
  type Applied,
  between,
  defineModule,
  type Instance,
  type ModuleContext,
  type ModuleDefinition,
  quality,
  seconds,
} from "@interactor/shared/sdk/define-module";
import { Complaints } from "@interactor/shared/sdk/complaints";
import { type DeviceDriver, type DeviceSpans, KeptDevice, tellDevice } from "@interactor/shared/sdk/devices";
import { PacedCounter } from "@interactor/shared/sdk/paced-counter";
import { FirmwareUpdate, keptFolder } from "../../flashing/firmware-update.ts";
import { findLine, linePlace, linksFolder, presentAt } from "../../serial-line/place.ts";
import { type BoardProcess, startBoard } from "./board-process.ts";
import { firmataQuestion, ourFirmware } from "./firmware.ts";
import { spans, valuesPerSecondMax } from "./limits.ts";
import { Lacks } from "./lacks.ts";
import { manifest } from "./manifest.ts";
import { type Settings, settings } from "./settings.ts";
import { StepperPlaces } from "./stepper-places.ts";

interface Given {
  /** How long to wait for what; a test is in a hurry. */
  readonly spans: DeviceSpans;
  /** Where the lines of USB adapters are found by their serial numbers. */
  readonly links: string;
  /** Where old firmware is kept. */
  readonly folder: string;
}

export function firmataModule(given: Partial<Given> = {}): ModuleDefinition<Settings> {
  const all: Given = { spans, links: linksFolder, folder: keptFolder, ...given };
  return defineModule({
    manifest,
    settings,
    start: (settings, context) => start(settings, context, all),
  });
}

export const definition = firmataModule();

function start(settings: Settings, context: ModuleContext, given: Given): Instance {
  const rejected = new PacedCounter(context.clock, (count) => context.emit("rejected", count));
  const complaints = new Complaints<"too-many" | "backlog" | "nobody knows where it stands">(
    context.clock,
    (message) => context.log.warn(`board: ${message}`),
  );
  const held = new Held(settings);
  const intake = new Intake(settings, context, (output) => {
    rejected.add();
    complaints.add("too-many", output);
  });
  const places = new StepperPlaces();
  const lacks = new Lacks(context);
  const set = (board: BoardProcess, input: string, value: boolean | number): void => {
    if (places.lost.has(input)) complaints.add("nobody knows where it stands", input);
    else if (board.set(input, value) === "backlog") complaints.add("backlog", input);
  };
  const update = updateFor(settings, context, given, () => device.appeared());
  const told = tellDevice({
    ...context,
    running: () => lacks.inUse(),
    waiting(reason) {
      lacks.away();
      context.waiting(reason);
    },
  });
  const parts = { settings, context, given, update, intake, places, lacks, held, set };
  const device: KeptDevice<BoardProcess> = new KeptDevice<BoardProcess>(
    context,
    driverFor(parts),
    update?.telling(told) ?? told,
    given.spans,
  );
  context.onInput((input, applied) => {
    const value = held.apply(input, applied);
    if (value === undefined) return;
    if (device.handle !== undefined) set(device.handle, input, value);
  });
  device.start();
  return {
    async selfTest() {
      const verdict = await device.selfTest();
      return update === undefined ? verdict : update.withNote(verdict);
    },
    async stop() {
      const { handle } = device;
      if (handle !== undefined) for (const [input, value] of held.released()) set(handle, input, value);
      await device.stop();
      await update?.stop();
      rejected.stop();
      complaints.stop();
    },
  };
}

interface Parts {
  readonly settings: Settings;
  readonly context: ModuleContext;
  readonly given: Given;
  readonly update: FirmwareUpdate | undefined;
  readonly intake: Intake;
  readonly places: StepperPlaces;
  readonly lacks: Lacks;
  readonly held: Held;
  readonly set: (board: BoardProcess, input: string, value: boolean | number) => void;
}

function driverFor({
  settings,
  context,
  given,
  update,
  intake,
  places,
  lacks,
  held,
  set,
}: Parts): DeviceDriver<BoardProcess> {
  return {
    async open(reports) {
      intake.begin();
      lacks.begin();
      const place = await findLine(linePlace(settings.usb, settings.path), given.links);
      await update?.refuseWhileDue(place);
      const shell = { clock: context.clock, reports };
      return startBoard(place, { settings, places: places.begin() }, shell, {
        take: (output, value) => intake.take(output, value),
        stale: (output) => intake.stale(output),
        moved: (input, at, isMoving) => places.moved(input, at, isMoving),
        lacks: (part, words) => lacks.set(part, words),
      });
    },
    async greet(board, { signal }) {
      update?.asked(given.spans.handshakeMax, signal);
      const runs = await board.named;
      if (update?.isWanted(runs) === true) {
        board.rest();
        update.begin(board.path, board.ended);
        throw new Error(`its firmware ${runs.firmware} ${runs.release} is replaced`);
      }
      await board.ready;
      context.log.info(`board: ${settings.usb ?? settings.path} runs ${runs.firmware}`);
      for (const input of places.lost)
        lacks.set(
          input,
          `the board was lost while ${input} turned, and nobody knows where that stands: it is not moved any more. ` +
            "Turn it to its 0 and start the instance anew",
        );
      // What the board was told before it was unplugged, or what was applied since.
      for (const [input, value] of held.values) set(board, input, value);
    },
    close: (board) => board.close(),
    present: () => presentAt(linePlace(settings.usb, settings.path), given.links),
  };
}

function updateFor(
  { flash, usb, overwrite }: Settings,
  context: ModuleContext,
  { folder }: Given,
  done: () => void,
): FirmwareUpdate | undefined {
  if (flash === undefined || usb === undefined) return undefined;
  const which = { firmware: ourFirmware, question: firmataQuestion, board: flash, serialNumber: usb };
  return new FirmwareUpdate({ ...which, overwrite, folder }, context, done);
}

/** What the inputs shall hold, whether the board is there or not. */
class Held {
  readonly values = new Map<string, boolean | number>();
  readonly #inputs: Settings["inputs"];

  constructor({ inputs }: Settings) {
    this.#inputs = inputs;
    for (const [name, value] of this.released()) this.values.set(name, value);
  }

  /** What to tell the board; `undefined`: nothing. */
  apply(input: string, applied: Applied | undefined): boolean | number | undefined {
    const stop = this.#inputs[input]?.stop;
    const value = applied === undefined ? stop : applied.value;
    if (typeof value !== "boolean" && typeof value !== "number") return undefined;
    this.values.set(input, value);
    return value;
  }

  /** What has nothing to go to stays where it is. */
  released(): readonly (readonly [string, boolean | number])[] {
    return Object.entries(this.#inputs).flatMap(([name, { stop }]) =>
      stop === undefined ? [] : [[name, stop] as const],
    );
  }
}

/** Values of a board: each that is another than the last, and no more in a second than may be. */
class Intake {
  readonly #context: ModuleContext;
  readonly #outputs: Settings["outputs"];
  readonly #refuse: (output: string) => void;
  readonly #last = new Map<string, boolean | number>();
  #since;
  #count = 0;

  constructor({ outputs }: Settings, context: ModuleContext, refuse: (output: string) => void) {
    this.#outputs = outputs;
    this.#context = context;
    this.#refuse = refuse;
    this.#since = context.clock.now();
  }

  /** A new life of the board: what it says first is news. */
  begin(): void {
    this.#last.clear();
  }

  take(output: string, value: boolean | number): void {
    const declared = this.#outputs[output];
    const isFitting = declared?.type === (typeof value === "boolean" ? "bool" : "float");
    if (!isFitting || this.#last.get(output) === value) return;
    const now = this.#context.clock.now();
    if (between(this.#since, now) >= seconds(1)) {
      this.#since = now;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count > valuesPerSecondMax) return this.#refuse(output);
    this.#last.set(output, value);
    this.#context.emit(output, value);
  }

  /** The next value is news, whatever it is. */
  stale(output: string): void {
    const last = this.#last.get(output);
    if (last === undefined) return;
    this.#last.delete(output);
    this.#context.emit(output, last, { quality: quality.stale });
  }
}
