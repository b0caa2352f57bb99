/** What agents send, on its way: to the journal, and from there to the routes, to who watches, and into the counts. */
import type { Clock } from "@interactor/shared/kernel/clock";
import { entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import { Fifo } from "@interactor/shared/wire/fifo";
import type { Lane } from "@interactor/shared/wire/lanes";
import type { Birth } from "@interactor/shared/wire/messages/state";
import { siteAddress } from "@interactor/shared/wire/names";
import type { Feed } from "./core/feed/feed.ts";
import type { CommandDesk } from "./core/commands/command-desk.ts";
import { sampleOf } from "./core/intake/event.ts";
import type { SiteLedger } from "./core/ledger/site-ledger.ts";
import { Intake, type TakenValue } from "./core/intake/intake.ts";
import type { HubCounters } from "./core/registry/counters.ts";
import type { Router } from "./core/routing/router.ts";
import type { HubAgain } from "./hub-again.ts";
import type { Verdict } from "./ports/broker.ts";
import type { Journal } from "./ports/journal.ts";

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
  /** What is to be done when the journal has it. */
  readonly #waiting = new Fifo<() => unknown>();
  /** Is confirmed when the journal has it. */
  readonly #kept: Verdict;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    const { clock, journal, router } = parts;
    this.#kept = { kind: "keep", written: journal };
    this.#intake = new Intake(
      {
        keep: (record, then) => {
          journal.append(record);
          if (then === undefined) return;
          this.#waiting.push(then);
          journal.whenWritten(this.#isWritten);
        },
        value: (taken) => this.#value(taken),
        receipt: (node, receipt) => router.receipt(node, receipt),
        clock: (node, askedAt) => router.clock(node, askedAt, clock.wall(), clock.now()),
        refused: parts.refused,
        result: (node, reply) => parts.commands.answered(node, reply),
        took: (node, taken) => parts.ledger.took(node, taken),
      },
      journal.taken,
    );
  }

  /** A node has said how it is, and what to think of its word. */
  announced(node: string, verdict: Verdict, document: Uint8Array): Verdict {
    const birth = this.#parts.birthOf(node);
    this.#intake.announced(node, birth?.spool);
    if (birth !== undefined) this.#parts.again.announced(node, birth, document);
    return verdict;
  }

  accept(node: string, lane: Lane, payload: Uint8Array): Verdict {
    this.#intake.accept(node, lane, payload, this.#parts.birthOf(node));
    return this.#kept;
  }

  /** Answers come in the order of the questions. */
  readonly #isWritten = (isWritten: boolean): void => {
    const then = this.#waiting.shift();
    if (!isWritten) return;
    then?.();
    this.#parts.moved();
  };

  #value(taken: TakenValue): void {
    const { address, entry, isOutput } = taken;
    const { clock, counters, router, feed } = this.#parts;
    const now = clock.now();
    const wall = clock.wall();
    const { at, quality, flags, body } = entry;
    counters.messages += 1;
    const isTimed = isOutput && !hasFlag(entry, entryFlag.clockUnsynchronised | entryFlag.historical);
    if (isTimed) counters.latency.observe((wall - at) / 1e6);
    const birth = this.#parts.birthOf(address.node);
    const sample = sampleOf(taken, birth, wall, router.hasUrgentRoutes);
    if (sample !== undefined) router.value(address, sample, now);
    feed.offer(siteAddress(address), { at, quality, flags, value: body }, now);
  }
}
