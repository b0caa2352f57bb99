// Trust from the command line against a real hub: begin, let somebody publish, take it back, hand on; and what is on record
// of it.

import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fileOf, filesTargets, signed } from "@interactor/hub/signing/documents.ts";
import { readSigningKey } from "@interactor/hub/signing/signing-key.ts";
import { trustPaths, trustStanding } from "@interactor/shared/bundle/trust-api";
import { emptyFolder } from "../contract/folders.ts";
import { type HubProgram, startHub } from "./programs.ts";

const cli = join(import.meta.dirname, "../../dist/cli/interactor.mjs");
const run = promisify(execFile);
const passphrase = "correct horse";

async function desk() {
  const hub = await startHub();
  const folder = emptyFolder();
  const env = { ...process.env, INTERACTOR_KEYS_PASSPHRASE: passphrase };
  const interactor = (...words: readonly string[]): Promise<string> =>
    run(process.execPath, [cli, "trust", ...words, ...(words[0] === "key" ? [] : ["--hub", hub.http])], {
      cwd: folder,
      env,
    }).then(
      ({ stdout }) => stdout,
      (error: { readonly stderr?: string }) => `failed: ${error.stderr}`,
    );
  return { hub, folder, interactor };
}

async function post(hub: HubProgram, path: string, body: object) {
  const response = await fetch(`${hub.http}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
  const answer: unknown = await response.json();
  return { status: response.status, answer };
}

const standing = async (hub: HubProgram) =>
  trustStanding.parse(JSON.parse((await hub.get(trustPaths.standing)).text));

const manifest = { id: "blink", version: "1.0.0" };
const bundle = Buffer.from("export const blink = 1;");
const trial = (text = bundle) => ({ by: "anna", manifest, base64: text.toString("base64") });

/** A word of acme's, as a publisher's own machine signs it. */
function word(folder: string, version: number, bytes = bundle, said: object = manifest) {
  const path = "modules/acme/blink-1.0.0.js";
  const key = readSigningKey(readFileSync(join(folder, "acme.pem"), "utf8"), passphrase);
  const files = { [path]: fileOf(path, bytes, { manifest: said }) };
  const document: object = JSON.parse(
    signed(filesTargets({ version, files, now: Date.now() }), [key]).toString(),
  );
  return { by: "acme", publisher: "acme", document, files: [{ path, base64: bytes.toString("base64") }] };
}

test("a site begins, lets a publisher in, and out, and only what he signed comes in", async () => {
  const { hub, folder, interactor } = await desk();
  await using _hub = hub;
  expect(await interactor("show")).toContain("no root yet");

  expect(await interactor("init")).toContain("two hand trust on");
  expect(readdirSync(join(folder, "trust-keys")).toSorted()).toEqual([
    "root-1.pem",
    "root-2.pem",
    "root-3.pem",
    "root.json",
    "signed",
    "targets.json",
    "targets.pem",
  ]);
  expect(readFileSync(join(folder, "trust-keys", "root-1.pem"), "utf8")).toContain("ENCRYPTED");
  expect(statSync(join(folder, "trust-keys", "root-1.pem")).mode & 0o077).toBe(0);
  expect(await interactor("init", "--keys", "other")).toContain("this site has a root already");
  expect(existsSync(join(folder, "other"))).toBe(false);

  expect(await interactor("key", "acme")).toContain("acme.pub.pem is for");
  expect(await post(hub, trustPaths.publish, word(folder, 1))).toMatchObject({
    answer: { code: "TRUST_PUBLISHER" },
  });
  expect(await interactor("add-publisher", "acme", "--key", "acme.pub.pem")).toContain("acme may publish");
  expect(await post(hub, trustPaths.publish, word(folder, 1))).toEqual({
    status: 200,
    answer: { done: true },
  });
  expect(await interactor("show")).toMatch(/^root 1, 2 of 3 keys[^]*acme {2}1 files/);

  const evil = Buffer.from('import "node:child_process";');
  expect(await post(hub, trustPaths.publish, word(folder, 2, evil))).toMatchObject({
    status: 422,
    answer: { code: "IMPORT_REFUSED", error: expect.stringContaining('it imports "node:child_process"') },
  });
  writeFileSync(join(hub.data, "trust", "import-policy.json"), JSON.stringify({ licences: ["MIT"] }));
  expect(await post(hub, trustPaths.publish, word(folder, 2))).toMatchObject({
    answer: { error: expect.stringContaining("its licence is not named, and allowed are MIT") },
  });
  writeFileSync(join(hub.data, "trust", "import-policy.json"), "nonsense");
  expect(await post(hub, trustPaths.publish, word(folder, 2))).toMatchObject({
    answer: { code: "IMPORT_POLICY" },
  });

  expect(await interactor("revoke", "acme")).toContain("acme may publish no more");
  expect((await standing(hub)).publishers).toEqual([]);
  expect(await interactor("revoke", "acme")).toContain('there is no publisher "acme"');
});

test("the development key is marked, and refused once there is a real root", async () => {
  const { hub, interactor } = await desk();
  await using _hub = hub;
  expect(await post(hub, trustPaths.development, trial())).toEqual({
    status: 200,
    answer: { path: "modules/development/blink-1.0.0.js" },
  });
  expect(await interactor("show")).toMatch(/^DEVELOPMENT root 1[^]*! the keys are for development/);
  expect(await post(hub, trustPaths.development, trial(Buffer.from('require("net")')))).toMatchObject({
    answer: { code: "IMPORT_REFUSED" },
  });

  expect(await interactor("init")).toContain("the development keys are set aside");

  expect(await post(hub, trustPaths.development, trial())).toMatchObject({
    answer: { code: "TRUST_REAL_ROOT" },
  });
  expect((await standing(hub)).kind).toBe("real");
});

test("keys are handed on by two of the three, from wherever they lie", async () => {
  const { hub, folder, interactor } = await desk();
  await using _hub = hub;
  await interactor("init", "--keys", "all");
  for (const [place, names] of [
    ["a", ["root-1"]],
    ["b", ["root-3", "targets"]],
  ] as const) {
    await run("mkdir", [place], { cwd: folder });
    for (const name of names) await run("cp", [`all/${name}.pem`, place], { cwd: folder });
    expect(await interactor("rotate", "online", "--keys", place)).toContain(
      `there is no root.json in ${place}`,
    );
    await run("cp", ["all/root.json", place], { cwd: folder });
  }
  const before = (await standing(hub)).online.keyid;

  expect(await interactor("rotate", "online", "--keys", "b")).toContain(
    "1 of the root keys are here, and it takes 2",
  );
  expect(await interactor("rotate", "online", "--keys", "a", "b")).toContain(
    "root 2 names the new keys of online",
  );
  expect((await standing(hub)).online.keyid).not.toBe(before);
  expect(await interactor("rotate", "root", "--keys", "a", "b", "--into", "c")).toContain("root 3");
  expect(await interactor("rotate", "root", "--keys", "a", "b", "--into", "d")).toContain(
    "0 of the root keys",
  );
  expect(await interactor("rotate", "targets", "--keys", "c")).toContain("root 4");
  expect(await interactor("restore", "--keys", "c")).toContain("nothing is lost: the hub has root 4");
  expect((await standing(hub)).problems).toEqual([]);
});

test("what was asked and what became of it is on record, each line bound to the one before", async () => {
  const { hub } = await desk();
  await using _hub = hub;
  await post(hub, trustPaths.development, trial());
  await post(hub, trustPaths.development, trial(Buffer.from('require("net")')));

  const lines = readFileSync(join(hub.data, "trust", "audit.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  const entries: { readonly before: string; readonly outcome: string; readonly code?: string }[] = lines.map(
    (line) => JSON.parse(line),
  );
  expect(entries.map(({ outcome, code }) => code ?? outcome)).toEqual([
    "asked",
    "done",
    "asked",
    "IMPORT_REFUSED",
  ]);
  const digests = lines.map((line) => createHash("sha256").update(line).digest("hex"));
  expect(entries.map(({ before }) => before)).toEqual(["0".repeat(64), ...digests.slice(0, -1)]);
});

test("bodies that are none are refused, and the hub goes on", async () => {
  const { hub } = await desk();
  await using _hub = hub;
  for (const path of [trustPaths.root, trustPaths.targets, trustPaths.publish, trustPaths.development]) {
    expect(await post(hub, path, {})).toMatchObject({ status: 400 });
    expect(
      await post(hub, path, { by: "x", document: {}, publisher: "x", files: [], manifest: {}, base64: "" }),
    ).toMatchObject({
      status: 422,
    });
  }
  expect((await hub.get(`${trustPaths.metadata}/..%2f..%2fkeys%2fonline.pem`)).status).toBe(404);
  expect((await standing(hub)).kind).toBe("none");
});
