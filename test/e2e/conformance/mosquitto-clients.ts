// mosquitto_pub and mosquitto_sub, as a user calls them.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { eventually } from "../programs.ts";

/** Where no terminal listens, they would keep what they say until they end. */
const lineByLine = ["stdbuf", "-oL"] as const;

export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs one of them to its end. */
export async function mosquitto(
  command: "mosquitto_pub" | "mosquitto_sub",
  words: readonly string[],
): Promise<Ended> {
  await using program = new MosquittoProgram(command, words);
  return { code: await program.ended, output: program.output };
}

export class MosquittoProgram implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly ended: Promise<number>;
  output = "";

  constructor(command: "mosquitto_pub" | "mosquitto_sub", words: readonly string[]) {
    const [program, ...options] = lineByLine;
    this.#child = spawn(program, [...options, command, ...words], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    this.ended = once(this.#child, "close").then(([code]: (number | null)[]) => code ?? -1);
  }

  /** Resolves when it has said so. */
  async says(words: string): Promise<void> {
    await eventually(`it says "${words}"`, () => this.output.includes(words)).catch((error: unknown) => {
      throw new Error(`it said ${JSON.stringify(this.output)}`, { cause: error });
    });
  }

  /** Without a farewell to the broker. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.ended;
  }
}
