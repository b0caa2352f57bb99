/**
 * Guests in processes of their own, for modules that nobody here has written: a user, namespaces and a filter of system
 * calls of their own, Node's permissions, caps on what they use, and a pipe on which everything they say is checked. What
 * of it this machine has not is known (`machine.missing`), and whether that will do is the installer's word.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { access } from "node:fs/promises";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { Millis } from "@interactor/shared/kernel/units";
import type { GuestSetup, ToGuest } from "@interactor/shared/sdk/guest-messages";
import type { GuestEnd, GuestEnds, GuestLine, OpenGuest, ProfileWanted } from "../../ports/guest-line.ts";
import { type Group, groupName, openGroup } from "./cgroup.ts";
import { sandboxCommand } from "./command.ts";
import { causeIn, interruptedAt, LastWords } from "./last-words.ts";
import { earlyMax, hangMax, waitingBytesMax, watchInterval } from "./limits.ts";
import { type Machine, type Measure, measureNames, measures, userOf } from "./machine.ts";
import { processorMillis, processTree, residentBytes, stepBack } from "./process-tree.ts";
import { SandboxLine, type SandboxRules } from "./sandbox-line.ts";

export interface SandboxOptions extends GuestSetup {
  /** Our side of the pipe, as one file. */
  readonly inside: string;
  /** What the machine can enforce, once it has been looked at. */
  readonly machine: () => Promise<Machine>;
  /** Measures without which this installation runs no module of others. */
  readonly required: ReadonlySet<Measure>;
  /** The site's clock, as the threads of the agent share it. */
  readonly steering: SharedArrayBuffer;
  /** How long one that hangs may take to say where. Longer: it is ended without. */
  readonly hangMax?: Millis;
}

export interface SandboxedModule extends SandboxRules {
  /** One ES module; its `definition` is what `defineModule` gave. */
  readonly bundle: string;
  /** Throws a Fault when that is not what it should be. Without: whatever stands there is run. */
  readonly whole?: (() => Promise<void>) | undefined;
}

/** Why this machine does not run modules of others; `undefined`: it does. */
function refusal(machine: Machine, required: ReadonlySet<Measure>): string | undefined {
  const lacking = measureNames.filter((measure) => !machine.has.has(measure) && required.has(measure));
  if (lacking.length === 0) return undefined;
  const reasons = lacking.map(
    (measure) => `${measures[measure]}: not here, ${machine.missing[measure] ?? ""}`,
  );
  return `modules of others are not run on this machine: ${reasons.join("; ")}`;
}

export function sandboxGuests(options: SandboxOptions): (module: SandboxedModule) => OpenGuest {
  const slots = new Slots();
  return (module) => (name, ends) => new Sandbox(name, module, { ...options, slots }, ends);
}

let groups = 0;

/**
 * Of a control group, never the same twice in this process: the one of a sandbox before, whose last process is just
 * ending, is still being taken away.
 */
function nextGroup(): string {
  groups += 1;
  return groupName(process.pid, groups);
}

/** Numbers of the sandboxes there are, so that no two have one user. */
class Slots {
  readonly #taken = new Set<number>();

  take(): number {
    let slot = 1;
    while (this.#taken.has(slot)) slot += 1;
    this.#taken.add(slot);
    return slot;
  }

  release(slot: number): void {
    this.#taken.delete(slot);
  }
}

class Sandbox implements GuestLine {
  readonly #module: SandboxedModule;
  readonly #options: SandboxOptions & { readonly slots: Slots };
  readonly #ends: GuestEnds;
  readonly #slot: number;
  #group: Group | undefined;
  /** What it is to be told once it is there. */
  #early: ToGuest[] = [];
  readonly #closed = Promise.withResolvers<void>();
  readonly #watch: NodeJS.Timeout;
  #child: ChildProcess | undefined;
  #line: SandboxLine | undefined;
  #lastWords: LastWords | undefined;
  #processes: readonly number[] = [];
  /** In bytes, when it was looked at last. */
  #memory: number | undefined;
  /** The same, in milliseconds of processor time. */
  #cpuMs: number | undefined;
  #ahead = 0n;
  /** Why we ended it. */
  #verdict: string | undefined;
  #cause: GuestEnd["cause"] = "sandbox";
  /** It was not begun: that is no crash. */
  #isRefused = false;
  #isOver = false;
  #isGone = false;

