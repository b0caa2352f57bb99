/** Assembles what the hub has to do with trust: its keys, its repository, the site's policy, the audit, and who pulls files. */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { nodeTopics } from "@interactor/shared/wire/topics";
import { openAuditLog } from "../adapters/audit-log-files.ts";
import { readImportPolicy } from "../adapters/import-policy-file.ts";
import { openSigner } from "../adapters/signer-ed25519/signer-ed25519.ts";
import { openTrustRepository } from "../adapters/trust-repository/trust-repository.ts";
import type { Neighbours } from "../hub-neighbours.ts";
import { HubPull } from "../hub-pull.ts";
import { HubTrust } from "../hub-trust.ts";
import { openModuleRegistry } from "../adapters/store-sqlite/module-registry.ts";
import type { ModuleRegistry } from "../ports/module-registry.ts";
import type { Broker } from "../ports/broker.ts";
import type { Log } from "../ports/log.ts";

export interface Trust extends AsyncDisposable {
  readonly desk: HubTrust;
  readonly registry: ModuleRegistry;
  readonly neighbours: Neighbours;
  /** From now on nodes are answered. `plan`: one of theirs, by its digest. */
  serve(broker: Broker, site: string, plan: (digest: string) => Promise<Uint8Array | undefined>): void;
}

export async function openTrust(data: string, clock: Clock, log: Log): Promise<Trust> {
  const folder = join(data, "trust");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const now = (): number => clock.wall() / 1000;
  const signer = await openSigner(join(folder, "keys"), log);
  const repository = await openTrustRepository({ folder, signer, now, log });
  const registry = await openModuleRegistry({ folder: data, clock, log });
  const policy = () => readImportPolicy(folder);
  const desk = new HubTrust({
    repository,
    policy,
    audit: await openAuditLog({ folder, now, log }),
    digestOf: (bytes) => createHash("sha256").update(bytes).digest("hex"),
    registry,
    clock,
    log,
  });
  let planOf: (digest: string) => Promise<Uint8Array | undefined> = async () => undefined;
  const pull = new HubPull({
    read: async ({ kind, name }) =>
      kind === "content" ? ((await repository.content(name)) ?? planOf(name)) : repository.read(kind, name),
    sumOf: (bytes) => createHash("sha256").update(bytes).digest(),
    given: (node, { kind, name }) => {
      if (kind !== "content") return;
      void registry.downloaded(name, node).catch((error: unknown) => {
        log.warn("a download could not be counted", { node, digest: name, cause: messageOf(error) });
      });
    },
    log,
  });
  await desk.start();
  return {
    desk,
    registry,
    neighbours: { pull: (node, payload) => ({ refusal: pull.asked(node, payload) }) },
    serve(broker, site, plan) {
      planOf = plan;
      pull.start((node, payload) =>
        broker.publish(nodeTopics(site, node).piece, payload, { retain: false, qos: 0 }),
      );
    },
    async [Symbol.asyncDispose]() {
      desk.stop();
      await registry[Symbol.asyncDispose]();
    },
  };
}
