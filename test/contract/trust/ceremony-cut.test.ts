// A root is brought to a hub, and who may publish under it, and the power or the line goes in between: afterwards both are
// in force or neither, and bringing them once more is enough.

import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSigner } from "@interactor/hub/src/adapters/signer-ed25519/signer-ed25519.ts";
import { openTrustRepository } from "@interactor/hub/src/adapters/trust-repository/trust-repository.ts";
import { firstDocuments, nextRoot, renewedTargets, withOnline } from "@interactor/hub/signing/ceremony.ts";
import { readRoot, readTargets } from "@interactor/hub/signing/documents.ts";
import type { Signer } from "@interactor/hub/signing/signer.ts";
import { newSigningKey } from "@interactor/hub/signing/signing-key.ts";
import { emptyFolder } from "../folders.ts";
import { codeOf, install } from "./trusting-node.ts";

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const offline = {
  root: [newSigningKey(), newSigningKey(), newSigningKey()],
  targets: newSigningKey(),
};
const now = (): number => Date.now();

async function hubIn(folder: string, bent: Partial<Signer> = {}) {
  const own = await openSigner(join(folder, "keys"), quiet);
  const signer = Object.create(own, Object.getOwnPropertyDescriptors(bent)) as Signer;
  return { signer: own, repository: await openTrustRepository({ folder, signer, now, log: quiet }) };
}

/** A hub on which somebody has begun, and what was brought. */
async function begun() {
  const folder = emptyFolder();
  const { signer, repository } = await hubIn(folder);
  const first = firstDocuments({ ...offline, online: signer.online.key, now: now() });
  await repository.putRoot(first.root, first.targets);
  await repository.assign("pi-01", Buffer.from("one"));
  return { folder, repository, signer, first };
}

const cut = () => Promise.reject(new Error("the power is gone"));
const refusal = (task: Promise<unknown>): Promise<string> => task.then(() => "taken", codeOf);
type Hub = Awaited<ReturnType<typeof hubIn>>["repository"];
const assigned = (repository: Hub, pinnedRoot: Uint8Array, folder = emptyFolder()): Promise<string> =>
  install({ folder, pinnedRoot, repository }, "assign/pi-01.json");

async function handedOn({ signer, first }: Awaited<ReturnType<typeof begun>>) {
  const online = (await signer.next()).key;
  const root = nextRoot({ before: readRoot(first.root).signed, by: offline.root, online, now: now() });
  const before = readTargets(first.targets).signed;
  return { root, targets: withOnline({ before, by: offline.targets, now: now() }, online) };
}

test("the power goes between a root and the key that it names: after the boot the hub signs with it", async () => {
  const site = await begun();
  const node = emptyFolder();
  expect(await assigned(site.repository, site.first.root, node)).toBe("one");
  const { root, targets } = await handedOn(site);
  const { repository } = await hubIn(site.folder, { useNext: cut });
  expect(await refusal(repository.putRoot(root, targets))).toContain("the power is gone");

  const after = await hubIn(site.folder);

  expect(after.repository.standing()).toMatchObject({ root: { version: 2 }, problems: [] });
  for (const folder of [node, emptyFolder()])
    expect(await assigned(after.repository, site.first.root, folder)).toBe("one");
  // Who was never answered brings it again.
  expect(await refusal(after.repository.putRoot(root, targets))).toBe("taken");
  expect(await assigned(after.repository, site.first.root, node)).toBe("one");
});

test("a hub whose root names its next key already takes it up when it starts", async () => {
  const site = await begun();
  const { root, targets } = await handedOn(site);
  await site.repository.putRoot(root, targets);
  const metadata = join(site.folder, "repository", "metadata");
  const keys = join(site.folder, "keys");
  // As a hub was left by a cut behind the root, which did not know what it had begun.
  const before = await begun();
  const old = await handedOn(before);
  const cutting = await hubIn(before.folder, { useNext: cut });
  await refusal(cutting.repository.putRoot(old.root, old.targets));
  rmSync(join(before.folder, "repository.begun.json"));

  const after = await hubIn(before.folder);

  expect(after.repository.standing().problems).toEqual([]);
  expect(await assigned(after.repository, before.first.root)).toBe("one");
  expect(readdirSync(metadata)).toContain("2.root.json");
  expect(readdirSync(keys)).toEqual(["online.pem"]);
});

