/** Reads, checks and compares sites, which takes up to a second on a large one: never on the hub's loop. */
import type { Result } from "@interactor/shared/kernel/result";
import type { PublishedModule } from "@interactor/shared/site/published-modules";
import type { FreshSite, SiteComparison, SiteInHand } from "@interactor/shared/site/site-in-hand";
import type { InvalidResponse, SiteFilesBody } from "@interactor/shared/wire/api-config";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";

/** Contents are those of revisions, as a revision log keeps them. Failures are words for people. */
export interface SiteCompiler extends AsyncDisposable {
  /** `modules`: those beside the built-in ones that it may name. */
  compile(
    files: SiteFilesBody,
    modules?: readonly PublishedModule[],
  ): Promise<Result<FreshSite, InvalidResponse>>;
  /** A site of routes alone. */
  routesAlone(routes: readonly CompiledRoute[]): Promise<Result<FreshSite, InvalidResponse>>;
  open(content: Uint8Array): Promise<Result<SiteInHand, string>>;
  /** The texts it was made of. */
  textsOf(content: Uint8Array): Promise<Result<SiteFilesBody, string>>;
  /** `undefined`: from nothing. */
  compare(before: Uint8Array | undefined, after: Uint8Array): Promise<Result<SiteComparison, string>>;
}
