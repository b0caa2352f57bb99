/**
 * Keeps one program running. It is started with an IPC channel, for one purpose: the kernel closes it when we
 * die, however we die, and the program then ends itself. It is started again after a rest, long enough for
 * everybody to see that it was gone.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { LogFile } from "./log-file.ts";
import { LineReader } from "./line-reader.ts";

export interface KeptProgram {
  readonly name: string;
  /** The file to run. */
  readonly file: string;
  /** Asked at every start. */
  readonly args: () => readonly string[];
  readonly log: LogFile;
}

export interface KeeperListener {
  /** It said that it serves; `words` are what stands behind `ready`. */
  ready(words: readonly string[]): void;
  /** It ended by itself, and is started again after `restartDelay`. */
  died(how: string): void;
  /** It will not be started again. */
  gaveUp(reason: GivingUp): void;
}

export type GivingUp =
  /** It refused its options or its folder, and said so. */
  | { readonly kind: "usage"; readonly line: string }
  | { readonly kind: "dies-too-often"; readonly how: string };

export const restartDelay = 5000; // ms
/** A program that lived this long was well: earlier deaths no longer count, in ms. */
const healthyAfter = 60_000;
/** Short lives in a row. More: give up and say so. */
const shortLivesMax = 10;
/** From the request to end to the end by force, in ms. */
const killAfter = 1500;
const usageExit = 2;

export class Keeper {
  readonly #program: KeptProgram;
  readonly #listener: KeeperListener;
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | undefined;
  #shortLives = 0;
  #isEnding = false;

  constructor(program: KeptProgram, listener: KeeperListener) {
    this.#program = program;
    this.#listener = listener;
  }

  start(): void {
    if (this.#isEnding) return;
    const { file, args, log } = this.#program;
    const startedAt = performance.now();
    const child = spawn(process.execPath, [file, ...args()], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
    const gone = Promise.withResolvers<void>();
    this.#child = child;
    this.#gone = gone.promise;
    const plainLines = new LineReader((line) => !line.startsWith("{"));
    const stdoutLines = new LineReader((line) => {
      const [first, ...words] = line.split(" ");
      if (first === "ready") this.#listener.ready(words);
      return false;
    });
    child.stdout?.on("data", (chunk: Buffer) => {
      log.write(chunk);
      stdoutLines.take(chunk);
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      log.write(chunk);
      plainLines.take(chunk);
    });
    let problem = "";
    child.on("error", (error) => {
      problem = error.message;
      // It was never started: no exit follows.
      if (child.pid === undefined) child.emit("close", null, null);
    });
    // `exit` comes before the last of its output, `close` after it.
    child.on("exit", () => gone.resolve());
    child.on("close", (code: number | null, signal: string | null) => {
      gone.resolve();
      if (this.#child === child)
        this.#ended(code, problem || howItEnded(code, signal), plainLines, startedAt);
    });
  }

  /** Asks it to end, and forces it when it does not. Resolves when it is gone; may be asked again. */
  async end(): Promise<void> {
    this.#isEnding = true;
    clearTimeout(this.#restart);
    this.#child?.kill("SIGTERM");
    const timer = setTimeout(() => this.kill(), killAfter);
    await this.#gone;
    clearTimeout(timer);
  }

  /** Ends it at once, in bad order. */
  kill(): void {
    this.#isEnding = true;
    clearTimeout(this.#restart);
    this.#child?.kill("SIGKILL");
  }

  #ended(code: number | null, how: string, plainLines: LineReader, startedAt: number): void {
    this.#child = undefined;
    if (this.#isEnding) return;
    if (code === usageExit) {
      const line = plainLines.last ?? `interactor ${this.#program.name}: it refused to start; see its log`;
      return this.#listener.gaveUp({ kind: "usage", line });
    }
    const isHealthy = performance.now() - startedAt >= healthyAfter;
    this.#shortLives = isHealthy ? 0 : this.#shortLives + 1;
    if (this.#shortLives >= shortLivesMax) return this.#listener.gaveUp({ kind: "dies-too-often", how });
    this.#restart = setTimeout(() => this.start(), restartDelay);
    return this.#listener.died(how);
  }
}

function howItEnded(code: number | null, signal: string | null): string {
  return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
}
