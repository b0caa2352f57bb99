/**
 * Whether a board runs the firmware that this agent brings, and the writing of it where it does not. Once in the life of
 * an instance: a board that will not take it is left with what it has, and said so.
 */
import { join } from "node:path";
import { messageOf, type ModuleContext, seconds } from "@interactor/shared/sdk/define-module";
import { deviceMissing } from "@interactor/shared/sdk/devices";
import { versionMax, versionMin } from "@interactor/firmware-bridges/bridge/host/codec.ts";
import { type FlashOutcome, flashBoard, isInterrupted } from "../../flashing/flash-board.ts";
import { type BoardKind, chipOf } from "../../flashing/boards.ts";
import { findImage, type Image } from "../../flashing/images.ts";
import { openTty } from "../../serial-line/tty.ts";
import { helloPause } from "./limits.ts";
import { BridgeLink } from "./link.ts";

/** Survives a restart of the node, unlike /tmp. */
export const keptFolder = join("/var/tmp", `interactor-firmware-${process.getuid?.() ?? "user"}`);
/** Opened so often without a word: there is no bridge in it. */
const mutesMax = 3;
/** A board that was flashed starts within two seconds. Later: it does not answer. */
const startLongest = seconds(10);

export interface UpdateOrder {
  readonly board: BoardKind;
  /** Of its USB adapter. */
  readonly serialNumber: string;
  /** Also what does not answer as a bridge is replaced. */
  readonly overwrite: boolean;
  /** Where what was in the board is kept. */
  readonly folder: string;
}

export class FirmwareUpdate {
  readonly #order: UpdateOrder;
  readonly #context: ModuleContext;
  readonly #done: () => void;
  readonly #abort = new AbortController();
  readonly #image: Image | undefined;
  #mutes = 0;
  #isOver = false;
  #running: Promise<void> | undefined;

  /** `done`: the board may be tried again. */
  constructor(order: UpdateOrder, context: ModuleContext, done: () => void) {
    this.#order = order;
    this.#image = findImage("bridge", chipOf(order.board));
    this.#context = context;
    this.#done = done;
  }

  /** Throws while the line belongs to avrdude, and begins when this board was left in the middle. */
  async refuseWhileDue(path: string): Promise<void> {
    if (this.#running === undefined && !this.#isOver && this.#image !== undefined) {
      const { folder, serialNumber, overwrite } = this.#order;
      const isTorn = await isInterrupted(folder, serialNumber);
      if (isTorn || (overwrite && this.#mutes >= mutesMax)) this.begin(path, Promise.resolve());
    }
    // No failure of the board's: it is as good as not there meanwhile.
    if (this.#running !== undefined) throw deviceMissing("its firmware is being written");
  }

  /** Its line could be opened; whether it has something to say is still to be seen. */
  opened(): void {
    this.#mutes += 1;
  }

  /** It has said which release it runs. */
  isWanted(release: string): boolean {
    this.#mutes = 0;
    return !this.#isOver && this.#image !== undefined && release !== this.#image.release;
  }

  begin(path: string, isFree: Promise<void>): void {
    if (this.#image === undefined || this.#running !== undefined) return;
    this.#isOver = true;
    this.#running = this.#run(path, this.#image, isFree);
  }

  /** What is being written is broken off, and begun again by the next instance. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error("the instance has ended"));
    await this.#running;
  }

  async #run(path: string, image: Image, isFree: Promise<void>): Promise<void> {
    try {
      await this.#flash(path, image, isFree);
    } catch (error) {
      this.#context.log.warn(`firmware was not written to the end: ${messageOf(error)}`);
    }
    this.#running = undefined;
    if (!this.#abort.signal.aborted) this.#done();
  }

  async #flash(path: string, image: Image, isFree: Promise<void>): Promise<void> {
    await isFree;
    const { clock, log } = this.#context;
    const { board, folder, serialNumber } = this.#order;
    log.info(`firmware ${image.release} is written into ${path}`);
    const outcome = await flashBoard(
      {
        bootloader: { clock, path, board },
        image,
        folder,
        name: serialNumber,
        greets: (release, signal) => greets(path, release, clock, signal),
      },
      this.#abort.signal,
    );
    if (outcome.kind === "flashed") log.info(`firmware ${image.release} runs`);
    else log.error(wordsOf(outcome));
  }
}

function wordsOf(outcome: Exclude<FlashOutcome, { kind: "flashed" }>): string {
  switch (outcome.kind) {
    case "untouched":
      return `firmware was not written: ${outcome.reason}`;
    case "rolled-back":
      return `the new firmware did not come up, and the one before runs again: ${outcome.reason}`;
    case "broken":
      return `the board runs nothing that answers; start the instance again to try again: ${outcome.reason}`;
  }
}

/** Resolves when a bridge has answered: any, or one of this release. */
async function greets(
  path: string,
  release: string | undefined,
  clock: ModuleContext["clock"],
  signal: AbortSignal,
): Promise<void> {
  const open: { link?: BridgeLink } = {};
  const tty = await openTty(
    { path, baudRate: 250_000, dataBits: 8, stopBits: 1, parity: "none" },
    { received: (bytes) => open.link?.received(bytes), ended: () => open.link?.end() },
  );
  const link = new BridgeLink(clock, (bytes) => tty.write(bytes), {
    said: () => undefined,
    garbled: () => undefined,
  });
  open.link = link;
  const end = (): void => link.end();
  signal.addEventListener("abort", end);
  try {
    const patience = { pause: helloPause, sendsMax: startLongest / helloPause };
    const welcome = await link.ask({ kind: "hello", versionMin, versionMax }, patience);
    if (release === undefined) return;
    if (welcome.kind !== "welcome") throw new Error(`it answers with ${welcome.kind}`);
    if (welcome.release !== release) throw new Error(`it runs ${welcome.release}`);
  } finally {
    signal.removeEventListener("abort", end);
    await tty.close();
  }
}
