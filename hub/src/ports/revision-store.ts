/** The last routes that were right, so that a wrong file never keeps the site from starting. */
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";

export interface Revision {
  readonly number: number;
  /** SHA-256 over all routes, in hex. */
  readonly digest: string;
  readonly routes: readonly CompiledRoute[];
}

export interface RevisionStore {
  load(): Promise<Revision | undefined>;
  /** On disk when it resolves. */
  save(revision: Revision): Promise<void>;
}
