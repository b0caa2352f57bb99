// A node's trust over real files and a repository in memory that a test can bend.

import { systemDisk } from "@interactor/agent/src/adapters/apply-store-files/disk.ts";
import { tellingBehind } from "@interactor/agent/src/adapters/trust-tuf/telling-behind.ts";
import { openTrust } from "@interactor/agent/src/adapters/trust-tuf/trust-tuf.ts";
import type { Disk } from "@interactor/agent/src/ports/disk.ts";
import type {
  Believed,
  Trust,
  TrustFile,
  TrustSource,
  TrustTime,
} from "@interactor/agent/src/ports/trust.ts";
import { moduleBytesMax } from "@interactor/shared/bundle/trust-api";
import { Fault } from "@interactor/shared/kernel/fault";
import type { TrustRepository } from "@interactor/hub/src/ports/trust-repository.ts";
import { SmallRepository } from "./small-repository.ts";

export interface Given {
  readonly folder: string;
  readonly repository: SmallRepository | Pick<TrustRepository, "read">;
  readonly pinnedRoot?: Uint8Array;
  readonly disk?: Disk;
  readonly time?: TrustTime;
  readonly builtAt?: number;
  /** Other bytes in the place of those of the repository. */
  readonly bend?: (path: string, bytes: Buffer | undefined) => Iterable<Uint8Array> | undefined;
}

/** Looks at the repository as a node does that is about to install, and tells what it believes then. */
export async function look(given: Given): Promise<Believed> {
  const trust = await trustOf(given);
  return trust.refresh(new AbortController().signal);
}

export function trustOf(given: Given): Promise<Trust> {
  const { repository, time } = given;
  return openTrust({
    folder: given.folder,
    pinnedRoot: given.pinnedRoot ?? firstRootOf(repository),
    disk: given.disk ?? systemDisk,
    time: () => time ?? { wall: nowOf(repository), isSynchronised: true },
    builtAt: given.builtAt ?? 0,
    source: sourceOf(given),
  });
}

function sourceOf({ repository, bend }: Given): TrustSource {
  return {
    async *fetch({ kind, path }: TrustFile) {
      const name = `${kind === "file" ? "targets" : kind}/${path}`;
      const bytes =
        repository instanceof SmallRepository
          ? repository.files.get(name)
          : await repository.read(kind, path).then((read) => read && Buffer.from(read));
      const bent = bend?.(name, bytes);
      if (bent !== undefined) yield* bent;
      else if (bytes === undefined) throw new Fault("TRUST_FILE_MISSING", `no ${name}`);
      else yield bytes;
    },
  };
}

const nowOf = (repository: Given["repository"]): number =>
  repository instanceof SmallRepository ? repository.now : Date.now();

function firstRootOf(repository: Given["repository"]): Uint8Array {
  if (repository instanceof SmallRepository) return repository.firstRoot;
  throw new Error("a node of a hub is given its root");
}

/** What a node says to it: "believed", or the code of its refusal. */
export async function answerOf(given: Given): Promise<string> {
  try {
    await using _believed = await look(given);
    return "believed";
  } catch (error) {
    return codeOf(error);
  }
}

export const codeOf = (error: unknown): string => (error instanceof Fault ? error.code : String(error));

/** What a node says to it in words, as it looks at a hub and not at whatever a conformance suite serves. */
export async function wordsOf(given: Given): Promise<string> {
  const { folder, disk = systemDisk } = given;
  const trust = tellingBehind({ trust: await trustOf(given), folder, disk, source: sourceOf(given) });
  try {
    await using _believed = await trust.refresh(new AbortController().signal);
    return "believed";
  } catch (error) {
    return error instanceof Fault ? `${error.code}: ${error.message}` : String(error);
  }
}

/** The bytes of a file that somebody signed, or the code of the refusal. */
export async function install(given: Given, path: string): Promise<string> {
  try {
    await using believed = await look(given);
    const file = await believed.find(path);
    if (file === undefined) return "nobody signed it";
    const bytes = await believed.read(file, moduleBytesMax, new AbortController().signal);
    return Buffer.from(bytes).toString("latin1");
  } catch (error) {
    return codeOf(error);
  }
}
