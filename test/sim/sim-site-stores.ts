/** What a hub keeps of its site's revisions and of their way to the nodes. */
import type { RevisionHead, RevisionLog } from "../../hub/src/ports/revision-log.ts";
import type { KeptRounds, RolloutStore } from "../../hub/src/ports/rollout-store.ts";
import type { Rollout } from "../../hub/src/core/rollout/rollout-state.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Slot } from "./sim-stores.ts";

export interface RevisionFile {
  readonly heads: readonly RevisionHead[];
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

export interface RolloutFile {
  readonly rollouts: ReadonlyMap<number, Rollout>;
  readonly rounds: KeptRounds;
  readonly standing: RolloutStore["standing"];
  readonly order: RolloutStore["order"];
  readonly modes: RolloutStore["modes"];
  readonly units: RolloutStore["units"];
}

const nothing = async (): Promise<void> => undefined;

export async function revisionLogOn(slot: Slot<RevisionFile>, process: SimProcess): Promise<RevisionLog> {
  let file = (await slot.load(process)) ?? { heads: [], contents: new Map<string, Uint8Array>() };
  const put = async (next: RevisionFile): Promise<void> => {
    await slot.save(process, next);
    file = next;
  };
  return {
    heads: file.heads,
    add: (head, content) =>
      put({
        heads: [...file.heads, head],
        contents: new Map(file.contents).set(head.digest, Uint8Array.from(content)),
      }),
    confirm: (number) =>
      put({
        ...file,
        heads: file.heads.map((head) => (head.number === number ? { ...head, isConfirmed: true } : head)),
      }),
    remove: (numbers) =>
      put({ ...file, heads: file.heads.filter(({ number }) => !numbers.includes(number)) }),
    content: async (digest) => {
      await process.wait(1);
      return file.contents.get(digest);
    },
    [Symbol.asyncDispose]: nothing,
  };
}

export async function rolloutStoreOn(slot: Slot<RolloutFile>, process: SimProcess): Promise<RolloutStore> {
  const found = await slot.load(process);
  const empty: RolloutFile = {
    rollouts: new Map(),
    rounds: { lastId: 0, open: [] },
    standing: undefined,
    order: undefined,
    modes: {},
    units: {},
  };
  let file = found ?? empty;
  /** SQLite writes one after the other. */
  let turn = Promise.resolve();
  const put = (part: (file: RolloutFile) => RolloutFile): Promise<void> => {
    const before = turn;
    const done = (async () => {
      await before;
      const next = part(file);
      await slot.save(process, next);
      file = next;
    })();
    turn = done.catch(() => undefined);
    return done;
  };
  return {
    ...file,
    rollouts: [...file.rollouts.values()],
    saveRollout: (rollout) =>
      put((each) => ({ ...each, rollouts: new Map(each.rollouts).set(rollout.plan.revision, rollout) })),
    removeRollout: (revision) =>
      put((each) => ({
        ...each,
        rollouts: new Map([...each.rollouts].filter(([number]) => number !== revision)),
      })),
    saveRounds: (rounds) => put((each) => ({ ...each, rounds })),
    saveStanding: (standing) =>
      put(({ order, ...each }) => ({
        ...each,
        standing,
        order: order !== undefined && order.plan.revision > (standing.rollout ?? 0) ? order : undefined,
      })),
    saveOrder: (order) => put((each) => ({ ...each, order })),
    saveModes: (modes) => put((each) => ({ ...each, modes })),
    saveUnits: (units) => put((each) => ({ ...each, units })),
    [Symbol.asyncDispose]: nothing,
  };
}
