/**
 * Where everything that agents send comes in: decoded, repeats passed over, gaps counted, each entry checked
 * against what its node declared. What is refused is counted by reason; nothing here throws at bad input.
 */
import type { Micros } from "@interactor/shared/kernel/units";
import { type BatchFault, decodeBatch, readColumns } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import type { Lane } from "@interactor/shared/wire/lanes";
import { findPort } from "@interactor/shared/wire/messages/port";
import { type Receipt, readReceiptBody } from "@interactor/shared/wire/messages/receipt";
import { readResultBody, type Reply } from "@interactor/shared/wire/messages/reply";
import type { Birth } from "@interactor/shared/wire/messages/state";
import { parsePortAddress, type SiteAddress } from "@interactor/shared/wire/names";
import type { Taken } from "../ledger/node-books.ts";
import { Sequence } from "@interactor/shared/wire/sequence";
import { isOfType } from "@interactor/shared/wire/value";

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
  /** A value of an output, or what an input holds. */
  value(address: SiteAddress, entry: Entry, unit: string, isOutput: boolean): void;
  receipt(node: string, receipt: Receipt): void;
  /** What became of a command that asked. */
  result(node: string, reply: Reply): void;
  refused(reason: IntakeRefusal, node: string): void;
  /** A batch was counted: what of it is new, came again, or was passed over. */
  took(node: string, taken: Taken): void;
}

export class Intake {
  readonly #sink: IntakeSink;
  readonly #sequences = new Map<string, Sequence>();

  constructor(sink: IntakeSink) {
    this.#sink = sink;
  }

  /** `birth`: of the node's current life; without it nothing it sends can be understood. */
  accept(node: string, lane: Lane, payload: Uint8Array, birth: Birth | undefined): void {
    const decoded = decodeBatch(payload, lane);
    if (!decoded.ok) return this.#sink.refused(decoded.error, node);
    if (birth === undefined) return this.#sink.refused("unborn", node);
    if (decoded.value.session !== birth.session) return this.#sink.refused("stale-session", node);
    const { session, firstSeq } = decoded.value;
    const { fresh, repeated, missed } = this.#sequenceOf(node).accept(decoded.value);
    const late = fresh.reduce((sum, { ttl }) => (ttl === 0 ? sum + 1 : sum), 0);
    this.#sink.took(node, { session, lane, firstSeq, fresh: fresh.length, late, repeated, missed });
    for (const entry of fresh) this.#take(node, entry, birth);
  }

  #sequenceOf(node: string): Sequence {
    const known = this.#sequences.get(node);
    if (known !== undefined) return known;
    const sequence = new Sequence();
    this.#sequences.set(node, sequence);
    return sequence;
  }

  #take(node: string, entry: Entry, birth: Birth): void {
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
    for (const sample of samplesOf(entry)) {
      // An input that nobody owns holds nothing.
      const isNothing = output === undefined && sample.body === null;
      if (!isNothing && !isOfType(sample.body, spec.type)) this.#sink.refused("wrong-type", node);
      else this.#sink.value({ node, instance, port }, sample, spec.unit ?? "", output !== undefined);
    }
  }
}

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
