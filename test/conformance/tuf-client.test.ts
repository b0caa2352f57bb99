// The program as a conformance suite calls it: what it exits with, what it says, and by which clock it goes. What it does is
// looked at in the files beside this one, in this process.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { emptyFolder } from "../contract/folders.ts";
import { requires } from "../e2e/requires.ts";
import { conforming } from "./conforming-client.ts";
import { days, SimulatedRepository } from "./simulated-repository.ts";

const program = join(import.meta.dirname, "tuf-client");
const upward = ["targets", "snapshot", "timestamp"] as const;

test("begins with a root, refreshes, brings a file, and says why not", async () => {
  const repository = new SimulatedRepository();
  repository.addFile("targets", "path/to/a file.txt", "content");
  repository.publish(...upward);
  const { init, refresh, download, brought, trusted, bytesOf, said } = await conforming(
    repository,
    "spawned",
  );

  expect([await init(), said(), repository.asked]).toEqual([0, "", []]);
  expect(bytesOf("root")).toEqual(repository.last("root"));
  expect([await refresh(), said()]).toEqual([0, ""]);
  expect(trusted()).toEqual({ root: 1, timestamp: 2, snapshot: 2, targets: 2 });
  expect([await download("path/to/a file.txt"), brought()]).toEqual([0, ["content"]]);
  expect([await download("nonexistent"), said()]).toEqual([
    1,
    'tuf-client: TRUST_UNKNOWN_FILE nobody has signed "nonexistent"\n',
  ]);
});

requires("faketime")("goes by the clock that the suite gives it", async () => {
  const repository = new SimulatedRepository();
  repository.expire("timestamp", 7);
  repository.publish("timestamp");
  const { init, refresh, trusted, said } = await conforming(repository, "spawned");
  await init();
  expect(await refresh()).toBe(0);
  const inTenDays = Date.now() + 10 * days;

  expect(await refresh(inTenDays)).toBe(1);
  expect(said()).toContain("TRUST_EXPIRED");

  repository.expire("timestamp", 20);
  repository.publish("timestamp");
  expect(await refresh(inTenDays)).toBe(0);
  expect(trusted()).toMatchObject({ timestamp: 3 });
  // Whoever put a clock ahead once can put it right again.
  expect(await refresh()).toBe(0);
});

describe("a command that lacks something", () => {
  const told = (...given: readonly string[]): string => {
    try {
      return execFileSync(program, given, { stdio: "pipe", encoding: "utf8" });
    } catch (error) {
      return error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    }
  };

  test("a verb, an option that it needs, one that it knows, or a file that is there: it says which", () => {
    const folder = emptyFolder();

    expect(told("--metadata-dir", folder)).toMatch(/USAGE "" is none of: init, refresh, download/);
    expect(told("refresh")).toMatch(/USAGE metadata-dir is missing/);
    expect(told("--metadata-dir", folder, "init", "/nowhere")).toMatch(/^tuf-client: FAILED .*nowhere/);
    expect(told("--other")).toMatch(/^tuf-client: FAILED .*--other/);
  });
});
