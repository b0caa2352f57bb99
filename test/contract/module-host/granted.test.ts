// What a manifest asks for, from the site that grants it to the sandbox that holds it: each refusal, and what is let through.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, vi } from "vitest";
import { newSteering, systemClock } from "../../../agent/src/adapters/clock-system.ts";
import { keepSigned } from "../../../agent/src/adapters/signed-manifests.ts";
import { systemDisk } from "../../../agent/src/adapters/apply-store-files/disk.ts";
import { surveyOf } from "../../../agent/src/main/machine.ts";
import { modulesOf } from "../../../agent/src/main/module-host.ts";
import type { InstanceSpec } from "../../../agent/src/ports/module-host.ts";
import { compilerHere } from "../../../hub/src/adapters/site-compiler/compiling.ts";
import { micros } from "@interactor/shared/kernel/units";
import { decodePlan } from "@interactor/shared/wire/messages/plan";
import { requires } from "../../e2e/requires.ts";
import { bundled, insideIn } from "./sandboxes.ts";
import { definition } from "./clerk-module.ts";

const test = requires("bwrap");
const asks = {
  permissions: [
    { kind: "host", from: "/host" },
    { kind: "file", names: ["/etc/hostname"] },
  ],
  limits: { memoryMb: 400, handlerMs: 4000 },
} as const;
const digest = "c".repeat(64);
const { id, version } = definition.manifest;
const published = [
  { id, version, digest, bytes: 7, manifest: { ...definition.manifest, ...asks } },
  {
    id: "other",
    version: "1.0.0",
    digest,
    bytes: 7,
    manifest: { ...definition.manifest, id: "other", version: "1.0.0" },
  },
];

const siteWith = (instance: string) => ({
  root: "site.yaml",
  files: { "site.yaml": `nodes: { pi: { instances: { clerk: ${instance} } } }\n` },
});
const whole = "settings: { host: '127.0.0.1:9' }, grant: { files: [/etc/hostname], memoryMb: 400 }";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function problemsWith(instance: string): Promise<readonly string[]> {
  const compiled = await compilerHere("demo").compile(siteWith(instance), published);
  return compiled.ok ? [] : compiled.error.problems.map(({ message, hint }) => `${message}: ${hint}`);
}

/** As an agent makes it of its plan. */
async function plannedWith(instance: string): Promise<InstanceSpec> {
  const compiled = await compilerHere("demo").compile(siteWith(instance), published);
  const plan = compiled.ok ? compiled.value.nodes.get("pi")?.plan : undefined;
  const decoded = plan === undefined ? undefined : decodePlan(plan);
  const planned = decoded?.ok === true ? decoded.value.instances["clerk"] : undefined;
  expect.assert(planned !== undefined);
  const { module, settings, grants, limits } = planned;
  return {
    name: "clerk",
    module,
    version: planned.version,
    digest,
    settings,
    ...(grants && { grants }),
    ...(limits && { limits }),
  };
}

