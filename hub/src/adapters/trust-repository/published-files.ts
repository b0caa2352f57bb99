/** What is found in the words of publishers: by name, and by digest. */
import type { TargetFile, Targets } from "@tufjs/models";
import { assignRole, delegatedBy } from "../../../signing/documents.ts";
import type { NamedFile, PublishedFile } from "../../ports/trust-repository.ts";

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

/** Of whoever may publish now; `wordOf`: the last word of a role. */
export function filesOf(
  targets: Targets | undefined,
  wordOf: (role: string) => Targets | undefined,
): readonly NamedFile[] {
  return (targets === undefined ? [] : delegatedBy(targets)).flatMap(({ name }) => {
    const word = name === assignRole ? undefined : wordOf(name);
    return word === undefined ? [] : namedBy(name, word);
  });
}

const namedBy = (publisher: string, { targets }: Targets): readonly NamedFile[] =>
  Object.values(targets).map(({ path, length, hashes, custom }) => ({
    publisher,
    path,
    bytes: length,
    digest: hashes["sha256"] ?? "",
    custom,
  }));
