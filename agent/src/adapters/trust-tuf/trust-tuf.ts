/**
 * TUF by `tuf-js`, in a shell that makes up for what it lacks on a Pi: files that outlast a power cut, versions that are
 * remembered when the metadata is lost, a way back to the pinned root when the last one is torn, and a clock that is not
 * believed before it is synchronised.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Root } from "@tufjs/models";
import { Updater } from "tuf-js";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { Disk } from "../../ports/disk.ts";
import type { Believed, SignedFile, Trust, TrustSource, TrustTime } from "../../ports/trust.ts";
import { Judge } from "./judge.ts";
import { metadataAddress, MetadataFetcher, readAll } from "./metadata-fetcher.ts";
import { type Files, MetadataFolder } from "./metadata-folder.ts";
import { refusal } from "./refusals.ts";
import { isDevelopmentRoot, locationOf, rootIn, seenIn, seenOfRoot } from "./seen.ts";
import { isSigned } from "./signed-bytes.ts";
import {
  begunWith,
  type Floor,
  isHandedOn,
  loadFloor,
  noLaterThan,
  raised,
  saveFloor,
  underFloor,
} from "./version-floor.ts";

export interface TrustOptions {
  /** Of its own; nothing else is kept there. */
  readonly folder: string;
  /** The root that somebody gave this node by hand, or that came with its enrolment. */
  readonly pinnedRoot: Uint8Array;
  readonly source: TrustSource;
  readonly disk: Disk;
  readonly time: () => TrustTime;
  /** No signature that is still good had expired before the agent was built, in milliseconds since 1970; 0: not known. */
  readonly builtAt: number;
}

/** What is published at once can hardly need more. More roots than that: refuse, and go on from there the next time. */
const rootsAtOnceMax = 256;

export async function openTrust(options: TrustOptions): Promise<Trust> {
  const { folder, disk } = options;
  await disk.makeFolder(folder);
  const metadata = new MetadataFolder(folder, disk);
  metadata.unstage();
  return {
    async refresh(signal) {
      const round = new Round(options, metadata, signal);
      try {
        await round.refresh();
      } catch (error) {
        metadata.unstage();
        throw refusal(error);
      }
      return round;
    },
  };
}

interface Opening {
  readonly updater: Updater;
  readonly judge: Judge;
}

type TimeUnder = (root: Root) => Date;

/** One look at the source, and what is believed after it. */
class Round implements Believed {
  readonly #options: TrustOptions;
  readonly #metadata: MetadataFolder;
  readonly #fetcher: MetadataFetcher;
  #before: Files = new Map();
  #opened: Opening | undefined;
  /** What was refused last: the updater hides some causes behind words. */
  #refused: unknown;

  constructor(options: TrustOptions, metadata: MetadataFolder, signal: AbortSignal) {
    this.#options = options;
    this.#metadata = metadata;
    this.#fetcher = new MetadataFetcher(options.source, signal, (error) => (this.#refused = error));
  }

  async refresh(): Promise<void> {
    const { folder, disk, time } = this.#options;
    this.#before = await this.#metadata.load();
    const onDisk = await loadFloor(folder, disk);
    const { wall, isSynchronised } = time();
    const latest = isSynchronised ? wall : Number.POSITIVE_INFINITY;
    const floor = noLaterThan(latest, await this.#beginning(onDisk));
    const { updater, judge } = this.#open((root) => this.#timeUnder(root, floor));

    const cause = await this.#causeOf(() => updater.refresh());
    const accepted = this.#metadata.accepted(this.#before);
    const seen = seenIn(judge, { accepted: cause === undefined ? undefined : accepted, latest });
    const under = underFloor(floor, seen);
    if (under !== undefined && cause?.code !== "TRUST_UNREACHABLE")
      throw new Fault("TRUST_ROLLBACK", `older than what was believed before: ${under}`, { cause });
    if (under === undefined) {
      const next = raised(floor, seen);
      if (next.generation !== onDisk.generation) await saveFloor(folder, disk, next);
      await this.#keep(accepted);
    }
    if (cause !== undefined) throw cause;
  }

  /**
   * What is kept was begun with the root that this node has been given; if it has another one now, everything begins anew.
   * A root for trying things out is left behind also where that is not known.
   */
  async #beginning(floor: Floor): Promise<Floor> {
    const { pinnedRoot, folder, disk } = this.#options;
    const given = rootIn(pinnedRoot);
    const pinned = createHash("sha256").update(pinnedRoot).digest("hex");
    // What is none takes the place of nothing.
    if (given === undefined || floor.pinned === pinned) return floor;
    const kept = rootIn(this.#before.get("root.json"));
    const isOther = floor.pinned !== "" || (kept && isDevelopmentRoot(kept) !== isDevelopmentRoot(given));
    if (isOther !== true) return { ...floor, pinned, generation: floor.generation + 1 };
    await this.#metadata.beginAnew(pinnedRoot);
    const anew = begunWith(pinned, floor);
    await saveFloor(folder, disk, anew);
    this.#before = await this.#metadata.load();
    return anew;
  }

  /** Expiry is judged by a clock that is known to be right, and else by what is known to be past. */
  #timeUnder(root: Root, floor: Floor): Date {
    const { time, builtAt } = this.#options;
    const { wall, isSynchronised } = time();
    if (isSynchronised) return new Date(wall);
    // Who may sign the time no more, whatever he signed is nothing.
    const signed = isHandedOn(floor, seenOfRoot(root)) ? 0 : floor.time;
    return new Date(Math.max(signed, builtAt));
  }

