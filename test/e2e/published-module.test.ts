// A module that somebody else wrote: published to a hub, named in a site file, installed and run by a node in a sandbox.

import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { processTree } from "../../agent/src/adapters/module-host-sandbox/process-tree.ts";
import { definition } from "../contract/module-host/lamp-module.ts";
import { bundled } from "../contract/module-host/sandboxes.ts";
import { emptyFolder } from "../contract/folders.ts";
import { type AgentProgram, eventually, type HubProgram, startAgent, startHub } from "./programs.ts";
import { requires } from "./requires.ts";
import { Visitor } from "./visitor.ts";

const test = requires("bwrap");
const cli = join(import.meta.dirname, "../../dist/cli/interactor.mjs");

/** As `interactor module build` leaves it. */
async function builtLamp(more: object = {}): Promise<string> {
  const folder = emptyFolder();
  mkdirSync(join(folder, "dist"));
  const source = join(import.meta.dirname, "../contract/module-host/lamp-module.ts");
  await bundled(source, join(folder, "dist", "lamp.mjs"));
  writeFileSync(
    join(folder, "dist", "lamp.manifest.json"),
    JSON.stringify({ ...definition.manifest, ...more }),
  );
  return folder;
}

function desk(hub: HubProgram, folder: string) {
  const env = { ...process.env, INTERACTOR_KEYS_PASSPHRASE: "correct horse", NO_COLOR: "1" };
  return (...words: readonly string[]): Promise<string> =>
    new Promise((resolve) => {
      const args = words[1] === "key" ? words : [...words, "--hub", hub.http];
      execFile(process.execPath, [cli, ...args], { cwd: folder, env }, (error, stdout, stderr) =>
        resolve(error === null ? stdout : `failed: ${stderr}`),
      );
    });
}

const siteWith = (grant: string) => `
site: demo
nodes:
  pi:
    instances:
      lamp: { module: lamp, version: ^1.0, settings: { label: hall }${grant} }
      sim: { module: simulated }
`;

const asks = {
  permissions: [{ kind: "host", names: ["lamps.example:443"] }],
  engines: { interactor: "^0.1" },
  requires: { simulated: "^0.1" },
};

test("published for development, it runs where a site names it and grants what it asks", async () => {
  const folder = await builtLamp(asks);
  await using hub = await startHub();
  const interactor = desk(hub, folder);
  writeFileSync(join(folder, "site.yaml"), siteWith(""));
  expect(await interactor("config", "apply", "site.yaml", "-m", "a lamp", "--probation", "0")).toContain(
    'there is no module "lamp"',
  );

  expect(await interactor("module", "publish", "--dev")).toContain("lamp 1.0.0 is published for DEVELOPMENT");
  expect(await interactor("config", "check", "site.yaml")).toContain(
    "add grant: { hosts: [lamps.example:443] } to allow it",
  );
  writeFileSync(join(folder, "site.yaml"), siteWith(", grant: { hosts: [lamps.example:443] }"));
  expect(await interactor("config", "check", "site.yaml")).toContain("is right: site demo, with the modules");
  expect(await interactor("config", "plan", "site.yaml")).toContain(
    "lamp may from now on use host lamps.example:443",
  );

  const ceiling = join(folder, "ceiling.json");
  writeFileSync(ceiling, '{ "hosts": [] }');
  const env = { INTERACTOR_CEILING: ceiling };
  await using agent = await startAgent({ node: "pi", hub: hub.mqtt, env });
  const root = await fetch(`${hub.http}/api/v1/trust/metadata/root`).then((answer) => answer.text());
  writeFileSync(join(agent.data, "trust-root.json"), root);
  const apply = ["config", "apply", "site.yaml", "-m", "a lamp", "--probation", "0"];
  expect(await interactor(...apply)).toContain(
    `the ceiling of this node (${ceiling}) does not let it have host lamps.example:443`,
  );
  writeFileSync(ceiling, "{}");
  expect(await interactor(...apply)).not.toContain("failed");

  await using watcher = await Visitor.connect(hub.mqtt);
  await eventually(
    "the lamp to run",
    async () => agent.log().includes('"instance":"lamp","state":"running"'),
    120_000,
  );
  const said = (instance: string, state: string): number =>
    agent.log().indexOf(`"instance":"${instance}","state":"${state}"`);
  expect(said("sim", "running")).toBeGreaterThan(0);
  expect(said("lamp", "starting")).toBeGreaterThan(said("sim", "running"));
  expect(agent.log()).toContain("bundles signed with a DEVELOPMENT key are installed");
  expect(agent.log()).toContain("looked at what this machine can enforce");
  const kept = readdirSync(join(agent.data, "apply", "content"));
  expect(kept.filter((name) => name.endsWith(".manifest"))).toHaveLength(1);
  await interactor("set", "pi/lamp/level", "0.5");
  await eventually("its answer", () => watcher.values("pi/lamp/seen").length > 0);
  expect(await interactor("module", "show", "lamp")).toMatch(
    /1\.0\.0 .* fetched by 1 node\nruns on:\n {2}pi\/lamp {2}1\.0\.0 {2}running\n/,
  );
  await damagedWhileItRan(agent);
}, 240_000);

