// The site file from the first start of the demo on: edited, looked at, applied and taken back, while the demo runs.

import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { apiPaths, nodesResponse } from "@interactor/shared/wire/api";
import {
  configPaths,
  modesResponse,
  planResponse,
  revisionsResponse,
} from "@interactor/shared/wire/api-config";
import { cliBundle, type DemoFolder, demoFolder, type DemoProcess, startDemo } from "./demo-process.ts";
import { eventually } from "./programs.ts";

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Desk {
  readonly url: string;
  /** `interactor …`, on the demo. */
  run(...args: readonly string[]): Promise<Ended>;
  /** Writes `to` in the place of `from` into the site file. */
  edit(from: string, to: string): void;
  ask(path: string, body?: unknown): Promise<unknown>;
  /** How often each instance was started. */
  starts(): Readonly<Record<string, number>>;
}

async function deskOf(demo: DemoProcess, { path }: DemoFolder): Promise<Desk> {
  const url = await demo.ready();
  const env = { ...process.env, INTERACTOR_DATA: path, INTERACTOR_HUB: "", NO_COLOR: "1" };
  const file = join(path, "site.yaml");
  return {
    url,
    run: (...args) =>
      new Promise((resolve) => {
        execFile(process.execPath, [cliBundle, ...args], { cwd: path, env }, (error, stdout, stderr) =>
          resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
        );
      }),
    edit(from, to) {
      const written = readFileSync(file, "utf8");
      expect(written).toContain(from);
      writeFileSync(file, written.replace(from, to));
    },
    async ask(path, body) {
      const post = {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      };
      return (await fetch(`${url}${path}`, body === undefined ? {} : post)).json();
    },
    starts: () => startsIn(readFileSync(join(path, "agent.log"), "utf8")),
  };
}

function startsIn(log: string): Readonly<Record<string, number>> {
  const starts: Record<string, number> = {};
  // By itself, or in the place of another one.
  const beginnings = /"instance":"([a-z]+)",(?:"state":"starting"|"module":"[a-z]+","version")/g;
  for (const [, instance = ""] of log.matchAll(beginnings)) starts[instance] = (starts[instance] ?? 0) + 1;
  return starts;
}

const nodeOf = async (desk: Desk) => nodesResponse.parse(await desk.ask(apiPaths.nodes)).nodes[0];
const filesOf = ({ path }: DemoFolder) => ({
  root: "site.yaml",
  files: { "site.yaml": readFileSync(join(path, "site.yaml"), "utf8") },
});

test("an edit is shown, applied without a restart of what did not change, and taken back", async () => {
  using folder = demoFolder();
  await using demo = startDemo({ data: folder.path, by: "bundle" });
  const desk = await deskOf(demo, folder);
  const began = await nodeOf(desk);
  expect(desk.starts()).toEqual({ dmx: 1, host: 1, sim: 1 });
  desk.edit("visitorsPerHour: 120", "visitorsPerHour: 100");
  desk.edit("map: scale(value, 0.3, 4, 1, 0)", "map: scale(value, 0.3, 4, 0.5, 0.5)");

  const plan = await desk.run("config", "plan");

  expect(plan).toMatchObject({
    code: 0,
    stdout: `site demo, against revision 1:
~ instance demo/sim, which starts anew
    settings.visitorsPerHour: 120 => 100
~ route approach
    map: scale(value, 0.3, 4, 1, 0) => scale(value, 0.3, 4, 0.5, 0.5)

node demo: is taken over without a break: sim; routes ~approach
`,
  });
  const same = planResponse.parse(await desk.ask(configPaths.plan, filesOf(folder)));
  expect(same).toMatchObject({
    base: 1,
    nodes: [{ node: "demo", takeOver: ["sim"], restart: [], start: [] }],
  });
  expect(desk.starts()).toEqual({ dmx: 1, host: 1, sim: 1 });

  const applied = await desk.run("config", "apply", "-m", "always half", "--probation", "0.2s");

  expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining("revision 2: always half\n") });
  expect(applied.stdout).toMatch(/revision 2 runs on 1 node\n$/);
  expect(applied.stderr).toMatch(/^demo {2}.*\n(.*\n)*demo {2}done\n$/);
  expect(desk.starts()).toEqual({ dmx: 1, host: 1, sim: 2 });
  const why = await desk.run("tap", "demo/dmx/front", "--count", "1", "--timeout", "20");
  expect(why.stdout).toMatch(/demo\/dmx\/front {2}0\.5\b/);
  expect(await nodeOf(desk)).toMatchObject({
    revision: 2,
    converged: true,
    unit: began?.unit,
    since: began?.since,
  });

  const back = await desk.run("config", "rollback", "1", "--probation", "0.2s");

  expect(back).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("revision 3: back to revision 1\n"),
  });
  expect(desk.starts()).toEqual({ dmx: 1, host: 1, sim: 3 });
  expect((await desk.run("config", "diff", "1", "3", "--exit-code")).stdout).toBe("nothing changes\n");
  expect(await desk.run("config", "diff", "3", "site.yaml", "--exit-code")).toMatchObject({ code: 1 });
  const { revisions } = revisionsResponse.parse(await desk.ask(configPaths.revisions));
  expect(revisions.map(({ number, message, rollback_of }) => [number, message, rollback_of])).toEqual([
    [3, "back to revision 1", 1],
    [2, "always half", undefined],
    [1, "the demo begins", undefined],
  ]);
  expect((await desk.run("config", "show", "2")).stdout).toBe(filesOf(folder).files["site.yaml"]);
});

