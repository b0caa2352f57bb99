/** `interactor trust restore`: what was signed before, for a hub that has it no more. Nothing is signed. */
import { Fault } from "@interactor/shared/kernel/fault";
import type { TrustStanding } from "@interactor/shared/bundle/trust-api";
import { readRoot } from "../signing/documents.ts";
import { followRoots, isFollowing, isSameRoot, type Verified } from "../signing/verified.ts";
import type { Root } from "@tufjs/models";
import { commandFault } from "./exit.ts";
import type { HubOptions } from "./hub-client.ts";
import { type TrustClient, trustClient } from "./trust-client.ts";
import { remembered, signedBefore } from "./trust-memory.ts";
import {
  bytesOf,
  hubsRoot,
  lackedBy,
  lastOf,
  namesHub,
  newerTargets,
  numbersOf,
  type RootRow,
  rowAround,
  versionOf,
} from "./trust-roots.ts";

export interface RestoreOptions extends HubOptions {
  readonly keys: readonly string[];
  readonly json?: boolean;
}

export async function runTrustRestore(options: RestoreOptions): Promise<void> {
  const client = await trustClient(options);
  const standing = await client.standing();
  const row = await rowTo(hubsRoot(standing), rowAround(ownRoot(options.keys), options.keys), client);
  const lost = [...(await holesOf(row, standing, client)), ...lackedBy(row, hubsRoot(standing))];
  const last = lastOf(row);
  const targets = newerTargets(last, standing, options.keys);
  if (lost.length > 0) {
    await needHubsKey(last, standing, client);
    const from = row.slice(row.indexOf(lost[0] ?? last), -1);
    await client.bring("root", last.bytes, targets, bytesOf(from));
  } else if (targets !== undefined) await client.bring("targets", targets);
  tell(options, { lost, last, hasTargets: targets !== undefined });
}

/** Where somebody keeps copies only, or `root.json` is torn, the last that is whole: the hub takes what follows from the root that it has. */
function ownRoot(folders: readonly string[]): Uint8Array {
  const own = wholeRoot(folders);
  if (own !== undefined) return own;
  const [newest] = [...signedBefore(folders, "root")].toSorted(([left], [right]) => right - left);
  const bytes = newest?.[1][0];
  if (bytes !== undefined) return bytes;
  throw commandFault(
    "NOT_FOUND",
    `there is no root.json in ${folders.join(", ")}: name the folders where the keys lie with --keys`,
  );
}

function wholeRoot(folders: readonly string[]): Uint8Array | undefined {
  try {
    return remembered(folders, "root");
  } catch {
    // Damaged: it is told where all that lies there is read.
    return undefined;
  }
}

/** A hub may have gone on since: what it has then follows from the last that lies here. */
async function rowTo(shown: number, row: RootRow, client: TrustClient): Promise<RootRow> {
  const last = lastOf(row);
  if (versionOf(last) >= shown) return row;
  try {
    return [...row, ...(await followRoots(last.bytes, shown, client.rootOf)).slice(1)];
  } catch (error) {
    if (!(error instanceof Fault) || !error.code.startsWith("TRUST_")) throw error;
    throw commandFault(
      "FAILED",
      `the hub has root ${shown}, and it does not follow from root ${versionOf(last)} here (${error.message}): look who got at the hub`,
      error,
    );
  }
}

/** Roots that the hub should have behind it, and has not as they were signed. */
async function holesOf(row: RootRow, standing: TrustStanding, client: TrustClient): Promise<RootRow> {
  const holes: Verified<Root>[] = [];
  for (const [index, each] of row.entries()) {
    if (versionOf(each) > hubsRoot(standing)) break;
    const shown = await client.rootOf(versionOf(each)).catch(() => undefined);
    if (shown === undefined || !isFitting(shown, each, [row[index - 1], row[index + 1]])) holes.push(each);
  }
  return holes;
}

/** Whether it is what was signed, and has signatures with which nodes come to it and past it. */
function isFitting(
  shown: Uint8Array,
  { document }: Verified<Root>,
  [before, after]: readonly [Verified<Root> | undefined, Verified<Root> | undefined],
): boolean {
  try {
    const root = readRoot(shown);
    const around = [before?.document, root, after?.document].filter((each) => each !== undefined);
    return isSameRoot(root, document) && isFollowing(around);
  } catch {
    // Damaged: it is to be replaced.
    return false;
  }
}

async function needHubsKey(
  last: Verified<Root>,
  standing: TrustStanding,
  client: TrustClient,
): Promise<void> {
  if (hubsRoot(standing) === versionOf(last)) return;
  if (await namesHub(last.document.signed, standing, client)) return;
  throw commandFault(
    "FAILED",
    `root ${versionOf(last)} names another key for this hub than it has, as after a new card or an old backup: interactor trust rotate online --keys FOLDER … brings all that lies here and names the key that it has`,
  );
}

interface Restored {
  readonly lost: RootRow;
  readonly last: Verified<Root>;
  readonly hasTargets: boolean;
}

const published = [
  "what publishers published since is not there yet: each publishes again each of his modules, in its last version and in every one that the site names: interactor module publish",
  "nodes wait also for a publisher who was added and revoked since, and he cannot publish: interactor trust rotate online lets them go on without him",
].join("\n");

function tell({ json }: RestoreOptions, { lost, last, hasTargets }: Restored): void {
  const roots = lost.map(versionOf);
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ roots, root: versionOf(last), targets: hasTargets })}\n`);
    return;
  }
  const words = [
    ...(roots.length === 0
      ? []
      : [`${numbersOf(lost)}: the hub has ${roots.length === 1 ? "it" : "them"} again`]),
    ...(hasTargets ? ["who may publish: the hub has the last of it again"] : []),
  ];
  process.stdout.write(
    words.length === 0
      ? `nothing is lost: the hub has root ${versionOf(last)} and all that lies here\n`
      : `${words.join("\n")}\n${published}\n`,
  );
}
