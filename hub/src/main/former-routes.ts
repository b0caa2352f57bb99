/** The routes as an earlier version kept them, in `revision.cbor`: they become the first revision of the history, once. */
import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { decodeDesired } from "@interactor/shared/wire/messages/desired";
import { refusalWords } from "../core/revision/refusal.ts";
import type { HubSite } from "../hub-site.ts";
import { allAtOnce } from "../hub-revisions.ts";
import type { Log } from "../ports/log.ts";

export async function takeFormerRoutes(folder: string, site: HubSite, log: Log): Promise<void> {
  const path = join(folder, "revision.cbor");
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined) return;
  try {
    if (site.revisions.newest === undefined) await take(bytes, site);
    await rename(path, `${path}.taken-over`);
  } catch (error) {
    log.error(`the routes in ${path} are not taken over: routes.yaml alone decides`, {
      cause: messageOf(error),
    });
  }
}

async function take(bytes: Uint8Array, site: HubSite): Promise<void> {
  const former = decodeDesired(bytes);
  if (!former.ok) throw new Error(former.error);
  const { revision, routes } = former.value;
  // Its number stays: nodes tell what they run.
  site.revisions.learn(revision - 1);
  const message = `revision ${revision} of an earlier version`;
  const made = await site.revisions.applyRoutes(routes, {
    author: "routes.yaml",
    message,
    rollout: allAtOnce,
  });
  if (!made.ok) throw new Error(refusalWords(made.error).join("; "));
}
