/**
 * Where everything that agents send comes in: decoded, repeats passed over, gaps counted, each entry checked
 * against what its node declared, and written before it has an effect. What is urgent, the critical lane and the
 * control lane with its receipts, has its effect at once. What is refused is counted by reason; nothing here throws at bad input.
 */
import type { Micros } from "@interactor/shared/kernel/units";
import { type BatchFault, openBatch, readColumns } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import { type Lane, lane as lanes } from "@interactor/shared/wire/lanes";
import { readClockAsk } from "@interactor/shared/wire/messages/clock-exchange";
import { findPort } from "@interactor/shared/wire/messages/port";
import { type Receipt, readReceiptBody } from "@interactor/shared/wire/messages/receipt";
import { readResultBody, type Reply } from "@interactor/shared/wire/messages/reply";
import type { Birth } from "@interactor/shared/wire/messages/state";
import { parsePortAddress, type SiteAddress } from "@interactor/shared/wire/names";
import type { Taken } from "../ledger/node-books.ts";
import type { Numbered } from "@interactor/shared/wire/sequence";
import type { Session } from "@interactor/shared/wire/session";
import { isOfType } from "@interactor/shared/wire/value";
import { Dedupe } from "./dedupe.ts";
import type { JournalRecord, TakenMark } from "./journal-record.ts";

export type IntakeRefusal =
  | BatchFault
  | "stale-session"
  | "unborn"
  | "wrong-address"
  | "unknown-output"
  | "wrong-type"
  | "wrong-receipt"
  | "wrong-result"
  | "wrong-clock";

export interface IntakeSink {
  /** To be written, in this order; `then` is called when it is. */
  keep(record: JournalRecord, then: (() => unknown) | undefined): void;
  /** A value of an output, or what an input holds. */
  value(taken: TakenValue): void;
  receipt(node: string, receipt: Receipt): void;
  /** What became of a command that asked. */
  result(node: string, reply: Reply): void;
  /** The node asks for the site's time; `askedAt` is told it again with the answer. */
  clock(node: string, askedAt: number): void;
  refused(reason: IntakeRefusal, node: string): void;
  /** A batch was counted: what of it is new, came again, or was passed over. */
  took(node: string, taken: Taken): void;
}

export interface TakenValue {
  readonly address: SiteAddress;
  readonly entry: Entry;
  readonly unit: string;
  readonly isOutput: boolean;
  /** The batch that it came in, and its number there. */
  readonly batch: Numbered;
  readonly seq: number;
  /** Which of the samples of its entry. */
  readonly sample: number;
}

export class Intake {
  readonly #sink: IntakeSink;
  readonly #dedupe: Dedupe;

  /** `taken`: what was taken in by the lives before, the oldest first. */
  constructor(sink: IntakeSink, taken: readonly TakenMark[] = []) {
    this.#sink = sink;
    this.#dedupe = new Dedupe(taken);
  }

  /** What was taken of a node's spool is still of use, however many lives came since: it is written as new. */
  announced(node: string, spool: Session | undefined): void {
    const next = spool && this.#dedupe.nextOf(node, spool, lanes.bulk);
    if (spool === undefined || next === undefined) return;
    this.#sink.keep({ node, session: spool, lane: lanes.bulk, next, payload: nothing }, undefined);
  }

  /** `birth`: of the node's current life; without it nothing it sends can be understood. */
  accept(node: string, lane: Lane, payload: Uint8Array, birth: Birth | undefined): void {
    const opened = openBatch(payload, lane);
    if (!opened.ok) return this.#sink.refused(opened.error, node);
    const batch = opened.value;
    if (birth === undefined) return this.#sink.refused("unborn", node);
    const isSpooled = batch.session === birth.spool;
    if (batch.session !== birth.session && !isSpooled) return this.#sink.refused("stale-session", node);
    const entries = batch.entries();
    if (!entries.ok) return this.#sink.refused(entries.error, node);
    const { repeated, missed } = this.#dedupe.accept(node, batch, birth.spool);
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
    };
    if (taken.fresh === 0) return this.#sink.took(node, taken);
    const fresh = repeated === 0 ? entries.value : entries.value.slice(repeated);
    const route = (): number => this.#route(node, fresh, { batch, taken, birth });
    // Receipts are there too, and whoever waits for one sends nothing meanwhile.
    const isUrgent = lane <= lanes.control;
    const hasValues = !isUrgent || route() > 0;
    const record = { node, session, lane, next: firstSeq + length, payload: hasValues ? payload : nothing };
    this.#sink.keep(record, isUrgent ? undefined : route);
  }

  /** Gives out the values of a batch that were not taken before. Returns how many there are. */
  #route(node: string, fresh: readonly Entry[], { batch, taken, birth }: Taking): number {
    const late = fresh.reduce((sum, { ttl }) => (ttl === 0 ? sum + 1 : sum), 0);
    this.#sink.took(node, late === 0 ? taken : { ...taken, late });
    const values: TakenValue[] = [];
    // One for all of them: this is where most of the time goes.
    const place = { batch, birth, seq: batch.firstSeq + batch.length - fresh.length };
    for (const entry of fresh) {
      // Its node has counted it as expired: it is known, and has no effect.
      if (entry.ttl !== 0) this.#take(node, entry, place, values);
      place.seq += 1;
    }
    for (const value of values) this.#sink.value(value);
    return values.length;
  }

  #take(node: string, entry: Entry, { batch, seq, birth }: Place, values: TakenValue[]): void {
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
    const parsed = parsePortAddress(entry.from);
    if (!parsed.ok) return this.#sink.refused("wrong-address", node);
    const { instance, port } = parsed.value;
    const declared = Object.hasOwn(birth.instances, instance) ? birth.instances[instance] : undefined;
    const output = declared === undefined ? undefined : findPort(declared.outputs, port);
    const spec = output ?? (declared === undefined ? undefined : findPort(declared.inputs, port));
    if (spec === undefined) return this.#sink.refused("unknown-output", node);
    const taken = {
      address: { node, instance, port },
      unit: spec.unit ?? "",
      isOutput: output !== undefined,
      batch,
      seq,
    };
    let sample = 0;
    for (const each of samplesOf(entry)) {
      // An input that nobody owns holds nothing.
      const isNothing = output === undefined && each.body === null;
      if (!isNothing && !isOfType(each.body, spec.type)) this.#sink.refused("wrong-type", node);
      else values.push({ ...taken, entry: each, sample });
      sample += 1;
    }
  }
}

/** A batch that is taken. */
interface Taking {
  readonly batch: Numbered;
  readonly taken: Taken;
  readonly birth: Birth;
}

/** Where an entry stands, and what its node declared. */
interface Place {
  readonly batch: Numbered;
  readonly seq: number;
  readonly birth: Birth;
}

const nothing = new Uint8Array();

/** One entry for each sample of a columns entry; the decoder has checked its shape. */
function samplesOf(entry: Entry): readonly Entry[] {
  if (!hasFlag(entry, entryFlag.columns)) return [entry];
  const flags = entry.flags & ~entryFlag.columns;
  return (readColumns(entry) ?? []).map(({ at, value }: { at: Micros; value: Entry["body"] }) => ({
    ...entry,
    at,
    flags,
    body: value,
  }));
}
