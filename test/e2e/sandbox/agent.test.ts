// An agent as it is shipped, with a module that somebody else has written between two of its own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { bundled } from "../../contract/module-host/sandboxes.ts";
import { eventually, startAgent, startHub } from "../programs.ts";
import { requires } from "../requires.ts";
import { untilRunning } from "../room.ts";
import { Visitor } from "../visitor.ts";

const test = requires("bwrap");

const beat = {
  module: "statechart",
  settings: {
    inputs: {},
    outputs: { beat: { type: "int", deliver: "every" } },
    variables: { count: 0 },
    initial: "a",
    states: {
      a: {
        entry: [{ assign: { count: "variables.count + 1" } }, { emit: { beat: "variables.count" } }],
        after: { "100ms": "a" },
      },
    },
  },
};

test("what a route brings to it goes through its sandbox and on", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "sandboxed-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const source = join(import.meta.dirname, "../../bench/module-guests/echo-module.ts");
  const bundle = await bundled(source, join(folder, "echo.mjs"));
  const routes = "routes:\n  - { name: there, from: pi/beat/beat, to: pi/echo/level }\n";
  await using hub = await startHub({ routes });
  await using agent = await startAgent({
    node: "pi",
    hub: hub.mqtt,
    instances: { beat, echo: { module: "echo", bundle } },
  });
  await untilRunning(hub, "pi");
  await using watcher = await Visitor.connect(hub.mqtt);

  await eventually("values out of the sandbox", () => watcher.values("pi/echo/seen").length > 3);

  expect(agent.log()).toContain("looked at what this machine can enforce");
});
