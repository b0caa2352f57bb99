// Debian's paho-mqtt, told what to do and heard line by line: see told-client.py.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { eventually } from "../programs.ts";

export interface PahoWords {
  readonly client: string;
  readonly kind: "connected" | "disconnected" | "message" | "published" | "subscribed" | "unsubscribed";
  readonly [word: string]: unknown;
}

/** Python's names of what a client may be told. */
type Action = "connect" | "publish" | "subscribe" | "unsubscribe" | "disconnect" | "stop" | "cut";

export class PahoProgram implements AsyncDisposable {
  // The system's Python: Debian's paho is there, and a Python that stands in front of it may have none.
  readonly #child = spawn("/usr/bin/python3", [join(import.meta.dirname, "told-client.py")], {
    stdio: "pipe",
  });
  readonly #heard: PahoWords[] = [];
  #complaint = "";

  constructor() {
    this.#child.stderr.on("data", (chunk: Buffer) => {
      this.#complaint += chunk.toString();
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#heard.push(JSON.parse(line)));
  }

  tell(action: Action, words: Readonly<Record<string, unknown>>): void {
    this.#child.stdin.write(`${JSON.stringify([action, words])}\n`);
  }

  /** The next words of that kind from that client; all of both are in the order in which they came. */
  async hears(client: string, kind: PahoWords["kind"]): Promise<PahoWords> {
    const found = () => this.#heard.find((each) => each.client === client && each.kind === kind);
    const hasEnded = () => this.#child.exitCode !== null;
    await eventually(`${client} is ${kind}`, () => found() !== undefined || hasEnded()).catch(
      () => undefined,
    );
    const words = found();
    if (words === undefined)
      throw new Error(`no ${kind} of ${client}: ${JSON.stringify(this.#heard)} ${this.#complaint}`);
    this.#heard.splice(this.#heard.indexOf(words), 1);
    return words;
  }

  /** What was heard and not asked for. */
  get unheard(): readonly PahoWords[] {
    return this.#heard;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}
