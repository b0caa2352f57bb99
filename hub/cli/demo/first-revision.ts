/** The demo's site file becomes the first revision of a hub that has none; later it is the user who applies it. */
import { Fault } from "@interactor/shared/kernel/fault";
import { applySite, fetchHistory, fetchPlan, fetchRevision } from "../config-client.ts";
import { siteOfRevision } from "../config-diff.ts";
import type { HubAddress } from "../hub-client.ts";
import { printable } from "../output.ts";
import { filesOf, refused } from "../site-payload.ts";
import type { Progress } from "./progress.ts";

/** The demo is on one machine, and somebody waits for it: how long it must be well until it counts, in ms. */
const probation = 1000;

/** Says what runs. What is wrong with the file keeps nobody from starting: it can be set right while the demo runs. */
export async function ensureRevision(hub: HubAddress, file: string, progress: Progress): Promise<void> {
  try {
    const [newest] = await fetchHistory(hub, 1);
    if (newest === undefined) return await applyFirst(hub, file, progress);
    const plan = await fetchPlan(hub, filesOf(file));
    const isSame = plan.kind === "right" && plan.answer.unchanged;
    const words = `revision ${newest.number}: ${printable(newest.message)}`;
    if (isSame) progress.good("site", words);
    else progress.warn("site", `${words}; ${file} says something else: npx interactor config plan`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    progress.bad("site", printable(error.message));
  }
}

async function applyFirst(hub: HubAddress, file: string, progress: Progress): Promise<void> {
  const applied = await applySite(hub, {
    ...filesOf(file),
    message: "the demo begins",
    author: "demo",
    base: 0,
    rollout: { probation_ms: probation },
  });
  if (applied.kind === "wrong") return refused(file, applied.failure, { color: process.stderr.isTTY });
  const { number } = applied.answer.revision;
  progress.good("site", `${file} is revision ${number}`);
}

/** The instances that the newest revision has on a node; none when nobody can tell. */
export async function instancesOfRevision(hub: HubAddress, node: string): Promise<readonly string[]> {
  try {
    const [newest] = await fetchHistory(hub, 1);
    if (newest === undefined) return [];
    const site = siteOfRevision(await fetchRevision(hub, newest.number));
    const plan = Object.hasOwn(site.nodes, node) ? site.nodes[node] : undefined;
    return Object.keys(plan?.instances ?? {});
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}
