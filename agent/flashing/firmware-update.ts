/**
 * Whether a board runs the firmware that this agent brings, and the writing of it where it does not. Once in the life of
 * an instance: a board that will not take it is left with what it has, and said so.
 */
import { join } from "node:path";
import { type BoardKind, messageOf, type ModuleContext } from "@interactor/shared/sdk/define-module";
import { deviceMissing } from "@interactor/shared/sdk/devices";
import { askBoard, type BoardQuestion, type Runs } from "./ask-board.ts";
import { chipOf } from "./boards.ts";
import { type FlashOutcome, flashBoard, isInterrupted } from "./flash-board.ts";
import { findImage, type Image } from "./images.ts";

/** Survives a restart of the node, unlike /tmp. */
export const keptFolder = join("/var/tmp", `interactor-firmware-${process.getuid?.() ?? "user"}`);
/** Asked so often without a word: what is in it is not what it should be. */
const mutesMax = 3;

export interface UpdateOrder {
  /** As the images name it. */
  readonly firmware: string;
  /** What it answers to. */
  readonly question: BoardQuestion;
  readonly board: BoardKind;
  /** Of its USB adapter. */
  readonly serialNumber: string;
  /** Also what does not answer, or is some other firmware, is replaced. */
  readonly overwrite: boolean;
  /** Where what was in the board is kept. */
  readonly folder: string;
}

export class FirmwareUpdate {
  readonly #order: UpdateOrder;
  readonly #context: Pick<ModuleContext, "clock" | "log">;
  readonly #done: () => void;
  readonly #abort = new AbortController();
  readonly #image: Image | undefined;
  #mutes = 0;
  #isOver = false;
  #running: Promise<void> | undefined;

  /** `done`: the board may be tried again. */
  constructor(order: UpdateOrder, context: Pick<ModuleContext, "clock" | "log">, done: () => void) {
    this.#order = order;
    this.#image = findImage(order.firmware, chipOf(order.board));
    this.#context = context;
    this.#done = done;
  }

  /** Throws while the line belongs to avrdude, and begins when this board was left in the middle. */
  async refuseWhileDue(path: string): Promise<void> {
    if (this.#running === undefined && !this.#isOver && this.#image !== undefined) {
      const { folder, serialNumber } = this.#order;
      const isTorn = await isInterrupted(folder, serialNumber);
      if (isTorn || this.isGivenUp) this.begin(path, Promise.resolve());
    }
    // No failure of the board's: it is as good as not there meanwhile.
    if (this.#running !== undefined) throw deviceMissing("its firmware is being written");
  }

  /** It was asked what it is, or will be; whether it has something to say is still to be seen. */
  asked(): void {
    this.#mutes += 1;
  }

  /** It has said nothing for too long, and may be replaced for that. */
  get isGivenUp(): boolean {
    return !this.#isOver && this.#order.overwrite && this.#mutes >= mutesMax;
  }

  /** It has said what it runs: whether that shall be replaced. */
  isWanted({ firmware, release }: Runs): boolean {
    this.#mutes = 0;
    if (this.#isOver || this.#image === undefined) return false;
    if (firmware !== this.#order.firmware) return this.#order.overwrite;
    return !isOfRelease(release, this.#image.release);
  }

  /** `isFree` resolves when nobody of this instance has the line open any more. */
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
    const { firmware, board, folder, serialNumber } = this.#order;
    log.info(`firmware ${firmware} ${image.release} is written into ${path}`);
    const outcome = await flashBoard(
      {
        bootloader: { clock, path, board },
        image,
        folder,
        name: serialNumber,
        greets: (release, signal) => this.#greets(path, release, signal),
      },
      this.#abort.signal,
    );
    if (outcome.kind === "flashed") log.info(`firmware ${firmware} ${image.release} runs`);
    else log.error(wordsOf(outcome));
  }

  async #greets(path: string, release: string | undefined, signal: AbortSignal): Promise<void> {
    const { firmware, question } = this.#order;
    const runs = await askBoard({ path, clock: this.#context.clock }, question, signal);
    if (release === undefined) return;
    if (runs.firmware !== firmware || !isOfRelease(runs.release, release))
      throw new Error(`it runs ${runs.firmware} ${runs.release}`);
  }
}

/** Protocols of others have room for two of three numbers. */
const isOfRelease = (said: string, release: string): boolean =>
  said === release || release.startsWith(`${said}.`);

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
