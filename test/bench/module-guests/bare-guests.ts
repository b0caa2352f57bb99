/** Threads and processes with nothing of ours in them: what a guest costs before it is one. */
import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { Worker } from "node:worker_threads";
import type { OpenGuests } from "./open-guests.ts";

export type BareKind = "bare thread" | "bare process";

interface Echo {
  /** `undefined`: it is in this process. */
  readonly pid: number | undefined;
  send(value: number): void;
  onSaid(listener: () => void): void;
  end(): Promise<unknown>;
}

/** `file`: with `bare-echo.ts` in it. Resolves when all have spoken. */
export async function bareGuests(kind: BareKind, count: number, file: string): Promise<OpenGuests> {
  const open = kind === "bare thread" ? bareThread : bareProcess;
  const startedAt = performance.now();
  const echoes = Array.from({ length: count }, () => open(file));
  await Promise.all(echoes.map((echo) => new Promise<void>((resolve) => echo.onSaid(resolve))));
  const [first] = echoes;
  return {
    readyMs: performance.now() - startedAt,
    pids: kind === "bare thread" ? [process.pid] : echoes.flatMap(({ pid }) => pid ?? []),
    trip: (value) =>
      new Promise((resolve) => {
        first?.onSaid(resolve);
        first?.send(value);
      }),
    async [Symbol.asyncDispose]() {
      await Promise.all(echoes.map((echo) => echo.end()));
    },
  };
}

function bareThread(file: string): Echo {
  const worker = new Worker(file);
  let said = (): void => undefined;
  worker.on("message", () => said());
  return {
    pid: undefined,
    send: (value) => worker.postMessage(["level", value], []),
    onSaid: (listener) => void (said = listener),
    end: () => worker.terminate(),
  };
}

function bareProcess(file: string): Echo {
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "ignore", "inherit", "pipe"] });
  const pipe = child.stdio[3];
  if (!(pipe instanceof Duplex)) throw new Error("there is no pipe to a bare process");
  const ended = new Promise((resolve) => child.on("close", resolve));
  let said = (): void => undefined;
  pipe.on("data", () => said());
  return {
    pid: child.pid,
    send: (value) => void pipe.write(`level ${value}`),
    onSaid: (listener) => void (said = listener),
    end: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
}
