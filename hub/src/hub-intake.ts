/** What agents send, on its way: to the journal, and from there to the routes, to who watches, and into the counts. */
import type { Clock } from "@interactor/shared/kernel/clock";
import { entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import { Fifo } from "@interactor/shared/wire/fifo";
import type { Lane } from "@interactor/shared/wire/lanes";
import { type Delivery, findPort } from "@interactor/shared/wire/messages/port";
import type { Birth } from "@interactor/shared/wire/messages/state";
import { siteAddress } from "@interactor/shared/wire/names";
import type { Feed } from "./core/feed/feed.ts";
import type { CommandDesk } from "./core/commands/command-desk.ts";
import type { SiteLedger } from "./core/ledger/site-ledger.ts";
import { Intake, type TakenValue } from "./core/intake/intake.ts";
import type { HubCounters } from "./core/registry/counters.ts";
import type { Router } from "./core/routing/router.ts";
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
  readonly #later: Verdict;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    const { clock, journal, router } = parts;
    this.#kept = { kind: "keep", written: journal };
    this.#later = { kind: "later", written: journal };
    this.#intake = new Intake(
      {
        keep: (record, then) => {
          journal.append(record);
          if (then === undefined) return;
          this.#waiting.push(then);
          journal.whenWritten(this.#isWritten);
        },
        forget: (node, session) => journal.forget(node, session),
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

  accept(node: string, lane: Lane, payload: Uint8Array): Verdict {
    if (this.#parts.journal.waitingBytes > journalWaitingMax) return this.#later;
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

  #value({ address, entry, unit, isOutput }: TakenValue): void {
    const { clock, counters, router, feed } = this.#parts;
    const now = clock.now();
    const { at, quality, flags, body } = entry;
    counters.messages += 1;
    const deliver = this.#deliveryOf(address);
    const isTimed = isOutput && !hasFlag(entry, entryFlag.clockUnsynchronised | entryFlag.historical);
    if (isTimed) counters.latency.observe((clock.wall() - at) / 1e6);
    // Whom the value goes to shall not take a stamp for the site's time that is none.
    const siteAt = hasFlag(entry, entryFlag.clockUnsynchronised) ? clock.wall() : at;
    const sample = { value: body, unit, quality, at: siteAt };
    // What was kept on a node's disk is told, and moves nothing any more: it happened some time ago.
    const isPast = deliver === "durable" && hasFlag(entry, entryFlag.historical);
    if (isOutput && !isPast) router.value(address, sample, now, deliver !== "latest");
    feed.offer(siteAddress(address), { at, quality, flags, value: body }, now);
  }

  #deliveryOf({ node, instance, port }: TakenValue["address"]): Delivery {
    const declared = this.#parts.birthOf(node)?.instances[instance];
    return findPort(declared?.outputs ?? {}, port)?.deliver ?? "latest";
  }
}
