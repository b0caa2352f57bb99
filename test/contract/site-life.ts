// A hub's site on its real compiler and its real files, and nodes that say what they do when the test lets them.

import { createHash } from "node:crypto";
import { afterEach, expect } from "vitest";
import type { ApplyPhase } from "@interactor/shared/wire/messages/reported";
import { decodeTarget, type Target } from "@interactor/shared/wire/messages/plan";
import { nodeTopics } from "@interactor/shared/wire/topics";
import { systemClock } from "../../hub/src/adapters/clock-system.ts";
import { compilerHere } from "../../hub/src/adapters/site-compiler/compiling.ts";
import { openRevisionLog } from "../../hub/src/adapters/store-sqlite/revision-log.ts";
import { openRolloutStore } from "../../hub/src/adapters/store-sqlite/rollout-store.ts";
import type { Making } from "../../hub/src/hub-revisions.ts";
import { HubSite } from "../../hub/src/hub-site.ts";

export interface SiteLife {
  readonly site: HubSite;
  readonly warnings: readonly string[];
  /** What each node was told last. */
  readonly told: ReadonlyMap<string, Target>;
  /** Returns the number of the revision. */
  readonly apply: (text: string, making?: Partial<Making>) => Promise<number>;
  /** It is on its way to what it was told, and says how far. */
  readonly says: (node: string, phase: ApplyPhase, code?: string) => void;
  readonly presence: (node: string, isThere: boolean) => void;
  readonly end: () => Promise<void>;
}

const lives: SiteLife[] = [];
afterEach(async () => {
  for (const life of lives.splice(0)) await life.end();
});

/** One life of a hub in this folder. `there`: who is there from the start. */
export async function siteLife(folder: string, there: readonly string[]): Promise<SiteLife> {
  const present = new Set(there);
  const warnings: string[] = [];
  const warn = (words: string): void => void warnings.push(words);
  const world = { clock: systemClock(), log: { info: () => undefined, warn, error: warn } };
  const revisionLog = await openRevisionLog({ folder, ...world });
  const rolloutStore = await openRolloutStore({ folder, ...world });
  const told = new Map<string, Target>();
  const site = new HubSite({
    ...world,
    site: "demo",
    digestOf: (bytes) => createHash("sha256").update(bytes).digest("hex"),
    revisionLog,
    rolloutStore,
    compiler: compilerHere("demo"),
    isThere: (node) => present.has(node),
    zonesOf: () => [],
    clockSetAt: () => undefined,
    serve: () => undefined,
    say: () => undefined,
    publish: (topic, payload) => {
      const target = decodeTarget(payload);
      const [, , , , node = ""] = topic.split("/");
      if (target.ok && target.value !== undefined && topic === nodeTopics("demo", node).desired)
        told.set(node, target.value);
    },
  });
  await site.load();
  site.start();
  let isOver = false;
  const life: SiteLife = {
    site,
    warnings,
    told,
    async apply(text, making = {}) {
      const files = { root: "site.yaml", files: { "site.yaml": text } };
      const whole = { author: "anna", message: "a change", isAgain: true, ...making };
      const made = await site.revisions.apply(files, whole);
      return made.ok ? made.value.head.number : expect.fail(JSON.stringify(made.error));
    },
    says(node, phase, code) {
      const target = told.get(node) ?? expect.fail(`${node} was told nothing`);
      const { revision, digest } = target;
      const apply = { revision, digest, phase, ...(code === undefined ? {} : { code }) };
      site.reported(node, { revision, digest, apply });
    },
    presence(node, isThere) {
      if (isThere) present.add(node);
      else present.delete(node);
      site.presence(node, isThere);
    },
    async end() {
      if (isOver) return;
      isOver = true;
      site.end();
      await revisionLog[Symbol.asyncDispose]();
      await rolloutStore[Symbol.asyncDispose]();
    },
  };
  lives.push(life);
  return life;
}

/** By node: which value it plays; each with one lamp and one stage. */
export function siteOf(levels: Readonly<Record<string, number>>): string {
  const nodes = Object.entries(levels).map(
    ([node, level]) => `  ${node}:
    groups: [all]
    instances:
      lamp:
        module: statechart
        settings:
          inputs: {}
          outputs: { level: { type: int, deliver: every } }
          initial: on
          states: { on: { entry: [{ emit: { level: "${level}" } }], after: { "100ms": on } } }
`,
  );
  return `site: demo\nnodes:\n${nodes.join("")}`;
}
