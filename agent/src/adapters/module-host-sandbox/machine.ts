/** What this machine can enforce on a sandbox, found out by trying. */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type GroupFolders, groupFolders, sweepGroups } from "./cgroup.ts";
import { sandboxCommand } from "./command.ts";
import { probeTimeout, sandboxLimitsDefault } from "./limits.ts";
import { type FilteredMachine, filteredMachines, seccompFilter } from "./seccomp.ts";

/** What holds a module in its sandbox, and what it is held from. */
export const measures = {
  user: "it has a user of its own",
  namespaces: "it sees no files, processes or networks but its own",
  "system-calls": "it cannot ask the kernel for what it has no use for",
  permissions: "Node gives it no files, processes or networks",
  memory: "the kernel ends it when it takes more memory than it may",
  processor: "it has no more of the processor than its share",
  processes: "it cannot start processes without end",
} as const;
export type Measure = keyof typeof measures;
export const measureNames = [
  "user",
  "namespaces",
  "system-calls",
  "permissions",
  "memory",
  "processor",
  "processes",
] as const satisfies readonly Measure[];

/** Measures without which no module of others is run, unless an installation says otherwise. */
export const requiredMeasures = ["user", "namespaces", "system-calls", "permissions"] as const;

export interface Machine {
  readonly has: ReadonlySet<Measure>;
  /** Why not, in words for an installer. */
  readonly missing: Readonly<Partial<Record<Measure, string>>>;
  readonly groups: GroupFolders;
  /** The compiled filter of system calls. */
  readonly filter: string;
}

export interface SurveyOptions {
  /** A folder of the agent's, for the compiled filter. */
  readonly folder: string;
  /**
   * Where groups may be made, if that is known from an earlier look, or only looked at; then nothing is swept, for
   * sandboxes may run.
   */
  readonly groups?: GroupFolders | undefined;
  /** Where programs are looked for. */
  readonly path?: string | undefined;
}

/** Users of sandboxes begin here: nobody gives these numbers out (systemd, UIDS-GIDS: 1879048192 to 2147483647). */
const firstUser = 1_900_000_000;
/** So many for each agent of a machine: the kernel counts processes by user, and those of two agents are not one's. */
const usersEach = 1000;
/** What fits between the first and the last number. Agents whose process ids are so far apart share users. */
const agentsMax = 240_000;

export function userOf(slot: number): { readonly uid: number; readonly gid: number } {
  const user = firstUser + (process.pid % agentsMax) * usersEach + slot;
  return { uid: user, gid: user };
}

export async function surveyMachine(options: SurveyOptions): Promise<Machine> {
  const groups = options.groups ?? groupFolders();
  if (options.groups === undefined) sweepGroups(groups);
  mkdirSync(options.folder, { recursive: true });
  const filter = join(options.folder, "system-calls.bpf");
  const missing: Partial<Record<Measure, string>> = {};
  const has = new Set<Measure>(["permissions", "namespaces"]);
  const note = (measure: Measure, reason: string | undefined): void => {
    if (reason === undefined) has.add(measure);
    else missing[measure] = reason;
  };

  note("user", process.getuid?.() === 0 ? undefined : "the agent is not root, and modules run as its user");
  note("memory", groups.memory.ok ? undefined : groups.memory.error);
  note("processor", groups.cpu.ok ? undefined : groups.cpu.error);
  note("processes", groups.pids.ok || has.has("user") ? undefined : groups.pids.error);
  const machine = filteredMachines.find((each) => each === process.arch);
  const unfiltered = machine === undefined ? `no list of system calls for ${process.arch}` : undefined;
  if (machine !== undefined) writeFilter(filter, machine);

  if (unfiltered === undefined) has.add("system-calls");
  else missing["system-calls"] = unfiltered;
  const reason = await probe(has, filter, options.path);
  if (reason === undefined) return { has, missing, groups, filter };
  for (const each of await without(has, filter, options.path)) {
    has.delete(each);
    missing[each] ??= reason;
  }
  // They are counted by user.
  if (!has.has("user") && !groups.pids.ok) {
    has.delete("processes");
    missing.processes = groups.pids.error;
  }
  return { has, missing, groups, filter };
}

/** The fewest measures without which Node starts, of those that may keep it from that. */
async function without(
  has: ReadonlySet<Measure>,
  filter: string,
  path: string | undefined,
): Promise<readonly Measure[]> {
  // The filter is bubblewrap's to set, and so are the files: another user could not read what lies in the agent's folders.
  const candidates: readonly (readonly Measure[])[] = [
    ["system-calls"],
    ["permissions"],
    ["system-calls", "permissions"],
    ["namespaces", "system-calls", "user"],
  ];
  for (const each of candidates) {
    const left = new Set([...has].filter((measure) => !each.includes(measure)));
    if ((await probe(left, filter, path)) === undefined) return each;
  }
  return ["namespaces", "system-calls", "user", "permissions"];
}

/** In one step: a sandbox may read it just now. */
function writeFilter(path: string, machine: FilteredMachine): void {
  const draft = `${path}.new`;
  writeFileSync(draft, seccompFilter(machine), { mode: 0o600 });
  renameSync(draft, path);
}

/** Starts Node as a module's is started; it ends at once. Resolves with what is wrong. */
async function probe(
  has: ReadonlySet<Measure>,
  filter: string,
  path = process.env["PATH"] ?? "",
): Promise<string | undefined> {
  const { args, handles } = sandboxCommand({
    measures: has,
    limits: sandboxLimitsDefault,
    inside: process.execPath,
    bundle: process.execPath,
    filter,
    node: process.execPath,
    isProbe: true,
    user: has.has("user") ? userOf(0) : undefined,
  });
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const [program = "", ...rest] = args;
  const child = spawn(program, rest, {
    env: { PATH: path },
    stdio: ["ignore", "ignore", "pipe", "ignore", ...handles],
    timeout: probeTimeout,
    killSignal: "SIGKILL",
  });
  for (const handle of handles) closeSync(handle);
  let said = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    said = `${said}${bytes.toString()}`.slice(0, 500);
  });
  child.on("error", (error) => resolve(`${program} does not start: ${error.message}`));
  child.on("close", (code, signal) => {
    const words = said.trim().split("\n")[0];
    const how =
      code === null ? `it was ended by ${signal}, after ${probeTimeout / 1000} s at most` : `code ${code}`;
    resolve(code === 0 ? undefined : words === undefined || words === "" ? how : words);
  });
  return promise;
}
