/**
 * A control group for each sandbox, where the agent may make one: memory and processes are then capped by the kernel at
 * once, and the share of the processor is. Both versions of the interface: Debian has the second, some machines the first.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import { type SandboxLimits, threadsMax } from "./limits.ts";

export const controllers = ["memory", "pids", "cpu"] as const;
export type Controller = (typeof controllers)[number];

/** Where groups may be made, by controller. */
export type GroupFolders = Readonly<Record<Controller, Result<string, string>>>;

export interface Group extends Disposable {
  /** A process that writes its number into these is in it, with all that it starts from then on. */
  readonly doors: readonly string[];
  /** Whether the kernel ended something in it for its memory. */
  wasOutOfMemory(): boolean;
  /** Bytes it has now; `undefined`: nobody counts them. */
  memory(): number | undefined;
}

/** The same, only looked at: nobody is moved, and nothing is made. */
export const lookAtGroups = (root = "/sys/fs/cgroup", self = "/proc/self/cgroup"): GroupFolders =>
  groupFolders(root, self, (folder, controller) =>
    hasController(folder, controller)
      ? writable(join(folder, "cgroup.subtree_control"), folder)
      : failed(lackOf(controller)),
  );

/** The folder of the agent's own group, by what `/proc/self/cgroup` and the mounts say. */
export function groupFolders(
  root = "/sys/fs/cgroup",
  self = "/proc/self/cgroup",
  delegatedTo = delegated,
): GroupFolders {
  const lines = readText(self).split("\n");
  const unified = lines.find((line) => line.startsWith("0::"))?.slice(3);
  const folderOf = (controller: Controller): Result<string, string> => {
    const first = lines.find((line) => line.split(":")[1]?.split(",").includes(controller) === true);
    if (first !== undefined) return writable(join(root, controller, first.split(":")[2] ?? ""));
    if (unified === undefined) return failed("this kernel has no control groups");
    return delegatedTo(join(root, unified), controller);
  };
  return { memory: folderOf("memory"), pids: folderOf("pids"), cpu: folderOf("cpu") };
}

/**
 * Of the second version a group with processes of its own gives nothing on to groups inside: the agent moves into one of
 * its own first. systemd lets it with `Delegate=yes`.
 */
function delegated(folder: string, controller: Controller): Result<string, string> {
  if (!hasController(folder, controller)) return failed(lackOf(controller));
  try {
    const own = join(folder, "agent");
    mkdirSync(own, { recursive: true });
    for (const pid of readText(join(folder, "cgroup.procs")).split("\n").filter(Boolean))
      writeFileSync(join(own, "cgroup.procs"), pid);
    writeFileSync(join(folder, "cgroup.subtree_control"), `+${controller}`);
    return ok(folder);
  } catch (error) {
    return failed(`control groups are not delegated to the agent: ${messageOf(error)}`);
  }
}

const lackOf = (controller: Controller): string =>
  `the agent's control group has no ${controller} controller`;

const hasController = (folder: string, controller: Controller): boolean =>
  readText(join(folder, "cgroup.controllers")).trim().split(" ").includes(controller);

function writable(path: string, folder = path): Result<string, string> {
  try {
    accessSync(path, constants.W_OK);
    return ok(folder);
  } catch (error) {
    return failed(`no control group may be made: ${messageOf(error)}`);
  }
}

/** Of a sandbox of the agent in this process. */
export const groupName = (pid: number, number: number): string => `${pid}-${number}`;

/**
 * A group by that name under each controller there is, with these limits. One that is left from before is taken over. Of one
 * that cannot be capped nothing stays.
 */
export function openGroup(folders: GroupFolders, name: string, limits: SandboxLimits): Group {
  const made = new Set<string>();
  try {
    return cappedGroup(folders, name, limits, made);
  } catch (error) {
    for (const folder of made) remove(folder);
    throw error;
  }
}

/** `made`: what it is made of, as far as it came. */
function cappedGroup(folders: GroupFolders, name: string, limits: SandboxLimits, made: Set<string>): Group {
  const folderIn = (controller: Controller): string | undefined => {
    const parent = folders[controller];
    if (!parent.ok) return undefined;
    const folder = join(parent.value, `interactor-${name}`);
    mkdirSync(folder, { recursive: true });
    made.add(folder);
    return folder;
  };
  const memory = folderIn("memory");
  if (memory !== undefined) capMemory(memory, limits.memoryMb * 1024 * 1024);
  const pids = folderIn("pids");
  if (pids !== undefined) write(pids, "pids.max", threadsMax);
  const cpu = folderIn("cpu");
  if (cpu !== undefined) capProcessor(cpu, limits.cpuPercent);
  return {
    doors: [...made].map((folder) => join(folder, "cgroup.procs")),
    wasOutOfMemory() {
      if (memory === undefined) return false;
      const events = readText(join(memory, "memory.events")) + readText(join(memory, "memory.oom_control"));
      return /oom_kill [1-9]/.test(events);
    },
    memory() {
      if (memory === undefined) return undefined;
      const text =
        readText(join(memory, "memory.current")) || readText(join(memory, "memory.usage_in_bytes"));
      return text === "" ? undefined : Number(text);
    },
    [Symbol.dispose]() {
      for (const folder of made) remove(folder);
    },
  };
}

function capMemory(folder: string, bytes: number): void {
  if (existsSync(join(folder, "memory.max"))) {
    write(folder, "memory.max", bytes);
    // Where there is no swap there is no such file.
    if (existsSync(join(folder, "memory.swap.max"))) write(folder, "memory.swap.max", 0);
    return;
  }
  write(folder, "memory.limit_in_bytes", bytes);
}

/** In 20 ms of each so many: a module that is held back answers a ping all the same. */
const periodMicros = 20_000;

function capProcessor(folder: string, percent: number): void {
  const quota = Math.round((periodMicros * percent) / 100);
  if (existsSync(join(folder, "cpu.max"))) {
    write(folder, "cpu.max", `${quota} ${periodMicros}`);
    return;
  }
  write(folder, "cpu.cfs_period_us", periodMicros);
  write(folder, "cpu.cfs_quota_us", quota);
}

/** Tries to take a group away whose last process is just ending. After that: left for the sweep at the next start. */
const removalsMax = 10;
const removalInterval = 100;

function remove(folder: string, tries = removalsMax): void {
  try {
    rmdirSync(folder);
  } catch {
    if (tries > 1 && existsSync(folder)) setTimeout(() => remove(folder, tries - 1), removalInterval).unref();
  }
}

/**
 * Groups that a former life of the agent left behind, without processes in them, are taken away. One that somebody has
 * just made, and that its process is about to enter, looks the same: it is left to whoever runs.
 */
export function sweepGroups(folders: GroupFolders): void {
  for (const controller of controllers) {
    const parent = folders[controller];
    if (!parent.ok) continue;
    for (const name of readdirSync(parent.value)) {
      const pid = /^interactor-(\d+)-/.exec(name)?.[1];
      if (pid !== undefined && !existsSync(`/proc/${pid}`)) remove(join(parent.value, name));
    }
  }
}

function write(folder: string, file: string, content: number | string): void {
  writeFileSync(join(folder, file), String(content));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
