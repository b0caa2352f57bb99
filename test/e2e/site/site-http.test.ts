// The API of a site against whoever must not change it, and against what is no request at all.

import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { trustPaths } from "@interactor/shared/bundle/trust-api";
import { apiPaths } from "@interactor/shared/wire/api";
import { configPaths } from "@interactor/shared/wire/api-config";
import { crashesPath } from "@interactor/shared/wire/api-crashes";
import { profilesPath } from "@interactor/shared/wire/api-profile";
import { type HubProgram, startHub } from "../programs.ts";
import { filesOf, lampSite, SiteClient } from "./site-client.ts";

const text = lampSite({ ports: { pi: 5568 }, level: 1 });
const making = { ...filesOf(text), author: "anna", message: "" };
let hub: HubProgram;
let site: SiteClient;

beforeAll(async () => {
  hub = await startHub();
  site = new SiteClient(hub.http);
}, 30_000);

afterAll(async () => hub[Symbol.asyncDispose]());

test.each([
  ["no JSON", "{ half", 400, "JSON"],
  ["nothing of what it needs", {}, 400, "root"],
  ["another shape", { ...making, files: ["site.yaml"] }, 400, "files"],
  [
    "more files than a site can have",
    { ...making, files: Object.fromEntries(Array.from({ length: 1025 }, (_, index) => [`f${index}`, ""])) },
    400,
    "files: no more than 1024",
  ],
  ["a rollout that is none", { ...making, rollout: { waves: [{ share: 7 }] } }, 400, "rollout.waves"],
  ["no reason to go over a mode", { ...making, override: { reason: " " } }, 400, "a reason is needed"],
  ["a rest longer than a timer has", { ...making, rollout: { settle_ms: 3e9 } }, 400, "rollout.settle_ms"],
  ["a group that there is not", { ...making, rollout: { group: "lamps" } }, 400, 'no group \\"lamps\\"'],
  [
    "a root that is not among the files",
    { ...making, root: "other.yaml" },
    422,
    "there is no file other.yaml",
  ],
  [
    "another site",
    { ...making, files: { "site.yaml": text.replace("site: demo", "site: zoo") } },
    422,
    "zoo",
  ],
  ["an empty file", { ...making, files: { "site.yaml": "" } }, 422, "says nothing"],
  [
    "settings as deep as no one writes them",
    {
      ...making,
      files: { "site.yaml": text.replace("initial: a", `initial: ${"[".repeat(70)}${"]".repeat(70)}`) },
    },
    422,
    "deep",
  ],
])("%s is answered with what is wrong, and changes nothing", async (_what, body, status, words) => {
  const answer = await site.post(configPaths.revisions, body);

  expect(answer.status).toBe(status);
  expect(JSON.stringify(answer.body)).toContain(words);
  expect((await site.get(configPaths.revisions)).body).toEqual({ revisions: [] });
});

test.each([
  [`${configPaths.rollouts}/1/override`, { by: "anna", reason: "" }, 400, "a reason is needed"],
  [`${configPaths.rollouts}/1/pause`, { by: "anna", reason: "x".repeat(1001) }, 400, "reason"],
  ["/api/v1/nodes/never-seen/swap", { by: "anna", unit: "pi-2" }, 404, "no unit ever filled a node"],
])("%s refuses what is not to be kept", async (path, body, status, words) => {
  const answer = await site.post(path, body);

  expect(answer.status).toBe(status);
  expect(JSON.stringify(answer.body)).toContain(words);
});

test("what is too large is refused before it is read", async () => {
  const files = { "site.yaml": "#".repeat(17 * 1024 * 1024) };
  const asked = site.post(configPaths.plan, { root: "site.yaml", files });

  // The hub does not wait for the rest: a client that is still sending may find its connection closed.
  expect(await asked.then(({ status }) => status).catch(() => 413)).toBe(413);
  expect(await site.plan(text)).toMatchObject({ unchanged: false });
});

test("a page of another origin may not, nor a form, nor one that says nothing of what it sends", async () => {
  const ask = async (headers: Record<string, string>) =>
    (
      await fetch(`${hub.http}${configPaths.revisions}`, {
        method: "POST",
        headers,
        body: JSON.stringify(making),
      })
    ).status;
  const json = { "content-type": "application/json" };

  expect(await ask({ ...json, origin: "https://example.org" })).toBe(403);
  expect(await ask({ "content-type": "text/plain" })).toBe(415);
  expect(await ask({})).toBe(415);
  expect(await ask({ ...json, origin: hub.http })).toBe(201);
  expect((await site.get(configPaths.revisions)).body).toMatchObject({ revisions: [{ number: 1 }] });
});