/** The card damages a bundle whose instance runs, and dies later: what starts then is what was installed. */
async function damagedWhileItRan(agent: AgentProgram): Promise<void> {
  const content = join(agent.data, "apply", "content");
  const [manifest = ""] = readdirSync(content).filter((name) => name.endsWith(".manifest"));
  const bundle = join(content, manifest.replace(".manifest", ""));
  const bytes = readFileSync(bundle);
  const before = agent.log().length;
  writeFileSync(bundle, bytes.subarray(0, 4096));

  const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, "utf8");
  const inside = processTree(agent.pid).filter((pid) => commandOf(pid).startsWith("/node\0"));
  expect(inside).toHaveLength(1);
  for (const pid of inside) process.kill(pid, "SIGKILL");

  const since = (): string => agent.log().slice(before);
  await eventually("it runs again", () => since().includes('"instance":"lamp","state":"running"'), 60_000);
  expect(since()).toContain("is damaged on this node's disk");
  expect(since().match(/sandbox of lamp with \S+ crashed/g)).toHaveLength(1);
  expect(readFileSync(bundle)).toEqual(bytes);
}

test(
  "signed by a publisher whom the site let in, it is taken; signed by nobody, not any more",
  { timeout: 240_000 },
  async () => {
    const folder = await builtLamp();
    await using hub = await startHub();
    const interactor = desk(hub, folder);
    await interactor("trust", "init");
    await interactor("trust", "key", "acme");
    await interactor("trust", "add-publisher", "acme", "--key", "acme.pub.pem");

    expect(await interactor("module", "publish", "--dev")).toContain("TRUST_REAL_ROOT");
    expect(await interactor("module", "publish", "--publisher", "acme")).toContain(
      "interactor module sign makes it",
    );
    expect(await interactor("module", "sign", "--publisher", "acme", "--key", "acme.pem")).toContain(
      "is signed by acme",
    );
    expect(await interactor("module", "publish", "--publisher", "acme")).toContain(
      "lamp 1.0.0 is published by acme",
    );
    expect(await interactor("module", "search", "says")).toBe(
      "lamp 1.0.0  acme  A lamp that says what it takes\n",
    );
    expect(await interactor("module", "show", "lamp")).toMatch(/^publisher: acme[^]*1\.0\.0 {2}\d+ bytes/);
    expect(await interactor("module", "show", "lump")).toContain('nobody has published a module "lump"');
    copyFileSync(cli, join(folder, "dist", "lamp.mjs"));
    expect(await interactor("module", "publish", "--publisher", "acme", "--key", "acme.pem")).toContain(
      "raise its version",
    );

    await interactor("trust", "key", "other");
    await interactor("trust", "add-publisher", "other", "--key", "other.pub.pem");
    expect(await interactor("module", "publish", "--publisher", "other", "--key", "other.pem")).toContain(
      '"lamp" is a module of acme',
    );

    writeFileSync(join(folder, "site.yaml"), siteWith(""));
    expect(await interactor("config", "plan", "site.yaml")).toContain("+ instance pi/lamp");
    await interactor("trust", "revoke", "acme");
    expect(await interactor("config", "plan", "site.yaml")).toContain(
      "lamp 1.0.0 was withdrawn: acme may not publish here any more",
    );
  },
);
