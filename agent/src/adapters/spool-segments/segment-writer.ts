/** Writes records to the newest segment, each group followed by an fsync. Any fault leaves a segment as it was synced. */
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { Fault } from "@interactor/shared/kernel/fault";
import type { Session } from "@interactor/shared/wire/session";
import { encodeFrames, sealOf } from "./frame.ts";
import { type Segment, segmentAt } from "./segment.ts";

export interface WriterOptions {
  readonly folder: string;
  readonly session: Session;
  readonly segmentBytes: number;
}

export class SegmentWriter {
  readonly #options: WriterOptions;
  readonly #seal: number;
  #nextIndex: number;
  #file: FileHandle | undefined;
  #segment: Segment | undefined;

  constructor(options: WriterOptions, nextIndex: number) {
    this.#options = options;
    this.#seal = sealOf(options.session);
    this.#nextIndex = nextIndex;
  }

  /** Of the segment that is being written, also for the first time, or will be begun next. */
  get index(): number {
    return this.#segment?.index ?? this.#nextIndex;
  }

  /** The one that is being written. */
  get segment(): Segment | undefined {
    return this.#segment;
  }

  /**
   * Puts records on disk, numbered from `first`; they are there when it resolves. When that fails, with the reason,
   * the next ones go to a new segment: nobody knows what an fsync that failed left behind. Records of a segment have
   * numbers in a row. One of which the hub has all, those before `confirmed`, is begun anew rather than left behind.
   */
  async write(
    first: number,
    records: readonly Uint8Array[],
    { confirmed, born }: { readonly confirmed: number; readonly born: number },
  ): Promise<Segment> {
    try {
      await this.#makeRoom(first, confirmed);
      const isNew = this.#segment === undefined;
      const segment = this.#segment ?? (await this.#begin(first, born));
      const bytes = encodeFrames(this.#seal, first, records);
      await this.#writeAll(bytes, segment.bytes);
      if (isNew) await syncFolder(this.#options.folder);
      segment.bytes += bytes.length;
      segment.end = first + records.length;
      return segment;
    } catch (error) {
      await this.#abandon();
      throw error;
    }
  }

  /** Ends the newest segment: what follows goes to another. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#segment = undefined;
    await file?.close();
  }

  async #makeRoom(first: number, confirmed: number): Promise<void> {
    const segment = this.#segment;
    if (segment === undefined) return;
    const isOver = confirmed >= segment.end;
    if (!isOver && (first !== segment.end || segment.bytes >= this.#options.segmentBytes))
      return this.close();
    if (!isOver || first === segment.end) return undefined;
    await this.#file?.truncate(0);
    segment.first = first;
    segment.bytes = 0;
    segment.generation += 1;
    return undefined;
  }

  async #begin(first: number, born: number): Promise<Segment> {
    const { folder, session } = this.#options;
    const segment = segmentAt(folder, { index: this.#nextIndex, session, first, born });
    this.#nextIndex += 1;
    await mkdir(folder, { recursive: true });
    this.#file = await open(segment.path, "wx");
    this.#segment = segment;
    return segment;
  }

  async #writeAll(bytes: Buffer, position: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const written = await this.#file?.write(bytes, done, bytes.length - done, position + done);
      done += written?.bytesWritten ?? 0;
    }
    await this.#file?.datasync();
    // A file whose name was removed takes everything and keeps nothing.
    if ((await this.#file?.stat())?.nlink === 0) throw new Fault("SPOOL_REMOVED", "its file was removed");
  }

  async #abandon(): Promise<void> {
    const file = this.#file;
    const segment = this.#segment;
    this.#file = undefined;
    this.#segment = undefined;
    try {
      if (segment !== undefined && segment.bytes > 0) await file?.truncate(segment.bytes);
      else if (segment !== undefined) await rm(segment.path, { force: true });
      await file?.close();
    } catch {
      // What stays behind has the numbers of what is written again, and is passed over when it is read.
    }
  }
}

export async function syncFolder(folder: string): Promise<void> {
  await using directory = await open(folder, "r");
  await directory.sync();
}
