import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemSecrets } from "./secrets-system.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "interactor-secrets-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const secretsWith = (env: NodeJS.ProcessEnv = {}) => systemSecrets({ CREDENTIALS_DIRECTORY: folder, ...env });

test("a secret is in the environment, in a file, or a credential of systemd", async () => {
  writeFileSync(join(folder, "key"), "from a file\r\n");
  const secrets = secretsWith({ TTY: "from the environment" });

  expect(await secrets.read({ env: "TTY" })).toBe("from the environment");
  expect(await secrets.read({ file: join(folder, "key") })).toBe("from a file");
  expect(await secrets.read({ credential: "key" })).toBe("from a file");
});

test("what a file holds beside the line end of an editor belongs to the secret", async () => {
  writeFileSync(join(folder, "key"), " two\nlines \n\n");

  expect(await secretsWith().read({ credential: "key" })).toBe(" two\nlines \n");
});

test.each([
  [{ env: "TTY" }, "the environment variable TTY is not set on this node"],
  [{ file: "/nowhere/key" }, "the file of a secret cannot be read: ENOENT"],
  [{ credential: "key" }, "the file of a secret cannot be read: ENOENT"],
  [{ credential: "../key" }, '"../key" is no name of a credential'],
  [{ credential: "large" }, "is larger than 65536 bytes"],
  [{ file: "/dev/zero" }, "is no file"],
])("one that is not there is told by what is missing: %j", async (source, words) => {
  writeFileSync(join(folder, "large"), Buffer.alloc(65_537));

  await expect(secretsWith().read(source)).rejects.toThrow(words);
});

test("without systemd it is said how to give one", async () => {
  await expect(systemSecrets({}).read({ credential: "key" })).rejects.toThrow("LoadCredential=key");
});
