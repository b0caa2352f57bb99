/**
 * Where everything that agents send comes in: decoded, repeats passed over, gaps counted, each entry checked
 * against what its node declared, and written before it has an effect. What is urgent, the critical lane and the
 * control lane with its receipts, has its effect at once. What is refused is counted by reason; nothing here throws at bad input.
 */
import { type BatchFault, openBatch, readColumns } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import { type Lane, lane as lanes } from "@interactor/shared/wire/lanes";
import { readClockAsk } from "@interactor/shared/wire/messages/clock-exchange";
import type { PublicValue } from "@interactor/shared/wire/messages/public-value";
import { type Receipt, readReceiptBody } from "@interactor/shared/wire/messages/receipt";
import { readResultBody, type Reply } from "@interactor/shared/wire/messages/reply";
import type { Birth } from "@interactor/shared/wire/messages/state";
import type { Taken } from "../ledger/node-books.ts";
import type { Numbered } from "@interactor/shared/wire/sequence";
import type { Session } from "@interactor/shared/wire/session";
import { isOfType } from "@interactor/shared/wire/value";
import { Dedupe } from "./dedupe.ts";
import type { JournalRecord, TakenMark } from "./journal-record.ts";
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
  values(source: Source, readings: readonly Reading[], batch: Numbered, seq: number): void;
  receipt(node: string, receipt: Receipt): void;
  /** What became of a command that asked. */
  result(node: string, reply: Reply): void;
  /** The node asks for the site's time; `askedAt` is told it again with the answer. */
  clock(node: string, askedAt: number): void;
  refused(reason: IntakeRefusal, node: string): void;
  /** A batch was counted: what of it is new, came again, or was passed over. */
  took(node: string, taken: Taken): void;
}

export type Reading = PublicValue;

/** What of a batch is to be given out. */
interface Taking {
  readonly source: Source;
  readonly readings: readonly Reading[];
  readonly seq: number;
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
    const isUrgent = lane <= lanes.control;
    const hasValues = !isUrgent || route() > 0;
    const record = { node, session, lane, next: firstSeq + length, payload: hasValues ? payload : nothing };
    this.#sink.keep(record, isUrgent ? undefined : route);
    return undefined;
  }

  /** It would be no better when it comes again. */
  #refuse(reason: IntakeRefusal, node: string): undefined {
    this.#sink.refused(reason, node);
  }

  /** Gives out the values of a batch that were not taken before. Returns how many there are. */
  #route(node: string, fresh: readonly Entry[], { batch, taken, birth }: Fresh): number {
    const late = fresh.reduce((sum, { ttl }) => (ttl === 0 ? sum + 1 : sum), 0);
    this.#sink.took(node, late === 0 ? taken : { ...taken, late });
    const takings: Taking[] = [];
    let seq = batch.firstSeq + batch.length - fresh.length;
    for (const entry of fresh) this.#take(node, entry, birth, takings, seq++);
    for (const { source, readings, seq: number } of takings)
      this.#sink.values(source, readings, batch, number);
    return takings.length;
  }

  #take(node: string, entry: Entry, birth: Birth, takings: Taking[], seq: number): void {
    if (hasFlag(entry, entryFlag.receipt)) {
      const receipt = readReceiptBody(entry.body);
      return receipt === undefined
        ? this.#sink.refused("wrong-receipt", node)
        : this.#sink.receipt(node, receipt);
    }
    if (hasFlag(entry, entryFlag.result)) {
      const reply = readResultBody(entry.body);
      return reply === undefined ? this.#sink.refused("wrong-result", node) : this.#sink.result(node, reply);
    }
    if (hasFlag(entry, entryFlag.clock)) {
      const askedAt = readClockAsk(entry.body);
      return askedAt === undefined
        ? this.#sink.refused("wrong-clock", node)
        : this.#sink.clock(node, askedAt);
    }
    // Its sender has counted it as expired. What is too old is never done.
    if (entry.ttl === 0) return undefined;
    const source = this.#sources.find(node, birth, entry.from);
    if (typeof source === "string") return this.#sink.refused(source, node);
    const readings = readingsOf(entry).filter(({ value }) => {
      // An input that nobody owns holds nothing.
      const isRight = isOfType(value, source.type) || (value === null && !source.isOutput);
      if (!isRight) this.#sink.refused("wrong-type", node);
      return isRight;
    });
    if (readings.length > 0) takings.push({ source, readings, seq });
    return undefined;
  }
}

/** What is new of a batch is taken as this. */
interface Fresh {
  readonly batch: Numbered;
  readonly taken: Taken;
  readonly birth: Birth;
}

const nothing = new Uint8Array();

/** One for each sample of a columns entry; the decoder has checked its shape. */
function readingsOf(entry: Entry): readonly Reading[] {
  const { at, quality, flags, body } = entry;
  if (!hasFlag(entry, entryFlag.columns)) return [{ at, quality, flags, value: body }];
  const flagsOfEach = flags & ~entryFlag.columns;
  return (readColumns(entry) ?? []).map((sample) => ({
    at: sample.at,
    quality,
    flags: flagsOfEach,
    value: sample.value,
  }));
}
