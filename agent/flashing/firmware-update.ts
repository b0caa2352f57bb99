/**
 * Whether a board runs the firmware that this agent brings, and the writing of it where it does not. Once in the life of
 * an instance: a board that will not take it is left with what it has, and said so.
 */
import { join } from "node:path";
import {
  type BoardKind,
  messageOf,
  type Millis,
  millis,
  type ModuleContext,
} from "@interactor/shared/sdk/define-module";
import { type DeviceListener, deviceMissing } from "@interactor/shared/sdk/devices";
import { askBoard, type BoardQuestion, type Runs } from "./ask-board.ts";
import { deviceAt } from "../serial-line/place.ts";
import { lackOfAvrdude } from "./avrdude.ts";
import { chipOf } from "./boards.ts";
import { type FlashOutcome, flashBoard, isInterrupted } from "./flash-board.ts";
import { findImage, type Image } from "./images.ts";
import { type Attempt, forgetRefusal, keepRefusal, refusalFile, refusalOf } from "./refusals.ts";

/** Survives a restart of the node, unlike /tmp. */
export const keptFolder = join("/var/tmp", `interactor-firmware-${process.getuid?.() ?? "user"}`);
/** Greeted so often without a word: what is in it is not what it should be. */
const mutesMax = 3;
/** Of the time that a greeting has: silence for so much of it is silence. At its end the line is closed. */
const muteShare = 0.8;

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
  /** Another name of avrdude. */
  readonly program?: string;
}

export class FirmwareUpdate {
  readonly #order: UpdateOrder;
  readonly #context: Pick<ModuleContext, "clock" | "log">;
  readonly #done: () => void;
  readonly #abort = new AbortController();
  readonly #image: Image | undefined;
  #mutes = 0;
  /** What is replaced has answered our question: put back, it has to answer again. */
  #hasAnswered = false;
  #cancelMute: () => void = () => undefined;
  #isOver = false;
  /** Why it came to nothing in an earlier life of the instance. */
  #refusal: string | undefined;
  /** Why this machine cannot write into any board. */
  #lack: string | undefined;
  /** Why what is due is not begun. */
  #hindrance: string | undefined;
  /** How it ended, unless it ended well. */
  #outcome: string | undefined;
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
      const { folder, serialNumber, program } = this.#order;
      this.#refusal = await refusalOf(this.#attemptOf(this.#image));
      this.#lack = await lackOfAvrdude(program);
      const isTorn = await isInterrupted(folder, serialNumber);
      if (isTorn ? this.#mayBegin(this.#lack) : this.isGivenUp && this.#mayBegin())
        this.begin(path, Promise.resolve());
    }
    // No failure of the board's: it is as good as not there meanwhile.
    if (this.#running !== undefined) throw deviceMissing("its firmware is being written");
  }