describe("the power goes in the middle of what is brought", () => {
  test("with the whole of it on disk: it comes into force", async () => {
    const site = await begun();
    const { root, targets } = await handedOn(site);
    const { repository } = await hubIn(site.folder, { useNext: cut });
    await refusal(repository.putRoot(root, targets));
    // Of the documents themselves nothing was written yet.
    for (const name of ["2.root.json", "2.targets.json"])
      rmSync(join(site.folder, "repository", "metadata", name), { force: true });

    const after = await hubIn(site.folder);

    expect(after.repository.standing()).toMatchObject({ root: { version: 2 }, targets: { version: 2 } });
    expect(await assigned(after.repository, site.first.root)).toBe("one");
  });

  test("with several roots in it on disk: all of them come into force", async () => {
    const site = await begun();
    const { root, targets } = await handedOn(site);
    const third = nextRoot({ before: readRoot(root).signed, by: offline.root, now: now() });
    const { repository } = await hubIn(site.folder, { useNext: cut });
    await refusal(repository.putRoot(third, targets, [root]));
    const metadata = join(site.folder, "repository", "metadata");
    for (const name of ["2.root.json", "3.root.json", "2.targets.json"])
      rmSync(join(metadata, name), { force: true });

    const after = await hubIn(site.folder);

    expect(after.repository.standing()).toMatchObject({ root: { version: 3 }, targets: { version: 2 } });
    expect(after.repository.standing().problems).toEqual([]);
    // Who has the first root comes past the second.
    expect(await assigned(after.repository, site.first.root)).toBe("one");
  });

  test.each([
    ["a part of it", (whole: string) => whole.slice(0, 100)],
    ["nothing in it", () => ""],
    ["another signature in it", (whole: string) => bent(whole)],
  ])("with %s on disk: it was never brought, and can be brought", async (_what, left) => {
    const site = await begun();
    const { root, targets } = await handedOn(site);
    const whole = JSON.stringify({
      root: root.toString("base64"),
      targets: targets.toString("base64"),
    });
    writeFileSync(join(site.folder, "repository.begun.json"), left(whole));

    const after = await hubIn(site.folder);

    expect(after.repository.standing()).toMatchObject({ root: { version: 1 }, problems: [] });
    expect(await refusal(after.repository.putRoot(root, targets))).toBe("taken");
    expect(await assigned(after.repository, site.first.root)).toBe("one");
  });
});

/** The root in it, with the first letters of each signature changed. */
function bent(whole: string): string {
  const { root, ...rest }: { readonly root: string } = JSON.parse(whole);
  const text = Buffer.from(root, "base64")
    .toString()
    .replaceAll(/"sig":"..../g, '"sig":"0000');
  return JSON.stringify({ root: Buffer.from(text).toString("base64"), ...rest });
}

test("a root that names another key of targets needs what that key has signed", async () => {
  const { repository, first } = await begun();
  const fresh = newSigningKey();
  const before = readRoot(first.root).signed;
  const root = nextRoot({ before, by: offline.root, targets: fresh.key, now: now() });
  const last = readTargets(first.targets).signed;

  expect(await refusal(repository.putRoot(root))).toBe("TRUST_SIGNATURE");
  const wrong = renewedTargets({ before: last, by: offline.targets, now: now() });
  expect(await refusal(repository.putRoot(root, wrong))).toBe("TRUST_SIGNATURE");
  expect(repository.standing().root?.version).toBe(1);
  const right = renewedTargets({ before: last, by: fresh, now: now() });
  expect(await refusal(repository.putRoot(root, right))).toBe("taken");
  expect(await assigned(repository, first.root)).toBe("one");
});
