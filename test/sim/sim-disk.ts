/**
 * The disk of one machine: what programs see of it, and what of that a power cut leaves. A file has what was synced of
 * it, and of the rest whatever the disk happened to write; a name that came or went without a sync of its folder may
 * have or not. A program that is killed loses nothing that it had written.
 */
import { Fault } from "@interactor/shared/kernel/fault";
import type { Chance } from "./chance.ts";
import type { Coverage } from "./coverage.ts";
import type { SimProcess } from "./sim-process.ts";

interface SimFile {
  bytes: Buffer;
  synced: Buffer;
  links: number;
}

/** How the disk is just now. */
export interface DiskWeather {
  isFull: boolean;
  /** Times as slow as it is when all is well. */
  slowness: number;
}

/** An fsync takes so long when all is well, in ms. */
const syncTakes = 3;

export class SimDisk {
  readonly weather: DiskWeather = { isFull: false, slowness: 1 };
  /** Whose operations are done: those of a life that has ended never come back. */
  user: SimProcess | undefined;
  /** Until when something is wrong with it or with whoever writes, in true time. */
  troubledUntil = Number.NEGATIVE_INFINITY;
  /** A segment that is damaged is given up from there on, also what comes to it later in the same life. */
  isDamaged = false;
  readonly #chance: Chance;
  readonly #coverage: Coverage;
  #names = new Map<string, SimFile>();
  #syncedNames = new Map<string, SimFile>();

  constructor(chance: Chance, coverage: Coverage) {
    this.#chance = chance;
    this.#coverage = coverage;
  }

