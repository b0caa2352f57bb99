/** Starts the process of a board, talks with it, and sees to it that it ends. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Clock } from "@interactor/shared/sdk/define-module";
import { deviceMissing, type DeviceReports } from "@interactor/shared/sdk/devices";
import type { Runs } from "../../flashing/ask-board.ts";
import { endMax, processLookEvery, silentLooksMax, unsentMax } from "./limits.ts";
import { type FromBoard, fromBoard, type ToBoard } from "./messages.ts";
import type { Settings } from "./settings.ts";

/** Who takes what the board measures. */
export interface Intake {
  take(output: string, value: boolean | number): void;
  /** What it gave last may not be true any more. */
  stale(output: string): void;
  /** A stepper rests there, or leaves from there, in steps. */
  moved(input: string, at: number, isMoving: boolean): void;
  /** What a part of it lacks; `undefined`: nothing any more. */
  lacks(part: string, words: string | undefined): void;
}

export interface BoardProcess {
  readonly pid: number | undefined;
  readonly path: string;
  /** Resolves with what its board runs, before anything is set up there. */
  readonly named: Promise<Runs>;
  /** Resolves when the board is ready. */
  readonly ready: Promise<void>;
  /** Resolves when the process has ended: the line is free. */
  readonly ended: Promise<void>;
  set(input: string, value: boolean | number): "sent" | "backlog";
  /** Its pins let go of whatever they drive. */
  rest(): void;
  /** Resolves when the process has ended. */
  close(): Promise<void>;
}

/** Beside the bundle it is a bundle too. */
const program = fileURLToPath(
  import.meta.url.endsWith(".ts")
    ? new URL("board.ts", import.meta.url)
    : new URL("firmata-board.mjs", import.meta.url),
);

/** Resolves when the line at `path` is open. Throws `deviceMissing` when there is none. */
export async function startBoard(
  path: string,
  { settings, places }: { readonly settings: Settings; readonly places: Readonly<Record<string, number>> },
  shell: { readonly clock: Clock; readonly reports: DeviceReports },
  intake: Intake,
): Promise<BoardProcess> {
  // What it writes is johnny-five's, which writes for people at a terminal.
  const child = fork(program, [], { stdio: ["ignore", "ignore", "ignore", "ipc"], execArgv: [] });
  const exited = once(child, "exit");
  const opened = Promise.withResolvers<void>();
  const named = Promise.withResolvers<Runs>();
  const ready = Promise.withResolvers<void>();
  // Whoever does not wait for it hears of it as a report.
  named.promise.catch(() => {});
  ready.promise.catch(() => {});
  // What it says while it ends is of no interest: it was told to.
  let isOver = false;
  const fail = (error: Error): void => {
    if (isOver) return;
    isOver = true;
    opened.reject(error);
    named.reject(error);
    ready.reject(error);
    shell.reports.failed(error.message);
  };
  child.on("error", fail);
  child.on("exit", (code, signal) => fail(new Error(`the board's process ended (${signal ?? code})`)));
  const silence = new SilenceWatch(shell.clock, () =>
    fail(new Error("its process does not answer any more")),
  );
  child.on("message", (given) => {
    const message = fromBoard.safeParse(given);
    if (!message.success || isOver) return;
    silence.heard();
    const { data } = message;
    if (data.kind === "opened") opened.resolve();
    else if (data.kind === "named") named.resolve({ firmware: data.firmware, release: data.release });
    else if (data.kind === "ready") {
      silence.begin();
      ready.resolve();
    } else if (data.kind === "missing") opened.reject(deviceMissing(data.words));
    else if (data.kind === "failed") fail(new Error(data.words));
    else takeWord(data, intake);
  });
  send(child, { kind: "begin", path, settings, places }, () => {});
  const close = (): Promise<void> => {
    isOver = true;
    silence.end();
    return endProcess(child, exited, shell.clock);
  };
  try {
    await opened.promise;
  } catch (error) {
    await close();
    throw error;
  }
  const rest = (): void => send(child, { kind: "rest" }, () => {});
  const promises = { named: named.promise, ready: ready.promise, ended: exited.then(() => undefined) };
  return { pid: child.pid, path, ...promises, set: setterFor(child), rest, close };
}

/** What its devices say while it is in use. */
function takeWord(data: FromBoard, intake: Intake): void {
  if (data.kind === "value") intake.take(data.output, data.value);
  else if (data.kind === "stale") intake.stale(data.output);
  else if (data.kind === "moved") intake.moved(data.input, data.at, data.isMoving);
  else if (data.kind === "worse") intake.lacks(data.part, data.words);
  else if (data.kind === "well") intake.lacks(data.part, undefined);
}

function setterFor(child: ChildProcess): BoardProcess["set"] {
  let unsent = 0;
  return (input, value) => {
    if (unsent >= unsentMax) return "backlog";
    unsent += 1;
    send(child, { kind: "set", input, value }, () => (unsent -= 1));
    return "sent";
  };
}

/** A process that hangs, or that somebody halted, keeps its line open and says nothing. */
class SilenceWatch {
  readonly #clock: Clock;
  readonly #tooLong: () => void;
  /** Looks are counted and not time: while this thread has no turn it hears nobody. */
  #silentLooks = 0;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock, tooLong: () => void) {
    this.#clock = clock;
    this.#tooLong = tooLong;
  }

  begin(): void {
    this.#cancel = this.#clock.after(processLookEvery, () => {
      this.#silentLooks += 1;
      if (this.#silentLooks > silentLooksMax) this.#tooLong();
      else this.begin();
    });
  }

  heard(): void {
    this.#silentLooks = 0;
  }

  end(): void {
    this.#cancel();
  }
}

function send(child: ChildProcess, message: ToBoard, sent: () => void): void {
  if (child.connected) child.send(message, undefined, undefined, sent);
  else sent();
}

async function endProcess(child: ChildProcess, exited: Promise<unknown>, clock: Clock): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  send(child, { kind: "end" }, () => {});
  const cancel = clock.after(endMax, () => void child.kill("SIGKILL"));
  await exited;
  cancel();
}
