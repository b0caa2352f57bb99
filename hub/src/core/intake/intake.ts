/**
 * Where everything that agents send comes in: decoded, repeats passed over, gaps counted, each entry checked
 * against what its node declared, and written before it has an effect. An entry that is wrong is refused alone. What is urgent, the critical lane and the
 * control lane with its receipts, has its effect at once. What is refused is counted by reason; nothing here throws at bad input.
 */
import { type BatchFault, openBatch } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import { isUrgent, type Lane } from "@interactor/shared/wire/lanes";
import { readClockAsk } from "@interactor/shared/wire/messages/clock-exchange";
import { type Receipt, readReceiptBody } from "@interactor/shared/wire/messages/receipt";
import { readResultBody, type Reply } from "@interactor/shared/wire/messages/reply";
import type { Birth } from "@interactor/shared/wire/messages/state";
import type { Taken } from "../ledger/node-books.ts";
import type { Numbered } from "@interactor/shared/wire/sequence";
import type { Session } from "@interactor/shared/wire/session";
import { Dedupe } from "./dedupe.ts";
import type { JournalRecord, TakenMark } from "./journal-record.ts";
import { type Readings, readingsOf } from "./readings.ts";
import { type Source, Sources } from "./sources.ts";

export type IntakeRefusal =
  | BatchFault
  | "wrong-address"
  | "unknown-output"
  | "wrong-type"
  | "wrong-receipt"
  | "wrong-result"
  | "wrong-clock";

/** No life of the node that is known has sent it. */
export type Unannounced = "unborn" | "stale-session";

export interface IntakeSink {
  /** To be written, in this order; `then` is called when it is. */
  keep(record: JournalRecord, then: (() => unknown) | undefined): void;
  /** How far a session of the node had come is of no use any more. */
  forget(node: string, session: Session): void;
  /**
   * What one entry says: values of an output, the oldest first, or what an input holds. `seq` is the entry's number among
   * those of `batch`.
   */
  values(source: Source, readings: Readings, batch: Numbered, seq: number): void;
  receipt(node: string, receipt: Receipt): void;
  /** What became of a command that asked. */
  result(node: string, reply: Reply): void;
  /** The node asks for the site's time; `askedAt` is told it again with the answer. */
  clock(node: string, askedAt: number): void;
  refused(reason: IntakeRefusal, node: string): void;
  /** A batch was counted: what of it is new, came again, or was passed over. */
  took(node: string, taken: Taken): void;
}

export class Intake {
  readonly #sink: IntakeSink;
  readonly #dedupe: Dedupe;
  readonly #sources = new Sources();

  /** `taken`: what was taken in by the lives before, the oldest first. */
  constructor(sink: IntakeSink, taken: readonly TakenMark[] = []) {
    this.#sink = sink;
    this.#dedupe = new Dedupe(taken, (node, session) => sink.forget(node, session));
  }

  /** The node is known, perhaps again. */
  announced(node: string): void {
    this.#dedupe.remember(node);
  }

  /** Nobody knows the node any more. */
  forgotten(node: string): void {
    this.#dedupe.forget(node);
    this.#sources.forget(node);
  }

