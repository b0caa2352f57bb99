/** How a sandbox is started: which program with which arguments, and what each of its handles is. */
import { closeSync, existsSync, openSync } from "node:fs";
import { dataBytesMax, heapShare, type SandboxLimits, temporaryBytesMax, threadsMax } from "./limits.ts";
import type { Measure } from "./machine.ts";

/** In the sandbox: the pipe to the agent, both ways. */
export const lineHandle = 3;
/** In the sandbox: what says which handles are open. Our side of the pipe reads it before the module is there, and never again. */
export const handlesFolder = "/proc/self/fd";
/** In the sandbox: our side of it, and the module's bundle. */
const insideFile = "/interactor/inside.mjs";
const bundleFile = "/module/index.mjs";

export interface SandboxCommand {
  /** The program first. */
  readonly args: readonly string[];
  /** From handle 4 on. To be closed when the sandbox has been started. */
  readonly handles: readonly number[];
}

export interface CommandOptions {
  readonly measures: ReadonlySet<Measure>;
  readonly limits: SandboxLimits;
  readonly inside: string;
  readonly bundle: string;
  /** The compiled filter of system calls. */
  readonly filter: string;
  /** Node, as it runs the agent. */
  readonly node: string;
  /** The user it runs as; without one the agent's own. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** What it writes its number into before it is anything else. */
  readonly doors?: readonly string[];
  /** Node runs nothing with all of it: whether it can be had here. */
  readonly isProbe?: boolean;
}

/**
 * Files are handed over open: the sandbox's user need not reach the folders they lie in. Namespaces are bubblewrap's;
 * limits of the process are set before it, because they stay.
 */
export function sandboxCommand(options: CommandOptions): SandboxCommand {
  const { measures, limits } = options;
  const handles: number[] = [];
  const hand = (path: string): string => {
    handles.push(openSync(path, "r"));
    return String(lineHandle + handles.length);
  };
  const user = options.user;
  const before = [
    ...words("sh -c"),
    enter,
    "sandbox",
    ...(options.doors ?? []),
    "--",
    ...(user === undefined
      ? []
      : words(
          `setpriv --reuid=${user.uid} --regid=${user.gid} --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all`,
        )),
    "prlimit",
    `--nofile=${limits.handles}:${limits.handles}`,
    "--core=0:0",
    `--fsize=${temporaryBytesMax}:${temporaryBytesMax}`,
    `--data=${dataBytesMax(limits)}:${dataBytesMax(limits)}`,
    // Counted by user: of a user of its own alone is it the sandbox's.
    ...(user !== undefined ? [`--nproc=${threadsMax}:${threadsMax}`] : []),
  ];
  if (!measures.has("namespaces")) {
    const node = options.isProbe === true ? probeFiles : [options.inside, options.bundle];
    return { args: [...before, "--", options.node, ...nodeArgs(options, node)], handles };
  }
  try {
    const filter = measures.has("system-calls") ? ["--seccomp", hand(options.filter)] : [];
    const files =
      options.isProbe === true
        ? words("--dir /module")
        : ourFiles(hand(options.inside), hand(options.bundle));
    const args = [
      ...before,
      ...words("-- bwrap"),
      ...filter,
      ...words("--unshare-all --unshare-user --disable-userns --die-with-parent --new-session"),
      ...words("--cap-drop ALL --clearenv --setenv UV_THREADPOOL_SIZE 1"),
      ...libraries(),
      ...words(`--ro-bind-fd ${hand(options.node)} /node`),
      ...files,
      ...words("--proc /proc --dev /dev"),
      ...["/tmp", "/dev/shm"].flatMap((folder) => words(`--size ${temporaryBytesMax} --tmpfs ${folder}`)),
      // Both are memory without a bound, which nobody counts as the sandbox's.
      ...words("--remount-ro /dev --remount-ro / --chdir /module /node"),
      ...nodeArgs(options, options.isProbe === true ? probeFiles : [insideFile, bundleFile]),
    ];
    return { args, handles };
  } catch (error) {
    for (const handle of handles) closeSync(handle);
    throw error;
  }
}

/** What reaches files past the permissions. */
const pastPermissions = "--no-experimental-sqlite --no-experimental-webstorage --no-addons";

/**
 * Before everything else it goes into its control groups, while it has one process: who is put in from outside has
 * started others by then. The names of the files stand before `--`, the command behind it.
 */
const enter = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 97; shift; done; shift; exec "$@"';

const words = (text: string): readonly string[] => text.split(" ");

const ourFiles = (inside: string, bundle: string): readonly string[] =>
  words(
    `--perms 0444 --ro-bind-data ${inside} ${insideFile} --perms 0444 --ro-bind-data ${bundle} ${bundleFile}`,
  );

/** Where the loader looks for libraries: as on the machine, whose `/lib` may be a link. */
function libraries(): readonly string[] {
  return ["/usr/lib", "/usr/lib64", "/lib", "/lib64"].flatMap((folder) =>
    existsSync(folder) ? ["--ro-bind", folder, folder] : [],
  );
}

/** Instead of files: that there is nothing to run. */
const probeFiles = ["--eval", "0"];

function nodeArgs({ measures, limits }: CommandOptions, files: readonly string[]): readonly string[] {
  return [
    ...(measures.has("permissions")
      ? [
          "--permission",
          ...[...files, handlesFolder].map((path) => `--allow-fs-read=${path}`),
          ...words(pastPermissions),
        ]
      : []),
    "--disable-proto=delete",
    `--max-old-space-size=${Math.round(limits.memoryMb * heapShare)}`,
    ...words("--max-semi-space-size=1 --v8-pool-size=1 --no-warnings"),
    // On stderr: the sandbox has no folder that outlives it.
    ...words("--report-on-fatalerror --report-filename=stderr --report-compact"),
    ...words("--report-exclude-network --report-exclude-env"),
    // A signal makes it write there where it is, from a thread of Node's own: also when the module never comes back.
    "--trace-sigint",
    ...files,
  ];
}
