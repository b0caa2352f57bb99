/**
 * Where everything that agents send comes in: decoded, repeats passed over, gaps counted, each entry checked
 * against what its node declared, and written before it has an effect. What is urgent and what only says how far
 * somebody has come has its effect at once. What is refused is counted by reason; nothing here throws at bad input.
 */
import type { Micros } from "@interactor/shared/kernel/units";
import { type Batch, type BatchFault, decodeBatch, readColumns } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import { type Lane, lane as lanes } from "@interactor/shared/wire/lanes";
import { findPort } from "@interactor/shared/wire/messages/port";
import { type Receipt, readReceiptBody } from "@interactor/shared/wire/messages/receipt";
import { readResultBody, type Reply } from "@interactor/shared/wire/messages/reply";
import type { Birth } from "@interactor/shared/wire/messages/state";
import { parsePortAddress, type SiteAddress } from "@interactor/shared/wire/names";
import type { Taken } from "../ledger/node-books.ts";
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
  | "wrong-result";

export interface IntakeSink {
  /** To be written, in this order; `then` is called when it is. */
  keep(record: JournalRecord, then: (() => void) | undefined): void;
  /** A value of an output, or what an input holds. */
  value(taken: TakenValue): void;
  receipt(node: string, receipt: Receipt): void;
  /** What became of a command that asked. */
  result(node: string, reply: Reply): void;
  refused(reason: IntakeRefusal, node: string): void;
  /** A batch was counted: what of it is new, came again, or was passed over. */
  took(node: string, taken: Taken): void;
}

export interface TakenValue {
  readonly address: SiteAddress;
  readonly entry: Entry;
  readonly unit: string;
  readonly isOutput: boolean;
}

export class Intake {
  readonly #sink: IntakeSink;
  readonly #dedupe: Dedupe;

  /** `taken`: what was taken in by the lives before, the oldest first. */
  constructor(sink: IntakeSink, taken: readonly TakenMark[] = []) {
    this.#sink = sink;
    this.#dedupe = new Dedupe(taken);
  }

  /** `birth`: of the node's current life; without it nothing it sends can be understood. */
  accept(node: string, lane: Lane, payload: Uint8Array, birth: Birth | undefined): void {
    const decoded = decodeBatch(payload, lane);
    if (!decoded.ok) return this.#sink.refused(decoded.error, node);
    const batch = decoded.value;
    if (birth === undefined) return this.#sink.refused("unborn", node);
    if (batch.session !== birth.session) return this.#sink.refused("stale-session", node);
    const { fresh, repeated, missed } = this.#dedupe.accept(node, batch);
    this.#sink.took(node, { ...countsOf(batch, fresh), repeated, missed });
    if (fresh.length === 0) return;
    const values: TakenValue[] = [];
    for (const entry of fresh) this.#take(node, entry, birth, values);
    const isUrgent = lane === lanes.critical;
    const route = (): void => {
      for (const value of values) this.#sink.value(value);
    };
    if (isUrgent) route();
    const record = { ...markOf(node, batch), payload: values.length === 0 ? nothing : payload };
    this.#sink.keep(record, isUrgent || values.length === 0 ? undefined : route);
  }

  #take(node: string, entry: Entry, birth: Birth, values: TakenValue[]): void {
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
    };
    for (const sample of samplesOf(entry)) {
      // An input that nobody owns holds nothing.
      const isNothing = output === undefined && sample.body === null;
      if (!isNothing && !isOfType(sample.body, spec.type)) this.#sink.refused("wrong-type", node);
      else values.push({ ...taken, entry: sample });
    }
  }
}

const nothing = new Uint8Array();

const markOf = (node: string, { session, lane, firstSeq, entries }: Batch): TakenMark => ({
  node,
  session,
  lane,
  next: firstSeq + entries.length,
});

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

const countsOf = (
  { session, lane, firstSeq }: Batch,
  fresh: readonly Entry[],
): Pick<Taken, "session" | "lane" | "firstSeq" | "fresh" | "late"> => ({
  session,
  lane,
  firstSeq,
  fresh: fresh.length,
  late: fresh.reduce((sum, { ttl }) => (ttl === 0 ? sum + 1 : sum), 0),
});
