// What somebody does on the first evening, word for word: the demo of `npm start` in one shell, and in a second one a module
// of his own, made, tried, published and put on the demo's agent.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { demoFolder, processesOf, startDemo } from "./demo-process.ts";
import { eventually } from "./programs.ts";
import { requires } from "./requires.ts";

const test = requires("bwrap");
const clone = join(import.meta.dirname, "../..");

/** What is promised. It takes 20 s here, of which the node has to be well for 10. */
const promised = 120_000;

/** Of a shell that knows nothing of the demo but the clone it is of. */
function strangersEnvironment(): NodeJS.ProcessEnv {
  const known = Object.entries(process.env).filter(([name]) => !/^(?:INTERACTOR|npm)_/i.test(name));
  return { ...Object.fromEntries(known), PATH: `${clone}/node_modules/.bin:${process.env["PATH"]}` };
}

/** Resolves with what a line showed. */
function secondShell(folder: string): (line: string) => Promise<string> {
  const env = strangersEnvironment();
  return (line) =>
    new Promise((resolve, reject) => {
      execFile("bash", ["-c", line], { cwd: folder, env, timeout: promised }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${line}: ${stdout}${stderr}`, { cause: error }));
      });
    });
}

/** Of the sandbox that runs the module; it knows nothing of the folder, and is found below the agent that does. */
function sandboxOf(data: string): number {
  const [agent] = processesOf(data).filter(({ command }) => command.includes("agent.mjs"));
  const below = agent === undefined ? [] : descendants(agent.pid);
  const inside = below.filter((pid) => commandOf(pid).startsWith("/node\0"));
  expect(inside).toHaveLength(1);
  return inside[0] ?? -1;
}

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, "utf8");

function descendants(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .split(" ")
    .filter(Boolean)
    .map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

test(
  "a module of one's own runs on the demo in under two minutes, in a sandbox",
  { timeout: 500_000 },
  async () => {
    using folder = demoFolder();
    const data = join(folder.path, ".interactor");
    await using demo = startDemo({ data });
    await demo.ready();
    const shell = secondShell(folder.path);
    const startedAt = performance.now();

    const made = await shell(
      "interactor module create blink && cd blink && npm test && interactor module publish --dev",
    );
    const ran = await shell("cd blink && npx interactor module run blink --node demo");
    const seen = await shell("cd blink && npx interactor tap 'demo/blink/+' --count 2 --timeout 30s");

    const took = performance.now() - startedAt;
    process.stderr.write(
      `from nothing to the second value of a module of one's own: ${(took / 1000).toFixed(1)} s\n`,
    );
    expect(took).toBeLessThan(promised);
    expect(made).toContain("ok  it survives a restart");
    expect(made).toContain("then: npx interactor module run blink");
    expect(ran).toContain("demo/blink is running in a sandbox");
    expect(seen.match(/demo\/blink\/level +[01]\.\d+/g)).toHaveLength(2);
    expect(readFileSync(join(data, "site.yaml"), "utf8")).toContain("      blink:\n        module: blink\n");
    const pid = sandboxOf(data);
    const walls = ["net", "pid", "mnt"].map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`));
    const ours = ["net", "pid", "mnt"].map((kind) => readlinkSync(`/proc/self/ns/${kind}`));
    expect(walls.filter((wall) => ours.includes(wall))).toEqual([]);
    expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(/^Seccomp:\t2$/m);
    await savedOntoTheNode(folder.path, shell);
  },
);

/** What is saved from now on comes to the node too. */
async function savedOntoTheNode(folder: string, shell: (line: string) => Promise<string>): Promise<void> {
  const [cwd, source] = [join(folder, "blink"), join(folder, "blink/src/module.ts")];
  const dev = spawn(join(clone, "node_modules/.bin/interactor"), ["module", "dev", "--onto", "demo"], {
    cwd,
    env: strangersEnvironment(),
  });
  try {
    let said = "";
    for (const stream of [dev.stdout, dev.stderr])
      stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await eventually("what runs already", () => said.includes("demo/blink is running"), 120_000);

    writeFileSync(source, readFileSync(source, "utf8").replace("context.random.next()", "0.125"));

    await eventually("a revision of what was saved", () => said.includes("runs on 1 node"), 120_000);
    expect(await shell("cd blink && npx interactor tap demo/blink/level --count 1 --timeout 30s")).toContain(
      "0.125",
    );
  } finally {
    if (dev.kill("SIGTERM")) await once(dev, "exit");
  }
}
