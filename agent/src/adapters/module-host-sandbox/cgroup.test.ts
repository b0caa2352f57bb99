import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { groupFolders, groupName, lookAtGroups, openGroup, sweepGroups } from "./cgroup.ts";
import { sandboxLimitsDefault } from "./limits.ts";

// The second version of the interface, as files: the machine of a test may have the first. What the kernel makes of what
// is written there only a kernel shows; for the first version test/e2e/sandbox has one.

function treeOf(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "cgroup-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const unified = {
  self: "0::/agent.service\n",
  "fs/agent.service/cgroup.controllers": "cpu memory pids\n",
  "fs/agent.service/cgroup.procs": "17\n18\n",
  "fs/agent.service/cgroup.subtree_control": "",
};

test("an agent to which groups were delegated moves into one of its own, and caps the others", () => {
  const root = treeOf({
    ...unified,
    "fs/agent.service/interactor-x/memory.max": "max",
    "fs/agent.service/interactor-x/cpu.max": "max 100000",
    "fs/agent.service/interactor-x/memory.events": "oom 1\noom_kill 1\n",
  });
  const read = (path: string): string => readFileSync(join(root, "fs/agent.service", path), "utf8");

  const folders = groupFolders(join(root, "fs"), join(root, "self"));
  using group = openGroup(folders, "x", sandboxLimitsDefault);

  expect(folders.memory).toEqual({ ok: true, value: join(root, "fs/agent.service") });
  expect(read("agent/cgroup.procs")).toBe("18");
  expect(read("cgroup.subtree_control")).toBe("+cpu");
  expect(read("interactor-x/memory.max")).toBe(String(96 * 1024 * 1024));
  expect(read("interactor-x/pids.max")).toBe("24");
  expect(read("interactor-x/cpu.max")).toBe("10000 20000");
  expect(group.doors).toEqual([join(root, "fs/agent.service/interactor-x/cgroup.procs")]);
  expect(group.wasOutOfMemory()).toBe(true);
});

test("of a group that cannot be capped nothing stays", () => {
  // No file fits into a folder whose own name is as long as a path may be.
  const root = treeOf({});
  const pathMax = 4095;
  let parent = root;
  const own = "/interactor-x".length;
  while (parent.length + own < pathMax - 1)
    parent = join(parent, "a".repeat(Math.min(200, pathMax - 1 - own - parent.length)));
  mkdirSync(parent, { recursive: true });
  const none = { ok: false, error: "none here" } as const;

  expect(() =>
    openGroup({ memory: { ok: true, value: parent }, pids: none, cpu: none }, "x", sandboxLimitsDefault),
  ).toThrow("ENAMETOOLONG");

  expect(readdirSync(parent)).toEqual([]);
});

test("what the machine lacks is said for each by itself", () => {
  const root = treeOf({ ...unified, "fs/agent.service/cgroup.controllers": "cpu pids\n" });

  const folders = groupFolders(join(root, "fs"), join(root, "self"));

  expect(folders.cpu.ok).toBe(true);
  expect(folders.memory).toEqual({
    ok: false,
    error: "the agent's control group has no memory controller",
  });
  expect(groupFolders(join(root, "fs"), join(root, "nothing")).pids).toEqual({
    ok: false,
    error: "this kernel has no control groups",
  });
});

test("groups of an agent that is gone are swept, and not those that one has just made", () => {
  const root = treeOf(unified);
  const folders = groupFolders(join(root, "fs"), join(root, "self"));
  const folderOf = (name: string): string => join(root, "fs/agent.service", `interactor-${name}`);
  // No process has so high a number.
  const [old, fresh] = [groupName(2 ** 30, 1), groupName(process.pid, 1)];
  for (const name of [old, fresh]) mkdirSync(folderOf(name));

  sweepGroups(folders);

  expect([existsSync(folderOf(old)), existsSync(folderOf(fresh))]).toEqual([false, true]);
});

test("whoever only looks sees the same groups, and moves nobody", () => {
  const root = treeOf(unified);

  const folders = lookAtGroups(join(root, "fs"), join(root, "self"));

  expect(folders.memory).toEqual({ ok: true, value: join(root, "fs/agent.service") });
  expect(readFileSync(join(root, "fs/agent.service/cgroup.subtree_control"), "utf8")).toBe("");
  expect(() => readFileSync(join(root, "fs/agent.service/agent/cgroup.procs"))).toThrow("ENOENT");
  const poorer = treeOf({ ...unified, "fs/agent.service/cgroup.controllers": "cpu\n" });
  expect(lookAtGroups(join(poorer, "fs"), join(poorer, "self")).memory).toEqual({
    ok: false,
    error: "the agent's control group has no memory controller",
  });
});
