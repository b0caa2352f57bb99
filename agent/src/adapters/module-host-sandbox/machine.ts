/** What this machine can enforce on a sandbox, found out by trying. */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, writeFileSync } from "node:fs";
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
  /** Left out: the agent's own, which it makes ready; of earlier lives nothing is left in them then. */
  readonly groups?: GroupFolders;
  /** Where programs are looked for. */
  readonly path?: string | undefined;
}

/** Users of sandboxes begin here: nobody gives these numbers out (systemd, UIDS-GIDS: 1879048192 to 2147483647). */
const firstUser = 1_900_000_000;

export const userOf = (slot: number): { readonly uid: number; readonly gid: number } => ({
  uid: firstUser + slot,
  gid: firstUser + slot,
});

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

  const withFilter = unfiltered ?? (await probe(new Set([...has, "system-calls"]), filter, options.path));
  if (withFilter === undefined) return { has: has.add("system-calls"), missing, groups, filter };
  missing["system-calls"] = withFilter;
  const without = await probe(has, filter, options.path);
  if (without !== undefined) {
    has.delete("namespaces");
    missing.namespaces = without;
    missing["system-calls"] = without;
  }
  return { has, missing, groups, filter };
}

function writeFilter(path: string, machine: FilteredMachine): void {
  writeFileSync(path, seccompFilter(machine), { mode: 0o600 });
}

/** Starts Node in a sandbox; it says its version and ends. Resolves with what is wrong. */
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
  child.on("close", (code) =>
    resolve(code === 0 ? undefined : (said.trim().split("\n")[0] ?? `code ${code}`)),
  );
  return promise;
}
