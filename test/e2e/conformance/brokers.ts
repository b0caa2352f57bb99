// The brokers that the vectors are played against: the hub as `interactor hub --config hub/conformance.yaml` starts
// it, and Debian's mosquitto with the same account. Each in a process of its own, on free ports, with a folder that is
// gone afterwards.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { eventually } from "../programs.ts";
import type { Address } from "./raw-client.ts";

/** Of hub/conformance.yaml. */
export const account = { user: "conformance", password: "conformance" } as const;

export interface Broker extends AsyncDisposable {
  readonly tcp: Address;
  readonly websocket: Address;
  /** Ends the process with a signal, and starts another one where it was. */
  restart(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

type Transport = Address["transport"];

/** Starts the program for the ports given, 0 for a free one; resolves when it is ready, with its ports. */
type Start = (folder: string, ports: Record<Transport, number>) => Promise<Running>;

interface Running {
  readonly process: ChildProcess;
  readonly ports: Record<Transport, number>;
}

export const startHubBroker = (): Promise<Broker> => startBroker(startHub);
export const startMosquitto = (): Promise<Broker> => startBroker(startMosquittoIn);

async function startBroker(start: Start): Promise<Broker> {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  let running = await start(folder, { tcp: 0, websocket: 0 });
  const { ports } = running;
  return {
    tcp: { transport: "tcp", port: ports.tcp },
    websocket: { transport: "websocket", port: ports.websocket },
    restart: async (signal) => {
      await end(running.process, signal);
      running = await start(folder, ports);
    },
    [Symbol.asyncDispose]: async () => {
      await end(running.process, "SIGTERM");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const root = join(import.meta.dirname, "../../..");

async function startHub(folder: string, { tcp, websocket }: Record<Transport, number>): Promise<Running> {
  const options = {
    "--config": join(root, "hub/conformance.yaml"),
    "--data": folder,
    "--mqtt-port": String(tcp),
    "--http-port": String(websocket),
  };
  const command = [join(root, "dist/hub/hub.mjs"), ...Object.entries(options).flat()];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] });
  const log = logOf(child);
  const first = once(createInterface({ input: child.stdout }), "line").then(([line]: string[]) => line ?? "");
  const line = await Promise.race([first, once(child, "exit").then(() => "(nothing, and ended)")]);
  const [, http, mqtt] = /^ready http:\S+:(\d+) mqtt \S+:(\d+)$/.exec(line) ?? [];
  if (http === undefined || mqtt === undefined) throw new Error(`the hub said "${line}"\n${log()}`);
  return { process: child, ports: { tcp: Number(mqtt), websocket: Number(http) } };
}

/** Where Debian puts them; a user's PATH need not lead to the first. */
const debian = { broker: "/usr/sbin/mosquitto", passwords: "/usr/bin/mosquitto_passwd" } as const;

/** It takes no port 0 and says nothing when it is ready. */
async function startMosquittoIn(folder: string, given: Record<Transport, number>): Promise<Running> {
  const ports = given.tcp === 0 ? { tcp: await freePort(), websocket: await freePort() } : given;
  const passwords = join(folder, "passwords");
  execFileSync(debian.passwords, ["-b", "-c", passwords, account.user, account.password], {
    stdio: "ignore",
  });
  const lines = [
    "user root", // Heeded where the tests run as root: or it could not read its folder.
    `password_file ${passwords}`,
    "allow_anonymous true",
    `listener ${ports.tcp} 127.0.0.1`,
    `listener ${ports.websocket} 127.0.0.1`,
    "protocol websockets",
  ];
  await writeFile(join(folder, "mosquitto.conf"), `${lines.join("\n")}\n`);
  const child = spawn(debian.broker, ["-c", join(folder, "mosquitto.conf")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log = logOf(child);
  child.stdout.resume();
  await eventually("mosquitto listens", async () => {
    if (child.exitCode !== null) throw new Error(log());
    return (await isOpen(ports.tcp)) && (await isOpen(ports.websocket));
  });
  return { process: child, ports };
}

function logOf(child: ChildProcess): () => string {
  let logged = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    logged = (logged + chunk.toString()).slice(-100_000);
  });
  return () => logged;
}

async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await ended;
  clearTimeout(timer);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a server without a port");
  return address.port;
}

function isOpen(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: "127.0.0.1", port }, () => resolve(true));
  socket.on("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}
