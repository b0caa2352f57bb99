/** A Node process of its own, perhaps in another network namespace, that answers requests over its IPC channel. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** Nothing that is asked here takes longer, even on a busy machine. */
const answerTimeout = 20_000;

/** What travels between the two; `id` pairs an answer with its request. */
export interface Request {
  readonly id: number;
  readonly question: unknown;
}
export type Answer =
  | { readonly id: number; readonly kind: "answer"; readonly answer: unknown }
  | { readonly id: number; readonly kind: "error"; readonly error: string };

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class Remote implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  /** `command` must end in a Node that runs a file which calls `answerRequests`. */
  constructor(command: readonly string[]) {
    const [program = "", ...rest] = command;
    this.#child = spawn(program, rest, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child.on("message", (message) => this.#settle(answerFrom(message)));
    this.#child.on("error", (error) => this.#failAll(error));
    this.#child.on("exit", (code, signal) => {
      this.#failAll(new Error(`${command.join(" ")} ended with ${code ?? signal}`));
    });
  }

  async ask(question: unknown): Promise<unknown> {
    const id = (this.#lastId += 1);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    const timer = setTimeout(
      () => reject(new Error(`no answer to ${JSON.stringify(question)}`)),
      answerTimeout,
    );
    try {
      this.#child.send({ id, question } satisfies Request, (error) => {
        if (error !== null) reject(error);
      });
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined)
      return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if (answer.kind === "answer") waiting?.resolve(answer.answer);
    else waiting?.reject(new Error(answer.error));
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
  }
}

/** The other side: answers every request, and ends with the process that asks. */
export function answerRequests(answer: (question: unknown) => unknown): void {
  process.on("disconnect", () => process.exit());
  process.on("message", (message) => {
    const { id, question } = message as Request;
    const reply = (given: Answer): void => void process.send?.(given);
    Promise.try(answer, question).then(
      (answered) => reply({ id, kind: "answer", answer: answered ?? null }),
      (error: unknown) => reply({ id, kind: "error", error: String(error) }),
    );
  });
}

/** Both ends are ours and start from the same files. */
const answerFrom = (message: unknown): Answer => message as Answer;
