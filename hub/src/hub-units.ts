/** Which unit fills which node: what is learnt of it is kept, and somebody may swap one for another. */
import { messageOf } from "@interactor/shared/kernel/fault";
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import type { SwapRequest, SwapResponse } from "@interactor/shared/wire/api-config";
import { UnitBook } from "./core/access/unit-book.ts";
import type { Refusal } from "./core/revision/refusal.ts";
import type { Log } from "./ports/log.ts";
import type { RolloutStore } from "./ports/rollout-store.ts";

export interface UnitParts {
  readonly log: Log;
  readonly rolloutStore: RolloutStore;
  /** Every unit may fill every node. */
  readonly anyUnit?: boolean;
  /** The unit that fills a node and is here. */
  readonly unitOf: (node: string) => string | undefined;
}

export class HubUnits {
  readonly book: UnitBook;
  readonly #parts: UnitParts;
  #isDue = false;

  constructor(parts: UnitParts) {
    this.#parts = parts;
    this.book = new UnitBook(parts.rolloutStore.units, parts.anyUnit === true);
  }

  born(node: string, unit: string): void {
    if (this.book.born(node, unit)) this.#keepSoon();
  }

  forget(node: string): void {
    if (this.book.forget(node)) this.#keepSoon();
  }

  swap(node: string, { by, unit }: SwapRequest): Result<SwapResponse, Refusal> {
    const here = this.#parts.unitOf(node);
    const before = here ?? this.book.unitOf(node);
    if (!this.book.swap(node, here, unit))
      return failed({
        kind: "not-found",
        error: `no unit ever filled a node "${node}"`,
        hint: "the first that comes with its name does; `interactor nodes` has those there are",
      });
    this.#parts.log.warn(`node ${node} is to be filled by ${unit ?? "another unit"}`, { by, before });
    this.#keepSoon();
    return ok({
      node,
      ...(before === undefined ? {} : { before }),
      ...(unit === undefined ? {} : { unit }),
    });
  }

  /** Once per turn: a hundred nodes that come at once are one write. */
  #keepSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#parts.rolloutStore.saveUnits(this.book.kept).catch((error: unknown) => {
        const words =
          "which unit fills which node cannot be kept on disk: after a restart the first that comes does";
        this.#parts.log.error(words, { cause: messageOf(error) });
      });
    });
  }
}