  get isDevelopment(): boolean {
    return isDevelopmentRoot(this.#judge.root.signed);
  }

  async find(path: string): Promise<SignedFile | undefined> {
    const { updater } = this.#opening;
    let found: Awaited<ReturnType<Updater["getTargetInfo"]>>;
    const cause = await this.#causeOf(async () => {
      found = await updater.getTargetInfo(path);
    });
    await this.#keep(this.#metadata.accepted(this.#before));
    if (cause !== undefined) throw cause;
    if (found === undefined) return undefined;
    const { length, hashes, custom } = found;
    const { consistentSnapshot } = this.#judge.root.signed;
    return { path, bytes: length, hashes, custom, location: locationOf(path, hashes, consistentSnapshot) };
  }

  async read(file: SignedFile, bytesMax: number, signal: AbortSignal): Promise<Uint8Array> {
    const { source } = this.#options;
    if (file.bytes > bytesMax)
      throw new Fault("TRUST_TOO_LONG", `${file.path} has ${file.bytes} bytes, and ${bytesMax} is the most`);
    const bytes = await readAll(source, { kind: "file", path: file.location }, file.bytes, signal);
    if (!isSigned(file, bytes))
      throw new Fault("TRUST_MISMATCH", `${file.path} does not have the bytes that were signed`);
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#metadata.unstage();
  }

  get #opening(): Opening {
    if (this.#opened === undefined) throw new Fault("TRUST_NO_ROOT", "nothing has been refreshed yet");
    return this.#opened;
  }

  get #judge(): Judge {
    return this.#opening.judge;
  }

  /** From the last root that was believed, or from the first when that one is torn. */
  #open(timeUnder: TimeUnder): Opening {
    const last = this.#before.get("root.json");
    const opened =
      (last === undefined ? undefined : this.#begin(last, timeUnder)) ??
      this.#begin(Buffer.from(this.#options.pinnedRoot), timeUnder);
    if (opened === undefined)
      throw new Fault("TRUST_NO_ROOT", `the pinned root is not one: ${messageOf(this.#refused)}`);
    this.#opened = opened;
    return opened;
  }

  #begin(root: Buffer, timeUnder: TimeUnder): Opening | undefined {
    try {
      const judge = new Judge(root, timeUnder, (error) => (this.#refused = error));
      this.#metadata.stage(new Map([...this.#before, ["root.json", root]]));
      const updater = new Updater({
        metadataDir: this.#metadata.staged,
        metadataBaseUrl: metadataAddress,
        fetcher: this.#fetcher,
        config: { maxRootRotations: rootsAtOnceMax },
      });
      Reflect.set(updater, "trustedSet", judge);
      return { updater, judge };
    } catch (error) {
      this.#refused = error;
      return undefined;
    }
  }

  async #causeOf(task: () => Promise<unknown>): Promise<Fault | undefined> {
    this.#refused = undefined;
    try {
      await task();
      return undefined;
    } catch (error) {
      return refusal(this.#refused ?? error);
    }
  }

  async #keep(accepted: Files): Promise<void> {
    await this.#metadata.keep(accepted);
    this.#before = new Map([...this.#before, ...accepted]);
  }
}

/** Writes the root that a folder begins with, for a program that is given it once and not each time. */
export async function pinRoot(folder: string, disk: Disk, root: Uint8Array): Promise<void> {
  await disk.makeFolder(folder);
  await new MetadataFolder(folder, disk).keep(new Map([["root.json", Buffer.from(root)]]));
  const path = join(folder, "pinned-root");
  await disk.write(`${path}.new`, root, 0);
  await disk.sync(`${path}.new`);
  await disk.rename(`${path}.new`, path);
  await disk.syncFolder(folder);
}
