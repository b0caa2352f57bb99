/**
 * A real olad to send light to. It stands in a network namespace of its own, joined by a virtual cable to
 * another one from which a program under test sends: OLA's sACN refuses loopback, and nothing of this is
 * seen outside. Needs root, and leaves nothing behind. After a test run that was killed olad ends by itself,
 * and the next run takes away namespaces and folders whose maker is gone.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openLightCable, receiverAddress } from "./light-cable.ts";
import { environment, isAlive, type Namespace, requiresNamespaces, sweepNamespaces } from "./namespaces.ts";
import type { ProbeQuestion, SeenDiscovery, SeenPacket } from "./olad-probe.ts";
import { Remote } from "./remote.ts";

export { senderAddress } from "./light-cable.ts";
export const oladAddress = receiverAddress;
/** Art-Net's port address is the low 4 bits of the universe that OLA's port is patched to. */
export const sacnUniverse = 1;
export const artnetUniverse = 2;
/** What OLA sends: the same, the other way round. */
export const sacnFromOlad = 11;
export const artnetFromOlad = 12;

const httpPort = 9090;
/** olad refuses to run as root. */
const nobody = { uid: 65_534, gid: 65_534 };
/** It is up within a second on a quiet machine. */
const startTimeout = 20_000;

export interface OladOptions {
  /** Takes so many universes from sACN, from 1 on, and broadcasts each over Art-Net, instead of the four above. */
  readonly universes?: number;
}

export interface Olad extends AsyncDisposable {
  readonly pid: number;
  /** The command line that runs `command` in the namespace from which light is sent. */
  inSender(command: readonly string[]): readonly string[];
  /** Runs a command there to its end. */
  runInSender(command: readonly string[]): Promise<string>;
  /** What OLA shows on its universe: 512 levels, or none as long as nothing came. */
  getDmx(universe: number): Promise<readonly number[]>;
  /** Sets what OLA sends on `sacnFromOlad` or `artnetFromOlad`, from the first slot on. It says so once, and never again. */
  setDmx(universe: number, levels: readonly number[]): Promise<void>;
  /** The sACN packets that came to olad's namespace since its start. */
  packets(): Promise<readonly SeenPacket[]>;
  /** The sACN sources that told olad's namespace what they send. */
  discoveries(): Promise<readonly SeenDiscovery[]>;
}

/** `test` where olad can run. Elsewhere it skips loudly, or fails where CI=true. */
export const requiresOlad = (): ReturnType<typeof requiresNamespaces> => requiresNamespaces("olad");

