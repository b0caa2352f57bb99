/** Assembles what the agent asks before it installs: whose keys it believes, and by which clock. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { systemDisk } from "../adapters/apply-store-files/disk.ts";
import { keepSigned } from "../adapters/signed-manifests.ts";
import { tellingBehind } from "../adapters/trust-tuf/telling-behind.ts";
import { openTrust } from "../adapters/trust-tuf/trust-tuf.ts";
import { AgentTrust } from "../agent-trust.ts";
import type { Log } from "../ports/log.ts";
import type { AllowBundles, TrustSource } from "../ports/trust.ts";
import { builtAt } from "./built-at.ts";

export interface TrustOptions {
  readonly data: string;
  readonly node: string;
  /** The root that this node was given. It may come later than the agent. */
  readonly root: string;
  readonly source: TrustSource;
  readonly log: Log;
  /** Where a bundle is, by its digest. */
  readonly fileOf: (digest: string) => string;
}

/** systemd makes it when the clock was set over the network, and it is gone after a boot. */
const synchronisedFile = "/run/systemd/timesync/synchronized";

export function allowBundles({ data, node, root, source, log, fileOf }: TrustOptions): AllowBundles {
  return async (digests, signal) => {
    const folder = join(data, "trust");
    const opened = await openTrust({
      folder,
      pinnedRoot: await readRoot(root),
      source,
      disk: systemDisk,
      time: () => ({ wall: Date.now(), isSynchronised: existsSync(synchronisedFile) }),
      builtAt,
    });
    const trust = tellingBehind({ trust: opened, folder, source, disk: systemDisk });
    const { isDevelopment, modules } = await new AgentTrust(node, trust).allow(digests, signal);
    for (const { digest, manifest } of modules) await keepSigned(systemDisk, fileOf(digest), manifest);
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