test.each([
  [`${configPaths.revisions}/99`, 404, "there is no revision 99"],
  [`${configPaths.revisions}/nine`, 400, "whole number"],
  [`${configPaths.revisions}/1/diff/99`, 404, "there is no revision 99"],
  [`${configPaths.revisions}?count=x`, 400, "count"],
  [`${configPaths.rollouts}/99`, 404, "nothing is known"],
])("GET %s says what is not there", async (path, status, words) => {
  const answer = await site.get(path);

  expect(answer.status).toBe(status);
  expect(JSON.stringify(answer.body)).toContain(words);
});

test("with accounts only one that may set every input may change the site", async () => {
  const folder = await mkdtemp(join(tmpdir(), "interactor-site-accounts-"));
  const config = join(folder, "listeners.yaml");
  const accounts = `accounts:
  - { name: anna, password: sesame, publish: ["ix/1/demo/set/#"], subscribe: any }
  - { name: ben, password: sesame, publish: ["ix/1/demo/set/pi/#"], subscribe: any }
  - { name: dora, password: sesame, publish: any, subscribe: ["ix/1/demo/v/pi/#"] }
  - { name: cleo, password: sesame, publish: any, subscribe: any }
`;
  await writeFile(config, accounts);
  await chmod(config, 0o600);
  try {
    await using guarded = await startHub({ env: { INTERACTOR_CONFIG: config } });
    const as = (who: string) => ({ authorization: `Basic ${Buffer.from(who).toString("base64")}` });
    const answerTo = async (headers: Readonly<Record<string, string>>) =>
      (await new SiteClient(guarded.http, headers).post(configPaths.plan, filesOf(text))).status;

    expect(await answerTo({})).toBe(401);
    expect(await answerTo(as("anna:wrong"))).toBe(403);
    expect(await answerTo(as("ben:sesame"))).toBe(403);
    expect(await answerTo(as("cleo:sesame"))).toBe(403);
    expect(await answerTo(as("anna"))).toBe(401);
    expect(await answerTo(as("anna:sesame"))).toBe(200);
    const anna = new SiteClient(guarded.http, as("anna:sesame"));
    // What a module holds is for them alone too.
    for (const path of [profilesPath, `${profilesPath}/1`, `${profilesPath}/1/file`]) {
      expect((await new SiteClient(guarded.http, as("ben:sesame")).post(path, {})).status).toBe(403);
      expect([400, 404]).toContain((await anna.post(path, {})).status);
    }
    // Whose code nodes run is theirs, and what nodes said is for those who may watch it.
    for (const path of [trustPaths.root, trustPaths.publish, trustPaths.development, trustPaths.onlineKey]) {
      expect((await new SiteClient(guarded.http).post(path, {})).status).toBe(401);
      expect((await new SiteClient(guarded.http, as("ben:sesame")).post(path, {})).status).toBe(403);
      expect([200, 400]).toContain((await anna.post(path, {})).status);
    }
    for (const path of [apiPaths.journal, crashesPath, `${crashesPath}/0`, `${configPaths.revisions}/1`]) {
      const statuses = [{}, as("dora:sesame"), as("ben:guess"), as("ben:sesame")].map(
        async (headers) => (await fetch(`${guarded.http}${path}`, { headers })).status,
      );
      expect(await Promise.all(statuses)).toEqual([401, 403, 403, expect.toBeOneOf([200, 404])]);
    }
    const trial = { by: "ben", manifest: { id: "blink", version: "1.0.0" }, base64: "" };
    expect((await anna.post(trustPaths.development, trial)).status).toBe(200);
    const audit = await readFile(join(guarded.data, "trust", "audit.jsonl"), "utf8");
    expect(audit).toContain('"by":"ben (anna)"');
    expect((await anna.post(configPaths.revisions, { ...making, author: "ben" })).status).toBe(201);
    const { body } = await new SiteClient(guarded.http).get(configPaths.revisions);
    expect(body).toMatchObject({ revisions: [{ author: "ben (anna)" }] });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
