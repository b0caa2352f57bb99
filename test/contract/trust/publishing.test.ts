// What is published twice, half, by two at once or on a full disk: the hub by its real code, on real files.

import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { firstDocuments, withPublisher } from "@interactor/hub/signing/ceremony.ts";
import { fileOf, filesTargets, readTargets, signed } from "@interactor/hub/signing/documents.ts";
import type { Signer } from "@interactor/hub/signing/signer.ts";
import { newSigningKey, type SigningKey } from "@interactor/hub/signing/signing-key.ts";
import { openAuditLog } from "@interactor/hub/src/adapters/audit-log-files.ts";
import { systemClock } from "@interactor/hub/src/adapters/clock-system.ts";
import { openSigner } from "@interactor/hub/src/adapters/signer-ed25519/signer-ed25519.ts";
import { openModuleRegistry } from "@interactor/hub/src/adapters/store-sqlite/module-registry.ts";
import { openTrustRepository } from "@interactor/hub/src/adapters/trust-repository/trust-repository.ts";
import { HubTrust } from "@interactor/hub/src/hub-trust.ts";
import { importPolicyDefault } from "@interactor/hub/src/ports/import-policy.ts";
import { emptyFolder, fillDisk, isRoot, mountedFolder } from "../folders.ts";
import { codeOf, install } from "./trusting-node.ts";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const bundle = Buffer.from("export const definition = 1;");
const pathOf = (publisher: string): string => `modules/${publisher}/blink-1.0.0.js`;

/** A hub that lets acme and bell publish. `broken`: while it is true the hub's own key cannot be used. */
async function hubOf(broken: () => boolean = () => false, auditFolder?: string) {
  const folder = emptyFolder();
  const real = await openSigner(join(folder, "keys"), log);
  const signer: Signer = {
    get online() {
      if (broken()) throw new Error("no space left");
      return real.online;
    },
    next: () => real.next(),
    useNext: () => real.useNext(),
    development: () => real.development(),
    endDevelopment: () => real.endDevelopment(),
  };
  const repository = await openTrustRepository({ folder, signer, now: Date.now, log });
  const audit = await openAuditLog({ folder: auditFolder ?? folder, now: Date.now, log });
  const clock = systemClock();
  const registry = await openModuleRegistry({ folder, clock, log });
  const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
  const policy = async () => importPolicyDefault;
  const trust = new HubTrust({ repository, registry, policy, audit, digestOf, clock, log });
  const keys = { root: [newSigningKey(), newSigningKey(), newSigningKey()], targets: newSigningKey() };
  const publishers = { acme: newSigningKey(), bell: newSigningKey() };
  const { root, targets } = firstDocuments({ ...keys, online: real.online.key, now: Date.now() });
  await trust.putRoot("test", root, targets);
  for (const [name, { key }] of Object.entries(publishers)) {
    const before = readTargets(Buffer.from((await trust.document("targets")) ?? "")).signed;
    await trust.putTargets("test", withPublisher({ before, by: keys.targets, now: Date.now() }, name, key));
  }
  return {
    trust,
    repository,
    registry,
    root,
    publishers,
    audit: () => readFileSync(join(folder, "audit.jsonl"), "utf8"),
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

function wordOf(publisher: string, key: SigningKey) {
  const path = pathOf(publisher);
  const manifest = { id: "blink", version: "1.0.0" };
  const files = { [path]: fileOf(path, bundle, { manifest }) };
  const document = signed(filesTargets({ version: 1, files, now: Date.now() }), [key]);
  return { publisher, document, files: new Map([[path, bundle]]) };
}

test("who did not hear that it was published publishes the same again, and it is", async () => {
  await using hub = await hubOf();
  const word = wordOf("acme", hub.publishers.acme);

  await hub.trust.publish("anna", word);
  await hub.trust.publish("anna", word);

  expect(await hub.registry.versions("blink")).toMatchObject([{ publisher: "acme", version: "1.0.0" }]);
  expect(hub.repository.standing().publishers).toMatchObject([{ name: "acme", files: 1 }, { name: "bell" }]);
});

test("what was taken half is made whole by bringing the same again", async () => {
  let isBroken = false;
  await using hub = await hubOf(() => isBroken);
  const { root: pinnedRoot, repository } = hub;
  const word = wordOf("acme", hub.publishers.acme);
  const node = { folder: emptyFolder(), pinnedRoot, repository };
  const time = { wall: Date.now(), isSynchronised: true };
  isBroken = true;
  await expect(hub.trust.publish("anna", word)).rejects.toThrow("no space left");
  isBroken = false;
  const nothing = await install({ ...node, time }, pathOf("acme")).catch(codeOf);
  expect(nothing).not.toBe(bundle.toString());

  await hub.trust.publish("anna", word);

  expect(await install({ ...node, time }, pathOf("acme"))).toBe(bundle.toString());
  expect(await hub.registry.versions("blink")).toHaveLength(1);
});

test("of two publishers who come at once with one id the first has it", async () => {
  await using hub = await hubOf();
  const { acme, bell } = hub.publishers;

  const ends = await Promise.allSettled([
    hub.trust.publish("anna", wordOf("acme", acme)),
    hub.trust.publish("ben", wordOf("bell", bell)),
  ]);

  expect(ends).toMatchObject([
    { status: "fulfilled" },
    { status: "rejected", reason: { message: expect.stringContaining('"blink" is a module of acme') } },
  ]);
});

test("a reason as long as somebody likes does not push others out of the audit", async () => {
  await using hub = await hubOf();
  const name = "x".repeat(100_000);
  const before = hub.audit().length;

  await expect(
    hub.trust.publish("anna", { ...wordOf("acme", hub.publishers.acme), publisher: name }),
  ).rejects.toThrow("its manifest makes it");

  expect(hub.audit().slice(before).length).toBeLessThan(2000);
  expect(hub.audit()).toMatch(/"outcome":"refused".*"reason":".*x{9}/);
});

test.skipIf(!isRoot)("what cannot be written down is not taken, and says what to do", async () => {
  const disk = mountedFolder(64);
  await using hub = await hubOf(undefined, disk);
  const word = wordOf("acme", hub.publishers.acme);
  fillDisk(join(disk, "everything-else"));
  // What was left of the last page of the audit goes too.
  const full = async () => hub.trust.publish("x".repeat(5000), word);

  await expect(full()).rejects.toMatchObject({
    code: "AUDIT_UNUSABLE",
    message: expect.stringContaining("look after the disk of the hub"),
  });

  expect(hub.repository.standing().publishers).toMatchObject([{ name: "acme", files: 0 }, { name: "bell" }]);
});

test.skipIf(!isRoot)("an audit that had room for half a line goes on with a whole one", async () => {
  const folder = mountedFolder(64);
  const audit = await openAuditLog({ folder, now: Date.now, log });
  const entry = { by: "anna", action: "module publish", what: "x".repeat(1500), outcome: "done" } as const;
  await audit.record(entry);
  await audit.record(entry);
  fillDisk(join(folder, "everything-else"));

  await expect(audit.record(entry)).rejects.toThrow("no space left");
  rmSync(join(folder, "everything-else"));
  await audit.record({ ...entry, what: "again" });

  const lines = readFileSync(join(folder, "audit.jsonl"), "utf8").trimEnd().split("\n");
  const digests = lines.map((line) => createHash("sha256").update(line).digest("hex"));
  expect(lines.map((line): unknown => JSON.parse(line).before)).toEqual([
    "0".repeat(64),
    ...digests.slice(0, 2),
  ]);
});
