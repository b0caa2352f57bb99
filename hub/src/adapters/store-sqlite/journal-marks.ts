/** Gathers, beside what agents send, what is needed to route it again: births, up to where events were done, whom they went to. */
import type { KeptBirth, OriginMark } from "../../ports/journal.ts";

export interface MarksGroup {
  /** A JSON array of [node, session, document in hex]. */
  readonly births: string;
  /** A JSON array of [way, session, lane, seq, sample]. */
  readonly done: string;
  /** The same, of each event that one of a group is to do. */
  readonly chosen: string;
  /** A JSON array of nodes that are forgotten, with all that came before. */
  readonly gone: string;
}

/** About what each of them costs beside its bytes. */
const recordBytes = 100;

export class MarksGather {
  bytes = 0;
  #births: KeptBirth[] = [];
  /** By way and session: of many in one commit the last counts. */
  readonly #done = new Map<string, OriginMark>();
  #chosen: OriginMark[] = [];
  readonly #gone = new Set<string>();

  get isEmpty(): boolean {
    return (
      this.#done.size === 0 && this.#births.length === 0 && this.#chosen.length === 0 && this.#gone.size === 0
    );
  }

  born(birth: KeptBirth): void {
    this.#births.push(birth);
    this.bytes += 2 * birth.document.length + recordBytes;
  }

  chosen(mark: OriginMark): void {
    this.#chosen.push(mark);
    this.bytes += mark.way.length + recordBytes;
  }

  done(mark: OriginMark): void {
    const { size } = this.#done;
    this.#done.set(`${mark.way} ${mark.session} ${mark.lane}`, mark);
    if (this.#done.size > size) this.bytes += mark.way.length + recordBytes;
  }

  /** What comes later in the same commit is of its next life. */
  forget(node: string): void {
    const isOf = ({ way }: OriginMark): boolean => way.startsWith(`${node}/`) || way.includes(` ${node}/`);
    this.#births = this.#births.filter((birth) => birth.node !== node);
    this.#chosen = this.#chosen.filter((mark) => !isOf(mark));
    for (const [key, mark] of this.#done) if (isOf(mark)) this.#done.delete(key);
    this.#gone.add(node);
    this.bytes += node.length + recordBytes;
  }

  take(): MarksGroup {
    if (this.isEmpty) return nothing;
    const group = {
      births: JSON.stringify(
        this.#births.map(({ node, session, document }) => [
          node,
          session,
          Buffer.from(document).toString("hex"),
        ]),
      ),
      done: textOf([...this.#done.values()]),
      chosen: textOf(this.#chosen),
      gone: JSON.stringify([...this.#gone]),
    };
    this.#births = [];
    this.#chosen = [];
    this.#done.clear();
    this.#gone.clear();
    this.bytes = 0;
    return group;
  }
}

const nothing: MarksGroup = { births: "[]", done: "[]", chosen: "[]", gone: "[]" };

const textOf = (marks: readonly OriginMark[]): string =>
  JSON.stringify(marks.map(({ way, session, lane, seq, sample }) => [way, session, lane, seq, sample]));
