/** The load generator: C, because one in Node would be slower than the brokers it measures. Built when it is needed. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "@interactor/shared/kernel/fault";

/** What one run measured, by name: see `load.c --help` for what it says. */
export type Figures = Readonly<Record<string, number>>;

export interface Generator extends AsyncDisposable {
  readonly path: string;
  /** One run. Throws with the generator's words when it ends badly; loss is no bad end but the figure `lost`. */
  run(args: readonly string[], signal: AbortSignal): Promise<Figures>;
}

/** `{ qos: 1 }` as `--qos 1`. */
export function optionsOf(values: Readonly<Record<string, string | number>>): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

const execute = promisify(execFile);
/** What a stall prints for hundreds of subscribers and minutes. */
const outputBytesMax = 64 * 1024 * 1024;

/** Compiles `load.c` into a temporary folder, which goes when it is disposed of. */
export async function buildGenerator(): Promise<Generator> {
  const folder = await mkdtemp(join(tmpdir(), "interactor-load-"));
  const path = join(folder, "load");
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await execute("gcc", ["-O2", "-Wall", "-Wextra", "-o", path, join(import.meta.dirname, "load.c")]);
  } catch (cause) {
    await remove();
    throw new Error(`load.c does not compile (apt-get install gcc libc6-dev): ${messageOf(cause)}`, {
      cause,
    });
  }
  return { path, run: (args, signal) => runOnce(path, args, signal), [Symbol.asyncDispose]: remove };
}

async function runOnce(path: string, args: readonly string[], signal: AbortSignal): Promise<Figures> {
  try {
    const { stdout } = await execute(path, [...args], { signal, maxBuffer: outputBytesMax });
    return figuresIn(stdout);
  } catch (error) {
    signal.throwIfAborted();
    // Its own words say it all; Node's repeat them after the whole command line.
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    if (said === "") throw error;
    throw new Error(said, { cause: error });
  }
}

/** The numbers of the line; words and lists in it are for people. */
export function figuresIn(line: string): Figures {
  const parsed: unknown = JSON.parse(line);
  if (typeof parsed !== "object" || parsed === null) throw new Error(`the generator said ${line}`);
  return Object.fromEntries(
    Object.entries(parsed).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}

/** Sockets a process may open here. Programs that Node starts inherit what it has raised its own limit to. */
export async function socketsMax(): Promise<number> {
  const limits = await readFile("/proc/self/limits", "utf8");
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN);
}
