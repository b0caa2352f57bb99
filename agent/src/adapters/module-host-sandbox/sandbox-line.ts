/** The agent's end of a sandbox's pipe: frames out, checked messages in, no faster than the module may speak. */
import type { Duplex } from "node:stream";
import { Fault } from "@interactor/shared/kernel/fault";
import type { FromGuest, ToGuest } from "@interactor/shared/sdk/guest-messages";
import type { SignedPorts } from "./beyond-signed.ts";
import { FrameReader, frameOf, fromGuestBytesMax, toGuestBytesMax } from "./frames.ts";
import {
  burstShare,
  bytesPerMessage,
  logLinesBurst,
  logLinesPerSecond,
  profileLengthMax,
  type SandboxLimits,
} from "./limits.ts";
import { SaidByGuest } from "./said-by-guest.ts";
import type { FromSandbox, SetUp, ToSandbox } from "./sandbox-messages.ts";
import { Allowance } from "./allowance.ts";

/** What one sandbox is held to. */
export interface SandboxRules {
  readonly limits: SandboxLimits;
  /** What its publisher has signed of its ports; `undefined`: nobody has, or it is not known. */
  readonly signed?: SignedPorts | undefined;
}

export interface SandboxLineEnds {
  said(message: FromGuest): void;
  breach(reason: string): void;
}

export class SandboxLine {
  readonly #pipe: Duplex;
  readonly #ends: SandboxLineEnds;
  readonly #reader = new FrameReader(fromGuestBytesMax);
  readonly #said: SaidByGuest;
  readonly #messages: Allowance;
  readonly #lines = new Allowance(logLinesPerSecond, logLinesBurst, performance.now());
  #linesLeftOut = 0;
  #profile:
    | {
        readonly parts: string[];
        length: number;
        readonly resolve: (text: string) => void;
        readonly reject: (fault: Fault) => void;
      }
    | undefined;
  #later: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(pipe: Duplex, { limits, signed }: SandboxRules, ends: SandboxLineEnds) {
    this.#said = new SaidByGuest(signed);
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
    if (message[0] === "start") this.#said.expect(message[1].name, message[1].settings);
    if (message[0] !== "inputs") return this.#write(message);
    // CBOR as we accept it has no undefined.
    return this.#write([
      "inputs",
      message[1].map(([instance, input, applied]) => [instance, input, applied ?? null]),
    ]);
  }

  /** As text, when it has come whole. One at a time. */
  async profile(span: number): Promise<string> {
    if (this.#profile !== undefined) throw new Fault("PROFILE_BUSY", "it is being profiled already");
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#profile = { parts: [], length: 0, resolve, reject };
    this.#write(["profile", span]);
    return await promise;
  }

  #profiled(part: string | null): void {
    const profile = this.#profile;
    if (profile === undefined) return this.#ends.breach("it gives a profile that nobody asked for");
    if (part !== null) {
      profile.length += part.length;
      if (profile.length <= profileLengthMax) profile.parts.push(part);
      return undefined;
    }
    this.#profile = undefined;
    if (profile.length <= profileLengthMax) return profile.resolve(profile.parts.join(""));
    const words = `it has ${profile.length} letters, and ${profileLengthMax} are allowed: ask for a shorter time`;
    return profile.reject(new Fault("PROFILE_TOO_LARGE", words));
  }

  close(): void {
    this.#isClosed = true;
    this.#profile?.reject(new Fault("PROFILE_FAILED", "it ended meanwhile"));
    this.#profile = undefined;
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

  #hear(message: FromSandbox): void {
    if (message[0] === "profiled") return this.#profiled(message[1]);
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