  /** In all files. */
  get bytes(): number {
    return [...this.#names.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  async open(path: string, flags: string): Promise<Handle> {
    const user = await this.#user();
    let file = this.#names.get(path);
    if (file === undefined && flags.startsWith("r") && !this.#isFolder(path)) throw noEntry(path);
    if (file !== undefined && flags === "wx") throw coded("EEXIST", `${path} exists`);
    if (file === undefined && !flags.startsWith("r")) {
      this.#throwIfFull();
      file = { bytes: Buffer.alloc(0), synced: Buffer.alloc(0), links: 1 };
      this.#names.set(path, file);
    } else if (file !== undefined && flags.startsWith("w")) file.bytes = Buffer.alloc(0);
    return new Handle(this, user, file);
  }

  async mkdir(): Promise<void> {
    await this.#user();
  }

  async readdir(folder: string): Promise<string[]> {
    await this.#user();
    const inside = [...this.#names.keys()].filter((path) => path.startsWith(`${folder}/`));
    return inside.map((path) => path.slice(folder.length + 1)).toSorted();
  }

  async readFile(path: string): Promise<Buffer> {
    await this.#user();
    const file = this.#names.get(path);
    if (file === undefined) throw noEntry(path);
    return Buffer.from(file.bytes);
  }

  async rm(path: string): Promise<void> {
    await this.#user();
    const file = this.#names.get(path);
    if (file !== undefined) file.links -= 1;
    this.#names.delete(path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#user();
    const file = this.#names.get(from);
    if (file === undefined) throw noEntry(from);
    this.#names.delete(from);
    this.#names.set(to, file);
  }

  async stat(path: string): Promise<{ size: number; isFile: () => boolean }> {
    await this.#user();
    const file = this.#names.get(path);
    if (file === undefined) throw noEntry(path);
    return { size: file.bytes.length, isFile: () => true };
  }

  write(file: SimFile, bytes: Uint8Array, position: number): number {
    this.#throwIfFull();
    const end = position + bytes.length;
    if (end > file.bytes.length) {
      const longer = Buffer.alloc(end);
      file.bytes.copy(longer);
      file.bytes = longer;
    }
    file.bytes.set(bytes, position);
    return bytes.length;
  }

  /** Takes the time of an fsync; what was written until it ends is then safe. */
  async sync(user: SimProcess, file: SimFile | undefined): Promise<void> {
    if (this.weather.slowness > 1) this.#coverage.fault("disk-slow");
    await user.wait(syncTakes * this.weather.slowness * this.#chance.between(0.5, 1.5));
    this.#throwIfFull();
    if (file === undefined) this.#syncedNames = new Map(this.#names);
    else file.synced = Buffer.from(file.bytes);
  }

  /** The power goes: what was not synced is there, or half of it, or nothing. */
  cutPower(): void {
    const names = new Map<string, SimFile>();
    for (const path of new Set([...this.#names.keys(), ...this.#syncedNames.keys()])) {
      const [now, synced] = [this.#names.get(path), this.#syncedNames.get(path)];
      const file = now === synced || this.#chance.is(0.5) ? now : synced;
      if (file === undefined) continue;
      this.#tear(file);
      file.links = 1;
      names.set(path, file);
    }
    this.#names = names;
    this.#syncedNames = new Map(names);
  }

  /** A bit turns in something that lies on the disk. Returns whether there was anything. */
  flipBit(): boolean {
    const files = [...this.#names].filter(
      ([path, file]) => path.endsWith(".spool") && file.synced.length > 0 && file.bytes.length > 0,
    );
    if (files.length === 0) return false;
    const [, file] = this.#chance.pick(files);
    const at = this.#chance.below(file.bytes.length);
    file.bytes[at] = (file.bytes[at] ?? 0) ^ (1 << this.#chance.below(8));
    file.synced = Buffer.from(file.bytes);
    this.isDamaged = true;
    return true;
  }

  #tear(file: SimFile): void {
    if (file.bytes.equals(file.synced)) return;
    const unsynced = file.bytes.length - file.synced.length;
    const kept = unsynced > 0 && this.#chance.is(0.6) ? this.#chance.below(unsynced + 1) : 0;
    this.#coverage.fault(kept > 0 ? "torn-write" : "lost-unsynced-write");
    const torn = Buffer.from(file.bytes.subarray(0, file.synced.length + kept));
    file.synced.copy(torn);
    // Length may reach the disk before the bytes do.
    if (kept > 0 && this.#chance.is(0.3)) torn.fill(0, file.synced.length);
    file.bytes = torn;
    file.synced = Buffer.from(torn);
  }

  #throwIfFull(): void {
    if (!this.weather.isFull) return;
    this.#coverage.fault("disk-full");
    throw coded("ENOSPC", "no space left on device");
  }

  #isFolder(path: string): boolean {
    return path.split("/").length <= folderDepth;
  }

  async #user(): Promise<SimProcess> {
    const { user } = this;
    if (user === undefined) throw new Error("nobody uses the disk");
    await user.ifAlive();
    return user;
  }
}

/** `/sim/<machine>/spool` */
const folderDepth = 4;

const coded = (code: string, words: string): Fault => new Fault(code, `${code}: ${words}`);
const noEntry = (path: string): Fault => coded("ENOENT", `no such file, ${path}`);

/** As much of a file that is open as our spool asks for. */
class Handle {
  readonly #disk: SimDisk;
  readonly #user: SimProcess;
  readonly #file: SimFile | undefined;

  constructor(disk: SimDisk, user: SimProcess, file: SimFile | undefined) {
    this.#disk = disk;
    this.#user = user;
    this.#file = file;
  }

  async write(bytes: Uint8Array, from: number, length: number, position: number) {
    await this.#user.ifAlive();
    return { bytesWritten: this.#disk.write(this.#its, bytes.subarray(from, from + length), position) };
  }

  async writeFile(bytes: Uint8Array): Promise<void> {
    await this.write(bytes, 0, bytes.length, 0);
  }

  async read(into: Buffer, at: number, length: number, position: number) {
    await this.#user.ifAlive();
    const part = this.#its.bytes.subarray(position, position + length);
    part.copy(into, at);
    return { bytesRead: part.length };
  }

  datasync = (): Promise<void> => this.#disk.sync(this.#user, this.#file);
  sync = (): Promise<void> => this.#disk.sync(this.#user, this.#file);

  async stat(): Promise<{ nlink: number; size: number }> {
    await this.#user.ifAlive();
    return { nlink: this.#its.links, size: this.#its.bytes.length };
  }

  async truncate(length: number): Promise<void> {
    await this.#user.ifAlive();
    this.#its.bytes = Buffer.from(this.#its.bytes.subarray(0, length));
  }

  async close(): Promise<void> {
    await this.#user.ifAlive();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #its(): SimFile {
    if (this.#file === undefined) throw coded("EISDIR", "this is a folder");
    return this.#file;
  }
}
