/** A microcontroller with our bridge firmware: its sensors become values, values of inputs become levels of its pins. */
import {
  type Applied,
  between,
  defineModule,
  type Instance,
  type Millis,
  millis,
  type ModuleContext,
  type ModuleDefinition,
} from "@interactor/shared/sdk/define-module";
import { type DeviceReports, type DeviceSpans, KeptDevice, tellDevice } from "@interactor/shared/sdk/devices";
import { FirmwareUpdate, keptFolder } from "../../flashing/firmware-update.ts";
import { findLine, linePlace, linksFolder, presentAt } from "../../serial-line/place.ts";
import { openTty } from "../../serial-line/tty.ts";
import { Board, type Greeted } from "./board.ts";
import { bridgeQuestion } from "./firmware.ts";
import { levelOf, valueOf } from "./levels.ts";
import { listenFirst, muteLongest, spans } from "./limits.ts";
import { manifest } from "./manifest.ts";
import { type Settings, settings } from "./settings.ts";

const line = { baudRate: 250_000, dataBits: 8, stopBits: 1, parity: "none" } as const;

interface Given {
  /** How long to wait for what; a test is in a hurry. */
  readonly spans: DeviceSpans;
  /** Where old firmware is kept. */
  readonly folder: string;
  /** Where the lines of USB adapters are found by their serial numbers. */
  readonly links: string;
}

export function bridgeModule(given: Partial<Given> = {}): ModuleDefinition<Settings> {
  const all: Given = { spans, folder: keptFolder, links: linksFolder, ...given };
  return defineModule({
    manifest,
    settings,
    start: (settings, context) => new Bridge(settings, context, all).start(),
  });
}

export const definition = bridgeModule();

class Bridge {
  readonly #settings: Settings;
  readonly #context: ModuleContext;
  readonly #links: string;
  readonly #greetingLongest: Millis;
  readonly #device: KeptDevice<Board>;
  /** What the pins shall have, whether the board is there or not. */
  readonly #levels = new Map<string, number>();
  readonly #update: FirmwareUpdate | undefined;
  /** What the board cannot do of what the settings ask for. */
  #lack: string | undefined;
  #lost = 0;
  #isLetSpeakFirst = false;

  constructor(settings: Settings, context: ModuleContext, given: Given) {
    this.#settings = settings;
    this.#links = given.links;
    this.#greetingLongest = given.spans.handshakeMax;
    this.#context = context;
    for (const [name, input] of Object.entries(settings.inputs)) {
      this.#levels.set(name, levelOf(input, input.stop));
    }
    const { flash, usb, overwrite } = settings;
    if (flash !== undefined && usb !== undefined) {
      const which = { firmware: "bridge", question: bridgeQuestion, board: flash, serialNumber: usb };
      const order = { ...which, overwrite, folder: given.folder };
      this.#update = new FirmwareUpdate(order, context, () => this.#device.appeared());
    }
    const told = tellDevice({
      ...context,
      running: () => (this.#lack === undefined ? context.running() : context.degraded(this.#lack)),
    });
    this.#device = new KeptDevice(
      context,
      {
        open: (reports) => this.#open(reports),
        greet: (board, { signal }) => this.#greet(board, signal),
        close: (board) => board.close(),
        present: () => presentAt(linePlace(settings.usb, settings.path), given.links),
      },
      this.#update?.telling(told) ?? told,
      given.spans,
    );
  }

  start(): Instance {
    this.#context.emit("samples-lost", 0);
    this.#context.onInput((input, applied) => this.#apply(input, applied));
    this.#device.start();
    return { stop: () => this.#stop(), selfTest: () => this.#selfTest() };
  }

  /** What is let go of shall not stay on because nobody is there to turn it off. */
  async #stop(): Promise<void> {
    for (const input of this.#levels.keys()) this.#apply(input, undefined);
    await this.#device.handle?.settled();
    await this.#device.stop();
    await this.#update?.stop();
  }

  async #selfTest(): Promise<string | undefined> {
    const verdict = await this.#device.selfTest();
    return this.#update === undefined ? verdict : this.#update.withNote(verdict);
  }

  async #open(reports: DeviceReports): Promise<Board> {
    const place = await findLine(linePlace(this.#settings.usb, this.#settings.path), this.#links);
    await this.#update?.refuseWhileDue(place);
    const { clock } = this.#context;
    const open: { board?: Board } = {};
    const tty = await openTty(
      { path: place, ...line },
      {
        received: (bytes) => open.board?.received(bytes),
        ended: (words) =>
          reports.failed(words === undefined ? "it hung up: is it still plugged in?" : `it failed: ${words}`),
      },
    );
    open.board = new Board(tty, { settings: this.#settings, clock }, reports, {
      sampled: (output, level, lost) => this.#give(output, level, lost),
      spoke: () => this.#update?.heard(),
    });
    return open.board;
  }

  async #greet(board: Board, signal: AbortSignal): Promise<void> {
    this.#update?.asked(this.#greetingLongest, signal);
    const greeted = await this.#hello(board);
    const { firmware, release } = greeted;
    // Before it is set up: one of another release may be too old for these settings.
    if (this.#update?.isWanted({ firmware, release }) === true) {
      const stops = [...this.#levels.keys()].map((input) => [input, this.#stopLevelOf(input)] as const);
      await board.rest(greeted, new Map(stops));
      if (signal.aborted) return;
      this.#update.begin(board.tty.path, board.closed);
      throw new Error(`its firmware ${firmware} ${release} is replaced`);
    }
    const { board: name, lack } = await board.setUp(greeted, this.#levels);
    this.#lack = lack;
    this.#context.log.info(`${firmware} ${release} on a board ${name}`);
    // What was applied while it was greeted.
    for (const [input, level] of this.#levels) board.set(input, level);
  }

  async #hello(board: Board): Promise<Greeted> {
    const { clock } = this.#context;
    const begunAt = clock.now();
    try {
      return await board.hello(this.#isLetSpeakFirst ? listenFirst : millis(0));
    } catch (error) {
      // One that was unplugged had no time to answer.
      const isMute = board.isMute && between(begunAt, clock.now()) >= muteLongest;
      if (isMute) this.#isLetSpeakFirst = !this.#isLetSpeakFirst;
      throw error;
    }
  }

  #stopLevelOf(input: string): number {
    const settings = this.#settings.inputs[input];
    return settings === undefined ? 0 : levelOf(settings, settings.stop);
  }

  #give(output: string, level: number, lost: number): void {
    const settings = this.#settings.outputs[output];
    if (settings === undefined) return;
    this.#context.emit(output, valueOf(settings, level));
    if (lost > 0) this.#context.emit("samples-lost", (this.#lost += lost));
  }

  #apply(input: string, applied: Applied | undefined): void {
    const settings = this.#settings.inputs[input];
    if (settings === undefined) return;
    const level = levelOf(settings, applied?.value ?? settings.stop);
    this.#levels.set(input, level);
    this.#device.handle?.set(input, level);
  }
}
