/** The files of the repository: each replaced as a whole, by temp → fsync → rename → fsync of its folder. */
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Versions of a document that stay, for nodes that are just reading the one before. Older: evict. Of root all stay. */
const versionsKept = 8;

export interface NamedDocument {
  readonly role: string;
  readonly version: number;
  readonly name: string;
}

/** A name such as `12.acme.json`; roles stand in it as in an address. */
const documentName = /^([1-9][0-9]{0,15})\.(.+)\.json$/;

export class TrustFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async open(): Promise<void> {
    await mkdir(join(this.#folder, "metadata"), { recursive: true });
    await mkdir(join(this.#folder, "targets"), { recursive: true });
  }

  /** The newest first. */
  async documents(): Promise<readonly NamedDocument[]> {
    const names = await readdir(join(this.#folder, "metadata"));
    return names
      .flatMap((name): readonly NamedDocument[] => {
        const [, version, role] = documentName.exec(name) ?? [];
        if (version === undefined || role === undefined) return [];
        return [{ role: decodeURIComponent(role), version: Number(version), name }];
      })
      .toSorted((left, right) => right.version - left.version);
  }

  read(kind: "metadata" | "targets", path: string): Promise<Uint8Array | undefined> {
    // Whoever asks may be anybody: a path stays inside, and is one of ours.
    if (!/^[\w.%+@-]+(?:\/[\w.%+@-]+)*$/.test(path) || path.split("/").some((part) => /^\.+$/.test(part)))
      return Promise.resolve(undefined);
    return readFile(join(this.#folder, kind, path)).catch(unlessMissing);
  }

  write(kind: "metadata" | "targets", path: string, bytes: Uint8Array): Promise<void> {
    return writeWhole(join(this.#folder, kind, path), bytes);
  }

  /** What is to come into force together, beside everything that changes by it. It stays until `end`. */
  begin(bytes: Uint8Array): Promise<void> {
    return writeWhole(this.#begun, bytes);
  }

  begun(): Promise<Uint8Array | undefined> {
    return readFile(this.#begun).catch(unlessMissing);
  }

  async end(): Promise<void> {
    await rm(this.#begun, { force: true });
    await syncFolder(dirname(this.#begun));
  }

  get #begun(): string {
    return `${this.#folder}.begun.json`;
  }

  /** Numbers of a document that nobody can be reading any more. */
  async evict(): Promise<void> {
    const seen = new Map<string, number>();
    for (const { role, name } of await this.documents()) {
      const count = (seen.get(role) ?? 0) + 1;
      seen.set(role, count);
      if (role !== "root" && count > versionsKept)
        await rm(join(this.#folder, "metadata", name), { force: true });
    }
  }

  /** Everything out of the way, under another name; returns it. */
  async setAside(word: string): Promise<string> {
    const aside = `${this.#folder}.${word}-${Date.now()}`;
    await rename(this.#folder, aside);
    await this.open();
    return aside;
  }
}

async function writeWhole(place: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(place);
  await mkdir(folder, { recursive: true });
  const draft = `${place}.new`;
  await using file = await open(draft, "w");
  await file.writeFile(bytes);
  await file.sync();
  await rename(draft, place);
  await syncFolder(folder);
}

async function syncFolder(folder: string): Promise<void> {
  await using directory = await open(folder, "r");
  await directory.sync();
}

function unlessMissing(error: unknown): undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "EISDIR" || code === "ENOTDIR") return undefined;
  throw error;
}