  constructor(
    name: string,
    module: SandboxedModule,
    options: SandboxOptions & { readonly slots: Slots },
    ends: GuestEnds,
  ) {
    this.#module = module;
    this.#options = options;
    this.#ends = ends;
    this.#slot = options.slots.take();
    this.#watch = setInterval(() => this.#look(), watchInterval);
    void this.#open(name);
  }

  post(message: ToGuest): void {
    const line = this.#line;
    if (this.#isOver) return;
    if (line === undefined) {
      this.#early.push(message);
      if (this.#early.length > earlyMax) this.#kill("it was told too much before it was there");
      return;
    }
    line.post(message);
    if (line.waiting > waitingBytesMax) this.#kill("it does not take what it is sent");
  }

  get usage(): Pick<GuestEnd, "memory" | "cpuMs"> {
    return { memory: this.#memory, cpuMs: this.#cpuMs };
  }

  async *profile({ what, span }: ProfileWanted): AsyncGenerator<Uint8Array> {
    // A snapshot takes as much memory again as the heap has, and the cap is there to be kept.
    if (what === "heap")
      throw new Fault("PROFILE_NOT_HERE", "what runs in a sandbox has no memory for a snapshot of its heap");
    const line = this.#line;
    if (line === undefined) throw new Fault("PROFILE_FAILED", "it has not begun");
    yield Buffer.from(await line.profile(span));
  }

  async hangsAt(): Promise<string> {
    const pid = this.#child?.pid;
    const node = pid === undefined || this.#isGone ? undefined : processTree(pid).at(-1);
    if (node === undefined) return "";
    interrupt(node);
    // It ends of it, with all that it wrote.
    await Promise.race([
      this.#closed.promise,
      sleep(this.#options.hangMax ?? hangMax, undefined, { ref: false }),
    ]);
    return interruptedAt(this.#lastWords?.text ?? "");
  }

  async end(): Promise<void> {
    this.#isOver = true;
    endNow(this.#child);
    // Ended before it is all there, it may leave a process that has left the group and has not been told to die with it:
    // that goes with its pipe.
    this.#line?.close();
    await this.#closed.promise;
  }

  async #open(name: string): Promise<void> {
    try {
      const machine = await this.#options.machine();
      const refused = refusal(machine, this.#options.required) ?? (await this.#damage());
      this.#isRefused = refused !== undefined;
      this.#verdict ??= refused;
      if (this.#isOver || this.#verdict !== undefined) this.#gone(null, null);
      else this.#start(name, machine);
    } catch (error) {
      // Whatever the machine has not for it now, a try every few seconds does not bring: it is counted like any other end.
      this.#kill(messageOf(error));
      if (this.#child === undefined) this.#gone(null, null);
    }
  }

  /** What keeps its bundle from being run; `undefined`: nothing. */
  async #damage(): Promise<string | undefined> {
    try {
      await this.#module.whole?.();
      await access(this.#module.bundle);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  #start(name: string, machine: Machine): void {
    const { inside } = this.#options;
    const { limits, bundle } = this.#module;
    const group = openGroup(machine.groups, nextGroup(), limits);
    this.#group = group;
    const { args, handles } = sandboxCommand({
      measures: machine.has,
      limits,
      inside,
      bundle,
      filter: machine.filter,
      node: process.execPath,
      doors: group.doors,
      user: machine.has.has("user") ? userOf(this.#slot) : undefined,
    });
    const child = spawned(args, handles);
    this.#child = child;
    child.on("error", (error) => {
      this.#verdict = `${args[0]} does not start: ${error.message}`;
      this.#gone(null, null);
    });
    child.on("close", (code, signal) => this.#gone(code, signal));
    const [, , stderr, pipe] = child.stdio;
    if (child.pid === undefined || !(pipe instanceof Duplex) || stderr === null || stderr === undefined)
      return;
    stepBack(child.pid);
    if (child.stderr !== null) this.#lastWords = new LastWords(child.stderr);
    child.on("exit", () => {
      endGroup(child);
      child.stderr?.resume();
    });
    this.#line = new SandboxLine(pipe, this.#module, {
      said: (message) => {
        if (!this.#isOver) this.#ends.said(message);
      },
      breach: (reason) => this.#kill(`it broke the rules of its pipe: ${reason}`),
    });
    const { site, node } = this.#options;
    this.#ahead = this.#steered();
    this.#line.setUp({ site, node, name, ahead: Number(this.#ahead) });
    for (const message of this.#early) this.#line.post(message);
    this.#early = [];
  }

  #steered(): bigint {
    return Atomics.load(new BigInt64Array(this.#options.steering), 0);
  }

  /** Tells it the site's clock when that has moved, and looks at its memory where nobody else does. */
  #look(): void {
    const ahead = this.#steered();
    if (ahead !== this.#ahead) {
      this.#ahead = ahead;
      this.#line?.clock(Number(ahead));
    }
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    // It starts no processes once it runs: bubblewrap's two and Node are all.
    if (this.#processes.length < 3) this.#processes = processTree(pid);
    this.#memory = this.#group?.memory() ?? residentBytes(this.#processes);
    const { memoryMb } = this.#module.limits;
    this.#cpuMs = processorMillis(this.#processes) ?? this.#cpuMs;
    if (this.#memory > memoryMb * 1024 * 1024) this.#kill(overMemory(memoryMb), "memory");
  }

  #kill(reason: string, cause: GuestEnd["cause"] = "sandbox"): void {
    if (this.#verdict === undefined) this.#cause = cause;
    this.#verdict ??= reason;
    endNow(this.#child);
  }

  #gone(code: number | null, signal: NodeJS.Signals | null): void {
    // What could not be started says so, and then that it is closed: its number is another's by that time.
    if (this.#isGone) return;
    this.#isGone = true;
    clearInterval(this.#watch);
    this.#line?.close();
    const [reason, cause] = this.#reason(code, signal);
    this.#group?.[Symbol.dispose]();
    this.#options.slots.release(this.#slot);
    this.#closed.resolve();
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#isRefused) return this.#ends.ended(reason);
    const { stack = "", memory, cpuMs } = causeIn(this.#lastWords?.text ?? "");
    this.#ends.ended(reason, {
      cause,
      stack,
      code: code ?? undefined,
      signal: signal ?? undefined,
      memory: memory ?? this.#memory,
      cpuMs: cpuMs ?? this.#cpuMs,
    });
  }

  #reason(code: number | null, signal: NodeJS.Signals | null): readonly [string, GuestEnd["cause"]] {
    if (this.#verdict !== undefined) return [this.#verdict, this.#cause];
    if (this.#group?.wasOutOfMemory() === true) return [overMemory(this.#module.limits.memoryMb), "memory"];
    const { reason, isOutOfHeap } = causeIn(this.#lastWords?.text ?? "");
    const how = code === null ? `it was ended by ${signal}` : `it ended with code ${code}`;
    const cause =
      isOutOfHeap === true ? "memory" : code === null && reason === undefined ? "signal" : "error";
    return [reason === undefined ? how : `${how}: ${reason}`, cause];
  }
}

/** What was open for it is closed here, whether it begins or not. */
function spawned([program = "", ...args]: readonly string[], handles: readonly number[]): ChildProcess {
  try {
    return spawn(program, args, {
      // Without namespaces nothing clears it later.
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", UV_THREADPOOL_SIZE: "1" },
      cwd: "/",
      // A process group of its own, see `endGroup`.
      detached: true,
      stdio: ["ignore", "ignore", "pipe", "pipe", ...handles],
    });
  } finally {
    for (const handle of handles) closeSync(handle);
  }
}

function interrupt(pid: number): void {
  try {
    process.kill(pid, "SIGINT");
  } catch {
    // It is gone.
  }
}

/**
 * The process with its group. Bubblewrap's child goes with its parent, but not from its first moment: until then it waits
 * for ever for a parent that was ended, and keeps the sandbox's pipe open. It leaves the group after that.
 */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody is left.
  }
}

/** Of one that has ended the number may be another's. */
function endNow(child: ChildProcess | undefined): void {
  if (child !== undefined && child.exitCode === null && child.signalCode === null) endGroup(child);
}

const overMemory = (megabytes: number): string => `it took more than its ${megabytes} MB of memory`;
