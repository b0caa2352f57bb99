/**
 * What the life before took in and may not have delivered: read from the journal, understood by what its nodes had
 * declared then, and given out once more at the time at which it was taken in, so that its TTL goes on where it was.
 */
import { type Instant, instant } from "@interactor/shared/kernel/units";
import type { Sample } from "@interactor/shared/routing/run-route";
import { readHead } from "@interactor/shared/wire/batch-head";
import { durationMax } from "@interactor/shared/wire/limits";
import { type Birth, decodeNodeState } from "@interactor/shared/wire/messages/state";
import type { SiteAddress } from "@interactor/shared/wire/names";
import { type Session, sessionOf } from "@interactor/shared/wire/session";
import { sampleOf } from "./event.ts";
import { Intake, type TakenValue } from "./intake.ts";
import type { KeptBatch, KeptBirth } from "./journal-record.ts";
import { ageOf, type Stamp } from "./kept-age.ts";

/** Takes a value of an output as it was taken in `at`. */
export type AgainSink = (from: SiteAddress, sample: Sample, at: Instant) => void;

/** When what was kept is read, in both clocks. */
export interface AgainNow {
  readonly stamp: Stamp;
  readonly instant: Instant;
}

/** What nobody can know the age of is older than any TTL. */
const tooOld = durationMax + 1;

export class TakenAgain {
  readonly #now: AgainNow;
  readonly #sink: AgainSink;
  readonly #births = new Map<string, Map<Session, Birth>>();
  readonly #intake: Intake;
  /** The batch that is being taken. */
  #kept: KeptBatch | undefined;
  #birth: Birth | undefined;

  /** `births`: the oldest first. */
  constructor(births: readonly KeptBirth[], now: AgainNow, sink: AgainSink) {
    this.#now = now;
    this.#sink = sink;
    for (const birth of births) this.#born(birth);
    const passOver = (): void => undefined;
    // Everything but the values had its effect and was counted; repeats are known as in any life.
    this.#intake = new Intake({
      keep: (_record, then) => then?.(),
      value: (taken) => this.#value(taken),
      receipt: passOver,
      result: passOver,
      clock: passOver,
      refused: passOver,
      took: passOver,
    });
  }

  take(kept: KeptBatch): void {
    const head = readHead(kept.payload);
    if (typeof head === "string") return;
    this.#kept = kept;
    this.#birth = this.#birthOf(kept.node, head.session);
    this.#intake.accept(kept.node, head.lane, kept.payload, this.#birth);
  }

  #value(taken: TakenValue): void {
    const kept = this.#kept;
    if (kept === undefined || !taken.isOutput) return;
    const age = ageOf(kept.stamp, this.#now.stamp) ?? tooOld;
    const sample = sampleOf(taken, this.#birth, kept.stamp.wall);
    if (sample !== undefined) this.#sink(taken.address, sample, instant(this.#now.instant - age));
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
