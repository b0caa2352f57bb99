/**
 * The bundles of a plan, looked at before each start of what runs them: a card may have damaged one since it was installed,
 * also while it ran. What is damaged is fetched again, by the digest under which it was installed, and the rest of the node
 * runs meanwhile.
 */
import type { Clock } from "@interactor/shared/kernel/clock";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { type Instant, later, seconds } from "@interactor/shared/kernel/units";
import { planFilesMax } from "@interactor/shared/wire/limits";
import type { Plan } from "@interactor/shared/wire/messages/plan";
import type { ApplyStore } from "./ports/apply-store.ts";
import type { HubFiles } from "./ports/hub-files.ts";
import type { Log } from "./ports/log.ts";

type PlannedFile = Plan["files"][number];

export interface BundlesWorld {
  readonly clock: Clock;
  readonly applyStore: ApplyStore;
  readonly files: HubFiles;
  readonly log: Log;
}

/** What is known of one that was found damaged, until it was found whole. */
interface Damage {
  /** Resolves when that has come to an end. */
  fetching: Promise<void> | undefined;
  /** Why it could not be fetched last. */
  failure: string | undefined;
  /** Before that nobody is asked again. */
  again: Instant;
}

/** After a try that failed: a hub that does not have it now may be given it, and a full disk be emptied. */
const fetchAgainAfter = seconds(10);
/** As many as a plan has; more are of plans before it. More: evict what is not on its way, else refuse: it is asked again. */
const damagesMax = planFilesMax;

export class AgentBundles {
  readonly #world: BundlesWorld;
  /** By digest; each once, however many instances wait for it. */
  readonly #damages = new Map<string, Damage>();
  /** By digest: many instances of one module start together, and read it once. */
  readonly #looking = new Map<string, Promise<void>>();
  readonly #abort = new AbortController();

  constructor(world: BundlesWorld) {
    this.#world = world;
  }

  /** Throws a Fault `BUNDLE_DAMAGED` unless it has the bytes of its digest, and has it fetched: it may be there a little later. */
  async whole(file: PlannedFile): Promise<void> {
    const { digest } = file;
    const known = this.#damages.get(digest);
    if (known?.fetching !== undefined) throw this.#fault(digest, known);
    try {
      await this.#look(digest);
      this.#damages.delete(digest);
    } catch (cause) {
      throw this.#fault(digest, this.#damaged(file, cause), cause);
    }
  }

  /** Until nobody here fetches this file: two that write it at once spoil it. */
  async idle(digest: string): Promise<void> {
    await this.#damages.get(digest)?.fetching;
  }

  end(): void {
    this.#abort.abort();
  }

  #look(digest: string): Promise<void> {
    const looking = this.#looking.get(digest);
    if (looking !== undefined) return looking;
    const begun = this.#world.applyStore.check(digest).finally(() => this.#looking.delete(digest));
    this.#looking.set(digest, begun);
    return begun;
  }

  #damaged(file: PlannedFile, cause: unknown): Damage {
    const { clock, log } = this.#world;
    const { digest } = file;
    const at = clock.now();
    const damage = this.#damages.get(digest) ?? { fetching: undefined, failure: undefined, again: at };
    if (!this.#damages.has(digest)) {
      log.error("a bundle is damaged on this node's disk", { digest, cause: messageOf(cause) });
      if (!this.#hasRoom()) return damage;
      this.#damages.set(digest, damage);
    }
    if (damage.fetching === undefined && at >= damage.again)
      damage.fetching = this.#fetch(file, damage).finally(() => (damage.fetching = undefined));
    return damage;
  }

  #hasRoom(): boolean {
    if (this.#damages.size < damagesMax) return true;
    const idle = [...this.#damages].find(([, { fetching }]) => fetching === undefined);
    return idle !== undefined && this.#damages.delete(idle[0]);
  }

  #fault(digest: string, { failure }: Damage, cause?: unknown): Fault {
    const is = `its bundle ${digest.slice(0, 12)} is damaged on this node's disk`;
    const isAway = this.#world.files.isHubThere === false;
    const words = isAway
      ? `${is}, and the hub that has it is away: it is fetched and started when the hub is back`
      : failure === undefined
        ? `${is}: it is fetched again from the hub, and started then`
        : `${is} and could not be fetched again, which is tried every ${fetchAgainAfter / 1000} s: ${failure}`;
    return new Fault("BUNDLE_DAMAGED", words, { cause });
  }

  async #fetch({ digest, bytes }: PlannedFile, damage: Damage): Promise<void> {
    const { applyStore, clock, files, log } = this.#world;
    const { signal } = this.#abort;
    try {
      const receipt = await applyStore.receive(digest, bytes);
      if (receipt.offset < bytes) {
        for await (const piece of files.fetch(digest, receipt.offset, signal)) {
          signal.throwIfAborted();
          await receipt.add(piece);
        }
      }
      await receipt.finish();
      log.info("a damaged bundle was fetched again", { digest });
    } catch (error) {
      if (signal.aborted) return;
      // Whoever waits for it asks again.
      damage.failure = messageOf(error);
      damage.again = later(clock.now(), fetchAgainAfter);
      log.warn("a damaged bundle could not be fetched", { digest, cause: messageOf(error) });
    }
  }
}
