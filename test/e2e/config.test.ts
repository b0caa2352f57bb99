// What is done with a site file at a terminal. None of it needs a hub.

import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { cliBundle } from "./demo-process.ts";

const root = mkdtempSync(join(tmpdir(), "interactor-config-"));
let folder = "";
let count = 0;

beforeEach(() => {
  count += 1;
  folder = join(root, String(count));
  mkdirSync(folder);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function config(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cliBundle, "config", ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { code: status, stdout, stderr };
}

const text = (file: string): string => readFileSync(join(folder, file), "utf8");
const edit = (file: string, from: string, to: string): void => {
  const edited = text(file).replace(from, to);
  expect(edited).not.toBe(text(file));
  writeFileSync(join(folder, file), edited);
};

test("a route of the example can be tried without a hub", () => {
  config("init");
  const words = ["route", "test", "site.yaml", "approach", "--input", "4", "0.3@1s"];
  const { status, stdout } = spawnSync(process.execPath, [cliBundle, ...words], {
    cwd: folder,
    encoding: "utf8",
  });

  expect(status).toBe(0);
  expect(stdout).toMatch(/to demo\/dmx\/front +0\n[^]*to demo\/dmx\/front +1\n/);
  expect(stdout).toContain("2 came, 2 arrived");
});

test("what init writes is right, and what it finds it leaves alone", () => {
  expect(config("init")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^wrote site\.yaml; next: /),
  });
  expect(config("check")).toMatchObject({
    code: 0,
    stdout: "site.yaml is right: site demo, 1 node, 3 instances, 4 routes (3 on nodes, 1 on the hub)\n",
    stderr: "",
  });

  edit("site.yaml", "site: demo", "site: mine");

  expect(config("init")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/site\.yaml is there already/),
  });
  expect(text("site.yaml")).toContain("site: mine");
  expect(config("init", "new/folder/site.yaml").code).toBe(0);
});

test("a wrong file is told in whole, with the line and what would be right, and ends with 7", () => {
  config("init");
  edit("site.yaml", "module: simulated", "module: simulatd");
  edit("site.yaml", "demo/sim/motion", "demo/simm/motion");

  const { code, stdout, stderr } = config("check");

  expect([code, stdout]).toEqual([7, ""]);
  expect(stderr).toContain('nodes.demo.instances.sim.module: there is no module "simulatd"');
  expect(stderr).toMatch(/\n +\d+ \| +module: simulatd\n +\| +\^\n += did you mean simulated\?\n/);
  expect(stderr).toContain('demo has no instance "simm"');
  expect(stderr).toMatch(/interactor config: 2 problems in site\.yaml\n$/);
});

