// `npm start`, from its first line to the last of its processes.

import { createServer } from "node:net";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { apiPaths, nodesResponse, type NodeView } from "@interactor/shared/wire/api";
import { ctrlC, demoFolder, processesOf, processOf, startDemo, untilNothingIsLeft } from "./demo-process.ts";
import { eventually } from "./programs.ts";

/** What is promised to the user, in ms. */
const endPromised = 2000;
/** A child that died rests for 5 s. */
const restartPromised = 10_000;

async function demoNode(url: string): Promise<NodeView | undefined> {
  const response = await fetch(`${url}${apiPaths.nodes}`, { signal: AbortSignal.timeout(2000) });
  return nodesResponse.parse(await response.json()).nodes.find(({ node }) => node === "demo");
}

describe("a start", () => {
  test("says where it serves, on a line of its own, and then it does", async () => {
    using folder = demoFolder();
    await using demo = startDemo({ data: folder.path });

    const url = await demo.ready();

    expect(demo.output()).toMatch(
      /✔ hub +http.*\n✔ site +.*site\.yaml is revision 1\n✔ agent +demo: 3 instances \(dmx, host, sim\)\n✔ routes +3 running\n/,
    );
    expect(await demoNode(url)).toMatchObject({ state: "ready", converged: true });
    expect(readFileSync(join(folder.path, "site.yaml"), "utf8")).toContain("approach");
    expect(readFileSync(join(folder.path, "hub.log"), "utf8")).toContain('"message"');
  });

  test("in the folder of an earlier demo takes edited routes over, and says line and column of what is wrong", async () => {
    using folder = demoFolder();
    const file = join(folder.path, "routes.yaml");
    const written = `routes:
  - { name: approach, from: demo/sim/distance, to: demo/dmx/front, map: "scale(value, 0.3, 4, 1, 0)" }
  - { name: motion-light, from: demo/sim/motion, to: demo/dmx/back, map: "value ? 0.8 : 0.1" }
`;
    writeFileSync(file, written);
    await using demo = startDemo({ data: folder.path, by: "bundle" });
    const url = await demo.ready();
    expect(demo.output()).toMatch(/✔ hub +http.*\n✔ agent +demo: 3 instances \(dmx, host, sim\)\n/);
    expect(existsSync(join(folder.path, "site.yaml"))).toBe(false);

    writeFileSync(file, written.replace("scale(value", "scal(value"));
    await eventually("the mistake is said", () => demo.output().includes(`${file}:`));
    expect(demo.output()).toMatch(/✖ routes .*routes\.yaml:\d+:\d+: .*scale/);
    expect(Object.keys((await demoNode(url))?.routes ?? {})).toHaveLength(2);

    writeFileSync(file, `${written}  - { name: third, from: demo/sim/distance, to: demo/dmx/warm }\n`);
    await eventually("it is right again", () => demo.output().includes("right again"));
    await eventually("three routes run", async () => "third" in ((await demoNode(url))?.routes ?? {}));
  });

  test("gives way when a default port is taken, and says so", async () => {
    using folder = demoFolder();
    await using _occupied = await occupy(8080);
    await using demo = startDemo({
      data: folder.path,
      by: "bundle",
      env: { INTERACTOR_HTTP_PORT: "", INTERACTOR_MQTT_PORT: "0" },
    });

    const url = await demo.ready();

    expect(new URL(url).port).not.toBe("8080");
    expect(demo.output()).toContain("8080 is taken by something else");
  });
});

describe("what cannot start says one line and ends with code 2:", () => {
  test("a second demo on the folder", async () => {
    using folder = demoFolder();
    await using first = startDemo({ data: folder.path, by: "bundle" });
    await first.ready();

    await using second = startDemo({ data: folder.path, by: "bundle" });

    expect(await second.exited).toBe(2);
    expect(second.output()).toBe(
      `interactor demo: ${folder.path} is in use by another demo (process ${first.child.pid}): end that one or give another --data\n`,
    );
    expect(await demoNode(await first.ready())).toMatchObject({ state: "ready" });
  });

  test("a port of the user's that is taken, also through npm", async () => {
    using folder = demoFolder();
    await using occupied = await occupy(0);

    await using demo = startDemo({ data: folder.path, env: { INTERACTOR_HTTP_PORT: String(occupied.port) } });

    expect(await demo.exited).toBe(2);
    expect(demo.output()).toContain(
      `interactor demo: port ${occupied.port} for HTTP is taken; end what uses it, or give another --http-port (0: a free one)\n`,
    );
  });

  test.each([
    ["an unknown option", ["--htp-port", "1"], "Did you mean --http-port?"],
    ["a port that is none", ["--http-port", "web"], "write a number"],
    ["one port for two", ["--http-port", "4711", "--mqtt-port", "4711"], "give two ports"],
    ["a site that is no name", ["--site", "Two Words"], "a name is a-z"],
    ["a folder that cannot be", ["--data", "/proc/nothing"], "cannot write to the data folder"],
    ["a file in the folder's place", ["--data", import.meta.filename], "there is a file in its place"],
  ])("%s", async (_title, args, words) => {
    using folder = demoFolder();

    await using demo = startDemo({ data: folder.path, by: "bundle", args });

    expect(await demo.exited).toBe(2);
    expect(demo.output()).toContain(words);
    expect(demo.output().trimEnd().split("\n")).toHaveLength(1);
  });

  test("a node.json that is wrong", async () => {
    using folder = demoFolder();
    mkdirSync(folder.path, { recursive: true });
    writeFileSync(join(folder.path, "node.json"), '{"instances": {"sim": }}');

    await using demo = startDemo({ data: folder.path, by: "bundle" });

    expect(await demo.exited).toBe(2);
    expect(demo.output()).toContain(`${join(folder.path, "node.json")} is not JSON`);
    await untilNothingIsLeft(folder.path);
  });
});

