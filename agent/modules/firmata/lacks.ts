/**
 * What a board that is in use lacks: a chip without an answer, a stepper that nobody knows the place of. The instance works in
 * part then. It is no fault of the board's line, which would be opened anew for it: that restarts most boards, and switches
 * what hangs on them.
 */
import type { ModuleContext } from "@interactor/shared/sdk/define-module";

export class Lacks {
  readonly #context: Pick<ModuleContext, "running" | "degraded">;
  /** By the part that lacks. */
  readonly #words = new Map<string, string>();
  #isInUse = false;

  constructor(context: Pick<ModuleContext, "running" | "degraded">) {
    this.#context = context;
  }

  /** A new life of the board: nothing is known of it. */
  begin(): void {
    this.#isInUse = false;
    this.#words.clear();
  }

  /** What is said from now on is said of the instance. */
  inUse(): void {
    this.#isInUse = true;
    this.#say();
  }

  /** It is in use no more, which is said by whoever knows why. */
  away(): void {
    this.#isInUse = false;
  }

  /** `undefined`: that part works again. */
  set(part: string, words: string | undefined): void {
    if (this.#words.get(part) === words) return;
    if (words === undefined) this.#words.delete(part);
    else this.#words.set(part, words);
    if (this.#isInUse) this.#say();
  }

  #say(): void {
    if (this.#words.size === 0) this.#context.running();
    else this.#context.degraded([...this.#words.values()].join("; "));
  }
}
