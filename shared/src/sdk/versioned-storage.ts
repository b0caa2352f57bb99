/** Storage of an instance that says which version of its module wrote what it keeps, whether that can migrate or not. */
import { type ModuleStorage, versionKey } from "./services.ts";

export class VersionedStorage implements ModuleStorage {
  readonly #storage: ModuleStorage;
  readonly #version: string;
  /** Of a mark that is refused nothing is known any more. */
  #marked: Promise<void> | undefined;

  constructor(storage: ModuleStorage, version: string) {
    this.#storage = storage;
    this.#version = version;
  }

  /** From now on what is kept is this version's. */
  async mark(): Promise<void> {
    await this.#marking(() => Promise.resolve());
  }

  get(key: string): ReturnType<ModuleStorage["get"]> {
    return this.#storage.get(key);
  }

  keys(): ReturnType<ModuleStorage["keys"]> {
    return this.#storage.keys();
  }

  set(...[key, value]: Parameters<ModuleStorage["set"]>): Promise<void> {
    return this.#marking(() => this.#storage.set(key, value));
  }

  delete(key: string): Promise<void> {
    return this.#marking(() => this.#storage.delete(key));
  }

  /** Both are asked for at once: whoever stops may not wait for either. */
  async #marking(work: () => Promise<void>): Promise<void> {
    this.#marked ??= this.#storage.set(versionKey, this.#version);
    try {
      await Promise.all([this.#marked, work()]);
    } catch (error) {
      // What a disk has refused may have taken the mark with it.
      this.#marked = undefined;
      throw error;
    }
  }
}
