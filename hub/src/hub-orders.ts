/** What was asked of the newest revision, kept so that no end of the hub leaves it lying: see `core/rollout/kept-order.ts`. */
import { messageOf } from "@interactor/shared/kernel/fault";
import { isUnbegun, type KeptOrder } from "./core/rollout/kept-order.ts";
import type { RevisionHead } from "./core/revision/revision-head.ts";
import type { BeginOptions } from "./hub-rollouts.ts";
import type { Order } from "./hub-revisions.ts";
import type { Log } from "./ports/log.ts";
import type { RolloutStore } from "./ports/rollout-store.ts";

export class HubOrders {
  readonly #parts: { readonly log: Log; readonly rolloutStore: RolloutStore };

  constructor(parts: { readonly log: Log; readonly rolloutStore: RolloutStore }) {
    this.#parts = parts;
  }

  /** On disk when it resolves. A disk that refuses costs what a power cut in the next moment would leave lying, no more. */
  async keep(
    head: RevisionHead,
    { plan, probation, same }: Order,
    { by, override }: Pick<BeginOptions, "by" | "override">,
  ): Promise<void> {
    const order: KeptOrder = {
      plan,
      probation,
      content: head.digest,
      by,
      ...(override === undefined ? {} : { override }),
      same: Object.fromEntries(same),
    };
    try {
      await this.#parts.rolloutStore.saveOrder(order);
    } catch (error) {
      const words = `how revision ${head.number} is to come to its nodes cannot be kept; it goes its way nevertheless`;
      this.#parts.log.warn(words, { cause: messageOf(error) });
    }
  }

  /** Of a revision that the life before wrote down and did not begin. */
  unbegun(newest: RevisionHead | undefined): KeptOrder | undefined {
    const { order, standing } = this.#parts.rolloutStore;
    if (order === undefined || !isUnbegun(order, newest, standing)) return undefined;
    const words = `revision ${order.plan.revision} was written down when the hub ended, and goes its way now`;
    this.#parts.log.warn(words, { by: order.by });
    return order;
  }
}
