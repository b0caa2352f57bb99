/**
 * Whether a board runs the firmware that this agent brings, and the writing of it where it does not. Once in the life of
 * an instance: a board that will not take it is left with what it has, and said so.
 */
import { join } from "node:path";
import { messageOf, type ModuleContext, seconds } from "@interactor/shared/sdk/define-module";
import { versionMax, versionMin } from "@interactor/firmware-bridges/bridge/host/codec.ts";
import { type FlashOutcome, flashBoard, isInterrupted } from "../../flashing/flash-board.ts";
import { findImage, type Image } from "../../flashing/images.ts";
import { openTty } from "../../serial-line/tty.ts";
import { helloPause } from "./limits.ts";
import { BridgeLink } from "./link.ts";

const chips = { uno: "atmega328p", mega2560: "atmega2560" } as const;
/** Survives a restart of the node, unlike /tmp. */
export const keptFolder = join("/var/tmp", `interactor-firmware-${process.getuid?.() ?? "user"}`);
/** Opened so often without a word: there is no bridge in it, or half of one. */
const mutesMax = 3;
/** A board that was flashed starts within two seconds. Later: it does not answer. */
const startLongest = seconds(10);

export class FirmwareUpdate {
  readonly #chip: (typeof chips)[keyof typeof chips];
  readonly #folder: string;
  readonly #context: ModuleContext;
  readonly #done: () => void;
  readonly #abort = new AbortController();
  #image: Image | undefined;
  #mutes = 0;
  #isOver = false;
  #running: Promise<void> | undefined;

  /** `done`: the board may be tried again. `folder`: where what was in the board is kept meanwhile. */
  constructor(board: keyof typeof chips, folder: string, context: ModuleContext, done: () => void) {
    this.#chip = chips[board];
    this.#folder = folder;
    this.#context = context;
    this.#done = done;
  }

  /** Throws while the line belongs to avrdude, and begins when this board was left in the middle or says nothing. */
  async refuseWhileDue(path: string): Promise<void> {
    this.#image ??= await findImage("bridge", this.#chip);
    if (this.#running === undefined && !this.#isOver && this.#image !== undefined) {
      const isTorn = await isInterrupted(this.#folder, nameOf(path));
      if (isTorn || this.#mutes >= mutesMax) this.begin(path, Promise.resolve());
    }
    if (this.#running !== undefined) throw new Error("its firmware is being written");
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
    log.info(`firmware ${image.release} is written into ${path}`);
    const outcome = await flashBoard(
      {
        bootloader: { clock, path, chip: this.#chip },
        image,
        folder: this.#folder,
        name: nameOf(path),
        greets: (release, signal) => greets(path, release, clock, signal),
      },
      this.#abort.signal,
    );
    if (outcome.kind === "flashed") log.info(`firmware ${image.release} runs`);
    else log.error(wordsOf(outcome));
  }
}

const nameOf = (path: string): string => path.replaceAll(/[^\w.-]+/gu, "_");

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
