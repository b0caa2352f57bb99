/** Assembles what the hub has to do with trust: its keys, its repository, the site's policy and the audit. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@interactor/shared/kernel/clock";
import { openAuditLog } from "../adapters/audit-log-files.ts";
import { readImportPolicy } from "../adapters/import-policy-file.ts";
import { openSigner } from "../adapters/signer-ed25519/signer-ed25519.ts";
import { openTrustRepository } from "../adapters/trust-repository/trust-repository.ts";
import { HubTrust } from "../hub-trust.ts";
import type { Log } from "../ports/log.ts";

export async function openTrustDesk(data: string, clock: Clock, log: Log): Promise<HubTrust & Disposable> {
  const folder = join(data, "trust");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const now = (): number => clock.wall() / 1000;
  const signer = await openSigner(join(folder, "keys"), log);
  const desk = new HubTrust({
    repository: await openTrustRepository({ folder, signer, now, log }),
    policy: () => readImportPolicy(folder),
    audit: await openAuditLog({ folder, now, log }),
    clock,
    log,
  });
  desk.start();
  return Object.assign(desk, { [Symbol.dispose]: () => desk.stop() });
}
