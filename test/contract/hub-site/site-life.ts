// One life of a hub's site on real stores in a folder: who kills it begins the next one on the same folder.

import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { systemClock } from "@interactor/hub/src/adapters/clock-system.ts";
import { compilerHere } from "@interactor/hub/src/adapters/site-compiler/compiling.ts";
import { openRevisionLog } from "@interactor/hub/src/adapters/store-sqlite/revision-log.ts";
import { openRolloutStore } from "@interactor/hub/src/adapters/store-sqlite/rollout-store.ts";
import { HubSite } from "@interactor/hub/src/hub-site.ts";
import type { RolloutStore, Standing } from "@interactor/hub/src/ports/rollout-store.ts";
import type { RolloutOptions, RolloutView } from "@interactor/shared/wire/api-config";
import { decodeTarget, type Target } from "@interactor/shared/wire/messages/plan";
import type { ApplyPhase } from "@interactor/shared/wire/messages/reported";
import { expect } from "vitest";

/** The hub writes within a turn of the loop, and what nobody waits for after 300 ms. */
const patience = 5000;

interface Said {
  readonly node: string;
  readonly revision: number;
  readonly hold: string;
  /** What the disk said of the node then. */
  readonly onDisk: number | undefined;
}

export interface LifeOptions {
  readonly folder: string;
  readonly there?: readonly string[];
  /** In ms, by which the disk is slower than it is. */
  readonly diskDelay?: () => number;
}

/** Around which write of an apply the power is cut: nothing of what would follow is done. */
export type Cut = "before-revision" | "after-revision" | "after-rollout";

export class SiteLife implements AsyncDisposable {
  readonly site: HubSite;
  readonly said: Said[] = [];
  /** What each node was told last. */
  readonly told = new Map<string, Target>();
  readonly lines: string[];
  /** Names of the routes that the hub runs. */
  serving: readonly string[] = [];
  readonly #there: Set<string>;
  readonly #stores: readonly AsyncDisposable[];
  readonly #power: Power;

  static async begin({ folder, there = [], diskDelay = () => 0 }: LifeOptions): Promise<SiteLife> {
    const lines: string[] = [];
    const clock = systemClock();
    const say = (words: string) => void lines.push(words);
    const log = { info: say, warn: say, error: say };
    const revisionLog = await openRevisionLog({ folder, clock, log });
    const rolloutStore = await openRolloutStore({ folder, clock, log });
    const life = new SiteLife({ revisionLog, rolloutStore, clock, log }, { there, diskDelay, lines });
    await life.site.load();
    life.site.start();
    return life;
  }

