/** Writes records to the newest segment, each group followed by an fsync. Any fault leaves a segment as it was synced. */
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@interactor/shared/kernel/fault";
import type { Session } from "@interactor/shared/wire/session";
import { encodeFrames, sealOf } from "./frame.ts";
import { type Segment, segmentAt } from "./segment.ts";

/** A disk on which this much can be written is not full. */
const probeBytes = 64 * 1024;

export interface WriterOptions {
  readonly folder: string;
  readonly session: Session;
  readonly segmentBytes: number;
  /** Seconds after which a segment is not written any more: its records are of one age. */
  readonly segmentAge: number;
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
   * Puts records on disk, numbered from `first`, at `ran` seconds of the spool's clock; they are there when it
   * resolves. When that fails, with the reason, the next ones go to a new segment: nobody knows what an fsync that
   * failed left behind.
   */
  async write(first: number, records: readonly Uint8Array[], ran: number): Promise<Segment> {
    try {
      if (!this.#goesOn(first, ran)) await this.close();
      const isNew = this.#segment === undefined;
      const segment = this.#segment ?? (await this.#begin(first, Math.floor(ran)));
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

  /** Whether a little could be written: throws the reason why not. */
  async probe(): Promise<void> {
    const path = join(this.#options.folder, "probe");
    await makeFolder(this.#options.folder);
    try {
      await using file = await open(path, "w");
      await file.writeFile(Buffer.alloc(probeBytes));
      await file.datasync();
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Ends the newest segment: what follows goes to another. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#segment = undefined;
    await file?.close();
  }

  /** Whether a record of number `first` goes to the same segment: it has numbers in a row, one size and one age. */
  #goesOn(first: number, ran: number): boolean {
    const { segmentBytes, segmentAge } = this.#options;
    const segment = this.#segment;
    if (segment === undefined) return false;
    return first === segment.end && segment.bytes < segmentBytes && ran - segment.born < segmentAge;
  }

  async #begin(first: number, born: number): Promise<Segment> {
    const { folder, session } = this.#options;
    const segment = segmentAt(folder, { index: this.#nextIndex, session, first, born });
    this.#nextIndex += 1;
    await makeFolder(folder);
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

/** Not with what is above it: there the data folder is, and Node's own way to make both hides why it cannot. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

export async function syncFolder(folder: string): Promise<void> {
  await using directory = await open(folder, "r");
  await directory.sync();
}
