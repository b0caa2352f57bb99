/** After a crash: what was acknowledged and may not have been done is routed again, before anything new comes in. */
import type { Clock } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { millis } from "@interactor/shared/kernel/units";
import type { Birth } from "@interactor/shared/wire/messages/state";
import type { OriginMark } from "@interactor/shared/wire/origin";
import type { Session } from "@interactor/shared/wire/session";
import { TakenAgain } from "./core/intake/taken-again.ts";
import type { Router } from "./core/routing/router.ts";
import type { Journal, KeptBirth } from "./ports/journal.ts";
import type { Log } from "./ports/log.ts";

/**
 * What a start looks back at. A route may have a TTL of a day, and a start shall take no longer than a second or two.
 * More: the oldest are left out, and the log says so.
 */
const recentLimits = { commitsMax: 100_000, bytesMax: 16 * 1024 * 1024 };

/**
 * What was done is kept so much later: shorter costs a write for each event, which others then wait for. Longer: when
 * hub and node die together, what was done in this time is done a second time.
 */
const doneGap = millis(50);

export interface AgainParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: Journal;
  readonly router: Router;
  /** Something may have become movable. */
  readonly moved: () => void;
}

export class HubAgain {
  readonly #parts: AgainParts;
  /** By node, its last birth as it is kept, or is to be: the life, and what it declares. */
  readonly #births = new Map<string, { readonly session: Session; readonly declared: string }>();
  /** By node, a birth that is kept when the node sends something: most that are born again and again do not. */
  readonly #unkept = new Map<string, KeptBirth>();

  /** By way and session, up to where events were done that is not on its way to the disk yet. */
  readonly #done = new Map<string, OriginMark>();
  #cancelFlush: (() => void) | undefined;

  constructor(parts: AgainParts) {
    this.#parts = parts;
  }

  /** A node has done an event. */
  done(mark: OriginMark): void {
    this.#done.set(`${mark.way} ${mark.session} ${mark.lane}`, mark);
    this.#cancelFlush ??= this.#parts.clock.after(doneGap, () => this.#flush());
  }

  /** The hub ends in good order. */
  end(): void {
    this.#flush();
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    for (const mark of this.#done.values()) this.#parts.journal.done(mark);
    this.#done.clear();
  }

  /** A node has said how it is. What it declares is kept with what it sends: by it that can be understood later. */
  announced(node: string, { session, instances, spool }: Birth, document: Uint8Array): void {
    const declared = JSON.stringify([instances, spool]);
    const known = this.#births.get(node);
    if (known?.session === session && known.declared === declared) return;
    this.#births.set(node, { session, declared });
    // A copy: the document would keep alive all that its client sent with it.
    this.#unkept.set(node, { node, session, document: Uint8Array.from(document) });
  }

  /** Something that the node sent is about to be kept. */
  keeps(node: string): void {
    const birth = this.#unkept.get(node);
    if (birth === undefined) return;
    this.#unkept.delete(node);
    this.#parts.journal.born(birth);
  }

  /** Nobody knows the node any more: nothing from before goes to it or from it. */
  forgotten(node: string): void {
    for (const [key, { way }] of this.#done)
      if (way.startsWith(`${node}/`) || way.includes(` ${node}/`)) this.#done.delete(key);
    this.#births.delete(node);
    this.#unkept.delete(node);
    this.#parts.journal.gone(node);
  }

  /** One of a group is to do an event: it goes there when that is kept. */
  chosen(mark: OriginMark, then: () => void): void {
    const { journal, moved } = this.#parts;
    journal.chosen(mark);
    journal.whenWritten((isWritten) => {
      if (!isWritten) return;
      then();
      moved();
    });
  }

  /** Routes again what the life before took in. Once, when the routes are in place and nobody is connected. */
  async run(): Promise<void> {
    const { clock, log, journal, router, moved } = this.#parts;
    const { again } = router;
    const { gone } = journal.kept;
    const known = journal.kept.births.map(({ node }) => node);
    const feeders = again.feedersAmong(known);
    // To read the births of a thousand nodes would take a second.
    const births = journal.kept.births.filter(({ node }) => feeders.has(node));
    const isEvent = (from: string): boolean => taken.isEvent(from);
    const taken: TakenAgain = new TakenAgain(
      {
        births,
        gone,
        now: { stamp: journal.stamp(), instant: clock.now() },
        isDone: (node, last) => again.isDone(node, last, isEvent),
        isWanted: (...output) => again.isWanted(...output),
      },
      (...given) => again.value(...given),
    );
    const { sources, span } = again.reach(isEvent, known);
    if (sources.size === 0) return;
    try {
      for await (const step of journal.recent(span, { ...recentLimits, nodes: sources }))
        for (const kept of step) taken.take(kept);
    } catch (error) {
      const words = "what was taken in before the start cannot be read: it is not routed again";
      log.error(words, { cause: messageOf(error) });
    }
    if (taken.problem !== undefined) log.warn(taken.problem);
    again.settle(clock.now());
    // What is held now comes out at its own time, whether or not a new value comes.
    moved();
    const { values } = again;
    if (values > 0) log.info("values that may not have been delivered are routed again", { values });
  }
}
