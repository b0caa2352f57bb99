/** What is found in the words of publishers: by name, and by digest. */
import type { TargetFile, Targets } from "@tufjs/models";
import type { PublishedFile } from "../../ports/trust-repository.ts";

export function fileWithDigest(words: readonly Targets[], digest: string): TargetFile | undefined {
  for (const { targets } of words) {
    const found = Object.values(targets).find(({ hashes }) => hashes["sha256"] === digest);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function publishedAt(words: readonly Targets[], path: string): PublishedFile | undefined {
  const file = words.map(({ targets }) => targets[path]).find((each) => each !== undefined);
  return file && { bytes: file.length, digest: file.hashes["sha256"] ?? "", custom: file.custom };
}