async function nodeWith(ceiling: string | undefined) {
  const folder = mkdtempSync(join(tmpdir(), "granted-"));
  const bundle = await bundled(join(import.meta.dirname, "clerk-module.ts"), join(folder, "clerk.mjs"));
  await insideIn(folder);
  const path = join(folder, "ceiling.json");
  if (ceiling !== undefined) writeFileSync(path, ceiling);
  const reports: string[] = [];
  const told: unknown[] = [];
  const steering = newSteering();
  const clock = systemClock(steering);
  const setup = {
    file: join(folder, "main.mjs"),
    data: folder,
    fileOf: () => bundle,
    site: "demo",
    node: "pi",
    survey: surveyOf(folder, clock, log),
    required: new Set(["permissions"] as const),
    ceiling: path,
    steering,
  };
  const host = modulesOf(setup, {
    clock,
    random: { next: () => 0 },
    log,
    crashed: undefined,
    measured: undefined,
  })({
    declared: () => undefined,
    started: () => undefined,
    output: ({ value }) => void told.push(value),
    beat: () => undefined,
    stateChanged: (_instance, { state, reason }) => void reports.push(`${state} ${reason ?? ""}`.trim()),
  });
  onTestFinished(async () => {
    await host[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  const tell = (value: string): void => host.apply("clerk", "ask", { value, at: micros(0), owner: "manual" });
  return {
    host,
    bundle,
    reports,
    ceilTo: (text: string) => writeFileSync(path, text),
    tell,
    seen: (state: string | RegExp) =>
      vi.waitFor(() => expect(reports.at(-1)).toMatch(state), { timeout: 30_000 }),
    async ask(words: string): Promise<unknown> {
      const before = told.length;
      tell(words);
      await vi.waitFor(() => expect(told.length).toBeGreaterThan(before), { timeout: 30_000 });
      return told.at(-1);
    },
  };
}

test("what is not granted is refused when a site is planned, with the line to write", async () => {
  expect(await problemsWith("{ module: clerk, settings: { host: 'a:1' } }")).toEqual([
    "clerk wants file /etc/hostname, 400 MB of memory (it has 96), which are not granted: " +
      "add grant: { files: [/etc/hostname], memoryMb: 400 } to allow it",
  ]);
  expect(await problemsWith(`{ module: clerk, ${whole} }`)).toEqual([]);
});

test("what is granted it has, and nothing beside it", { timeout: 120_000 }, async () => {
  const node = await nodeWith(undefined);
  const spec = await plannedWith(`{ module: clerk, ${whole} }`);
  expect(await node.host.prepare(spec)).toBeUndefined();
  node.host.start(spec);
  await node.seen(/^running$/);

  expect(await node.ask("read /etc/hostname")).toMatch(/./);
  expect(await node.ask("read /etc/passwd")).toMatch(/^NOT_GRANTED: file "\/etc\/passwd" is not granted/);
  expect(await node.ask("echo 9 x")).toMatch(/^CONNECT_FAILED/);
  expect(await node.ask("echo 10 x")).toMatch(/^NOT_GRANTED: host "127\.0\.0\.1:10" is not granted/);
  // Past what is usual, within what it was granted.
  expect(await node.ask("hog 100")).toBe("1 taken");

  // Longer over one thing than it asked for.
  node.tell("work 60000");
  await node.seen(/^failed .*it did not answer for 4 s/);
});

test("one that was granted nothing is held to what is usual", { timeout: 120_000 }, async () => {
  const node = await nodeWith(undefined);
  const spec = await plannedWith("{ module: other }");
  expect(spec.grants).toBeUndefined();
  node.host.start(spec);
  await node.seen(/^running$/);

  expect(await node.ask("read /etc/hostname")).toMatch(/^NOT_GRANTED/);
  node.tell("hog 150");
  await node.seen(/^failed .*memory/);
});

test("the ceiling of a node is above every site: in prepare, and when what is installed starts", async () => {
  const node = await nodeWith('{ "hosts": [], "memoryMb": 128 }');
  const spec = await plannedWith(`{ module: clerk, ${whole} }`);
  const words =
    /the ceiling of this node \(.*ceiling\.json\) does not let it have host 127\.0\.0\.1:9, 400 MB of memory \(at most 128\)/;

  expect(await node.host.prepare(spec)).toMatch(words);
  node.host.start(spec);
  expect(node.reports).toEqual([expect.stringMatching(words)]);

  node.ceilTo('{ "modules": ["lamp"] }');
  expect(await node.host.prepare(spec)).toMatch(/does not let clerk run here/);
  node.ceilTo('{ "hosts": [');
  expect(await node.host.prepare(spec)).toMatch(/no module of others runs while .* is wrong: it is not JSON/);
});

test("a ceiling's list of modules goes by what a bundle was signed as, whatever a hub calls it", async () => {
  const node = await nodeWith('{ "modules": ["other"] }');
  await keepSigned(systemDisk, node.bundle, { id, version, inputs: {}, outputs: {} });

  const spec = await plannedWith("{ module: other }");

  expect(await node.host.prepare(spec)).toMatch(/does not let clerk run here/);
  node.host.start(spec);
  expect(node.reports).toEqual([expect.stringMatching(/^failed .*does not let clerk run here/)]);
});

test("what nobody asked for is cut down to the ceiling", { timeout: 120_000 }, async () => {
  const node = await nodeWith('{ "handlerMs": 3000 }');
  node.host.start(await plannedWith("{ module: other }"));
  await node.seen(/^running$/);

  node.tell("work 60000");
  await node.seen(/^failed .*it did not answer for 3 s/);
});
