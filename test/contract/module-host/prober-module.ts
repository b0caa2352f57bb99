// A module that tries everything it must not be able to do, and gives what came of each try.

import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import fs from "node:fs";
import inspector from "node:inspector";
import net from "node:net";
import { WASI } from "node:wasi";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { defineModule } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";

const settings = z.object({
  secret: z.string(),
  otherModule: z.string(),
  agent: z.number(),
  tcp: z.number(),
  udp: z.number(),
  socket: z.string(),
  device: z.string(),
  isWithoutPermissions: z.boolean(),
});
type Settings = z.infer<typeof settings>;

type Tries = Readonly<Record<string, () => unknown>>;

const opened = (emitter: NodeJS.EventEmitter, event: string): Promise<void> =>
  new Promise((resolve, reject) => {
    emitter.once(event, () => resolve());
    emitter.once("error", reject);
  });

const files = ({ secret, otherModule, agent, device }: Settings): Tries => ({
  "the agent's key": () => fs.readFileSync(secret, "utf8"),
  "/etc/shadow": () => fs.readFileSync("/etc/shadow", "utf8"),
  "/etc/hostname": () => fs.readFileSync("/etc/hostname", "utf8"),
  "another module": () => fs.readFileSync(otherModule, "utf8"),
  "the agent's environment": () => fs.readFileSync(`/proc/${agent}/environ`, "utf8"),
  "the environment of what started it": () => {
    const environment = fs.readFileSync(`/proc/${process.ppid}/environ`, "utf8");
    const names = environment.split("\0").map((line) => line.split("=")[0] ?? "");
    if (names.every((name) => ["", "PATH", "UV_THREADPOOL_SIZE", "PWD"].includes(name)))
      throw new Error("nothing in it");
  },
  "the agent's handles": () => fs.readdirSync(`/proc/${agent}/fd`),
  "a link out": () => {
    fs.symlinkSync(secret, "/tmp/link");
    return fs.readFileSync("/tmp/link", "utf8");
  },
  "a link in /proc": () => fs.readFileSync(`/proc/self/root${secret}`, "utf8"),
  "a device": () => fs.openSync(device, "r"),
});

/** Its own folders are memory that is not counted as its own: more than 4 MiB of it must not be had. */
function fill(folder: string): void {
  for (let number = 0; number < 8; number += 1)
    fs.writeFileSync(`${folder}/fill-${number}`, new Uint8Array(1024 * 1024));
}

const memories = (): Tries =>
  Object.fromEntries(
    ["/tmp", "/dev/shm", "/", "/dev", "/module", "/interactor"].map((folder) => [
      `8 MiB in ${folder}`,
      () => fill(folder),
    ]),
  );

const networks = ({ tcp, udp, socket }: Settings): Tries => ({
  TCP: () => opened(net.connect(tcp, "127.0.0.1"), "connect"),
  "a Unix socket": () => opened(net.connect(socket), "connect"),
  "an abstract socket": () => opened(net.connect("\0interactor-probe"), "connect"),
  listening: () => opened(net.createServer().listen(0, "127.0.0.1"), "listening"),
  UDP: () => {
    const sender = createSocket("udp4");
    return new Promise<void>((resolve, reject) => {
      sender.once("error", reject);
      sender.send("x", udp, "127.0.0.1", (error) => (error === null ? resolve() : reject(error)));
    });
  },
  DNS: () => {
    const resolver = new Resolver({ timeout: 1000, tries: 1 });
    resolver.setServers([`127.0.0.1:${udp}`]);
    return resolver.resolve4("example.org");
  },
  fetch: () => fetch(`http://127.0.0.1:${tcp}/`),
});

const processes = ({ agent }: Settings): Tries => ({
  "a signal to the agent": () => process.kill(agent, "SIGUSR2"),
  "a signal to everybody": () => process.kill(-1, 0),
  "another owner": () => process.setuid?.(0),
  child_process: () => execFileSync("/node", ["--version"]),
});

/** What Node's permissions alone deny: nothing of it leads out of the sandbox. */
const ownMeans = (): Tries => ({
  execve: () => process.execve?.("/node", ["/node", "--version"], {}),
  "node:sqlite": async () => {
    const { DatabaseSync } = await import("node:sqlite");
    return new DatabaseSync("/tmp/probe.db");
  },
  localStorage: () => localStorage.setItem("a", "b"),
  worker: () => opened(new Worker("0", { eval: true }), "online"),
  inspector: () => inspector.open(0),
  addon: () => process.dlopen({ exports: {} }, "/usr/lib/x86_64-linux-gnu/libm.so.6"),
  "the collector of its runtime": () => {
    if (typeof globalThis.gc === "undefined" && runInNewContext("typeof gc") === "undefined")
      throw new Error("there is none");
  },
  WASI: () => new WASI({ version: "preview1", preopens: { "/": "/" } }),
  binding: () => Reflect.get(process, "binding").call(process, "fs").internalModuleStat,
  "the list of its handles": () => fs.readdirSync("/proc/self/fd"),
  "a handle by its name": () => fs.readFileSync("/proc/self/fd/0"),
  "a file in /tmp": () => fs.writeFileSync("/tmp/probe", "x"),
});

async function outcomeOf(attempt: () => unknown): Promise<string> {
  const { promise, reject } = Promise.withResolvers<never>();
  // Some deny by an error that nobody can catch where it was asked for.
  process.once("uncaughtException", reject);
  const late = setTimeout(() => reject(new Error("no answer")), 3000);
  try {
    await Promise.race([attempt(), promise]);
    return "ALLOWED";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return `denied ${code || String(error).slice(0, 60)}`;
  } finally {
    clearTimeout(late);
    process.removeAllListeners("uncaughtException");
  }
}

export const definition = defineModule({
  manifest: {
    apiVersion: 1,
    id: "prober",
    version: "1.0.0",
    title: "Tries what it must not",
    worker: "own",
    inputs: {},
    outputs: { found: { type: "record" } },
  },
  settings,
  async start(given, context) {
    const means = given.isWithoutPermissions ? {} : ownMeans();
    const tries = { ...files(given), ...memories(), ...networks(given), ...processes(given), ...means };
    const found: Record<string, string> = {};
    for (const [what, attempt] of Object.entries(tries)) found[what] = await outcomeOf(attempt);
    found["environment"] = Object.keys(process.env).join(" ");
    context.emit("found", found);
    return { stop: () => Promise.resolve() };
  },
});
