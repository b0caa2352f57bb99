/** Assembles what the agent pulls files of the hub with. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "@interactor/shared/kernel/clock";
import { systemDisk } from "../adapters/apply-store-files/disk.ts";
import { openKeptPieces } from "../adapters/kept-pieces-files.ts";
import { AgentPull, type PullOptions } from "../agent-pull.ts";
import type { Log } from "../ports/log.ts";

export async function openPull(
  options: PullOptions,
  data: string,
  clock: Clock,
  log: Log,
): Promise<AgentPull> {
  const kept = await openKeptPieces({ folder: join(data, "pieces"), disk: systemDisk, log });
  return new AgentPull(options, {
    clock,
    log,
    kept,
    sumOf: (bytes) => createHash("sha256").update(bytes).digest(),
  });
}
