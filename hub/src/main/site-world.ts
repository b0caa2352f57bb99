/** What the hub keeps of its site, and the thread that compiles it, opened in one go and closed in the other order. */
import { createHash } from "node:crypto";
import type { Clock } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { openSiteCompiler } from "../adapters/site-compiler/site-compiler.ts";
import { openRevisionLog } from "../adapters/store-sqlite/revision-log.ts";
import { openRolloutStore } from "../adapters/store-sqlite/rollout-store.ts";
import type { HubTrust } from "../hub-trust.ts";
import type { SiteWorld } from "../hub-site.ts";
import type { Log } from "../ports/log.ts";
import { version } from "./version.ts";

export interface SiteWorldOptions {
  readonly data: string;
  readonly site: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The hub's own bundle. */
  readonly file: string;
  readonly trust: Pick<HubTrust, "modules" | "assign">;
}

export async function openSiteWorld({
  data,
  site,
  clock,
  log,
  file,
  trust,
}: SiteWorldOptions): Promise<SiteWorld & AsyncDisposable> {
  await using undo = new AsyncDisposableStack();
  const compiler = undo.use(
    openSiteCompiler({ file, site, interactor: version, modules: () => trust.modules() }),
  );
  const revisionLog = undo.use(await openRevisionLog({ folder: data, clock, log }));
  const rolloutStore = undo.use(await openRolloutStore({ folder: data, clock, log }));
  const kept = undo.move();
  return {
    clock,
    log,
    digestOf: (bytes) => createHash("sha256").update(bytes).digest("hex"),
    compiler,
    revisionLog,
    rolloutStore,
    assign: (node, bundles) =>
      trust.assign(node, bundles).catch((error: unknown) => {
        log.error("what a node may install could not be signed", { node, cause: messageOf(error) });
      }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
