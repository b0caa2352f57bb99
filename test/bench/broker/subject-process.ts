/** A broker in a process of its own, on free ports of 127.0.0.1, in a temporary folder. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

export interface RunningBroker extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** Where it tells numbers of itself over HTTP, if it does. */
  readonly http: string | undefined;
  /** What it said last, and whether it has ended: why a load on it failed. */
  lastWords(): string;
  /** Ends it in good order and waits for that: what it writes at its end is written then. */
  stop(): Promise<void>;
}

/** Where a broker is to be; what it needs beyond the port it may take from the folder. */
export interface Place {
  readonly port: number;
  readonly httpPort: number;
  readonly folder: string;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly http?: string;
}

const readyTimeout = 15_000;
const endTimeout = 5000;
/** Enough of what a program said to know why it did not start. */
const saidMax = 4000;

export async function startBroker(prepare: (place: Place) => Promise<Launch>): Promise<RunningBroker> {
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "interactor-broker-"));
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const place = { port, httpPort: await freePort(port), folder };
  const { command, args, http } = await prepare(place);
  const child = spawn(command, [...args], { stdio: ["ignore", "pipe", "pipe"], cwd: folder });
  let said = "";
  const listen = (chunk: Buffer | Error): void => void (said = (said + chunk.toString()).slice(-saidMax));
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  child.on("error", listen);
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  const stop = async () => {
    if (hasEnded()) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), endTimeout);
    await exited;
    clearTimeout(timer);
  };
  undo.defer(stop);
  const deadline = performance.now() + readyTimeout;
  while (!(await accepts(place.port))) {
    if (hasEnded()) await exited;
    if (hasEnded()) throw new Error(`${command} did not start: ${said.trim()}`);
    if (performance.now() > deadline) throw new Error(`${command} does not listen on ${place.port}: ${said}`);
    await wait(20);
  }
  const kept = undo.move();
  return {
    pid: child.pid ?? -1,
    port: place.port,
    http,
    lastWords: () => `${hasEnded() ? "it has ended; " : ""}it said last: ${said.trim()}`,
    stop,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Below those that Linux gives to outgoing connections: the generator's thousands would take a free one at once. */
const ports = { from: 20_000, count: 12_000 } as const;
const portAttempts = 50;

/** Not every broker takes port 0. */
async function freePort(...taken: readonly number[]): Promise<number> {
  for (let attempt = 1; attempt <= portAttempts; attempt += 1) {
    const port = ports.from + Math.floor(Math.random() * ports.count);
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port from ${ports.from} on`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return true;
  } catch {
    return false;
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
