/** What agents send, on its way: to the journal, and from there to the routes, to who watches, and into the counts. */
import type { Clock } from "@interactor/shared/kernel/clock";
import type { Instant, Micros } from "@interactor/shared/kernel/units";
import { entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import { isUrgent, type Lane } from "@interactor/shared/wire/lanes";
import type { Numbered } from "@interactor/shared/wire/sequence";
import type { Birth } from "@interactor/shared/wire/messages/state";
import type { Feed } from "./core/feed/feed.ts";
import type { CommandDesk } from "./core/commands/command-desk.ts";
import type { SiteLedger } from "./core/ledger/site-ledger.ts";
import { Intake } from "./core/intake/intake.ts";
import { type Readings, samplesOf } from "./core/intake/readings.ts";
import type { Source } from "./core/intake/sources.ts";
import type { HubCounters } from "./core/registry/counters.ts";
import type { Router } from "./core/routing/router.ts";
import type { HubAgain } from "./hub-again.ts";
import type { Verdict } from "./ports/broker.ts";
import { type Journal, journalWaitingMax } from "./ports/journal.ts";

export interface IntakeParts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly counters: HubCounters;
  readonly router: Router;
  readonly ledger: SiteLedger;
  readonly commands: CommandDesk;
  readonly feed: Feed;
  readonly again: HubAgain;
  readonly birthOf: (node: string) => Birth | undefined;
  readonly refused: (reason: string, node: string) => void;
  /** Something may have become movable. */
  readonly moved: () => void;
}

export class HubIntake {
  readonly #parts: IntakeParts;
  readonly #intake: Intake;
  /** What is to be done when the journal has the group that it gathers. */
  #waiting: { readonly group: number; readonly effects: (() => unknown)[] } | undefined;
  /** The time of what the journal has just brought to disk. */
  #now: { readonly now: Instant; readonly wall: Micros } | undefined;
  /** Is confirmed when the journal has it. */
  readonly #kept: Verdict;
  readonly #later: Verdict;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    const { clock, journal, router } = parts;
    this.#kept = { kind: "keep", written: journal };
    this.#later = { kind: "later", written: journal };
    this.#intake = new Intake(
      {
        keep: (record, then) => {
          if (record.payload.length > 0) parts.again.keeps(record.node);
          journal.append(record);
          if (then !== undefined) this.#whenWritten(then);
        },
        forget: (node, session) => journal.forget(node, session),
        values: (...taken) => this.#values(...taken),
        receipt: (node, receipt) => router.receipt(node, receipt),
        clock: (node, askedAt) => router.clock(node, askedAt, clock.wall(), clock.now()),
        refused: parts.refused,
        result: (node, reply) => parts.commands.answered(node, reply),
        took: (node, taken) => {
          if (parts.birthOf(node) !== undefined) parts.ledger.took(node, taken);
        },
      },
      journal.taken,
    );
  }

  /** A node has said how it is, and what to think of its word. */
  announced(node: string, verdict: Verdict, document: Uint8Array): Verdict {
    const birth = this.#parts.birthOf(node);
    if (birth === undefined) return verdict;
    this.#intake.announced(node);
    this.#parts.again.announced(node, birth, document);
    return verdict;
  }

  forgotten(node: string): void {
    this.#intake.forgotten(node);
    this.#parts.again.forgotten(node);
  }

  accept(node: string, lane: Lane, payload: Uint8Array): Verdict {
    if (this.#parts.journal.waitingBytes > journalWaitingMax) return this.#later;
    const unannounced = this.#intake.accept(node, lane, payload, this.#parts.birthOf(node));
    if (isUrgent(lane)) this.#parts.moved();
    if (unannounced === undefined) return this.#kept;
    // Were it confirmed, its node would let go of it. Whoever comes anew announces itself first.
    this.#parts.refused(unannounced, node);
    return { kind: "cut", reason: `${node} sent what no life of it that is known has made (${unannounced})` };
  }

  #whenWritten(effect: () => unknown): void {
    const { journal, moved } = this.#parts;
    const { group } = journal;
    if (this.#waiting?.group === group) return void this.#waiting.effects.push(effect);
    const waiting = { group, effects: [effect] };
    this.#waiting = waiting;
    return journal.whenWritten((isWritten) => {
      if (this.#waiting === waiting) this.#waiting = undefined;
      if (!isWritten) return;
      // What one commit has brought to disk happens at one time, however long it takes to go through it.
      this.#now = this.#look();
      for (const each of waiting.effects) each();
      this.#now = undefined;
      moved();
    });
  }

  #values(source: Source, readings: Readings, batch: Numbered, seq: number): void {
    const { node, address, isOutput, deliver } = source;
    const { counters, router, feed } = this.#parts;
    const { now, wall } = this.#now ?? this.#look();
    // It was forgotten while this was being written.
    if (this.#parts.birthOf(node) === undefined) return;
    counters.messages += readings.length;
    counters.entries += 1;
    const isTimed = !hasFlag(readings, entryFlag.clockUnsynchronised | entryFlag.historical);
    if (isOutput && isTimed) this.#observe(readings, wall);
    // What is to be done once must be known again. Most values need not, and there are many of them.
    const isNumbered = deliver !== "latest" || router.hasUrgentRoutes;
    const samples = samplesOf(source, readings, wall, isNumbered ? { batch, seq } : undefined);
    if (samples !== undefined) router.values(address, samples, now, isTimed ? wall : undefined);
    const refusal = feed.offer(source, readings, now);
    if (refusal === undefined) return;
    router.forgetLatest(address);
    this.#parts.refused(refusal, node);
  }

  #look(): { readonly now: Instant; readonly wall: Micros } {
    const { clock } = this.#parts;
    return { now: clock.now(), wall: clock.wall() };
  }

  #observe(readings: Readings, wall: Micros): void {
    const { latency } = this.#parts.counters;
    for (let place = 0; place < readings.length; place += 1)
      latency.observe((wall - readings.stamp(place)) / 1e6);
  }
}
