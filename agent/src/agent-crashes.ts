/**
 * Crash reports of this node: kept on its disk, and told to the hub one after the other at a slow pace.
 */
import { whenDue } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { type Instant, later, seconds } from "@interactor/shared/kernel/units";
import { crashReasonLength } from "@interactor/shared/wire/messages/crash";
import { nodeTopics } from "@interactor/shared/wire/topics";
import { CrashBook, cut, type Death } from "./core/crashes/crash-book.ts";
import { HiddenTexts } from "./core/crashes/hidden-texts.ts";
import type { Neighbour } from "./agent-neighbours.ts";
import type { CrashStore } from "./ports/crash-store.ts";
import type { Connection } from "./ports/hub-link.ts";
import type { Log } from "./ports/log.ts";
import type { Secrets } from "./ports/secrets.ts";
import type { SiteClock } from "./ports/site-clock.ts";

/** Whoever has just connected has more urgent things to say. */
const firstAfter = seconds(2);

export interface CrashesOptions {
  readonly site: string;
  readonly node: string;
  readonly version: string;
}

export interface CrashesWorld {
  readonly clock: SiteClock;
  readonly log: Log;
  readonly store: CrashStore;
  /** SHA-256 in hex digits. */
  readonly digestOf: (text: string) => string;
}

export class AgentCrashes implements Neighbour, Disposable {
  readonly #topic: string;
  readonly #world: CrashesWorld;
  readonly #hidden = new HiddenTexts();
  readonly #book: CrashBook;
  #connection: Connection | undefined;
  #mayFrom: Instant | undefined;
  #cancel: (() => void) | undefined;
  #isStoreBroken = false;

  constructor({ site, node, version }: CrashesOptions, world: CrashesWorld) {
    this.#topic = nodeTopics(site, node).crash;
    this.#world = world;
    this.#book = new CrashBook({
      node,
      agentVersion: version,
      digestOf: world.digestOf,
      without: (text) => this.#hidden.without(text),
    });
  }

  async load(): Promise<void> {
    const reports = await this.#world.store.load().catch((error: unknown) => {
      this.#complain(error);
      return [];
    });
    for (const id of this.#book.load(reports)) this.#kept(this.#world.store.remove(id));
  }

  /** The same secrets; whatever is read of them stands in no report. */
  hiding(secrets: Secrets): Secrets {
    return { read: async (source) => this.#hidden.note(await secrets.read(source)) };
  }

  /** The reason of an end without what is secret, no longer than a report has it: it is logged, reported and shown too. */
  readonly tellable = (reason: string): string => cut(this.#hidden.without(reason), crashReasonLength);

  /** A text of a module without what is secret, as long as it is. */
  readonly without = (text: string): string => this.#hidden.without(text);

  connected(connection: Connection): void {
    this.#connection = connection;
    this.#mayFrom = later(this.#world.clock.now(), firstAfter);
    this.#pump();
  }

  disconnected(): void {
    this.#connection = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#book.disconnected();
  }

  /** A guest has ended that should not have. */
  crashed(death: Death): void {
    const { clock, store } = this.#world;
    const { report, evicted } = this.#book.died(death, clock.wall(), !clock.isSynchronised);
    this.#kept(store.save(report));
    for (const id of evicted) this.#kept(store.remove(id));
    this.#pump();
  }

  [Symbol.dispose](): void {
    this.disconnected();
  }

  #pump(): void {
    const connection = this.#connection;
    if (connection === undefined || this.#cancel !== undefined) return;
    const at = this.#world.clock.now();
    if (this.#mayFrom !== undefined && this.#mayFrom > at) return this.#pumpAt(this.#mayFrom);
    const next = this.#book.next(at);
    if (next === undefined) return undefined;
    if ("due" in next) return this.#pumpAt(next.due);
    const confirmed = (): void => {
      if (this.#connection !== connection) return;
      this.#book.confirmed();
      this.#pump();
    };
    return connection.publish(this.#topic, next.bytes, { retain: false, confirmed });
  }

  #pumpAt(due: Instant): void {
    this.#cancel = whenDue(this.#world.clock, due, () => {
      this.#cancel = undefined;
      this.#pump();
    });
  }

  /** A full or broken disk costs reports, and nothing else: the hub gets them all the same. */
  #kept(written: Promise<void>): void {
    const wait = async (): Promise<void> => {
      try {
        await written;
        this.#isStoreBroken = false;
      } catch (error) {
        if (!this.#isStoreBroken) this.#complain(error);
        this.#isStoreBroken = true;
      }
    };
    void wait();
  }

  #complain(error: unknown): void {
    this.#world.log.warn("crash reports cannot be kept on this node", { cause: messageOf(error) });
  }
}
