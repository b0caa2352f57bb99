/**
 * A hub that was restored from an old backup lacks the root by which a node goes. What such a hub signs is refused for
 * reasons that say nothing of it; so whoever is refused looks whether the hub has that root, and says it when it has not.
 */
import { join } from "node:path";
import type { Root } from "@tufjs/models";
import { documentBytesMax } from "@interactor/shared/bundle/document-bytes";
import { Fault } from "@interactor/shared/kernel/fault";
import type { Disk } from "../../ports/disk.ts";
import type { Trust, TrustSource } from "../../ports/trust.ts";
import { readAll } from "./metadata-fetcher.ts";
import { rootIn } from "./seen.ts";

export interface TellingOptions {
  readonly trust: Trust;
  /** Where it keeps what it believes. */
  readonly folder: string;
  readonly source: TrustSource;
  readonly disk: Disk;
}

/** What a hub of other keys, of older numbers, or without any comes to. */
const askedAfter = new Set(["TRUST_SIGNATURE", "TRUST_ROLLBACK", "TRUST_FILE_MISSING"]);

export const tellingBehind = (options: TellingOptions): Trust => ({
  async refresh(signal) {
    try {
      return await options.trust.refresh(signal);
    } catch (error) {
      throw await explained(error, options, signal);
    }
  },
});

async function explained(
  error: unknown,
  { folder, disk, source }: TellingOptions,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof Fault) || !askedAfter.has(error.code)) return error;
  const own = rootIn(await disk.read(join(folder, "root.json")));
  if (own === undefined) return error;
  const name = `root ${own.version}`;
  const hubs = await hubsRoot(source, own, signal);
  if (hubs === "missing")
    return new Fault(
      "TRUST_HUB_BEHIND",
      `the hub has no ${name}, and this node goes by it: the hub was restored from before it, or begun anew. From where the keys lie: interactor trust restore (${error.code}: ${error.message})`,
      { cause: error },
    );
  if (hubs === "another")
    return new Fault(
      "TRUST_OTHER_ROOT",
      `the hub has another ${name} than this node: it was begun anew, or is the hub of another site. Give the node its root (--trust-root), or the hub its own: interactor trust restore (${error.code}: ${error.message})`,
      { cause: error },
    );
  return error;
}

async function hubsRoot(
  source: TrustSource,
  own: Root,
  signal: AbortSignal,
): Promise<"missing" | "another" | "the same" | "not known"> {
  try {
    const file = { kind: "metadata", path: `${own.version}.root.json` } as const;
    const root = rootIn(await readAll(source, file, documentBytesMax.root, signal));
    return root !== undefined && root.equals(own) ? "the same" : "another";
  } catch (error) {
    // It was refused already: whatever happens now is no better reason.
    return error instanceof Fault && error.code === "TRUST_FILE_MISSING" ? "missing" : "not known";
  }
}
