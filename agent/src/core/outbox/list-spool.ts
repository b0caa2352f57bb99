import type { Instant } from "@interactor/shared/kernel/units";
import type { Session } from "@interactor/shared/wire/session";
import type { SpoolQueue, Taken, TakeLimits } from "./spool-queue.ts";

/** A spool without a disk, for tests: one session of before, and this life's. */
export class ListSpool implements SpoolQueue {
  readonly #streams: { session: Session; records: (Taken["records"][number] | undefined)[]; taken: number }[];
  #queued = 0;

  constructor(
    session: Session,
    before?: { readonly session: Session; readonly left: readonly Uint8Array[] },
  ) {
    this.#streams = [{ session, records: [], taken: 0 }];
    if (before === undefined || before.left.length === 0) return;
    const records = before.left.map((record) => ({ record, appendedAt: undefined }));
    this.#streams.unshift({ session: before.session, records, taken: 0 });
    this.#queued = records.length;
  }

  get session(): Session {
    return this.#current.session;
  }

  get queued(): number {
    return this.#queued;
  }

  get unsaved(): number {
    return 0;
  }

  get ready(): number {
    return this.#current.records.length - this.#current.taken;
  }

  append(record: Uint8Array, at: Instant): void {
    this.#streams.at(-1)?.records.push({ record, appendedAt: at });
    this.#queued += 1;
  }

  take({ messagesMax }: TakeLimits): Taken | undefined {
    const { session, records, taken: firstSeq } = this.#current;
    const next = records.slice(firstSeq, firstSeq + messagesMax).filter((record) => record !== undefined);
    this.#current.taken += next.length;
    return next.length === 0 ? undefined : { session, firstSeq, records: next };
  }

  confirm(seq: number, messages: number): void {
    this.#queued -= messages;
    if (this.#streams.length > 1 && seq + 1 === this.#current.records.length) this.#streams.shift();
  }

  /** The disk has no room for what the session of before left. */
  giveUp(): void {
    this.#queued -= this.#streams.shift()?.records.length ?? 0;
  }

  get #current() {
    const [current] = this.#streams;
    if (current === undefined) throw new Error("there is always a stream");
    return current;
  }
}
