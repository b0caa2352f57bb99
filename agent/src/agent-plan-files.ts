/**
 * The plans of a node and the files that they name: fetched by their digests, checked, read, and removed when nothing names
 * them any more.
 */
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { emptyPlan } from "@interactor/shared/site/plan-changes";
import { decodePlan, type Plan, type Target } from "@interactor/shared/wire/messages/plan";
import type { Content } from "./core/apply/apply-state.ts";
import { checkSigned, unvouched } from "./core/apply/vouched.ts";
import type { ApplyStore } from "./ports/apply-store.ts";
import type { HubFiles } from "./ports/hub-files.ts";
import type { Log } from "./ports/log.ts";
import type { AllowBundles } from "./ports/trust.ts";

export interface PlanFilesWorld {
  readonly store: ApplyStore;
  readonly files: HubFiles;
  /**
   * Throws a Fault `TRUST_…` unless all of these bundles may be installed here. Not asked when what is installed starts.
   * Without it, whatever the hub names is installed.
   */
  readonly allow?: AllowBundles;
  /** Resolves when nobody else fetches that file. */
  readonly untouched?: (digest: string) => Promise<void>;
  readonly log: Log;
}

type Named = Pick<Content, "digest">;

export class PlanFiles {
  readonly #world: PlanFilesWorld;
  #fetching = new AbortController();
  #collecting = Promise.resolve();

  constructor(world: PlanFilesWorld) {
    this.#world = world;
  }

  /** Throws a Fault when it is not there, or cannot be read. */
  async plan({ digest }: Named): Promise<Plan> {
    const decoded = decodePlan(await this.#world.store.read(digest));
    if (!decoded.ok) throw new Fault("VETO", `the plan cannot be read: ${decoded.error}`);
    return decoded.value;
  }

  /**
   * The plan and each file whose digest is not there; what an earlier try brought is not fetched again. `given`: the plan,
   * when the hub has said it.
   */
  async fetch({ digest, bytes }: Target, given: Uint8Array | undefined, progress: () => void): Promise<void> {
    this.drop();
    const { signal } = (this.#fetching = new AbortController());
    // What is being removed must not be what is fetched now.
    await this.#collecting;
    if (!(await this.#isWhole(digest))) {
      if (given === undefined) await this.#get(digest, bytes, signal, progress);
      else await this.#put(digest, given);
    }
    for (const file of (await this.plan({ digest })).files)
      await this.#get(file.digest, file.bytes, signal, progress);
  }

  /** What is being fetched is not wanted any more. */
  drop(): void {
    this.#fetching.abort();
  }

  /**
   * Every file has the bytes of its digest, and every bundle that comes new is one that may be installed; of these
   * `installed` says, whose plans were allowed when they came.
   */
  async verify({ digest }: Named, installed: readonly Named[]): Promise<void> {
    const { store, allow } = this.#world;
    await store.check(digest);
    const plan = await this.plan({ digest });
    for (const file of plan.files) await store.check(file.digest);
    // A plan that cannot be read vouches for nothing.
    const plans = await Promise.all(installed.map((each) => this.plan(each).catch(() => emptyPlan)));
    const asked = unvouched(plan, plans);
    if (asked.length === 0 || allow === undefined) return;
    const bundles = [...new Set(asked.map(([, { digest: bundle }]) => bundle))];
    checkSigned(asked, await allow(bundles, this.#fetching.signal));
  }

  /** Removes what these do not name, unless something is on its way by then. */
  collect(contents: readonly Named[], mayRemove: () => boolean): void {
    this.#collecting = this.#removeBut(contents, mayRemove);
  }

  /** A disk that refuses has it until the next time. */
  async #removeBut(contents: readonly Named[], mayRemove: () => boolean): Promise<void> {
    const { store, log } = this.#world;
    const wanted = new Set<string>();
    try {
      for (const content of contents) {
        wanted.add(content.digest);
        if (!(await store.has(content.digest))) continue;
        for (const { digest } of (await this.plan(content)).files) wanted.add(digest);
      }
      if (mayRemove()) await store.collect(wanted);
    } catch (error) {
      log.warn("files that are not needed could not be removed", { cause: messageOf(error) });
    }
  }

  /** One that is damaged is removed. */
  async #isWhole(digest: string): Promise<boolean> {
    const { store } = this.#world;
    if (!(await store.has(digest))) return false;
    return store.check(digest).then(
      () => true,
      () => false,
    );
  }

  async #put(digest: string, bytes: Uint8Array): Promise<void> {
    const receipt = await this.#world.store.receive(digest, bytes.length);
    await receipt.add(bytes.subarray(receipt.offset));
    await receipt.finish();
  }

  async #get(digest: string, bytes: number, signal: AbortSignal, progress: () => void): Promise<void> {
    const { store, files, untouched } = this.#world;
    await untouched?.(digest);
    if (await store.has(digest)) return;
    const receipt = await store.receive(digest, bytes);
    if (receipt.offset < bytes) {
      for await (const piece of files.fetch(digest, receipt.offset, signal)) {
        signal.throwIfAborted();
        await receipt.add(piece);
        progress();
      }
    }
    await receipt.finish();
  }
}
