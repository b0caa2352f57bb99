/** This node's side of the loss ledger: said to the hub at a slow pace, its high-water mark kept on disk. */
import { messageOf } from "@interactor/shared/kernel/fault";
import { type Instant, later, seconds } from "@interactor/shared/kernel/units";
import {
  decodeLedgerMark,
  downLaneOf,
  encodeLedgerMark,
  encodeNodeLedger,
  perLane,
  type SessionBefore,
  upLaneOf,
} from "@interactor/shared/wire/messages/node-ledger";
import type { Session } from "@interactor/shared/wire/session";
import type { Inbox } from "./core/inbox/inbox.ts";
import { HighWaterMark } from "./core/ledger/high-water-mark.ts";
import type { Outbox } from "./core/outbox/outbox.ts";
import type { Log } from "./ports/log.ts";
import type { StateStore } from "./ports/state-store.ts";

/** Counts grow all the time and are said this often; a new loss sooner. */
const quietInterval = seconds(5);
const lossInterval = seconds(1);

export interface LedgerWorld {
  readonly store: StateStore;
  readonly log: Log;
}

/** The two sides whose messages are counted. */
export interface LedgerSides {
  readonly session: Session;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
}

/** Publishes the document; `confirmed` when the hub has it. */
export type SayLedger = (document: Uint8Array, confirmed: () => void) => void;

export class AgentLedger {
  readonly #sides: LedgerSides;
  readonly #world: LedgerWorld;
  readonly #say: SayLedger;
  readonly #mark: HighWaterMark;
  #saidAt: Instant | undefined;
  #saidLosses = 0;
  #connection = 0;
  #isStoreBroken = false;

  constructor(sides: LedgerSides, world: LedgerWorld, say: SayLedger) {
    this.#sides = sides;
    this.#world = world;
    this.#say = say;
    this.#mark = new HighWaterMark(sides.session);
  }

  async load(): Promise<void> {
    try {
      const bytes = await this.#world.store.loadLedgerMark();
      const sessions = bytes === undefined ? undefined : decodeLedgerMark(bytes);
      if (sessions?.ok === true) this.#mark.load(sessions.value);
      else if (sessions !== undefined) this.#complain(sessions.error);
    } catch (error) {
      this.#complain(messageOf(error));
    }
  }

  /** Keeps the mark above what is in memory. Returns when to come back. */
  watch(at: Instant): Instant | undefined {
    const due = this.#mark.observe((lane) => this.#sides.outbox.inMemory(lane), at);
    if (due !== undefined) void this.#save(due);
    return this.#mark.dueAt;
  }

  /** Says the ledger if it is time, and at once over a new connection. Returns when it will be time again. */
  sayIfDue(at: Instant, connection: number): Instant {
    if (connection !== this.#connection) this.#saidAt = undefined;
    this.#connection = connection;
    const losses = this.#sides.outbox.ledger.losses + this.#sides.inbox.ledger.losses;
    const dueAt = (): Instant =>
      this.#saidAt === undefined
        ? at
        : later(this.#saidAt, losses === this.#saidLosses ? quietInterval : lossInterval);
    if (dueAt() > at) return dueAt();
    this.#saidAt = at;
    this.#saidLosses = losses;
    this.say();
    return dueAt();
  }

  say(): void {
    const { session, outbox, inbox } = this.#sides;
    const { before } = this.#mark;
    const document = encodeNodeLedger({
      v: 1,
      kind: "ledger",
      session,
      up: perLane((lane) => upLaneOf(outbox.ledger.read(lane), outbox.depth(lane))),
      down: perLane((lane) => downLaneOf(inbox.ledger.read(lane), inbox.gaps(lane))),
      before: [...before],
    });
    this.#say(document, () => this.#mark.heard(before));
  }

  /** The process ends in good order, and what its spool can keep is on the disk. */
  async end(): Promise<void> {
    await this.#save(this.#mark.last((lane) => this.#sides.outbox.lostAtEnd(lane)));
  }

  async #save(sessions: readonly SessionBefore[]): Promise<void> {
    try {
      await this.#world.store.saveLedgerMark(encodeLedgerMark(sessions));
      this.#isStoreBroken = false;
    } catch (error) {
      this.#mark.notWritten();
      if (!this.#isStoreBroken) this.#complain(messageOf(error));
      this.#isStoreBroken = true;
    }
  }

  #complain(cause: string): void {
    const words = "the mark of the loss ledger on disk cannot be used: a crash would not be accounted for";
    this.#world.log.warn(words, { cause });
  }
}
