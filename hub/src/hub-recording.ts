/** A recording of what the journal has kept: understood by what its nodes had declared, as after a crash. */
import { instant, type Micros, micros } from "@interactor/shared/kernel/units";
import { RecordingWriter } from "@interactor/shared/wire/recording";
import { ageOf, type Stamp } from "./core/intake/kept-age.ts";
import { TakenAgain } from "./core/intake/taken-again.ts";
import type { JournalReader, JournalSpan, KeptBirth } from "./ports/journal-reader.ts";

export interface RecordingParts {
  readonly site: string;
  readonly reader: JournalReader;
  readonly span: JournalSpan;
}

/**
 * The pieces of its file, in their order. Values of every output stand in it as the hub took them, also those that no
 * route of today is for.
 */
export async function* recordingPieces(parts: RecordingParts): AsyncGenerator<Uint8Array, void> {
  const { site, reader, span } = parts;
  const writer = new RecordingWriter(site);
  const births = await reader.births();
  const time = new RecordingTime();
  const pieces: Uint8Array[] = [];
  let taken: TakenAgain | undefined;
  for await (const step of reader.batches(span)) {
    for (const kept of step) {
      taken ??= takenInto(births, kept.stamp, (from, sample) => {
        const piece = writer.add({ at: time.now, from, sample });
        if (piece !== undefined) pieces.push(piece);
      });
      time.reach(kept.stamp);
      taken.take(kept);
    }
    yield* pieces.splice(0);
    if (writer.isFull) break;
  }
  yield writer.end(span.from);
}

const takenInto = (
  births: readonly KeptBirth[],
  stamp: Stamp,
  sink: ConstructorParameters<typeof TakenAgain>[1],
): TakenAgain => new TakenAgain({ births, gone: new Map(), now: { stamp, instant: instant(0) } }, sink);

/** The clock of a recording: it goes on as the hub's machine did, by a clock that nobody can set where there is one, and never back. */
class RecordingTime {
  now: Micros = micros(0);
  #last: Stamp | undefined;

  reach(stamp: Stamp): void {
    const before = this.#last;
    this.#last = stamp;
    if (before === undefined) {
      this.now = stamp.wall > 0 ? stamp.wall : stamp.at;
      return;
    }
    // A clock that was set back tells nothing: the journal's own time has gone on.
    const passed = ageOf(before, stamp) ?? (stamp.at - before.at) / 1000;
    this.now = micros(this.now + Math.max(passed, 0) * 1000);
  }
}
