// A node that applies revisions by its real core over real files. What it runs is told by what it was told to change.

import { createHash } from "node:crypto";
import { setTimeout as after } from "node:timers/promises";
import { AgentApply } from "@interactor/agent/src/agent-apply.ts";
import { openApplyStore } from "@interactor/agent/src/adapters/apply-store-files/apply-store-files.ts";
import type { Disk } from "@interactor/agent/src/ports/disk.ts";
import type { ApplyStore } from "@interactor/agent/src/ports/apply-store.ts";
import type { AllowBundles } from "@interactor/agent/src/ports/trust.ts";
import { Fault } from "@interactor/shared/kernel/fault";
import { millis, seconds } from "@interactor/shared/kernel/units";
import type { PlanChanges } from "@interactor/shared/site/plan-changes";
import { instanceOf, planOf } from "@interactor/shared/testing/plans";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { encodePlan, type Plan, type Target } from "@interactor/shared/wire/messages/plan";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const bundleOf = (revision: number): Buffer => Buffer.alloc(3000, `bundle ${revision} `);

/** `sim` has another bundle in each revision; `dmx` is always the same. */
export function planOfRevision(revision: number): Plan {
  const bundle = bundleOf(revision);
  const digest = sha256(bundle);
  const sim = instanceOf({ version: `${revision}.0.0`, digest });
  return planOf({ sim, dmx: instanceOf({ module: "dmx" }) }, { files: [{ digest, bytes: bundle.length }] });
}

/** What a hub serves by digest. */
const served = new Map(
  [1, 2, 3].flatMap((revision) => {
    const files = [bundleOf(revision), Buffer.from(encodePlan(planOfRevision(revision)))];
    return files.map((bytes) => [sha256(bytes), bytes] as const);
  }),
);

export function targetOf(revision: number, given: Partial<Target> = {}): Target {
  const plan = encodePlan(planOfRevision(revision));
  return {
    v: 1,
    revision,
    digest: sha256(plan),
    bytes: plan.length,
    plan,
    hold: { kind: "none" },
    probation: millis(500),
    ...given,
  };
}

export interface Given {
  readonly disk?: Disk;
  /** What is wrong with a revision when it is watched. */
  readonly unwell?: (plan: Plan) => string | undefined;
  readonly veto?: (plan: Plan) => string | undefined;
  /** Throws unless bundles may be installed. */
  readonly allow?: AllowBundles;
  /** By default it starts with what it kept, if anything; this one cannot. */
  readonly isUp?: false;
  /** Told of each piece of a file before it comes: by throwing, the link is lost. */
  readonly fetching?: (digest: string, at: number) => void;
}

const ends = new Set(["idle", "applied", "rolled-back", "rejected"]);

export async function nodeIn(folder: string, { disk, unwell, veto, allow, fetching, isUp }: Given = {}) {
  const clock = new VirtualClock();
  const log: string[] = [];
  const say = (words: string) => void log.push(words);
  const changes: PlanChanges[] = [];
  let runs: Plan | undefined;
  let restarts = 0;
  const opened = await openApplyStore({
    folder,
    log: { info: say, warn: say, error: say },
    ...(disk && { disk }),
  });
  let saving = 0;
  const store: ApplyStore = {
    ...opened,
    async save(kept) {
      saving += 1;
      await opened.save(kept).finally(() => (saving -= 1));
    },
  };
  const apply = new AgentApply({
    clock,
    store,
    log: { info: say, warn: say, error: say },
    files: {
      async *fetch(digest, offset, signal) {
        const bytes = served.get(digest);
        if (bytes === undefined) throw new Fault("NOT_THERE", `no file ${digest}`);
        for (let at = offset; at < bytes.length; at += 1000) {
          signal.throwIfAborted();
          fetching?.(digest, at);
          yield bytes.subarray(at, at + 1000);
        }
      },
    },
    ...(allow && { allow }),
    runner: {
      async prepare(plan) {
        const reason = veto?.(plan);
        if (reason !== undefined) throw new Fault("VETO", reason);
      },
      async change(plan, change) {
        changes.push(change);
        runs = plan;
      },
      probe: async (plan) => unwell?.(plan),
      suspend: () => undefined,
      resume: () => undefined,
    },
    knownClock: () => undefined,
    say: () => undefined,
    phaseChanged: () => undefined,
    restart: () => void (restarts += 1),
  });
  const isStarted = (): boolean => saving === 0 && (runs !== undefined || apply.current === undefined);
  const node = {
    apply,
    store,
    clock,
    log,
    changes,
    /** The revision that runs, by its bundle. */
    get runs() {
      const sim = runs?.instances["sim"]?.digest;
      return [1, 2, 3].find((revision) => planOfRevision(revision).instances["sim"]?.digest === sim);
    },
    get restarts() {
      return restarts;
    },
    /** Until it has come to an end of its way; what is tried again later is. */
    async settled() {
      for (let turn = 0; turn < 3000; turn += 1) {
        await after(1);
        const { phase } = apply;
        if (phase.kind === "rejected" && phase.again !== undefined) clock.advance(seconds(61));
        else if (ends.has(phase.kind) && isStarted()) return;
      }
      throw new Error(`the node is still ${apply.phase.kind}`);
    },
    async come(target: Target) {
      apply.target(target);
      await node.settled();
      // What is written and removed behind it.
      await after(5);
    },
  };
  await apply.start();
  if (isUp !== false) await node.settled();
  return node;
}
