// A second opinion: a repository that the library of TUF's reference implementation signed, by each kind of key, is believed
// by the client; and what our hub and our offline keys sign is believed by that library.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { firstDocuments, nextRoot, renewedTargets } from "@interactor/hub/signing/ceremony.ts";
import { readRoot, readTargets } from "@interactor/hub/signing/documents.ts";
import { newSigningKey } from "@interactor/hub/signing/signing-key.ts";
import { openSigner } from "@interactor/hub/src/adapters/signer-ed25519/signer-ed25519.ts";
import { openTrustRepository } from "@interactor/hub/src/adapters/trust-repository/trust-repository.ts";
import { emptyFolder } from "../contract/folders.ts";
import { requires } from "../e2e/requires.ts";
import { clientOf } from "./conforming-client.ts";

const library = (...words: readonly string[]): string =>
  execFileSync("/usr/bin/python3", [join(import.meta.dirname, "written-elsewhere.py"), ...words], {
    encoding: "utf8",
    stdio: "pipe",
  });

async function elsewhere() {
  const folder = emptyFolder();
  library("write", folder);
  const answer = (path: string): Buffer | undefined => {
    const place = join(folder, decodeURIComponent(path));
    return existsSync(place) ? readFileSync(place) : undefined;
  };
  const client = await clientOf({ answer });
  const root = join(folder, "metadata", "1.root.json");
  await client.init(readFileSync(root));
  return { ...client, folder, name: readFileSync(join(folder, "target-name"), "utf8") };
}

requires("python3-securesystemslib")(
  "what the reference library signed is believed and brought",
  async () => {
    const { download, name, brought, trusted, said } = await elsewhere();

    expect([await download(name), said()]).toEqual([0, ""]);

    expect(brought()).toEqual(["content from elsewhere\n"]);
    expect(trusted()).toEqual({ root: 2, timestamp: 7, snapshot: 5, targets: 3, "p%C3%A4th": 1 });
  },
);

requires("python3-securesystemslib")("and refused as soon as a letter of it is another", async () => {
  const { refresh, folder, trusted } = await elsewhere();
  const path = join(folder, "metadata", "2.root.json");
  writeFileSync(path, readFileSync(path, "utf8").replace(/"version": 2/, '"version": 2, "more": "ä"'));

  expect(await refresh()).toBe(1);

  expect(trusted()).toEqual({ root: 1 });
});

requires("python3-securesystemslib")("what our keys sign is believed by the reference library", async () => {
  const folder = emptyFolder();
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const signer = await openSigner(join(folder, "keys"), quiet);
  const repository = await openTrustRepository({ folder, signer, now: Date.now, log: quiet });
  const offline = { root: [newSigningKey(), newSigningKey(), newSigningKey()], targets: newSigningKey() };
  const first = firstDocuments({ ...offline, online: signer.online.key, now: Date.now() });
  await repository.putRoot(first.root, first.targets);
  const fresh = newSigningKey();
  const before = { root: readRoot(first.root).signed, targets: readTargets(first.targets).signed };
  const second = nextRoot({ before: before.root, by: offline.root, targets: fresh.key, now: Date.now() });
  const targets = renewedTargets({ before: before.targets, by: fresh, now: Date.now() });
  await repository.putRoot(second, targets);
  await repository.assign("pi-01", Buffer.from("ä"));

  const at = (name: string) => join(folder, "repository", "metadata", name);
  const numbered = (role: string): string => {
    const { signed } = JSON.parse(readFileSync(at("timestamp.json"), "utf8"));
    const snapshot = at(`${signed.meta["snapshot.json"].version}.snapshot.json`);
    if (role === "snapshot") return snapshot;
    return at(
      `${JSON.parse(readFileSync(snapshot, "utf8")).signed.meta[`${role}.json`].version}.${role}.json`,
    );
  };

  library("verify", at("1.root.json"), at("1.root.json"), "root");
  library("verify", at("1.root.json"), at("2.root.json"), "root");
  library("verify", at("2.root.json"), at("2.root.json"), "root");
  library("verify", at("2.root.json"), numbered("targets"), "targets");
  library("verify", at("2.root.json"), numbered("snapshot"), "snapshot");
  library("verify", at("2.root.json"), at("timestamp.json"), "timestamp");
  library("verify", numbered("targets"), numbered("assign"), "assign");
  expect(() => library("verify", at("2.root.json"), at("1.targets.json"), "targets")).toThrow(/0 of 1/);
});
