/** Assembles what the agent asks before it installs: whose keys it believes, and by which clock. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { systemDisk } from "../adapters/apply-store-files/disk.ts";
import { openTrust } from "../adapters/trust-tuf/trust-tuf.ts";
import { AgentTrust } from "../agent-trust.ts";
import type { Log } from "../ports/log.ts";
import type { AllowBundles, TrustSource } from "../ports/trust.ts";

export interface TrustOptions {
  readonly data: string;
  readonly node: string;
  /** The root that this node was given. It may come later than the agent. */
  readonly root: string;
  readonly source: TrustSource;
  readonly log: Log;
}

/** systemd makes it when the clock was set over the network, and it is gone after a boot. */
const synchronisedFile = "/run/systemd/timesync/synchronized";

/** The build puts it there; a program that runs from its sources knows nothing of it. */
const builtAt = Number(process.env["INTERACTOR_BUILT_AT"] ?? 0);

export function allowBundles({ data, node, root, source, log }: TrustOptions): AllowBundles {
  return async (digests, signal) => {
    const trust = await openTrust({
      folder: join(data, "trust"),
      pinnedRoot: await readRoot(root),
      source,
      disk: systemDisk,
      time: () => ({ wall: Date.now(), isSynchronised: existsSync(synchronisedFile) }),
      builtAt,
    });
    const { isDevelopment, modules } = await new AgentTrust(node, trust).allow(digests, signal);
    const names = modules.map(({ path }) => path);
    if (isDevelopment) log.warn("bundles signed with a DEVELOPMENT key are installed", { modules: names });
    else log.info("bundles are signed by their publishers and assigned to this node", { modules: names });
    return new Map(modules.map(({ digest, manifest }) => [digest, manifest]));
  };
}

async function readRoot(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const words = `this node was given no root (${path}: ${messageOf(cause)}): see \`interactor trust --help\``;
    throw new Fault("TRUST_NO_ROOT", words, { cause });
  }
}
