/** What was published, so that people can find it. Made of what publishers signed: what is lost of it is made anew. */
import type { RegisteredVersion } from "@interactor/shared/bundle/registry-api";
import type { NamedFile } from "./trust-repository.ts";

export interface WithdrawnModule {
  readonly id: string;
  readonly version: string;
  readonly publisher: string;
}

export interface ModuleRegistry extends AsyncDisposable {
  /** From now on there are these files and no others. */
  sync(files: readonly NamedFile[]): Promise<void>;
  /** The newest version of each module with words that begin like these; of all without words. Best first. */
  search(
    words: string,
    page: { readonly from: number; readonly max: number },
  ): Promise<readonly RegisteredVersion[]>;
  /** A node has fetched the bundle of this digest; one that is no module's counts nothing. */
  downloaded(digest: string, node: string): Promise<void>;
  /** What was published once, and is not any more; the oldest first. */
  readonly withdrawn: readonly WithdrawnModule[];
  /** The newest first. */
  versions(id: string): Promise<readonly RegisteredVersion[]>;
}