  /**
   * Its line is open, and it is asked what it is, for so long. One that cannot be opened, or is unplugged before (`signal`
   * aborts then), has not been silent.
   */
  asked(longest: Millis, signal: AbortSignal): void {
    this.#cancelMute();
    if (signal.aborted) return;
    const cancel = this.#context.clock.after(millis(longest * muteShare), () => {
      this.#mutes += 1;
    });
    this.#cancelMute = cancel;
    signal.addEventListener("abort", cancel, { once: true });
  }

  /** It has said something that could be understood, whatever it was: it is not silent. */
  heard(): void {
    this.#cancelMute();
    this.#mutes = 0;
  }

  /** It has said nothing for too long, and may be replaced for that. */
  get isGivenUp(): boolean {
    return !this.#isOver && this.#order.overwrite && this.#mutes >= mutesMax;
  }

  /** It has said what it runs: whether that shall be replaced. */
  isWanted({ firmware, release }: Runs): boolean {
    this.heard();
    if (this.#isOver || this.#image === undefined) return false;
    const isOther =
      firmware === this.#order.firmware ? !isOfRelease(release, this.#image.release) : this.#order.overwrite;
    if (!isOther) this.#hindrance = undefined;
    this.#hasAnswered = firmware === this.#order.firmware;
    return isOther && this.#mayBegin();
  }

  /**
   * What to add to what is said of a board that does not work: how the writing of its firmware ended or why it is not
   * begun, and what to do. `undefined`: nothing is wrong.
   */
  withNote(words: string | undefined): string | undefined {
    const note =
      this.#running === undefined ? (this.#outcome ?? this.#hindrance ?? this.#silence) : undefined;
    return words === undefined || note === undefined ? words : `${words}; ${note}`;
  }

  /** Tells `listener` with the note. One that is not plugged in has nothing to do with its firmware. */
  telling(listener: DeviceListener): DeviceListener {
    return {
      changed: (state, complaint) =>
        listener.changed(state, state.kind === "absent" ? complaint : this.withNote(complaint)),
    };
  }

  /** What becomes of a board that has said nothing. */
  get #silence(): string | undefined {
    if (this.#mutes === 0 || this.#isOver || this.#image === undefined) return undefined;
    const { firmware, overwrite } = this.#order;
    const nothing = `it says nothing that firmware ${firmware} would say`;
    return overwrite
      ? `${nothing} (${Math.min(this.#mutes, mutesMax)} of ${mutesMax} times, then it is replaced)`
      : `${nothing}: if what is in it may go, \`overwrite: true\` beside \`flash\` writes ours over it`;
  }

  /** What hinders it is logged once: of a board that runs what it has, nothing else tells why. */
  #mayBegin(hindrance = this.#lack ?? this.#refusalWords()): boolean {
    const { firmware } = this.#order;
    const words =
      hindrance && `firmware ${firmware} ${this.#image?.release} is not written, because ${hindrance}`;
    if (words !== undefined && words !== this.#hindrance) this.#context.log.warn(words);
    this.#hindrance = words;
    return words === undefined;
  }

  #refusalWords(): string | undefined {
    if (this.#refusal === undefined) return undefined;
    const file = refusalFile(this.#order);
    return `it came to nothing before (${this.#refusal}): correct \`flash\` (it says ${this.#order.board}), or delete ${file} and start again`;
  }

  #attemptOf({ sha256 }: Image): Attempt {
    const { folder, serialNumber, board } = this.#order;
    return { folder, serialNumber, board, sha256 };
  }

  /** `isFree` resolves when nobody of this instance has the line open any more. */
  begin(path: string, isFree: Promise<void>): void {
    if (this.#image === undefined || this.#running !== undefined || this.#abort.signal.aborted) return;
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
      this.#outcome = `firmware was not written to the end: ${messageOf(error)}`;
      this.#context.log.warn(this.#outcome);
    }
    this.#running = undefined;
    if (!this.#abort.signal.aborted) this.#done();
  }

  async #flash(path: string, image: Image, isFree: Promise<void>): Promise<void> {
    await orAborted(isFree, this.#abort.signal);
    const { clock, log } = this.#context;
    const { firmware, board, folder, serialNumber, program } = this.#order;
    log.info(`firmware ${firmware} ${image.release} is written into ${path}`);
    const outcome = await flashBoard(
      {
        bootloader: { clock, path, board, program },
        image,
        folder,
        name: serialNumber,
        greets: (release, signal) => this.#greets(path, release, signal),
      },
      this.#abort.signal,
    );
    this.#outcome = outcome.kind === "flashed" ? undefined : wordsOf(outcome);
    if (this.#outcome === undefined) log.info(`firmware ${firmware} ${image.release} runs`);
    else log.error(this.#outcome);
    await this.#remember(path, image, outcome).catch((error: unknown) => {
      log.warn(`the next start will not know how this went: ${messageOf(error)}`);
    });
  }

  /** One that is torn is begun again, and one that was pulled out did not refuse. */
  async #remember(path: string, image: Image, outcome: FlashOutcome): Promise<void> {
    const attempt = this.#attemptOf(image);
    if (outcome.kind === "flashed") return forgetRefusal(attempt);
    const isRefused =
      outcome.kind === "rolled-back" || (outcome.kind === "untouched" && outcome.byBoard === true);
    if (isRefused && (await deviceAt(path)) !== undefined) await keepRefusal(attempt, outcome.reason);
  }

  async #greets(path: string, release: string | undefined, signal: AbortSignal): Promise<void> {
    const { firmware, question } = this.#order;
    // Somebody else's firmware, or one that was silent, has no answer for us; avrdude has read it back.
    if (release === undefined && !this.#hasAnswered) return;
    const runs = await askBoard({ path, clock: this.#context.clock }, question, signal);
    if (release === undefined) return;
    if (runs.firmware !== firmware || !isOfRelease(runs.release, release))
      throw new Error(`it runs ${runs.firmware} ${runs.release}`);
  }
}

/** A driver that never lets go of its line must not keep an instance from ending. */
async function orAborted(done: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => aborted.resolve(), { once: true });
  if (signal.aborted) aborted.resolve();
  await Promise.race([done, aborted.promise]);
  signal.throwIfAborted();
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
