/**
 * The metadata that is believed, a file a role. The updater works on a copy and only what it has accepted takes the place
 * of what was there, file by file, each by temp → fsync → rename, in the order in which they vouch for each other. A power
 * cut in between leaves what a refresh leaves whose link is cut there: the next one goes on.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Disk } from "../../ports/disk.ts";

export type Files = ReadonlyMap<string, Buffer>;

const order = ["root.json", "timestamp.json", "snapshot.json", "targets.json"];
const ending = ".json";

export class MetadataFolder {
  /** Where the updater reads and writes. Nothing in it need outlast anything. */
  readonly staged: string;
  readonly #folder: string;
  readonly #disk: Disk;

  constructor(folder: string, disk: Disk) {
    this.#folder = folder;
    this.#disk = disk;
    this.staged = join(folder, "staged");
  }

  /** What is believed, as it is found: it may be torn. */
  async load(): Promise<Files> {
    const files = new Map<string, Buffer>();
    for (const name of await this.#disk.list(this.#folder)) {
      if (!name.endsWith(ending)) continue;
      const bytes = await this.#disk.read(join(this.#folder, name));
      if (bytes !== undefined) files.set(name, Buffer.from(bytes));
    }
    return files;
  }

  /** Lays a copy out for the updater. */
  stage(files: Files): void {
    this.unstage();
    mkdirSync(this.staged, { recursive: true });
    for (const [name, bytes] of files) writeFileSync(join(this.staged, name), bytes);
  }

  /** What the updater has accepted: it writes nothing else. */
  accepted(before: Files): Files {
    const files = new Map<string, Buffer>();
    for (const name of readdirSync(this.staged)) {
      const bytes = readFileSync(join(this.staged, name));
      if (before.get(name)?.equals(bytes) !== true) files.set(name, bytes);
    }
    return files;
  }

  /** On disk when it resolves. */
  async keep(files: Files): Promise<void> {
    const names = [...files.keys()].toSorted((left, right) => rank(left) - rank(right));
    for (const name of names) {
      const path = join(this.#folder, name);
      const draft = `${path}.new`;
      await this.#disk.write(draft, files.get(name) ?? Buffer.alloc(0), 0);
      await this.#disk.sync(draft);
      await this.#disk.rename(draft, path);
      await this.#disk.syncFolder(this.#folder);
    }
  }

  /** From this root on, whatever was believed. What a power cut leaves of the old roles is without the root that they had. */
  async beginAnew(root: Uint8Array): Promise<void> {
    await this.keep(new Map([["root.json", Buffer.from(root)]]));
    for (const name of await this.#disk.list(this.#folder))
      if (name.endsWith(ending) && name !== "root.json") await this.#disk.remove(join(this.#folder, name));
    await this.#disk.syncFolder(this.#folder);
  }

  unstage(): void {
    rmSync(this.staged, { recursive: true, force: true });
  }
}

function rank(name: string): number {
  const place = order.indexOf(name);
  return place === -1 ? order.length : place;
}
