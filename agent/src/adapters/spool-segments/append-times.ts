/**
 * When the records of this life were appended, for those that leave memory and are read back from the disk. What is
 * older than anybody asks for is forgotten, so this stays small however long a hub is away.
 */
import { between, type Instant, millis } from "@interactor/shared/kernel/units";
import { ttlDefault } from "@interactor/shared/wire/limits";

/** Records that come within it share the time of the first of them, in ms: it errs towards too old. */
const grain = millis(20);
/** By then a record is history, however much later it is sent. */
const rememberedFor = ttlDefault + grain;

interface Mark {
  readonly firstSeq: number;
  readonly at: Instant;
}

export class AppendTimes {
  /** At most `rememberedFor` over `grain` of them, and one. */
  #marks: readonly Mark[] = [];

  append(seq: number, at: Instant): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && between(last.at, at) < grain) return;
    const isOld = ({ at: marked }: Mark): boolean => between(marked, at) > rememberedFor;
    this.#marks = [...this.#marks.filter((mark) => !isOld(mark)), { firstSeq: seq, at }];
  }

  /** `undefined`: longer ago than is remembered. */
  of(seq: number): Instant | undefined {
    return this.#marks.findLast(({ firstSeq }) => firstSeq <= seq)?.at;
  }
}
