/** The agent's end of a sandbox's pipe: frames out, checked messages in, no faster than the module may speak. */
import type { Duplex } from "node:stream";
import type { FromGuest, ToGuest } from "@interactor/shared/sdk/guest-messages";
import { FrameReader, frameOf, fromGuestBytesMax, toGuestBytesMax } from "./frames.ts";
import {
  burstShare,
  bytesPerMessage,
  logLinesBurst,
  logLinesPerSecond,
  type SandboxLimits,
} from "./limits.ts";
import { SaidByGuest } from "./said-by-guest.ts";
import type { SetUp, ToSandbox } from "./sandbox-messages.ts";
import { Allowance } from "./allowance.ts";

export interface SandboxLineEnds {
  said(message: FromGuest): void;
  breach(reason: string): void;
}

export class SandboxLine {
  readonly #pipe: Duplex;
  readonly #ends: SandboxLineEnds;
  readonly #reader = new FrameReader(fromGuestBytesMax);
  readonly #said = new SaidByGuest();
  readonly #messages: Allowance;
  readonly #lines = new Allowance(logLinesPerSecond, logLinesBurst, performance.now());
  #linesLeftOut = 0;
  #later: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(pipe: Duplex, limits: SandboxLimits, ends: SandboxLineEnds) {
    this.#pipe = pipe;
    this.#ends = ends;
    const perSecond = limits.messagesPerSecond;
    this.#messages = new Allowance(perSecond, perSecond * burstShare, performance.now());
    pipe.on("data", (chunk: Buffer) => {
      this.#reader.add(chunk);
      this.#read();
    });
    // The process tells how it ended.
    pipe.on("error", () => undefined);
  }

  /** Bytes that it has not taken yet. */
  get waiting(): number {
    return this.#pipe.writableLength;
  }

  setUp(setUp: SetUp): void {
    this.#write(["set-up", setUp]);
  }

  clock(ahead: number): void {
    this.#write(["clock", ahead]);
  }

  post(message: ToGuest): void {
    if (message[0] === "start") this.#said.expect(message[1].name);
    if (message[0] !== "inputs") return this.#write(message);
    // CBOR as we accept it has no undefined.
    return this.#write([
      "inputs",
      message[1].map(([instance, input, applied]) => [instance, input, applied ?? null]),
    ]);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#later);
    this.#pipe.destroy();
  }

  #write(message: ToSandbox): void {
    if (this.#isClosed) return;
    const frame = frameOf(message);
    if (frame.length > toGuestBytesMax) this.#ends.breach(`it would be told ${frame.length} bytes at once`);
    else this.#pipe.write(frame);
  }

  /** As many messages as it may say now; the rest waits in the pipe, and then in the sandbox. */
  #read(): void {
    this.#later = undefined;
    while (!this.#isClosed) {
      const wait = this.#messages.wait(performance.now());
      if (wait > 0) return this.#readLater(wait);
      const frame = this.#reader.next();
      if (frame === undefined) break;
      if (frame === "too-large") return this.#ends.breach(`a frame of more than ${fromGuestBytesMax} bytes`);
      this.#messages.use(1 + Math.floor(frame.length / bytesPerMessage));
      const message = this.#said.read(frame);
      if (!message.ok) return this.#ends.breach(message.error);
      this.#hear(message.value);
    }
    if (this.#pipe.isPaused()) this.#pipe.resume();
    return undefined;
  }

  #readLater(wait: number): void {
    this.#pipe.pause();
    this.#later ??= setTimeout(() => this.#read(), Math.ceil(wait));
  }

  #hear(message: FromGuest): void {
    if (message[0] !== "log") return this.#ends.said(message);
    if (this.#lines.wait(performance.now()) > 0) {
      this.#linesLeftOut += 1;
      return undefined;
    }
    this.#lines.use(1);
    this.#ends.said(message);
    if (this.#linesLeftOut === 0) return undefined;
    const words = `${this.#linesLeftOut} lines of its log were left out`;
    this.#linesLeftOut = 0;
    return this.#ends.said(["log", message[1], "warn", words, undefined]);
  }
}
