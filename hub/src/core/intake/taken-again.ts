/**
 * What the life before took in and may not have delivered: read from the journal, understood by what its nodes had
 * declared then, and given out once more at the time at which it was taken in, so that its TTL goes on where it was.
 */
import { type Instant, instant, type Micros } from "@interactor/shared/kernel/units";
import type { Sample } from "@interactor/shared/routing/run-route";
import { readHead } from "@interactor/shared/wire/batch-head";
import { columnSamplesMax, durationMax } from "@interactor/shared/wire/limits";
import { findPort } from "@interactor/shared/wire/messages/port";
import { type Birth, decodeNodeState } from "@interactor/shared/wire/messages/state";
import { parseSiteAddress } from "@interactor/shared/wire/names";
import type { Origin } from "@interactor/shared/wire/origin";
import type { Numbered } from "@interactor/shared/wire/sequence";
import { type Session, sessionOf } from "@interactor/shared/wire/session";
import { Intake } from "./intake.ts";
import type { KeptBatch, KeptBirth } from "./journal-record.ts";
import { ageOf, type Stamp } from "./kept-age.ts";
import { type Readings, samplesOf } from "./readings.ts";
import type { Source } from "./sources.ts";

/**
 * Takes a value of an output, `node/instance/port`, as it was taken in `at`. `isForgotten`: of a node, whether it was
 * forgotten since then.
 */
export type AgainSink = (
  from: string,
  sample: Sample,
  at: Instant,
  isForgotten: (node: string) => boolean,
) => void;

export interface TakenBefore {
  /** The oldest first. */
  readonly births: readonly KeptBirth[];
  /** By node, when it was forgotten, in the journal's own time. */
  readonly gone: ReadonlyMap<string, Micros>;
  /** When what was kept is read, in both clocks. */
  readonly now: { readonly stamp: Stamp; readonly instant: Instant };
  /** Whether all that a node sent up to this is known to have been done: it need not be read. */
  readonly isDone?: (node: string, last: Origin) => boolean;
  /** Whether what an output gives, `node/instance/port`, is for anybody: most readings are not, and there are many of them. */
  readonly isWanted?: (from: string, isEvent: boolean) => boolean;
}

/** What nobody can know the age of is older than any TTL. */
const tooOld = durationMax + 1;

export class TakenAgain {
  readonly #before: TakenBefore;
  readonly #sink: AgainSink;
  readonly #births = new Map<string, Map<Session, Birth>>();
  /** By the output that was asked about: those that routes name. */
  readonly #isEvent = new Map<string, boolean>();
  readonly #intake: Intake;
  /** The batch that is being taken. */
  #kept: KeptBatch | undefined;
  /** What of it cannot be understood. */
  readonly #wrong = new Set<string>();
  #wrongBatches = 0;
  /** By reason, in how many batches. */
  readonly #reasons = new Map<string, number>();

  constructor(before: TakenBefore, sink: AgainSink) {
    this.#before = before;
    this.#sink = sink;
    for (const birth of before.births) this.#born(birth);
    const passOver = (): void => undefined;
    // Everything but the values had its effect and was counted; repeats are known as in any life.
    this.#intake = new Intake({
      keep: (_record, then) => then?.(),
      values: (...taken) => this.#values(...taken),
      forget: passOver,
      receipt: passOver,
      result: passOver,
      clock: passOver,
      refused: (reason) => this.#wrong.add(reason),
      took: passOver,
    });
  }

  /** Whether any life of its node that is known gives this output, `node/instance/port`, as what happens once. */
  isEvent(from: string): boolean {
    const known = this.#isEvent.get(from);
    if (known !== undefined) return known;
    const isEvent = this.#isDeclaredEvent(from);
    this.#isEvent.set(from, isEvent);
    return isEvent;
  }

  #isDeclaredEvent(from: string): boolean {
    const address = parseSiteAddress(from);
    if (!address.ok) return false;
    const { node, instance, port } = address.value;
    return [...(this.#births.get(node)?.values() ?? [])].some(({ instances }) => {
      const declared = Object.hasOwn(instances, instance) ? instances[instance] : undefined;
      return (findPort(declared?.outputs ?? {}, port)?.deliver ?? "latest") !== "latest";
    });
  }

  /** What could not be understood, in words; `undefined`: all was. */
  get problem(): string | undefined {
    if (this.#wrongBatches === 0) return undefined;
    const reasons = [...this.#reasons].map(([reason, batches]) => `${reason} ${batches}`);
    return `batches of the life before that could not be understood, or not wholly: ${this.#wrongBatches} (${reasons.join(", ")})`;
  }

  take(kept: KeptBatch): void {
    if (this.#isForgotten(kept.node, kept)) return;
    const fault = this.#fault(kept);
    if (fault !== undefined) this.#wrong.add(fault);
    if (this.#wrong.size === 0) return;
    this.#wrongBatches += 1;
    for (const reason of this.#wrong) this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    this.#wrong.clear();
  }

  /** Takes a batch. Gives why nothing of it can be understood. */
  #fault(kept: KeptBatch): string | undefined {
    const head = readHead(kept.payload);
    if (typeof head === "string") return head;
    const last = { session: sessionOf(head.session), lane: head.lane, seq: head.firstSeq + head.length - 1 };
    if (this.#before.isDone?.(kept.node, { ...last, sample: columnSamplesMax }) === true) return undefined;
    this.#kept = kept;
    const birth = this.#birthOf(kept.node, head.session);
    return this.#intake.accept(kept.node, head.lane, kept.payload, birth);
  }

  #values(source: Source, readings: Readings, batch: Numbered, seq: number): void {
    const kept = this.#kept;
    if (kept === undefined) return;
    const { isWanted, now } = this.#before;
    if (isWanted?.(source.address, source.deliver !== "latest") === false) return;
    const age = ageOf(kept.stamp, now.stamp) ?? tooOld;
    const at = instant(now.instant - age);
    const samples = samplesOf(source, readings, kept.stamp.wall, { batch, seq });
    for (let place = 0; place < (samples?.length ?? 0); place += 1) {
      const sample = samples?.at(place);
      if (sample !== undefined)
        this.#sink(source.address, sample, at, (node) => this.#isForgotten(node, kept));
    }
  }

  #isForgotten(node: string, { stamp }: KeptBatch): boolean {
    const at = this.#before.gone.get(node);
    return at !== undefined && stamp.at <= at;
  }

  #born({ node, session, document }: KeptBirth): void {
    const decoded = decodeNodeState(document);
    if (!decoded.ok || decoded.value.kind !== "birth") return;
    const births = this.#births.get(node) ?? new Map<Session, Birth>();
    births.set(session, { ...decoded.value, session });
    this.#births.set(node, births);
  }

  /** Of the life that sent it; or of the one that was heard last, which took over what an earlier one left. */
  #birthOf(node: string, numbers: Uint8Array): Birth | undefined {
    const session = sessionOf(numbers);
    const births = this.#births.get(node);
    const known = births?.get(session);
    if (births === undefined || known !== undefined) return known;
    const last = [...births.values()].at(-1);
    const taken = last && { ...last, session };
    if (taken !== undefined) births.set(session, taken);
    return taken;
  }
}