/** Starts olad with its sACN and Art-Net inputs patched to universes 1 and 2, and its outputs to 11 and 12. */
export async function startOlad({ universes = 0 }: OladOptions = {}): Promise<Olad> {
  await sweep();
  await using undo = new AsyncDisposableStack();
  const { sender, receiver } = undo.use(await openLightCable());
  const namespaces = { sender, olad: receiver };

  const folder = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`));
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  await writeConfig(folder, universes);
  const daemon = undo.use(startDaemon(namespaces.olad, folder));

  const probeFile = join(import.meta.dirname, "olad-probe.ts");
  const probe = undo.use(new Remote([...namespaces.olad.prefix, process.execPath, probeFile]));
  const ask = (question: ProbeQuestion): Promise<unknown> => probe.ask(question);
  await untilServing(ask, join(folder, logFile));
  await patchPorts(namespaces.olad, universes === 0 ? defaultPatches : patchesOf(universes));
  await ask({ kind: "watch", universe: sacnUniverse, interface: oladAddress });

  const kept = undo.move();
  return {
    pid: daemon.pid,
    inSender: (command) => [...namespaces.sender.prefix, ...command],
    runInSender: (command) => namespaces.sender.run(...command),
    getDmx: async (universe) => dmxIn(await ask({ kind: "get", url: `${baseUrl}/get_dmx?u=${universe}` })),
    setDmx: async (universe, levels) => {
      const form = new URLSearchParams({ u: `${universe}`, d: levels.join() }).toString();
      await ask({ kind: "post", url: `${baseUrl}/set_dmx`, form });
    },
    discoveries: async () => (await ask({ kind: "discoveries" })) as readonly SeenDiscovery[],
    packets: async () => (await ask({ kind: "packets" })) as readonly SeenPacket[],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The maker's process id follows. */
const folderPrefix = "interactor-olad-";
const baseUrl = `http://${oladAddress}:${httpPort}`;
const logFile = "olad.log";

async function sweep(): Promise<void> {
  await sweepNamespaces();
  for (const name of await readdir(tmpdir())) {
    const maker = Number(/^(\d+)-/.exec(name.slice(folderPrefix.length))?.[1]);
    if (!name.startsWith(folderPrefix) || isAlive(maker)) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

const disabledPlugins = [
  "espnet",
  "ftdidmx",
  "gpio",
  "karate",
  "kinet",
  "milinst",
  "nanoleaf",
  "opendmx",
  "openpixelcontrol",
  "osc",
  "pathport",
  "renard",
  "sandnet",
  "shownet",
  "spi",
  "stageprofi",
  "uartdmx",
  "usbdmx",
  "usbserial",
];

/** olad writes what it misses into its folder, so the folder is its own. */
async function writeConfig(folder: string, universes: number): Promise<void> {
  const files: Record<string, Record<string, string | number | boolean>> = {
    dummy: { enabled: true, dummy_device_count: 1 },
    e131: {
      enabled: true,
      ip: oladAddress,
      input_ports: Math.max(universes, 4),
      output_ports: 1,
      revision: "0.46",
      prepend_hostname: false,
      ignore_preview: true,
      dscp: 0,
      draft_discovery: false,
      cid: "5f2c5a4e-0a8b-4c1f-9a3d-1f2e3d4c5b6a",
    },
    artnet: {
      enabled: true,
      ip: oladAddress,
      net: 0,
      subnet: 0,
      output_ports: Math.max(universes, 1),
      always_broadcast: universes > 0,
      use_loopback: true,
    },
    ...Object.fromEntries(disabledPlugins.map((plugin) => [plugin, { enabled: false }])),
  };
  for (const [plugin, settings] of Object.entries(files)) {
    const file = join(folder, `ola-${plugin}.conf`);
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
    await writeFile(file, lines.join(""));
    await chown(file, nobody.uid, nobody.gid);
  }
  await chown(folder, nobody.uid, nobody.gid);
}

function startDaemon(namespace: Namespace, folder: string): AsyncDisposable & { readonly pid: number } {
  // With --pdeathsig it ends with us, whatever ends us.
  const asNobody = `setpriv --reuid=${nobody.uid} --regid=${nobody.gid} --clear-groups --pdeathsig KILL`;
  const daemon = `olad --config-dir ${folder} -l 3 -p ${httpPort} --no-register-with-dns-sd`;
  const shell = `exec ${asNobody} ${daemon} >${join(folder, logFile)} 2>&1`;
  const [program = "", ...rest] = namespace.prefix;
  const child = spawn(program, [...rest, "sh", "-c", shell], { stdio: "ignore", env: environment });
  const exited = once(child, "exit");
  return {
    // Each command in front of it is replaced by the next.
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function untilServing(ask: (question: ProbeQuestion) => Promise<unknown>, log: string): Promise<void> {
  for (const end = performance.now() + startTimeout; ; await sleep(50)) {
    try {
      await ask({ kind: "get", url: `${baseUrl}/json/server_stats` });
      return;
    } catch (cause) {
      if (performance.now() < end) continue;
      throw new Error(`olad does not answer; its log:\n${await readFile(log, "utf8")}`, { cause });
    }
  }
}

/** Which numbers devices have depends on the plugins; ola_patch says 0 whatever it did, so we look afterwards. */
async function patchPorts(namespace: Namespace, patches: readonly Patch[]): Promise<void> {
  const devices = await namespace.run("ola_dev_info");
  for (const { plugin, port, universe, direction } of patches) {
    const device = new RegExp(`^Device (\\d+): ${plugin}`, "m").exec(devices)?.[1];
    if (device === undefined) throw new Error(`olad has no ${plugin} device:\n${devices}`);
    const flags = direction === "input" ? ["-i"] : [];
    await namespace.run("ola_patch", "-d", device, "-p", `${port}`, "-u", `${universe}`, ...flags);
  }
  const patched = await namespace.run("ola_dev_info");
  for (const { universe } of patches) {
    if (!patched.includes(`patched to universe ${universe}`)) throw new Error(`not patched:\n${patched}`);
  }
}

interface Patch {
  readonly plugin: "E1.31" | "ArtNet";
  readonly port: number;
  readonly universe: number;
  readonly direction: "input" | "output";
}

const defaultPatches: readonly Patch[] = [
  { plugin: "E1.31", port: 0, universe: sacnUniverse, direction: "input" },
  { plugin: "ArtNet", port: 0, universe: artnetUniverse, direction: "input" },
  { plugin: "E1.31", port: 0, universe: sacnFromOlad, direction: "output" },
  { plugin: "ArtNet", port: 0, universe: artnetFromOlad, direction: "output" },
];

function patchesOf(universes: number): readonly Patch[] {
  return Array.from({ length: universes }, (_, port): readonly Patch[] => [
    { plugin: "E1.31", port, universe: port + 1, direction: "input" },
    { plugin: "ArtNet", port, universe: port + 1, direction: "output" },
  ]).flat();
}

function dmxIn(body: unknown): readonly number[] {
  const dmx = typeof body === "object" && body !== null && "dmx" in body ? body.dmx : undefined;
  if (!Array.isArray(dmx)) throw new Error(`no levels in ${JSON.stringify(body)}`);
  return dmx.map(Number);
}
