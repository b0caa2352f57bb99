// The unit file that an installer copies is one that systemd reads to the last line, and starts an agent where it says.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readOptions } from "@interactor/agent/src/main/options.ts";
import { expect, onTestFinished } from "vitest";
import { requires } from "./requires.ts";

const test = requires("systemd-analyze");

const unit = readFileSync(join(import.meta.dirname, "../../deploy/agent/interactor-agent.service"), "utf8");
const installedNode = "/opt/interactor/bin/node";

/** What systemd has against a unit; empty: nothing. Programs that are not installed here are this Node. */
function complaintsAbout(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "unit-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "interactor-agent.service");
  writeFileSync(file, text.replaceAll(installedNode, process.execPath));
  const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", file], { encoding: "utf8" });
  expect(status).not.toBeNull();
  return stderr.trim();
}

test("systemd has nothing against the agent's unit, and would say what it does not know", () => {
  expect(complaintsAbout(unit)).toBe("");

  expect(complaintsAbout(unit.replace("Delegate=", "Delegates="))).toContain("Unknown key");
  expect(complaintsAbout(unit.replace("Restart=always", "Restart=ever"))).toContain("Failed to parse");
  expect(complaintsAbout(unit.replace(installedNode, "/opt/nothing"))).toContain("not executable");
});

test("the unit's agent has its data where the unit has a folder made for it", () => {
  const valuesOf = (key: string): readonly string[] =>
    [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value = ""]) => value);
  const env = Object.fromEntries(valuesOf("Environment").map((each) => each.split("=", 2)));
  const words = valuesOf("ExecStart")[0]?.split(" ").slice(2) ?? [];

  expect(readOptions(words, { ...env, INTERACTOR_NODE: "lobby" })).toMatchObject({
    data: `/var/lib/${valuesOf("StateDirectory")[0]}`,
    node: "lobby",
  });
});
