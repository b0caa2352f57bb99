// Whether a node may install: what its publisher signed, what the hub assigned to it, and what somebody with the hub's keys
// can and cannot do about it. Hub and node by their real code.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { systemDisk } from "@interactor/agent/src/adapters/apply-store-files/disk.ts";
import { openTrust } from "@interactor/agent/src/adapters/trust-tuf/trust-tuf.ts";
import { AgentTrust } from "@interactor/agent/src/agent-trust.ts";
import { openAuditLog } from "@interactor/hub/src/adapters/audit-log-files.ts";
import { openSigner } from "@interactor/hub/src/adapters/signer-ed25519/signer-ed25519.ts";
import { openTrustRepository } from "@interactor/hub/src/adapters/trust-repository/trust-repository.ts";
import { HubTrust } from "@interactor/hub/src/hub-trust.ts";
import { importPolicyDefault } from "@interactor/hub/src/ports/import-policy.ts";
import type { TrustRepository } from "@interactor/hub/src/ports/trust-repository.ts";
import { encodeAssignment } from "@interactor/shared/bundle/assignment";
import { Fault } from "@interactor/shared/kernel/fault";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { emptyFolder } from "../folders.ts";
import { codeOf } from "./trusting-node.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const bundle = Buffer.from("export const blink = 1;");
const digest = sha256(bundle);
const signal = AbortSignal.timeout(60_000);

async function site() {
  const folder = emptyFolder();
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const now = () => Date.now();
  const signer = await openSigner(join(folder, "keys"), quiet);
  const repository = await openTrustRepository({ folder, signer, now, log: quiet });
  const desk = new HubTrust({
    repository,
    policy: async () => importPolicyDefault,
    audit: await openAuditLog({ folder, now, log: quiet }),
    digestOf: sha256,
    clock: new VirtualClock(),
    log: quiet,
  });
  await desk.publishDevelopment(
    "test",
    { id: "blink", version: "1.0.0", permissions: [{ kind: "pin" }] },
    bundle,
  );
  const pinnedRoot = (await desk.document("root")) ?? Buffer.alloc(0);
  return { desk, repository, node: (name: string) => nodeOf(name, repository, pinnedRoot) };
}

async function nodeOf(
  name: string,
  repository: TrustRepository,
  pinnedRoot: Uint8Array,
): Promise<AgentTrust> {
  const trust = await openTrust({
    folder: emptyFolder(),
    pinnedRoot,
    disk: systemDisk,
    time: () => ({ wall: Date.now(), isSynchronised: true }),
    builtAt: 0,
    source: {
      async *fetch({ kind, path }) {
        const bytes = await repository.read(kind, path);
        if (bytes === undefined) throw new Fault("TRUST_FILE_MISSING", path);
        yield bytes;
      },
    },
  });
  return new AgentTrust(name, trust);
}

const answer = (node: AgentTrust, ...digests: readonly string[]): Promise<string> =>
  node.allow(digests, signal).then(() => "allowed", codeOf);

test("what is signed and assigned may be installed, with the manifest that was signed", async () => {
  const { desk, node } = await site();
  const pi = await node("pi-01");
  expect(await answer(pi, digest)).toBe("TRUST_NOT_ASSIGNED");

  await desk.assign("pi-01", [digest]);

  expect(await pi.allow([digest], signal)).toEqual({
    isDevelopment: true,
    modules: [
      {
        path: "modules/development/blink-1.0.0.js",
        digest,
        bytes: bundle.length,
        manifest: { id: "blink", version: "1.0.0", permissions: [{ kind: "pin" }] },
      },
    ],
  });
  expect(await answer(pi)).toBe("allowed");
});

test("the same assignment again signs nothing anew", async () => {
  const { desk, repository } = await site();
  await desk.assign("pi-01", [digest, digest]);
  const before = await repository.read("metadata", "timestamp.json");

  await desk.assign("pi-01", [digest]);

  expect(await repository.read("metadata", "timestamp.json")).toEqual(before);
});

describe("with the hub's keys somebody", () => {
  test("cannot assign what no publisher signed", async () => {
    const { desk, repository, node } = await site();
    const evil = { path: "modules/development/evil-1.0.0.js", digest: sha256(Buffer.from("evil")), bytes: 4 };
    await desk.assign("pi-01", [evil.digest]);
    const pi = await node("pi-01");
    expect(await answer(pi, evil.digest)).toBe("TRUST_NOT_ASSIGNED");

    await repository.assign("pi-01", encodeAssignment({ v: 1, node: "pi-01", modules: [evil] }));
    expect(await answer(pi, evil.digest)).toBe("TRUST_UNKNOWN_FILE");

    const disguised = { ...evil, path: "modules/development/blink-1.0.0.js" };
    await repository.assign("pi-01", encodeAssignment({ v: 1, node: "pi-01", modules: [disguised] }));
    expect(await answer(pi, evil.digest)).toBe("TRUST_UNKNOWN_FILE");
  });

  test("cannot pass one node's assignment to another", async () => {
    const { repository, node } = await site();
    const path = "modules/development/blink-1.0.0.js";
    const other = encodeAssignment({
      v: 1,
      node: "pi-02",
      modules: [{ path, digest, bytes: bundle.length }],
    });
    await repository.assign("pi-01", other);

    expect(await answer(await node("pi-01"), digest)).toBe("TRUST_OTHER_NODE");
  });

  test("gets a refusal for an assignment that is none", async () => {
    const { repository, node } = await site();
    for (const bytes of [
      Buffer.from("{"),
      Buffer.from("{}"),
      Buffer.from('{"v":2,"node":"pi-01","modules":[]}'),
    ]) {
      await repository.assign("pi-01", bytes);
      expect(await answer(await node("pi-01"), digest)).toBe("TRUST_MALFORMED");
    }
  });
});
