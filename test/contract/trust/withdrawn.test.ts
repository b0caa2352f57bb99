// What a site is told of modules that a hub had: of a development key, of a publisher who took them back, of one who was
// revoked. The hub by its real code, on real files.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { firstDocuments, withoutPublisher, withPublisher } from "@interactor/hub/signing/ceremony.ts";
import { fileOf, filesTargets, readTargets, signed } from "@interactor/hub/signing/documents.ts";
import { newSigningKey } from "@interactor/hub/signing/signing-key.ts";
import { openAuditLog } from "@interactor/hub/src/adapters/audit-log-files.ts";
import { systemClock } from "@interactor/hub/src/adapters/clock-system.ts";
import { openSigner } from "@interactor/hub/src/adapters/signer-ed25519/signer-ed25519.ts";
import { compilerHere } from "@interactor/hub/src/adapters/site-compiler/compiling.ts";
import { openModuleRegistry } from "@interactor/hub/src/adapters/store-sqlite/module-registry.ts";
import { openTrustRepository } from "@interactor/hub/src/adapters/trust-repository/trust-repository.ts";
import { HubTrust } from "@interactor/hub/src/hub-trust.ts";
import { importPolicyDefault } from "@interactor/hub/src/ports/import-policy.ts";
import { emptyFolder } from "../folders.ts";

const bundle = Buffer.from("export const definition = 1;");
const manifestOf = (id: string) => ({
  apiVersion: 1,
  id,
  version: "1.0.0",
  title: id,
  worker: "shared",
  inputs: {},
  outputs: {},
});
const pathOf = (id: string): string => `modules/acme/${id}-1.0.0.js`;

const wordOf = (version: number, ...ids: readonly string[]) => {
  const files = ids.map((id) => [pathOf(id), fileOf(pathOf(id), bundle, { manifest: manifestOf(id) })]);
  return filesTargets({ version, files: Object.fromEntries(files), now: Date.now() });
};

/** What somebody is told who names this module in a site now. */
async function told(trust: HubTrust, module: string): Promise<readonly string[]> {
  const files = { "site.yaml": `nodes: { pi: { instances: { one: { module: ${module} } } } }\n` };
  const compiled = await compilerHere("demo").compile({ root: "site.yaml", files }, trust.modules());
  return compiled.ok ? [] : compiled.error.problems.map(({ message }) => message);
}

test("a module that is gone is told as such, with who took it back", async () => {
  const folder = emptyFolder();
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const clock = systemClock();
  const signer = await openSigner(join(folder, "keys"), log);
  const repository = await openTrustRepository({ folder, signer, now: Date.now, log });
  await using registry = await openModuleRegistry({ folder, clock, log });
  const trust = new HubTrust({
    repository,
    registry,
    policy: async () => importPolicyDefault,
    audit: await openAuditLog({ folder, now: Date.now, log }),
    digestOf: (bytes) => createHash("sha256").update(bytes).digest("hex"),
    clock,
    log,
  });
  await trust.publishDevelopment("test", manifestOf("draft"), bundle);
  expect(await told(trust, "draft")).toEqual([]);

  const keys = { root: [newSigningKey(), newSigningKey(), newSigningKey()], targets: newSigningKey() };
  const acme = newSigningKey();
  const { root, targets } = firstDocuments({ ...keys, online: signer.online.key, now: Date.now() });
  await trust.putRoot("test", root);
  await trust.putTargets("test", targets);
  const handing = async () => {
    const before = readTargets(Buffer.from((await trust.document("targets")) ?? "")).signed;
    return { before, by: keys.targets, now: Date.now() };
  };
  await trust.putTargets("test", withPublisher(await handing(), "acme", acme.key));
  const publish = (version: number, ...ids: readonly string[]) =>
    trust.publish("test", {
      publisher: "acme",
      document: signed(wordOf(version, ...ids), [acme]),
      files: new Map(version === 1 ? ids.map((id) => [pathOf(id), bundle]) : []),
    });
  await publish(1, "blink", "fade");
  expect(await told(trust, "draft")).toEqual([
    "draft 1.0.0 was withdrawn: it was there for development only",
  ]);
  expect([await told(trust, "blink"), await told(trust, "never")]).toEqual([
    [],
    ['there is no module "never"'],
  ]);

  await publish(2, "fade");
  expect(await told(trust, "blink")).toEqual([
    "blink 1.0.0 was withdrawn: acme does not publish it any more",
  ]);
  expect(await told(trust, "fade")).toEqual([]);

  await trust.putTargets("test", withoutPublisher(await handing(), "acme"));
  expect(await told(trust, "fade")).toEqual(["fade 1.0.0 was withdrawn: acme may not publish here any more"]);
});
