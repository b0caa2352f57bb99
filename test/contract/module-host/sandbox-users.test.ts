// No two sandboxes have one user, whatever became of those before them.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { expect, onTestFinished, vi } from "vitest";
import { sandboxLimitsDefault } from "../../../agent/src/adapters/module-host-sandbox/limits.ts";
import { processTree } from "../../../agent/src/adapters/module-host-sandbox/process-tree.ts";
import type { GuestLine } from "../../../agent/src/ports/guest-line.ts";
import { requires } from "../../e2e/requires.ts";
import { bundled, openSandboxes } from "./sandboxes.ts";

const test = requires("bwrap");

/** Users of the processes that this one has started, other than its own. */
const usersOfChildren = (): readonly string[] => {
  const users = processTree(process.pid).map((pid) => {
    try {
      return /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";
    } catch {
      return "";
    }
  });
  return [...new Set(users)].filter((user) => Number(user) >= 1_900_000_000);
};

test("one that could not be started gives its user back once", { timeout: 60_000 }, async ({ skip }) => {
  // Nobody else may give a process a user.
  if (process.getuid?.() !== 0) skip("the tests do not run as root");
  const folder = mkdtempSync(join(tmpdir(), "users-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const sandboxes = await openSandboxes(folder);
  const bundle = await bundled(join(import.meta.dirname, "lamp-module.ts"), join(folder, "lamp.mjs"));
  const open = sandboxes({ bundle, limits: sandboxLimitsDefault });
  const lines: GuestLine[] = [];
  onTestFinished(async () => void (await Promise.all(lines.map((line) => line.end()))));
  const path = process.env["PATH"];
  const restore = (): void => void (process.env["PATH"] = path);
  onTestFinished(restore);
  const failed = Promise.withResolvers<string>();
  const ignore = (): void => undefined;
  const ends: string[] = [];
  const opened = (name: string): void => {
    lines.push(open(name, { said: ignore, ended: (reason) => void ends.push(`${name}: ${reason}`) }));
  };
  // Looks at the machine, so that the others begin at once.
  opened("first");
  await vi.waitFor(() => expect(usersOfChildren()).toHaveLength(1), { timeout: 20_000 });

  process.env["PATH"] = folder;
  open("second", {
    said: ignore,
    ended(reason) {
      restore();
      opened("third");
      failed.resolve(reason);
    },
  });
  expect(await failed.promise).toMatch(/^sh does not start: .*ENOENT/);
  // When another one is up it is closed too.
  await vi.waitFor(() => expect(usersOfChildren(), `ended: ${ends.join()}`).toHaveLength(2), {
    timeout: 20_000,
  });
  opened("fourth");

  await vi.waitFor(() => expect(usersOfChildren()).toHaveLength(3), { timeout: 20_000 });
});

test(
  "one that is ended in its first moments is gone, with all that it had started",
  { timeout: 60_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "users-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const sandboxes = await openSandboxes(folder);
    const bundle = await bundled(join(import.meta.dirname, "lamp-module.ts"), join(folder, "lamp.mjs"));
    const open = sandboxes({ bundle, limits: sandboxLimitsDefault });
    const ignore = (): void => undefined;
    let ended = 0;

    // Each a little later in what is done until it runs.
    for (let moment = 0; moment < 40; moment += 1) {
      const line = open("short", { said: ignore, ended: ignore });
      await after(moment);
      await line.end();
      ended += 1;
    }

    expect(ended).toBe(40);
    await vi.waitFor(() => expect(usersOfChildren()).toEqual([]), { timeout: 20_000 });
  },
);