  private constructor(
    world: Pick<ConstructorParameters<typeof HubSite>[0], "revisionLog" | "rolloutStore" | "clock" | "log">,
    { there, diskDelay, lines }: Required<Omit<LifeOptions, "folder">> & { readonly lines: string[] },
  ) {
    this.lines = lines;
    this.#there = new Set(there);
    this.#stores = [world.revisionLog, world.rolloutStore];
    this.#power = new Power();
    let onDisk = world.rolloutStore.standing;
    const written = (standing: Standing) => void (onDisk = standing);
    this.site = new HubSite({
      ...world,
      revisionLog: {
        ...world.revisionLog,
        add: (...revision) => this.#power.around("revision", () => world.revisionLog.add(...revision)),
      },
      rolloutStore: slowStore(this.#power.under(world.rolloutStore), diskDelay, written),
      site: "demo",
      digestOf: (bytes) => createHash("sha256").update(bytes).digest("hex"),
      compiler: compilerHere("demo"),
      isThere: (node) => this.#there.has(node),
      zonesOf: () => [],
      clockSetAt: () => undefined,
      serve: (own) => void (this.serving = own.map(({ name, to }) => `${name} to ${to}`)),
      publish: (topic, payload) => {
        const target = topic.endsWith("/desired") ? decodeTarget(payload) : undefined;
        if (target?.ok !== true || target.value === undefined) return;
        const node = topic.split("/").at(-2) ?? "";
        this.told.set(node, target.value);
        const { revision, hold } = target.value;
        this.said.push({ node, revision, hold: hold.kind, onDisk: onDisk?.nodes[node]?.revision });
      },
      say: () => undefined,
    });
  }

  /** The number of the new revision. */
  async apply(text: string, rollout: RolloutOptions = {}): Promise<number> {
    const files = { root: "site.yaml", files: { "site.yaml": text } };
    const making = { author: "anna", message: "another", isAgain: true, rollout };
    const made = await this.site.revisions.apply(files, making);
    if (!made.ok) throw new Error(JSON.stringify(made.error));
    return made.value.head.number;
  }

  /** The power is cut on the way; resolves when it is. */
  async appliedUntil(cut: Cut, text: string, rollout: RolloutOptions): Promise<void> {
    const isCut = this.#power.cutAt(cut);
    void this.apply(text, rollout);
    await isCut;
  }

  /** Everybody comes to it, and it is confirmed. */
  async applied(text: string, ...nodes: readonly string[]): Promise<number> {
    const revision = await this.apply(text);
    await this.reports(revision, "applied", ...nodes);
    await this.until(() => this.view(revision).kind === "complete");
    await this.untilKept();
    return revision;
  }

  async reports(revision: number, phase: "applied" | "held", ...nodes: readonly string[]): Promise<void> {
    for (const node of nodes) {
      const wanted = this.site.wants(node) ?? "";
      const digest = phase === "applied" ? wanted : "what it had";
      this.site.reported(node, { revision, digest, apply: { revision, digest: wanted, phase } });
    }
    await wait(0);
  }

  /** It is on its way to what it was told, and says how far. */
  says(node: string, phase: ApplyPhase, code?: string): void {
    const { revision, digest } = this.told.get(node) ?? expect.fail(`${node} was told nothing`);
    const apply = { revision, digest, phase, ...(code === undefined ? {} : { code }) };
    this.site.reported(node, { revision, digest, apply });
  }

  presence(node: string, isThere: boolean): void {
    if (isThere) this.#there.add(node);
    else this.#there.delete(node);
    this.site.presence(node, isThere);
  }

  view(revision: number): RolloutView {
    const view = this.site.rolloutView(revision);
    if (!view.ok) throw new Error(JSON.stringify(view.error));
    return view.value;
  }

  stateOf(revision: number): Readonly<Record<string, string>> {
    return Object.fromEntries(this.view(revision).nodes.map(({ node, state }) => [node, state]));
  }

  async mode(zone: string, mode: string): Promise<void> {
    expect(await this.site.modes.set({ zone, mode, by: "anna" })).toMatchObject({ ok: true });
  }

  until(isSo: () => boolean): Promise<void> {
    return expect.poll(isSo, { timeout: patience, interval: 5 }).toBe(true);
  }

  /** What is kept a little later has been kept: 300 ms are long over. */
  async untilKept(): Promise<void> {
    await wait(500);
  }

  /** A hub that ends lets go of its files; what it was told until then is on them. */
  async end(): Promise<void> {
    await this.untilKept();
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.site.end();
    for (const store of this.#stores) await store[Symbol.asyncDispose]();
  }
}

/** A write that meets the cut never comes back. */
class Power {
  #cut: Cut | undefined;
  #isCut = Promise.withResolvers<void>();

  cutAt(cut: Cut): Promise<void> {
    this.#cut = cut;
    return this.#isCut.promise;
  }

  async around(write: "revision" | "rollout", done: () => Promise<void>): Promise<void> {
    if (this.#cut === `before-${write}`) return this.#never();
    await done();
    if (this.#cut === `after-${write}`) await this.#never();
  }

  /** What goes with a rollout that was begun is written beside it, and not after the cut. */
  under(store: RolloutStore): RolloutStore {
    return {
      ...store,
      saveRollout: (rollout) => this.around("rollout", () => store.saveRollout(rollout)),
      saveStanding: (standing) =>
        this.#cut === "after-rollout" ? this.#never() : store.saveStanding(standing),
    };
  }

  #never(): Promise<never> {
    this.#isCut.resolve();
    return new Promise(() => undefined);
  }
}

function slowStore(
  store: RolloutStore,
  delay: () => number,
  written: (standing: Standing) => void,
): RolloutStore {
  return {
    ...store,
    saveStanding: async (standing) => {
      await wait(delay());
      await store.saveStanding(standing);
      written(standing);
    },
  };
}

const node = (name: string, level: number) => `  ${name}:
    zone: hall
    groups: [all]
    instances:
      lamp:
        module: statechart
        settings:
          inputs: {}
          outputs: { level: { type: int, deliver: every } }
          initial: a
          states: { a: { entry: [{ emit: { level: "${level}" } }], after: { "100ms": a } } }
      stage:
        module: dmx
        settings: { universe: 1, sacn: { to: [127.0.0.1], port: 5999 } }
        failsafe: hold
`;

export const route = (name: string, from: string, to: string): string =>
  `  - { name: ${name}, from: ${from}/lamp/level, to: ${to}, ttl: 5s }\n`;
const cross = route("cross", "a", "b/stage/ch1");

/** A hall whose nodes have so much light, with a route from `a` to `b` that the hub runs, or those given. */
export const siteText = (
  levels: Readonly<Record<string, number>>,
  routes: string = cross,
): string => `site: demo
modes:
  closed: { audience: false, updates: true }
  open: { audience: true, updates: false }
mode: closed
zones:
  hall:
nodes:
${Object.entries(levels)
  .map(([name, level]) => node(name, level))
  .join("")}${routes === "" ? "" : `routes:\n${routes}`}`;