describe("an end leaves nothing behind:", () => {
  test("SIGTERM to npm", async () => {
    using folder = demoFolder();
    await using demo = startDemo({ data: folder.path });
    await demo.ready();

    demo.child.kill("SIGTERM");

    expect(await untilNothingIsLeft(folder.path)).toBeLessThan(endPromised);
    expect(await demo.exited).toBe(0);
    expect(existsSync(join(folder.path, "pid"))).toBe(false);
  });

  test("Ctrl-C on a terminal, with code 0", async () => {
    using folder = demoFolder();
    await using demo = startDemo({ data: folder.path, by: "terminal" });
    await demo.ready();

    demo.type(ctrlC);

    expect(await untilNothingIsLeft(folder.path)).toBeLessThan(endPromised);
    expect(await demo.exited).toBe(0);
  });

  test("Ctrl-C while it starts", async () => {
    using folder = demoFolder();
    await using demo = startDemo({ data: folder.path, by: "terminal" });
    await eventually("the hub is there", () => demo.output().includes("hub      http:"), 40_000);

    demo.type(ctrlC);

    expect(await untilNothingIsLeft(folder.path)).toBeLessThan(endPromised);
    expect(await demo.exited).toBe(0);
  });

  test("Ctrl-C twice, while a child does not listen", async () => {
    using folder = demoFolder();
    await using demo = startDemo({ data: folder.path, by: "terminal" });
    await demo.ready();
    process.kill(processOf(folder.path, "agent.mjs"), "SIGSTOP");

    demo.type(ctrlC);
    await sleep(600);
    expect(processOf(folder.path, "agent.mjs")).toBeGreaterThan(0);
    demo.type(ctrlC);

    expect(await untilNothingIsLeft(folder.path)).toBeLessThan(500);
  });

  test("a child that does not listen", async () => {
    using folder = demoFolder();
    await using demo = startDemo({ data: folder.path, by: "bundle" });
    await demo.ready();
    process.kill(processOf(folder.path, "hub.mjs"), "SIGSTOP");

    demo.child.kill("SIGINT");

    expect(await untilNothingIsLeft(folder.path)).toBeLessThan(endPromised);
    expect(await demo.exited).toBe(0);
  });

  test("the terminal is closed", async () => {
    using folder = demoFolder();
    await using demo = startDemo({ data: folder.path, by: "terminal" });
    await demo.ready();

    demo.child.kill("SIGKILL");

    expect(await untilNothingIsLeft(folder.path)).toBeLessThan(endPromised);
  });

  test("nobody reads what it prints", async () => {
    using folder = demoFolder();
    await using demo = startDemo({ data: folder.path, by: "bundle" });
    await demo.ready();

    demo.child.stdout?.destroy();
    demo.child.stderr?.destroy();
    process.kill(processOf(folder.path, "agent.mjs"), "SIGKILL");
    await sleep(200);
    demo.child.kill("SIGTERM");

    expect(await untilNothingIsLeft(folder.path)).toBeLessThan(endPromised);
  });

  test("kill -9 of the demo, after which the folder and a new demo work at once", async () => {
    using folder = demoFolder();
    await using demo = startDemo({ data: folder.path, by: "bundle" });
    await demo.ready();

    demo.child.kill("SIGKILL");
    await using next = startDemo({ data: folder.path, by: "bundle" });

    await next.ready();
    expect(processesOf(folder.path)).toHaveLength(3);
    next.child.kill("SIGTERM");
    expect(await untilNothingIsLeft(folder.path)).toBeLessThan(endPromised);
  });
});

describe("a child that dies", () => {
  test("is lost for all to see and started again: the agent", async () => {
    using folder = demoFolder();
    await using demo = startDemo({ data: folder.path, by: "bundle" });
    const url = await demo.ready();

    process.kill(processOf(folder.path, "agent.mjs"), "SIGKILL");

    await eventually("the node is lost", async () => (await demoNode(url))?.state === "lost", 5000);
    await eventually("it is ready", async () => (await demoNode(url))?.state === "ready", restartPromised);
    expect(demo.output()).toMatch(
      /✖ agent +was ended by SIGKILL; it is started again in 5 s\n✔ agent +is back\n/,
    );
  });

  test("is started again where it was: the hub", async () => {
    using folder = demoFolder();
    await using demo = startDemo({ data: folder.path, by: "bundle" });
    const url = await demo.ready();

    process.kill(processOf(folder.path, "hub.mjs"), "SIGKILL");

    await eventually("it is said", () => demo.output().includes("✖ hub"));
    await eventually("it serves", async () => await demoNode(url).then(() => true), restartPromised);
    // The agent's attempts lie further apart the longer the hub is away.
    await eventually(
      "the node is ready",
      async () => (await demoNode(url))?.state === "ready",
      3 * restartPromised,
    );
    expect(demo.output()).toMatch(/✔ hub +is back\n/);
  });
});

/** Holds a port until it is given back; one that somebody else holds already is as good. */
async function occupy(port: number): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.once("error", () => resolve());
  server.listen(port, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    [Symbol.asyncDispose]: () => new Promise((done) => server.close(() => done())),
  };
}
