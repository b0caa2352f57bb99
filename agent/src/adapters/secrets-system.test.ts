import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemSecrets } from "./secrets-system.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "interactor-secrets-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const secretsWith = (env: NodeJS.ProcessEnv = {}) =>
  systemSecrets({ CREDENTIALS_DIRECTORY: folder, ...env }, folder);

test("a secret is in the environment, in a file, or a credential of systemd", async () => {
  writeFileSync(join(folder, "key"), "from a file\r\n");
  const secrets = secretsWith({ INTERACTOR_SECRET_TTY: "from the environment" });

  expect(await secrets.read({ env: "INTERACTOR_SECRET_TTY" })).toBe("from the environment");
  expect(await secrets.read({ file: join(folder, "key") })).toBe("from a file");
  expect(await secrets.read({ file: "key" })).toBe("from a file");
  expect(await secrets.read({ credential: "key" })).toBe("from a file");
});

test("what a file holds beside the line end of an editor belongs to the secret", async () => {
  writeFileSync(join(folder, "key"), " two\nlines \n\n");

  expect(await secretsWith().read({ credential: "key" })).toBe(" two\nlines \n");
});

test.each([
  [
    { env: "INTERACTOR_SECRET_TTY" },
    "the environment variable INTERACTOR_SECRET_TTY is not set on this node",
  ],
  [{ file: "nothing/key" }, "the file of a secret cannot be read: ENOENT"],
  [{ credential: "key" }, "the file of a secret cannot be read: ENOENT"],
  [{ credential: "../key" }, '"../key" is no name of a credential'],
  [{ credential: "large" }, "is larger than 65536 bytes"],
  [{ file: "folder" }, "is no file"],
])("one that is not there is told by what is missing: %j", async (source, words) => {
  writeFileSync(join(folder, "large"), Buffer.alloc(65_537));
  mkdirSync(join(folder, "folder"));

  await expect(secretsWith().read(source)).rejects.toThrow(words);
});

test.each([
  [{ env: "HOME" }, "a variable that holds a secret is called INTERACTOR_SECRET_…, and not HOME"],
  [{ file: "/proc/self/environ" }, "on this node, and not at /proc/self/environ"],
  [{ file: "../key" }, "on this node, and not at ../key"],
  [{ file: "." }, "on this node, and not at ."],
])("a hub cannot have anything else read that is on the machine: %j", async (source, words) => {
  await expect(secretsWith({ HOME: "/root" }).read(source)).rejects.toMatchObject({
    code: "SECRET_REFUSED",
    message: expect.stringContaining(words),
  });
});

test("a folder whose name only begins alike is another one", async () => {
  const beside = `${folder}-more`;
  mkdirSync(beside);
  writeFileSync(join(beside, "key"), "of somebody else");

  await expect(secretsWith().read({ file: join(beside, "key") })).rejects.toThrow("and not at");
  rmSync(beside, { recursive: true });
});

test("without systemd it is said how to give one", async () => {
  await expect(systemSecrets({}, folder).read({ credential: "key" })).rejects.toThrow("LoadCredential=key");
});
