// The commands of a person at a terminal, against a demo that runs.

import { spawn, spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seconds } from "@interactor/shared/kernel/units";
import { cliBundle, demoFolder, type DemoProcess, processOf, startDemo } from "./demo-process.ts";
import { eventually } from "./programs.ts";
import { Visitor } from "./visitor.ts";

const folder = demoFolder();
let demo: DemoProcess;
let url = "";

beforeAll(async () => {
  demo = startDemo({ data: folder.path, by: "bundle" });
  url = await demo.ready();
});

afterAll(async () => {
  await demo[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end; it finds the demo by its data folder. */
async function interactor(...args: readonly string[]): Promise<Finished> {
  const child = spawn(process.execPath, [cliBundle, ...args], {
    cwd: tmpdir(),
    env: { ...process.env, INTERACTOR_DATA: folder.path, NO_COLOR: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  const code = await new Promise<number>((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode);
    child.on("exit", (exit) => resolve(exit ?? -1));
  });
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

const jsonLines = (text: string): readonly unknown[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

describe("help and version", () => {
  test("the version is printed, and quickly", () => {
    const runs = [1, 2, 3].map(() => {
      const startedAt = performance.now();
      const { status, stdout } = spawnSync(process.execPath, [cliBundle, "--version"], { encoding: "utf8" });
      return { status, stdout, millis: performance.now() - startedAt };
    });

    expect(runs[0]).toMatchObject({ status: 0, stdout: "0.1.0\n" });
    // 150 ms is the aim on an idle machine.
    expect(Math.min(...runs.map(({ millis }) => millis))).toBeLessThan(5 * 150);
  });

  test.each(["demo", "hub", "agent", "nodes", "tap", "set", "why"])(
    "%s --help shows an example",
    async (name) => {
      const { code, stdout } = await interactor(name, "--help");

      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: interactor ${name}`);
      expect(stdout).toContain(`Example:\n  $ interactor ${name}`);
    },
  );

  test("node forget --help shows an example", async () => {
    const { code, stdout } = await interactor("node", "forget", "--help");

    expect(code).toBe(0);
    expect(stdout).toContain("Example:\n  $ interactor node forget");
  });

  test("a command that does not exist is refused with the one that was meant", async () => {
    const { code, stderr } = await interactor("nods");

    expect(code).toBe(2);
    expect(stderr).toBe(
      "interactor: unknown command 'nods' (Did you mean one of node, nodes?); see `interactor --help`\n",
    );
  });
});

describe("nodes", () => {
  test("prints a table without colour into a pipe", async () => {
    const { code, stdout } = await interactor("nodes");

    expect(code).toBe(0);
    expect(stdout).toMatch(/^NODE +STATE +LAST SEEN .*\ndemo +ready +(now|\d+ s ago) .*sim running/);
  });

  test("prints the hub's answer as JSON", async () => {
    const { stdout } = await interactor("nodes", "--json");

    expect(jsonLines(stdout)).toMatchObject([{ site: "demo", nodes: [{ node: "demo", state: "ready" }] }]);
  });

  test("says where it looked when no hub is there", async () => {
    const { code, stderr } = await interactor("nodes", "--hub", "http://127.0.0.1:1");

    expect(code).toBe(5);
    expect(stderr).toContain("no hub at http://127.0.0.1:1 (from --hub)");
  });
});

describe("tap", () => {
  test("prints values as they come, and ends when it has enough", async () => {
    const { code, stdout } = await interactor("tap", "demo/sim/+", "--count", "3", "--timeout", "10");

    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n")).toHaveLength(3);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}demo\/sim\/\w+ {2}/);
  });

  test("prints JSON lines, with bytes as base64", async () => {
    const { stdout } = await interactor(
      "tap",
      "demo/dmx/universe",
      "--json",
      "--count",
      "1",
      "--timeout",
      "10",
    );

    const [line] = jsonLines(stdout) as readonly [{ readonly value: { readonly $bytes: string } }];
    expect(line).toMatchObject({ address: "demo/dmx/universe", quality: "good" });
    expect(Buffer.from(line.value.$bytes, "base64")).toHaveLength(512);
  });

  test("prints documents on raw topics", async () => {
    const { stdout } = await interactor(
      "tap",
      "ix/1/demo/n/+/state",
      "--json",
      "--count",
      "1",
      "--timeout",
      "10",
    );

    expect(jsonLines(stdout)).toMatchObject([
      { topic: "ix/1/demo/n/demo/state", document: { kind: "birth" } },
    ]);
  });

  test("a timeout is a failure for who waits for messages, and an end for who watches", async () => {
    const [waiting, watching] = await Promise.all([
      interactor("tap", "demo/nobody/here", "--count", "1", "--timeout", "500ms"),
      interactor("tap", "demo/nobody/here", "--timeout", "500ms"),
    ]);

    expect(waiting).toMatchObject({ code: 124, stderr: "interactor tap: 0 of 1 messages in time\n" });
    expect(watching).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test.each([
    ["demo//x", 2],
    ["a/b/c/d", 2],
    ["ix/#", 4],
  ])("%s is refused with code %i", async (filter, code) => {
    expect((await interactor("tap", filter, "--count", "1", "--timeout", "5")).code).toBe(code);
  });

  test("raw gives every value, and the public ones stay thinned", async () => {
    const [raw, thinned] = await Promise.all([
      interactor("tap", "--raw", "demo/sim/distance", "--json", "--timeout", "3s"),
      interactor("tap", "demo/sim/distance", "--json", "--timeout", "3s"),
    ]);

    expect(raw.code).toBe(0);
    expect(jsonLines(raw.stdout).length).toBeGreaterThan(30);
    expect(jsonLines(thinned.stdout).length).toBeLessThanOrEqual(62);
    expect((await interactor("tap", "--raw", "demo/sim/+", "--timeout", "1s")).code).toBe(2);
  });

  test("ends quietly when its reader goes away, and with 130 on Ctrl-C", async () => {
    const child = spawn(process.execPath, [cliBundle, "tap", "#", "--hub", url], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const other = spawn(process.execPath, [cliBundle, "tap", "#", "--hub", url], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let complaint = "";
    child.stderr.on("data", (text) => (complaint += String(text)));
    const exits = [child, other].map((each) => new Promise((resolve) => each.on("exit", resolve)));
    await Promise.all(
      [child, other].map((each) => new Promise((resolve) => each.stdout.once("data", resolve))),
    );

    child.stdout.destroy();
    other.kill("SIGINT");

    expect(await Promise.all(exits)).toEqual([0, 130]);
    expect(complaint).toBe("");
  });
});

describe("route trace", () => {
  test("shows what comes in and what the input holds, until it was told enough", async () => {
    const { code, stdout } = await interactor(
      "route",
      "trace",
      "approach",
      "--count",
      "12",
      "--timeout",
      "30",
    );

    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(12);
    for (const line of lines)
      expect(line).toMatch(/^(in {3}.* {2}demo\/sim\/distance|out {2}.* {2}demo\/dmx\/front) {2}/);
    expect(lines.some((line) => line.startsWith("in "))).toBe(true);
  });

  test("names the route that was meant", async () => {
    expect(await interactor("route", "trace", "aproach")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("did you mean approach?"),
    });
  });
});

describe("set and why", () => {
  test("a value set by hand takes the input from its route, and gives it back when released", async () => {
    const set = await interactor("set", "demo/dmx/front", "0.25", "--for", "1m");
    const why = await interactor("why", "demo/dmx/front");
    const released = await interactor("set", "demo/dmx/front", "--release");
    const after = await interactor("why", "demo/dmx/front", "--json");

    expect(set).toEqual({
      code: 0,
      stdout: "demo/dmx/front = 0.25 for 1 min (was: route approach)\n",
      stderr: "",
    });
    expect(why.stdout).toMatch(/^demo\/dmx\/front = 0\.25\nowner {4}manual by cli:.+@.+#[0-9a-f]{4}\n/);
    expect(why.stdout).toContain(
      "beneath  route approach from demo/sim/distance, map scale(value, 0.3, 4, 1, 0)",
    );
    expect(released.stdout).toMatch(/^demo\/dmx\/front released \(was: manual by cli:/);
    expect(jsonLines(after.stdout)).toMatchObject([{ owner: { kind: "route", by: "approach" } }]);
  });

  test("a state is set until somebody sets it otherwise or gives it back", async () => {
    const set = await interactor("set", "demo/dmx/grand-master", "0.5");
    const why = await interactor("why", "demo/dmx/grand-master");
    const released = await interactor("set", "demo/dmx/grand-master", "--release");
    const after = await interactor("why", "demo/dmx/grand-master", "--json");

    expect(set.stdout).toBe(
      "demo/dmx/grand-master = 0.5 until somebody sets it otherwise or releases it (was: nobody's)\n",
    );
    expect(why.stdout).toMatch(/^demo\/dmx\/grand-master = 0\.5\nowner {4}manual by cli:/);
    expect(released.stdout).toMatch(/^demo\/dmx\/grand-master released \(was: manual by cli:/);
    expect(jsonLines(after.stdout)).toMatchObject([{ value: 1, released: 1, owner: null }]);
  });

  test("a value set by hand ends by itself", async () => {
    await interactor("set", "demo/dmx/front", "1", "--for", "300ms");

    const owned = async () =>
      (await interactor("why", "demo/dmx/front")).stdout.includes("owner    route approach");
    await eventually("the route has it back", owned);
  });

  test("what is not held by hand has nothing to give back", async () => {
    const { code, stdout } = await interactor("set", "demo/dmx/back", "--release");

    expect(code).toBe(0);
    expect(stdout).toBe("demo/dmx/back was not held by hand (is: route motion-light)\n");
  });

  test.each([
    [["set", "demo/dmx/front", "2"], 7, 'demo/dmx/front takes a number from 0 to 1; "2" is none'],
    [["set", "demo/dmx/front", "-1"], 7, "from 0 to 1"],
    [["set", "demo/dmx/ch1", "12.5"], 7, "a whole number from 0 to 255"],
    [["set", "demo/dmx/frnt", "1"], 3, "did you mean front?"],
    [["set", "demo/dmx/ch513", "1"], 3, "there is ch1 to ch512"],
    [["set", "pi/dmx/front", "1"], 3, 'no node "pi"'],
    [["why", "demo/sim/distance"], 3, "is an output"],
    [["set", "demo/dmx", "1"], 2, "is not an address"],
    [["set", "demo/dmx/front"], 2, "a value is missing"],
    [["set", "demo/dmx/front", "1", "--release"], 2, "takes no value"],
    [["set", "demo/dmx/front", "1", "--for", "10"], 2, "write 10s"],
    [["set", "demo/dmx/blackout", "true", "--for", "10s"], 2, "is no actuator: it is not set for a while"],
  ])("%j ends with %i", async (args, code, words) => {
    const finished = await interactor(...args);

    expect(finished).toMatchObject({ code, stdout: "" });
    expect(finished.stderr).toContain(words);
  });

  test("a show stop is stronger, and set says so", async () => {
    await using visitor = await Visitor.connect(url.replace("http", "ws").concat("/mqtt"));
    await visitor.latchStop(true);
    await eventually("the stop owns it", async () =>
      (await interactor("why", "demo/dmx/front")).stdout.includes("owner    stop"),
    );

    const { code, stderr } = await interactor("set", "demo/dmx/front", "1");
    await visitor.latchStop(false);

    expect(code).toBe(1);
    expect(stderr).toContain("holds demo/dmx/front and is stronger");
    await eventually("the route has it back", async () =>
      (await interactor("why", "demo/dmx/front")).stdout.includes("owner    route"),
    );
  });

  test("a node that does not answer is a timeout, and one that is lost is said to be", async () => {
    const agent = processOf(folder.path, "agent.mjs");
    process.kill(agent, "SIGSTOP");
    try {
      const silent = await interactor("set", "demo/dmx/front", "1", "--timeout", "300ms");
      await eventually("the node is lost", async () => (await interactor("nodes")).stdout.includes("lost"));
      const lost = await interactor("set", "demo/dmx/front", "1");

      expect(silent.code).toBe(124);
      expect(silent.stderr).toContain("did not confirm within 300 ms");
      expect(lost.code).toBe(1);
      expect(lost.stderr).toContain("node demo is lost");
    } finally {
      process.kill(agent, "SIGCONT");
    }
    await eventually("it is back", async () => (await interactor("nodes")).stdout.includes("ready"));
    await sleep(seconds(1));
    expect((await interactor("why", "demo/dmx/front")).stdout).toContain("owner    route approach");
  });
});
