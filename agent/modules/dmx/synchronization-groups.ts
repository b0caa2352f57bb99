/** The groups in which the sources of a universe say when their looks are to be shown (E1.31 section 6.3). Pure. */
import { between, type Instant, later } from "@interactor/shared/sdk/define-module";
import { sacnLossTimeout } from "./engine/network-sources.ts";
import { sacnGroup } from "./sacn.ts";

/**
 * Desk, its backup and two more. More: their looks are shown at once, until one of these was not named for as long as a
 * source may be silent. Who names another with every packet would have us in every group there is.
 */
export const synchronizationsMax = 4;

export interface Groups {
  join(group: string): void;
  leave(group: string): void;
}

export class SynchronizationGroups {
  readonly #groups: Groups;
  /** Joined whoever synchronizes. */
  readonly #universe: number;
  /** By universe. */
  readonly #namedAt = new Map<number, Instant>();

  constructor(groups: Groups, universe: number) {
    this.#groups = groups;
    this.#universe = universe;
  }

  /** Whether what is said there is heeded. */
  has(universe: number): boolean {
    return this.#namedAt.has(universe);
  }

  /** A source said that it waits for what is said there. */
  named(universe: number, at: Instant): void {
    const isKnown = this.#namedAt.has(universe);
    if (!isKnown && this.#namedAt.size >= synchronizationsMax) return;
    this.#namedAt.set(universe, at);
    if (!isKnown && universe !== this.#universe) this.#groups.join(sacnGroup(universe));
  }

  /** Leaves those that nobody names any more. */
  expire(at: Instant): void {
    for (const [universe, namedAt] of this.#namedAt) {
      if (between(later(namedAt, sacnLossTimeout), at) < 0) continue;
      this.#namedAt.delete(universe);
      if (universe !== this.#universe) this.#groups.leave(sacnGroup(universe));
    }
  }
}