  /**
   * `birth`: of the node's current life; without it nothing it sends can be understood. Gives why the batch cannot be
   * taken before its node has announced itself anew; it is not to be confirmed then, so that it comes again.
   */
  accept(node: string, lane: Lane, payload: Uint8Array, birth: Birth | undefined): Unannounced | undefined {
    const opened = openBatch(payload, lane);
    if (!opened.ok) return this.#refuse(opened.error, node);
    const batch = opened.value;
    if (birth === undefined) return "unborn";
    const isSpooled = batch.session === birth.spool;
    if (batch.session !== birth.session && !isSpooled) return "stale-session";
    const entries = batch.entries();
    if (!entries.ok) return this.#refuse(entries.error, node);
    const { repeated, missed, expected } = this.#dedupe.accept(node, batch, birth.spool);
    const { session, firstSeq, length } = batch;
    // In the books it belongs to the life that sends it, which took it over.
    const taken = {
      session: birth.session,
      lane,
      firstSeq,
      fresh: length - repeated,
      late: 0,
      wrong: 0,
      repeated,
      missed,
      expected,
    };
    if (taken.fresh === 0) {
      this.#sink.took(node, taken);
      return undefined;
    }
    const fresh = repeated === 0 ? entries.value : entries.value.slice(repeated);
    const route = (): number => this.#route(node, fresh, { batch, taken, birth });
    // Receipts are there too, and whoever waits for one sends nothing meanwhile.
    const isAtOnce = isUrgent(lane);
    const hasValues = !isAtOnce || route() > 0;
    const record = { node, session, lane, next: firstSeq + length, payload: hasValues ? payload : nothing };
    this.#sink.keep(record, isAtOnce ? undefined : route);
    return undefined;
  }

  /** It would be no better when it comes again. */
  #refuse(reason: IntakeRefusal, node: string): undefined {
    this.#sink.refused(reason, node);
  }

  /** Gives out the values of a batch that were not taken before. Returns of how many entries. */
  #route(node: string, fresh: readonly (Entry | undefined)[], { batch, taken, birth }: Fresh): number {
    let late = 0;
    let wrong = 0;
    for (const entry of fresh) {
      if (entry === undefined) wrong += 1;
      else if (entry.ttl === 0) late += 1;
    }
    this.#sink.took(node, late + wrong === 0 ? taken : { ...taken, late, wrong });
    let given = 0;
    let seq = batch.firstSeq + batch.length - fresh.length;
    for (const entry of fresh) {
      if (entry === undefined) this.#sink.refused("wrong-shape", node);
      else if (this.#take(node, entry, { batch, birth, seq })) given += 1;
      seq += 1;
    }
    return given;
  }

  /** Whether the entry had a value to give out. */
  #take(node: string, entry: Entry, place: PlaceOfEntry): boolean {
    if ((entry.flags & answers) !== 0) this.#answer(node, entry);
    // It came too late the first time too, or its sender does not know: what is too old is never done.
    else if (entry.ttl !== 0) return this.#values(node, entry, place);
    return false;
  }

  #answer(node: string, entry: Entry): void {
    if (hasFlag(entry, entryFlag.receipt)) {
      const receipt = readReceiptBody(entry.body);
      if (receipt === undefined) this.#sink.refused("wrong-receipt", node);
      else this.#sink.receipt(node, receipt);
    } else if (hasFlag(entry, entryFlag.result)) {
      const reply = readResultBody(entry.body);
      if (reply === undefined) this.#sink.refused("wrong-result", node);
      else this.#sink.result(node, reply);
    } else {
      const askedAt = readClockAsk(entry.body);
      if (askedAt === undefined) this.#sink.refused("wrong-clock", node);
      else this.#sink.clock(node, askedAt);
    }
  }

  #values(node: string, entry: Entry, { batch, birth, seq }: PlaceOfEntry): boolean {
    const source = this.#sources.find(node, birth, entry.from);
    if (typeof source === "string") {
      this.#sink.refused(source, node);
      return false;
    }
    const said = readingsOf(entry);
    const readings = said.fitting(source);
    for (let wrong = said.length - readings.length; wrong > 0; wrong -= 1)
      this.#sink.refused("wrong-type", node);
    if (readings.length === 0) return false;
    this.#sink.values(source, readings, batch, seq);
    return true;
  }
}

/** What is new of a batch is taken as this. */
interface Fresh {
  readonly batch: Numbered;
  readonly taken: Taken;
  readonly birth: Birth;
}

/** An entry among those of its batch. */
interface PlaceOfEntry {
  readonly batch: Numbered;
  readonly birth: Birth;
  readonly seq: number;
}

/** What a node says to something that it was sent. */
const answers = entryFlag.receipt | entryFlag.result | entryFlag.clock;
const nothing = new Uint8Array();
