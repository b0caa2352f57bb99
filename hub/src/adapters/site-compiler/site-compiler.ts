/**
 * Compiles sites in a thread of their own, which is there only while somebody needs it: it costs some 30 MB. Whatever a
 * site file makes of it, the hub goes on: one that takes too long or too much is refused, and its thread ended.
 */
import { MessageChannel, Worker } from "node:worker_threads";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { failed, type Result } from "@interactor/shared/kernel/result";
import { namedIn, type PublishedModule } from "@interactor/shared/site/published-modules";
import type { InvalidResponse } from "@interactor/shared/wire/api-config";
import type { SiteCompiler } from "../../ports/site-compiler.ts";
import type { Answer, CallName, Given, Outcome } from "./messages.ts";

export interface CompilerOptions {
  /** The file a thread runs: the hub's own bundle. */
  readonly file: string;
  readonly site: string;
  /** Which version of Interactor this is. */
  readonly interactor?: string;
  /** What was published beside the built-in modules, as it is now. */
  readonly modules?: () => readonly PublishedModule[];
}

/** The largest site takes a second here and ten on a slow Pi. Longer: refuse, and end the thread. */
const answerMax = 60_000;
/** Who applies once mostly applies again soon. Later: the thread ends. */
const idleMax = 20_000;
/** Heap of the thread in MB: the largest site, twice, for it is compared with the one before. More: refuse. */
const heapMax = { maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 16 };

export function openSiteCompiler(options: CompilerOptions): SiteCompiler {
  const thread = new CompilerThread(options);
  return {
    compile: (files) =>
      thread
        .ask("compile", [files, namedIn(files, options.modules?.() ?? [])])
        .catch((error: unknown) => tooMuch(files.root, error)),
    routesAlone: (routes) =>
      thread.ask("routesAlone", [routes]).catch((error: unknown) => tooMuch("", error)),
    open: (...given) => thread.ask("open", given).catch(failedWith),
    textsOf: (...given) => thread.ask("textsOf", given).catch(failedWith),
    compare: (...given) => thread.ask("compare", given).catch(failedWith),
    [Symbol.asyncDispose]: () => thread.end(),
  };
}

/** A thread that died of a site says nothing of where: it is the site as a whole. */
const tooMuch = (file: string, error: unknown): Result<never, InvalidResponse> =>
  failed({ problems: [{ file, line: 1, column: 1, path: "", message: messageOf(error) }], more: 0 });
const failedWith = (error: unknown): Result<never, string> => failed(messageOf(error));

class CompilerThread {
  readonly #options: CompilerOptions;
  #worker: Worker | undefined;
  #asked = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: CompilerOptions) {
    this.#options = options;
  }

  async ask<Name extends CallName>(name: Name, given: Given<Name>): Promise<Answer<Name>> {
    clearTimeout(this.#idle);
    this.#asked += 1;
    try {
      const outcome = await this.#answer(name, given);
      if (outcome.kind === "done") return outcome.answer;
      throw new Fault("COMPILER_FAILED", `the site cannot be compiled: ${outcome.reason}`);
    } finally {
      this.#asked -= 1;
      if (this.#asked === 0) this.#idle = setTimeout(() => void this.end(), idleMax).unref();
    }
  }

  async end(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #answer<Name extends CallName>(name: Name, given: Given<Name>): Promise<Outcome<Name>> {
    const worker = this.#worker ?? this.#begin();
    const { port1: answers, port2: theirs } = new MessageChannel();
    const { promise, resolve } = Promise.withResolvers<Outcome<Name>>();
    const gone = (): void =>
      resolve({ kind: "failed", reason: "it takes more memory or time than the hub has for it" });
    const timer = setTimeout(() => void worker.terminate(), answerMax);
    worker.once("exit", gone);
    answers.once("message", (outcome: Outcome<Name>) => resolve(outcome));
    worker.postMessage({ name, given, answers: theirs }, [theirs]);
    return promise.finally(() => {
      clearTimeout(timer);
      worker.off("exit", gone);
      answers.close();
    });
  }

  #begin(): Worker {
    const { file, site, interactor } = this.#options;
    const worker = new Worker(file, { workerData: { site, interactor }, resourceLimits: heapMax });
    worker.setMaxListeners(0);
    // What it died of is told to who waits for an answer.
    worker.on("error", () => undefined);
    worker.once("exit", () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    this.#worker = worker;
    return worker;
  }
}
