// What a publisher signed of a bundle, beside the bundle in an agent's own store.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { emptyFolder } from "./folders.ts";
import { openApplyStore } from "@interactor/agent/src/adapters/apply-store-files/apply-store-files.ts";
import { systemDisk } from "@interactor/agent/src/adapters/apply-store-files/disk.ts";
import { keepSigned, readSigned } from "@interactor/agent/src/adapters/signed-manifests.ts";

const manifest = {
  id: "lamp",
  version: "1.0.0",
  title: "A lamp",
  inputs: {},
  outputs: { seen: { type: "float" } },
};

test("what was signed is read as it was kept, as far as it is about ports", async () => {
  const bundle = join(emptyFolder(), "bundle");
  expect(readSigned(bundle)).toBeUndefined();

  await keepSigned(systemDisk, bundle, manifest);

  const { title: _title, ...ports } = manifest;
  expect(readSigned(bundle)).toEqual(ports);
});

test("what says nothing of ports, or is damaged, is not known", async () => {
  const bundle = join(emptyFolder(), "bundle");
  await keepSigned(systemDisk, bundle, { id: "lamp", version: "1.0.0" });
  expect(readSigned(bundle)).toBeUndefined();

  writeFileSync(`${bundle}.manifest`, "torn");

  expect(readSigned(bundle)).toBeUndefined();
});

test("it stays as long as its bundle", async () => {
  const folder = emptyFolder();
  const quiet = (): void => undefined;
  const store = await openApplyStore({ folder, log: { info: quiet, warn: quiet, error: quiet } });
  const bundle = store.pathOf("ab12");
  writeFileSync(bundle, "code");
  await keepSigned(systemDisk, bundle, manifest);

  await store.collect(new Set(["ab12"]));
  expect(readSigned(bundle)?.id).toBe("lamp");
  await store.collect(new Set());

  expect(readSigned(bundle)).toBeUndefined();
});
