// kill -9 of a process that applies revisions, at any moment: the next one goes on with a whole one, and takes more.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { expect, test } from "vitest";
import { seededRandom } from "@interactor/shared/kernel/random";
import { emptyFolder } from "../folders.ts";
import { nodeIn, targetOf } from "./small-node.ts";

const program = join(import.meta.dirname, "applying-node.ts");
const kills = process.env["TEST_LONG"] === undefined ? 8 : 100;

test("a node that is killed half-way comes back with one revision, whole, and takes the next", async () => {
  const folder = emptyFolder();
  const random = seededRandom(7);
  const found = new Set<number | undefined>();

  for (let kill = 0; kill < kills; kill += 1) {
    const child = spawn(process.execPath, [program, folder], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    await after(random.next() * 60);
    expect(child.exitCode).toBeNull();
    child.kill("SIGKILL");
    await once(child, "exit");

    const node = await nodeIn(folder);
    found.add(node.runs);
    expect(["applied", "rolled-back", "idle"]).toContain(node.apply.phase.kind);
    const next = node.runs === 3 ? 1 : 3;
    await node.come(targetOf(next));
    expect([node.runs, node.apply.phase]).toMatchObject([next, { kind: "applied" }]);
    node.apply.stop();
  }

  expect(found.size).toBeGreaterThan(1);
}, 120_000);
