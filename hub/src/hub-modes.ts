/** The modes of the site and its zones: what is set, kept over a restart, and what it keeps from being updated. */
import type { Clock } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import type { HubPlan } from "@interactor/shared/site/compiled-site";
import type { ModeRequest, ModesResponse } from "@interactor/shared/wire/api-config";
import {
  modeIn,
  type ModeInForce,
  modesOf,
  type ModeState,
  whyClosed,
  withMode,
  zonesWithModes,
} from "./core/mode/modes.ts";
import { wholeSite } from "@interactor/shared/wire/names";
import type { Refusal } from "./core/revision/refusal.ts";
import type { Log } from "./ports/log.ts";
import type { RolloutStore } from "./ports/rollout-store.ts";

export interface ModeParts {
  readonly site: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: RolloutStore;
  /** Of the revision whose own part the hub serves. */
  readonly plan: () => HubPlan | undefined;
  /** The zones a node is in, the innermost first. */
  readonly zonesOf: (node: string) => readonly string[];
  /** Some zone has another mode than before. */
  readonly changed: () => void;
  /** The mode of each zone, as values that routes may follow; `news`: those that are another one now. */
  readonly say: (modes: ReadonlyMap<string, string>, news: readonly string[]) => void;
}

export class HubModes {
  readonly #parts: ModeParts;
  #state: ModeState;
  #said: ReadonlyMap<string, string> = new Map();

  constructor(parts: ModeParts) {
    this.#parts = parts;
    this.#state = parts.store.modes;
  }

  /** Says what has changed, by a person or by a revision. `isAgain`: everything, to those who heard nothing yet. */
  say(isAgain = false): void {
    const modes = new Map([...this.inForce].map(([zone, { mode }]) => [zone, mode]));
    const news = [...modes.keys()].filter((zone) => isAgain || this.#said.get(zone) !== modes.get(zone));
    const isLess = [...this.#said.keys()].some((zone) => !modes.has(zone));
    this.#said = modes;
    if (news.length > 0 || isLess) this.#parts.say(modes, news);
  }

  /** By zone, the whole as `site`; zones without any are left out. */
  get inForce(): ReadonlyMap<string, ModeInForce> {
    const plan = this.#parts.plan();
    const zones = plan === undefined ? [] : zonesWithModes(plan);
    return new Map(
      zones.flatMap((zone) => {
        const mode = plan === undefined ? undefined : modeIn(plan, this.#state, zone);
        return mode === undefined ? [] : [[zone, mode] as const];
      }),
    );
  }

  /** Why nodes in these zones, the innermost first, must not be updated now. */
  whyClosed(zones: readonly string[]): string | undefined {
    const plan = this.#parts.plan();
    return plan && whyClosed(plan, this.#state, zones);
  }

  /** By node, of those that must not be updated now: why. */
  closed(nodes: readonly string[]): Readonly<Record<string, string>> {
    return Object.fromEntries(
      nodes.flatMap((node) => {
        const why = this.whyClosed(this.#parts.zonesOf(node));
        return why === undefined ? [] : [[node, why]];
      }),
    );
  }

  /** In force at once, and on disk when it resolves; a disk that fails is told in the log. */
  async set({ zone, mode, by, reason }: ModeRequest): Promise<Result<ModesResponse, Refusal>> {
    const { clock, log, store, plan, changed } = this.#parts;
    const hub = plan();
    if (hub === undefined)
      return failed({ kind: "not-found", error: "there is no site file yet, and no modes" });
    const since = clock.wall();
    const set = { mode, since, by, ...(reason === undefined ? {} : { reason }) };
    const next = withMode(hub, this.#state, zone, set);
    if (!next.ok) return failed({ kind: "not-found", ...next.error });
    this.#state = next.value;
    log.info(`${zone === wholeSite ? "the site" : `zone ${zone}`} is in mode "${mode}"`, { by, reason });
    changed();
    this.say();
    try {
      await store.saveModes(next.value);
    } catch (error) {
      log.error("the mode cannot be kept on disk: after a restart it is what it was", {
        cause: messageOf(error),
      });
    }
    return ok(this.view());
  }

  view(): ModesResponse {
    const { site, plan } = this.#parts;
    const hub = plan();
    if (hub === undefined) return { site, zones: [] };
    const inForce = this.inForce;
    const zones = zonesWithModes(hub).map((zone) => {
      const modes = { ...modesOf(hub, zone) };
      const found = inForce.get(zone);
      if (found === undefined) return { zone, modes };
      const { mode, from, set } = found;
      return {
        zone,
        mode,
        ...(from === zone ? {} : { from }),
        ...(set === undefined ? {} : setView(set)),
        modes,
      };
    });
    return { site, zones };
  }
}

const setView = ({ since, by, reason }: ModeState[string]) => ({
  since: new Date(since / 1000).toISOString(),
  by,
  ...(reason === undefined ? {} : { reason }),
});
