// From nothing to a module that runs in the sandbox of an agent, by the command as it is shipped.

import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { promisify } from "node:util";
import { expect, onTestFinished } from "vitest";
import { eventually, startAgent, startHub } from "./programs.ts";
import { requires } from "./requires.ts";
import { untilRunning } from "./room.ts";
import { Visitor } from "./visitor.ts";

const test = requires("bwrap");

const command = join(import.meta.dirname, "../../dist/cli/interactor.mjs");
const run = promisify(execFile);

test("a module that was created, tested and built runs in a sandbox", { timeout: 240_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "module-kit-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const blink = join(folder, "blink");
  const interactor = (cwd: string, ...words: readonly string[]) =>
    run(process.execPath, [command, "module", ...words], { cwd });

  await interactor(folder, "create", "blink", "--template", "sensor");
  const tested = await interactor(blink, "test", "--json");
  await interactor(blink, "lint");
  const built = await interactor(blink, "build", "--json");
  const { file } = JSON.parse(built.stdout);
  await using hub = await startHub();
  await using agent = await startAgent({
    node: "pi",
    hub: hub.mqtt,
    instances: {
      blink: { module: "blink", bundle: file, settings: { every: 50 } },
      sim: { module: "simulated" },
    },
  });
  await untilRunning(hub, "pi");
  await using watcher = await Visitor.connect(hub.mqtt);

  await eventually("values of the new module", () => watcher.values("pi/blink/level").length > 3);

  expect(JSON.parse(tested.stdout).tried).toContainEqual({ name: "it survives a restart", problems: [] });
  expect(agent.log()).toContain("looked at what this machine can enforce");
  const profile = async (...words: readonly string[]): Promise<unknown> => {
    const done = await interactor(blink, "profile", "pi", ...words, "--json", "--hub", hub.http);
    return JSON.parse(readFileSync(JSON.parse(done.stdout).file, "utf8"));
  };
  expect(await profile("blink", "--for", "500ms")).toHaveProperty("timeDeltas");
  expect(await profile("sim", "--heap", "--into", "sim.heapsnapshot")).toHaveProperty("snapshot.meta");
  await expect(profile("blink", "--heap")).rejects.toThrow("no memory for a snapshot of its heap");
});

test(
  "a module that is saved runs anew, and one that is broken leaves the last",
  { timeout: 120_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "module-dev-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const blink = join(folder, "blink");
    await run(process.execPath, [command, "module", "create", "blink"], { cwd: folder });
    const source = join(blink, "src/module.ts");
    const written = readFileSync(source, "utf8");
    await using hub = await startHub();
    await using watcher = await Visitor.connect(hub.mqtt);
    const dev = spawn(process.execPath, [command, "module", "dev", "--hub", hub.mqtt], {
      cwd: blink,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    dev.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    onTestFinished(async () => {
      if (dev.exitCode === null && dev.kill("SIGTERM")) await once(dev, "exit");
    });
    await eventually("its first values", () => watcher.values("dev/blink/level").length > 1);

    writeFileSync(source, written.replace("read();", "read(;"));
    await eventually("what is wrong", () => said.includes("it does not build: src/module.ts"));
    writeFileSync(source, written.replace("context.random.next()", "0.125"));

    await eventually("values of what was saved", () => watcher.values("dev/blink/level").includes(0.125));
  },
);
