/** What a machine gives to an agent, looked at without changing anything; what it can enforce on modules is not among it. */
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { access, constants, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Check, CheckName, CheckState } from "@interactor/shared/wire/machine-check";
import { diskChecks } from "./disk-checks.ts";
import { groupIn, isProcHidden, majorOf } from "./kernel-texts.ts";

export interface MachineOptions {
  /** The agent's data folder; it need not be there yet. */
  readonly data: string;
  /** What is known to be past, in ms since 1970. */
  readonly pastAt: number;
  /** Where the kernel's folders are. */
  readonly root?: string;
}

const nodeWanted = 26;
/** systemd makes it when the clock was set over the network, and it is gone after a boot. */
const synchronisedFile = "run/systemd/timesync/synchronized";
/** Of `timedatectl`, which asks systemd over the bus. */
const clockTimeout = 2000;
const lightPorts = [
  { port: 5568, name: "sACN" },
  { port: 6454, name: "Art-Net" },
] as const;

const found = (check: CheckName, state: CheckState, words: string): Check => ({ check, state, words });

export async function checkMachine({ data, pastAt, root = "/" }: MachineOptions): Promise<readonly Check[]> {
  return [
    nodeCheck(process.version),
    await procCheck(root),
    await watchdogCheck(root),
    await clockCheck(root),
    floorCheck(pastAt),
    ...(await diskChecks(data)),
    await devicesCheck("serial", /^tty(ACM|USB|AMA)\d/u, "dialout", root),
    await devicesCheck("gpio", /^gpiochip\d+$/u, "gpio", root),
    await devicesCheck("i2c", /^i2c-\d+$/u, "i2c", root),
    await lightCheck(),
  ];
}

function nodeCheck(version: string): Check {
  const state = majorOf(version) >= nodeWanted ? "ok" : "missing";
  return found("node", state, `Node ${version} on ${process.platform} ${process.arch}`);
}

async function procCheck(root: string): Promise<Check> {
  return isProcHidden(await textOf(join(root, "proc/self/mountinfo")))
    ? found("hidepid", "ok", "/proc is mounted with hidepid")
    : found("hidepid", "degraded", "/proc shows every user the processes of all");
}

async function watchdogCheck(root: string): Promise<Check> {
  const folder = join(root, "sys/class/watchdog");
  const [first] = await namesIn(folder);
  if (first === undefined)
    return found("watchdog", "degraded", "this machine has none, or its driver is not loaded");
  const state = (await textOf(join(folder, first, "state"))).trim();
  const identity = (await textOf(join(folder, first, "identity"))).trim();
  return state === "active"
    ? found("watchdog", "ok", `${identity || first} is watched by systemd or another program`)
    : found("watchdog", "degraded", `${identity || first} is there, and nobody uses it`);
}

async function clockCheck(root: string): Promise<Check> {
  const words = "set over the network";
  if (await isReadable(join(root, synchronisedFile))) return found("clock", "ok", words);
  const said = await promisify(execFile)("timedatectl", ["show", "-p", "NTPSynchronized", "--value"], {
    timeout: clockTimeout,
  }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
  if (said === "yes") return found("clock", "ok", words);
  return found(
    "clock",
    "degraded",
    said === undefined ? "nobody here says that it is set" : "not set over the network",
  );
}

function floorCheck(pastAt: number): Check {
  const now = Date.now();
  const day = (at: number): string => new Date(at).toISOString().slice(0, 16);
  return now >= pastAt
    ? found("time-floor", "ok", `${day(now)}, after ${day(pastAt)} as it has to be`)
    : found("time-floor", "missing", `the clock says ${day(now)}, and ${day(pastAt)} is known to be past`);
}

/** A machine without such devices lacks nothing. */
async function devicesCheck(check: CheckName, pattern: RegExp, group: string, root: string): Promise<Check> {
  const folder = join(root, "dev");
  const devices = (await namesIn(folder)).filter((name) => pattern.test(name));
  const closed: string[] = [];
  for (const name of devices)
    if (!(await isReadable(join(folder, name), constants.R_OK | constants.W_OK))) closed.push(name);
  if (closed.length > 0)
    return found(check, "missing", `${closed.join(", ")} may not be opened by ${await userName(root)}`);
  if (devices.length > 0) return found(check, "ok", `${devices.join(", ")} may be opened`);
  const known = groupIn(await textOf(join(root, "etc/group")), group);
  const isMember =
    process.getuid?.() === 0 || (known !== undefined && process.getgroups?.().includes(known.gid));
  return isMember === true || known === undefined
    ? found(check, "ok", "there is none")
    : found(
        check,
        "degraded",
        `there is none, and ${await userName(root)} is not in the group ${group} that may open one`,
      );
}

async function userName(root: string): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  const line = (await textOf(join(root, "etc/passwd")))
    .split("\n")
    .find((each) => each.split(":")[2] === String(uid));
  return line?.split(":")[0] ?? `user ${uid}`;
}

/** Others may share these ports when they say so, as we do; who does not has them alone. */
async function lightCheck(): Promise<Check> {
  const taken: string[] = [];
  for (const { port, name } of lightPorts) if (!(await isShared(port))) taken.push(`${name} (UDP ${port})`);
  return taken.length === 0
    ? found("light-ports", "ok", "free, or shared")
    : found("light-ports", "degraded", `another program has ${taken.join(" and ")} alone`);
}

function isShared(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    socket.once("error", () => {
      socket.close();
      resolve(false);
    });
    socket.bind(port, () => {
      socket.close();
      resolve(true);
    });
  });
}

const isReadable = (path: string, mode: number = constants.R_OK): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );

const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
const namesIn = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);