test("programs are given the same as JSON", () => {
  config("init");
  const right: unknown = JSON.parse(config("check", "--json").stdout);
  edit("site.yaml", "universe: 1", "universe: 70000");
  const { code, stdout } = config("check", "site.yaml", "--json");

  expect(right).toMatchObject({
    ok: true,
    site: "demo",
    problems: [],
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(code).toBe(7);
  expect(JSON.parse(stdout)).toEqual({
    ok: false,
    more: 0,
    problems: [
      {
        file: "site.yaml",
        line: expect.any(Number),
        column: expect.any(Number),
        path: "nodes.demo.instances.dmx.settings.universe",
        message: "at most 63999",
      },
    ],
  });
});

test("a site of several files is read from its folder, and from nowhere else", () => {
  writeFileSync(join(root, `outside-${count}.yaml`), "site: outside\n");
  mkdirSync(join(folder, "halls"));
  writeFileSync(join(folder, "site.yaml"), "include: [halls/one.yaml, link.yaml]\n");
  writeFileSync(join(folder, "halls/one.yaml"), "nodes: { one: }\n");
  symlinkSync(join(root, `outside-${count}.yaml`), join(folder, "link.yaml"));

  expect(config("check").stderr).toContain("link.yaml is a link that leads out of the site's folder");
  writeFileSync(join(folder, "halls/two.yaml"), "include: [one.yaml, ../site.yaml, ../../x.yaml]\n");
  const { stderr } = config("check", "halls/two.yaml");
  expect(stderr).toContain(
    'halls/two.yaml:1:21: include[1]: "../site.yaml" is outside of the site\'s folder',
  );
  expect(stderr).toContain('"../../x.yaml" is outside of the site\'s folder');
  writeFileSync(join(folder, "site.yaml"), "include: halls/one.yaml\n");
  expect(config("check").stdout).toContain("1 node,");
});

test("what a file is not, is not its problem: a missing one ends with 3", () => {
  expect(config("check", "gone.yaml")).toMatchObject({
    code: 3,
    stderr: "interactor config: there is no file gone.yaml\n",
  });
  const told = config("check", "gone.yaml", "--json");
  expect([told.code, JSON.parse(told.stdout)]).toEqual([
    3,
    { ok: false, problems: [{ file: "gone.yaml", message: "there is no file gone.yaml" }], more: 0 },
  ]);
  mkdirSync(join(folder, "site.yaml"));
  expect(config("check")).toMatchObject({
    code: 7,
    stderr: expect.stringMatching(/site\.yaml cannot be read/),
  });
});

test("set changes one value, diff tells exactly that", () => {
  config("init");
  writeFileSync(join(folder, "old.yaml"), text("site.yaml"));

  expect(config("set", "site.yaml", "routes.approach.throttle", "50ms").code).toBe(0);

  expect(text("site.yaml")).toBe(text("old.yaml").replace("throttle: 20ms", "throttle: 50ms"));
  expect(config("diff", "old.yaml", "site.yaml").stdout).toBe(
    "~ route approach\n    throttle: 20ms => 50ms\n",
  );
  expect(config("diff", "old.yaml", "site.yaml", "--exit-code").code).toBe(1);
  expect(config("diff", "old.yaml", "old.yaml", "--exit-code")).toMatchObject({
    code: 0,
    stdout: "nothing changes\n",
  });
  expect(JSON.parse(config("diff", "old.yaml", "site.yaml", "--json").stdout)).toMatchObject({
    changes: [{ kind: "changed", what: "route", name: "approach", nodes: ["demo"], isRestart: false }],
  });
  expect(config("set", "site.yaml", "routes.gone.throttle", "50ms")).toMatchObject({ code: 2 });
  expect(readdirSync(folder).toSorted()).toEqual(["old.yaml", "site.yaml"]);
});

test("set tells what is added from what is changed, and puts nothing where nobody would look", () => {
  config("init");
  const before = text("site.yaml");
  const universe = "nodes.demo.instances.dmx.settings.universe";

  expect(config("set", "site.yaml", universe.replace("settings", "setings"), "2")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/"setings" is unknown in .* \(did you mean settings\?\)\n$/),
  });
  expect(config("set", "site.yaml", "nodes.demo", "2")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/nodes\.demo holds a map/),
  });
  expect(text("site.yaml")).toBe(before);
  expect(config("set", "site.yaml", "nodes.demo.title", "Demo").stdout).toMatch(
    /^added nodes\.demo\.title to /,
  );
  expect(config("set", "site.yaml", universe, "2").stdout).toMatch(/^set nodes\..* in /);
  expect(JSON.parse(config("set", "site.yaml", universe, "3", "--json").stdout)).toMatchObject({
    isNew: false,
  });
});

test("a site file may be a link, a pipe, or what comes in", () => {
  config("init");
  mkdirSync(join(folder, "current"));
  symlinkSync(join(folder, "site.yaml"), join(folder, "current/site.yaml"));
  const shell = (line: string) => {
    const { status, stdout, stderr } = spawnSync("bash", ["-c", line, process.execPath, cliBundle], {
      cwd: folder,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };

  expect(config("check", "current/site.yaml").code).toBe(0);
  const same = { status: 0, stdout: "nothing changes\n", stderr: "" };
  expect(shell('"$0" "$1" config diff <(cat site.yaml) site.yaml')).toEqual(same);
  expect(shell('cat site.yaml | "$0" "$1" config diff - site.yaml')).toEqual(same);
});

test("the schema is JSON Schema that knows the sections and the modules", () => {
  expect(JSON.parse(config("schema").stdout)).toMatchObject({
    $schema: expect.stringMatching(/json-schema/),
    properties: { nodes: {}, routes: { anyOf: expect.anything() }, scenes: {} },
  });
});

test.each(["check", "init", "diff", "set", "schema"])("config %s has help with an example", (command) => {
  const { code, stdout } = config(command, "--help");

  expect(code).toBe(0);
  expect(stdout).toMatch(/Example:\n {2}\$ /);
});
