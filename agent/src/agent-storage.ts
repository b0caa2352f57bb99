/**
 * What one run of an instance keeps. The run that serves has the file; one that is started beside it has a copy in
 * memory, which becomes the file when it takes over: whatever comes in between, the file is what one version has left.
 */
import { Fault } from "@interactor/shared/kernel/fault";
import { versionKey } from "@interactor/shared/sdk/services";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import { nameLengthMax } from "@interactor/shared/wire/limits";
import { isSame, type Value } from "@interactor/shared/wire/value";
import type { ModuleServices, Stored } from "./ports/module-services.ts";

/**
 * What one instance keeps, keys and values. More: refuse. A Pi's card wears out by what is written to it, and one value
 * must pass a sandbox's pipe.
 */
const storedBytesMax = 48 * 1024;
const keysMax = 256;

export class InstanceStorage {
  readonly #instance: string;
  readonly #disk: Pick<ModuleServices, "loadStored" | "saveStored">;
  /** In memory alone, until it is kept. */
  #isCopy: boolean;
  /** As it is on disk, or would be. */
  #stored: Stored | undefined;
  #storing: Promise<unknown> = Promise.resolve();
  #isSealed = false;
  #isUsed = false;

  constructor(instance: string, disk: Pick<ModuleServices, "loadStored" | "saveStored">, copyOf?: Stored) {
    this.#instance = instance;
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
    this.#stored ??= await this.#disk.loadStored(this.#instance);
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
    // One after the other: each begins with what the one before it has left.
    await this.#inTurn(() => this.#set(key, value));
  }

  /** Nothing is written any more; what was being written is on disk when it resolves. */
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
    await this.#inTurn(async () => {
      const stored = await this.all();
      if (!isSame(before, stored)) await this.#disk.saveStored(this.#instance, stored);
      this.#isCopy = false;
    });
  }

  #inTurn<Done>(work: () => Promise<Done>): Promise<Done> {
    const done = this.#storing.then(work);
    this.#storing = done.catch(() => undefined);
    return done;
  }

  async #set(key: string, value: Value | undefined): Promise<void> {
    const before = await this.all();
    const others = Object.fromEntries(Object.entries(before).filter(([each]) => each !== key));
    const after: Stored = value === undefined ? others : { ...others, [key]: value };
    if (Object.keys(after).length > keysMax) throw new Fault("STORAGE_FULL", `more than ${keysMax} keys`);
    if (encodeCbor(after).length > storedBytesMax)
      throw new Fault("STORAGE_FULL", `more than ${storedBytesMax} bytes`);
    if (!this.#isCopy) await this.#disk.saveStored(this.#instance, after);
    this.#stored = after;
  }
}