test("what is wrong is told as by `config check`, and changes nothing", async () => {
  using folder = demoFolder();
  await using demo = startDemo({ data: folder.path, by: "bundle" });
  const desk = await deskOf(demo, folder);
  desk.edit("to: demo/dmx/front", "to: demo/dmx/frnt");
  desk.edit("visitorsPerHour: 120", "visitorPerHour: 120");

  const [check, plan, apply] = [
    await desk.run("config", "check"),
    await desk.run("config", "plan"),
    await desk.run("config", "apply", "-m", "wrong"),
  ];

  expect(check.code).toBe(7);
  expect(check.stderr).toContain("did you mean front?");
  for (const refused of [plan, apply]) expect(refused).toEqual({ ...check, stdout: "" });
  expect((await desk.run("config", "history", "--json")).stdout).toContain('"number":1');
  expect(await nodeOf(desk)).toMatchObject({ revision: 1 });
});

test("a mode holds a revision back, until it changes or somebody says why not", async () => {
  using folder = demoFolder();
  await using demo = startDemo({ data: folder.path, by: "bundle" });
  const desk = await deskOf(demo, folder);
  expect((await desk.run("mode", "site", "open", "--reason", "10 o'clock")).code).toBe(0);
  desk.edit("scale(value, 0.3, 4, 1, 0)", "scale(value, 0.3, 4, 0.9, 0)");

  const now = await desk.run("config", "apply", "-m", "brighter", "--now");
  const waits = await desk.run("config", "apply", "-m", "brighter", "--probation", "0.2s");

  expect(now).toMatchObject({ code: 4, stderr: expect.stringContaining("--override <reason>") });
  expect(waits).toMatchObject({ code: 8, stdout: expect.stringContaining("waits for the mode on demo") });
  expect(await nodeOf(desk)).toMatchObject({ revision: 1 });
  await desk.run("mode", "site", "maintenance");
  await eventually("it goes on", async () => (await nodeOf(desk))?.revision === 2);
  const modes = modesResponse.parse(await desk.ask(configPaths.modes));
  expect(modes.zones.find(({ zone }) => zone === "site")).toMatchObject({ mode: "maintenance" });

  await desk.run("mode", "site", "open");
  const over = await desk.run("config", "rollback", "1", "--override", "it glares", "--probation", "0.2s");
  expect(over).toMatchObject({ code: 0 });
  expect((await desk.run("rollout", "show")).stdout).toContain("it glares");
});

test("a plan against a recording tells which inputs would have been told something else", async () => {
  using folder = demoFolder();
  await using demo = startDemo({ data: folder.path, by: "bundle" });
  const desk = await deskOf(demo, folder);
  await eventually("some values", async () => {
    const distance = await desk.run("journal", "export", "day.ixrec", "--since", "1h", "--json");
    return distance.code === 0 && Number(JSON.parse(distance.stdout).readings) > 100;
  });
  const same = await desk.run("config", "plan", "--against", "day.ixrec");
  desk.edit("scale(value, 0.3, 4, 1, 0)", "scale(value, 0.3, 4, 0.5, 0.5)");

  const [first, second] = [
    await desk.run("config", "plan", "--against", "day.ixrec"),
    await desk.run("config", "plan", "--against", "day.ixrec"),
  ];

  expect(same.stdout).toContain("every input is told the same");
  expect(first.stdout).toMatch(
    /\n~ demo\/dmx\/front {2}differs \d+ times, first at .* => 0\.5 \(\d+ values\)\n/,
  );
  const hashOf = ({ stdout }: Ended) => /sha256 ([0-9a-f]{64})\n/.exec(stdout)?.[1];
  expect(hashOf(first)).toBe(hashOf(second));
  expect(hashOf(first)).not.toBe(hashOf(same));
});
