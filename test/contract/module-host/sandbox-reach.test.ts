// What code in a sandbox can reach: nothing. Against a real agent's process, real files, and real servers on loopback.

import { createSocket } from "node:dgram";
import { chmodSync, existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type ListenOptions } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, vi } from "vitest";
import { sandboxLimitsDefault } from "../../../agent/src/adapters/module-host-sandbox/limits.ts";
import { surveyMachine } from "../../../agent/src/adapters/module-host-sandbox/machine.ts";
import { requires } from "../../e2e/requires.ts";
import { openHostBench } from "./host-bench.ts";
import { bundled, openSandboxes } from "./sandboxes.ts";

/** A server that would let the module in, and tells when it has. */
async function listening(options: ListenOptions, letIn: () => void): Promise<number> {
  const server = createServer((socket) => {
    letIn();
    socket.end("let in");
  });
  server.listen(options);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address: AddressInfo | string | null = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

/** What a module found that tried everything, on a machine with these measures. */
async function found(isWithoutPermissions: boolean): Promise<Readonly<Record<string, unknown>>> {
  const folder = mkdtempSync(join(tmpdir(), "reach-"));
  // Everybody may read them, where they can be seen.
  chmodSync(folder, 0o755);
  const secret = join(folder, "agent.key");
  writeFileSync(secret, "secret", { mode: 0o644 });
  const otherModule = await bundled(join(import.meta.dirname, "lamp-module.ts"), join(folder, "lamp.mjs"));
  const bundle = await bundled(join(import.meta.dirname, "prober-module.ts"), join(folder, "prober.mjs"));
  const letIn: string[] = [];
  const udp = createSocket("udp4", () => void letIn.push("UDP")).bind(0, "127.0.0.1");
  await once(udp, "listening");
  onTestFinished(() => void udp.close());
  await listening({ path: "\0interactor-probe" }, () => void letIn.push("abstract"));
  const socket = join(folder, "socket");
  await listening({ path: socket }, () => void letIn.push("socket"));
  chmodSync(socket, 0o777);
  const tcp = await listening({ host: "127.0.0.1", port: 0 }, () => void letIn.push("TCP"));
  const machine = await surveyMachine({ folder });
  const has = new Set(machine.has);
  if (isWithoutPermissions) has.delete("permissions");
  const open = await openSandboxes(folder, { ...machine, has });
  await using bench = openHostBench("sandbox", open({ bundle, limits: sandboxLimitsDefault }), folder);
  let signals = 0;
  const count = (): void => void (signals += 1);
  process.on("SIGUSR2", count);
  onTestFinished(() => void process.removeListener("SIGUSR2", count));

  bench.host.start({
    name: "prober",
    module: "prober",
    settings: {
      secret,
      otherModule,
      agent: process.pid,
      tcp,
      udp: udp.address().port,
      socket,
      device: devices.find((path) => existsSync(path)) ?? "",
      isWithoutPermissions,
    },
  });

  await vi.waitFor(() => expect(bench.outputs).toHaveLength(1), { timeout: 50_000 });
  expect(signals).toBe(0);
  expect(letIn).toEqual([]);
  return Object.fromEntries(Object.entries(bench.outputs[0]?.value ?? {}));
}

/** Of every machine some of these. */
const devices = [
  "/dev/vda",
  "/dev/sda",
  "/dev/mmcblk0",
  "/dev/nvme0n1",
  "/dev/kmsg",
  "/dev/fuse",
  "/dev/console",
];

const allowedIn = (all: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.keys(all).filter((what) => all[what] === "ALLOWED");

const test = requires("bwrap");

test("of the world a module in a sandbox reaches nothing", { timeout: 60_000 }, async () => {
  const { environment, ...tried } = await found(false);

  expect(Object.keys(tried).length).toBeGreaterThan(25);
  process.stderr.write(
    `${Object.entries(tried)
      .map(([what, came]) => `${what}: ${String(came)}`)
      .join("; ")}\n`,
  );
  expect(allowedIn(tried)).toEqual([]);
  // What fails for another reason than that it is denied would be no proof.
  expect(tried).toMatchObject({
    "a device": "denied ERR_ACCESS_DENIED",
    TCP: "denied ERR_ACCESS_DENIED",
    DNS: "denied ERR_ACCESS_DENIED",
    child_process: "denied ERR_ACCESS_DENIED",
    worker: "denied ERR_ACCESS_DENIED",
    addon: "denied ERR_DLOPEN_DISABLED",
    WASI: "denied ERR_ACCESS_DENIED",
  });
  expect(environment).toBe("UV_THREADPOOL_SIZE PWD");
});

test("nor does it when Node's permissions do not hold", { timeout: 60_000 }, async () => {
  const { environment, ...tried } = await found(true);

  expect(Object.keys(tried).length).toBeGreaterThan(20);
  process.stderr.write(
    `${Object.entries(tried)
      .map(([what, came]) => `${what}: ${String(came)}`)
      .join("; ")}\n`,
  );
  expect(allowedIn(tried)).toEqual([]);
  expect(tried).toMatchObject({
    "the agent's key": "denied ENOENT",
    "a device": "denied ENOENT",
    "8 MiB in /": "denied EROFS",
    "8 MiB in /dev/shm": "denied ENOSPC",
    TCP: "denied EPERM",
    UDP: "denied EPERM",
    child_process: "denied EPERM",
  });
  expect(environment).toBe("UV_THREADPOOL_SIZE PWD");
});
