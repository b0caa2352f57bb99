/**
 * What one run of an instance keeps. The run that serves has the file; one that is started beside it has a copy in
 * memory, which becomes the file when it takes over: whatever comes in between, the file is what one version has left.
 */
import { Fault } from "@interactor/shared/kernel/fault";
import { versionKey } from "@interactor/shared/sdk/services";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import { nameLengthMax } from "@interactor/shared/wire/limits";
import { isSame, type Value } from "@interactor/shared/wire/value";
import type { InstanceSpec } from "./ports/module-host.ts";
import type { ModuleServices, Stored } from "./ports/module-services.ts";

/**
 * What one instance keeps, keys and values. More: refuse. A Pi's card wears out by what is written to it, and one value
 * must pass a sandbox's pipe.
 */
const storedBytesMax = 48 * 1024;
const keysMax = 256;

type StoredFiles = Pick<ModuleServices, "loadStored" | "saveStored">;

/** What one version of an instance has left when another began. No instance is called so. */
const leftOf = (instance: string): string => `${instance}.left`;

/**
 * What a version that comes back finds: what it has left, or what is there. What was left without a mark is of the version
 * before the one that wrote what is there; when nothing was left, that one kept nothing.
 */
export async function keptBy(
  version: string | undefined,
  instance: string,
  found: Stored,
  disk: StoredFiles,
): Promise<Stored> {
  if (version === undefined || found[versionKey] === undefined || found[versionKey] === version) return found;
  const left = await disk.loadStored(leftOf(instance));
  return (left[versionKey] ?? version) === version ? left : found;
}

export class InstanceStorage {
  readonly #instance: string;
  readonly #disk: StoredFiles;
  /** The version that comes back; `undefined`: none does. */
  readonly #backTo: string | undefined;
  /** In memory alone, until it is kept. */
  #isCopy: boolean;
  /** As it is on disk, or would be. */
  #stored: Stored | undefined;
  #storing: Promise<unknown> = Promise.resolve();
  /** As it was found. */
  #begunWith: Stored | undefined;
  /** What it took over from, until that is left for the version that wrote it. */
  #toLeave: Stored | undefined;
  /** What was a copy when it was kept, until a write of it came to its end: on disk is what another version has written. */
  #unkept: Stored | undefined;
  /** Writes on their way to the disk. */
  #writes = 0;
  #isSealed = false;
  #isUsed = false;

  constructor({ name, version, isBack }: InstanceSpec, disk: StoredFiles, copyOf?: Stored) {
    this.#instance = name;
    this.#backTo = isBack === true ? version : undefined;
    this.#disk = disk;
    this.#stored = copyOf;
    this.#isCopy = copyOf !== undefined;
  }

  /**
   * Whether its module has asked for it: then it may write more when it stops, of which nothing is on disk yet. The key
   * that the host keeps for it does not count.
   */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  async keys(): Promise<readonly string[]> {
    this.#isUsed = true;
    return Object.keys(await this.all());
  }

  async all(): Promise<Stored> {
    if (this.#stored !== undefined) return this.#stored;
    const found = await this.#disk.loadStored(this.#instance);
    const kept = await keptBy(this.#backTo, this.#instance, found, this.#disk);
    if (kept !== found) await this.#disk.saveStored(this.#instance, kept);
    this.#stored ??= kept;
    this.#begunWith ??= kept;
    return this.#stored;
  }

  async get(key: string): Promise<Value | undefined> {
    this.#isUsed ||= key !== versionKey;
    const stored = await this.all();
    return Object.hasOwn(stored, key) ? stored[key] : undefined;
  }

  /** On disk when it resolves, unless it is a copy; `undefined`: without this key. Faults `STORAGE_…`. */
  async set(key: string, value: Value | undefined): Promise<void> {
    if (this.#isSealed) throw new Fault("STORAGE_GONE", "another version has taken over what this one kept");
    if (key.length > nameLengthMax)
      throw new Fault("STORAGE_KEY", `a key has at most ${nameLengthMax} letters`);
    // One after the other: each begins with what the one before it has left. To the disk they may go together.
    const { written } = await this.#inTurn(async () => {
      const after = await this.#set(key, value);
      return { written: this.#isCopy || after === undefined ? undefined : this.#save(after) };
    });
    await written;
  }

  /** Nothing is written any more but what was on its way to the disk already; gives what there is. */
  async seal(): Promise<Stored> {
    this.#isSealed = true;
    await this.#storing;
    return this.all();
  }

  unseal(): void {
    this.#isSealed = false;
  }

  /** What was a copy is what is on disk; `before` is what stands there. Throws a Fault when the disk does not take it. */
  async keep(before: Stored): Promise<void> {
    const { written } = await this.#inTurn(async () => {
      const all = await this.all();
      // From now on it is told what the disk refuses: it may be heard already.
      this.#isCopy = false;
      this.#toLeave = before;
      this.#unkept = all;
      await this.#leaveDue(all);
      const isThere = isSame(before, all) || (isBlank(before) && isBlank(all));
      return { written: isThere ? undefined : this.#save(all) };
    });
    await written;
  }

  #inTurn<Done>(work: () => Promise<Done>): Promise<Done> {
    const done = this.#storing.then(work);
    this.#storing = done.catch(() => undefined);
    return done;
  }

  async #save(stored: Stored): Promise<void> {
    this.#writes += 1;
    try {
      await this.#disk.saveStored(this.#instance, stored);
      this.#writes -= 1;
      this.#unkept = undefined;
    } catch (error) {
      this.#writes -= 1;
      // What is on disk is what it keeps: what is on its way there, else what is there, unless that is another version's.
      if (this.#writes === 0) this.#stored = this.#unkept;
      throw error;
    }
  }

  /** `undefined`: nothing of it belongs on disk. */
  async #set(key: string, value: Value | undefined): Promise<Stored | undefined> {
    const before = await this.all();
    if (key === versionKey && before[key] === value) return undefined;
    const others = Object.fromEntries(Object.entries(before).filter(([each]) => each !== key));
    const after: Stored = value === undefined ? others : { ...others, [key]: value };
    if (Object.keys(after).length > keysMax) throw new Fault("STORAGE_FULL", `more than ${keysMax} keys`);
    if (encodeCbor(after).length > storedBytesMax)
      throw new Fault("STORAGE_FULL", `more than ${storedBytesMax} bytes`);
    await this.#leaveDue(after);
    if (!this.#isCopy && key === versionKey) await this.#leave(this.#begunWith ?? before, after);
    this.#stored = after;
    // An instance that has never kept anything needs no file for its version: it goes with the first thing it keeps.
    return key === versionKey && Object.keys(before).length === 0 ? undefined : after;
  }

  /** Before anything else is written over it. */
  async #leaveDue(after: Stored): Promise<void> {
    if (this.#toLeave === undefined) return;
    await this.#leave(this.#toLeave, after);
    this.#toLeave = undefined;
  }

  /** Another version goes on with it: as the one before it has left it, it stays for that one. */
  async #leave(before: Stored, after: Stored): Promise<void> {
    const isOthers = before[versionKey] !== after[versionKey];
    if (isOthers && Object.keys(before).length > 0 && !(isBlank(before) && isBlank(after)))
      await this.#disk.saveStored(leftOf(this.#instance), before);
  }
}

/** But for the mark of who wrote it there is nothing. */
const isBlank = (stored: Stored): boolean => Object.keys(stored).every((key) => key === versionKey);
