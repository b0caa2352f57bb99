/**
 * The readings that are taken together. A group answers with values, with `absent` (this machine has no such
 * sensor, which is no fault), or with what it could not make sense of.
 */
import { readdir, readFile, statfs } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, type Instant, messageOf } from "@interactor/shared/sdk/define-module";
import type { manifest } from "./manifest.ts";
import {
  cpuLoad,
  type CpuTimes,
  diskUsed,
  parseCpuTimes,
  parseLoadAverage,
  parseMemoryUsed,
  parseTemperature,
  parseThrottled,
  parseTraffic,
  parseUptime,
  type Traffic,
  trafficRate,
} from "./parse.ts";
import type { Settings } from "./settings.ts";

type Output = keyof typeof manifest.outputs;
/** By output; `undefined`: there is none this time, which happens to what is measured between two readings. */
type Readings = { readonly [Name in Output]?: number | boolean | undefined };

export type Outcome =
  | { readonly kind: "readings"; readonly readings: Readings }
  | { readonly kind: "absent"; readonly what: string }
  | { readonly kind: "unreadable"; readonly what: string };

export interface Group {
  /** In seconds. */
  readonly every: number;
  readonly read: () => Promise<Outcome>;
}

export function groupsOf({ every, diskPath }: Settings, clock: Clock, root: string): readonly Group[] {
  const proc = (name: string): string => join(root, "proc", name);
  const throttled = join(root, "sys/devices/platform/soc/soc:firmware/get_throttled");
  return [
    { every: every.temperature, read: () => readTemperature(join(root, "sys/class/thermal")) },
    { every: every.cpu, read: cpuReader(proc("stat")) },
    {
      every: every.cpu,
      read: () => readOne(proc("loadavg"), (text) => readingsOf("load-average", parseLoadAverage(text))),
    },
    {
      every: every.memory,
      read: () => readOne(proc("meminfo"), (text) => readingsOf("memory", parseMemoryUsed(text))),
    },
    { every: every.disk, read: () => readDisk(diskPath) },
    { every: every.network, read: networkReader(proc("net/dev"), clock) },
    {
      every: every.uptime,
      read: () => readOne(proc("uptime"), (text) => readingsOf("uptime", parseUptime(text))),
    },
    { every: every.power, read: () => readOne(throttled, readingsOfPower) },
  ];
}

const readingsOf = (output: Output, value: number | undefined): Readings | undefined =>
  value === undefined ? undefined : { [output]: value };

function readingsOfPower(text: string): Readings | undefined {
  const power = parseThrottled(text);
  return power && { "under-voltage": power.isUnderVoltage, throttled: power.isThrottled };
}

/** The zone of the processor: a Pi has one, a PC has one for the mainboard, the disk and the radio too. */
async function readTemperature(folder: string): Promise<Outcome> {
  const names = await readdir(folder).catch(() => []);
  const zones = names.filter((name) => /^thermal_zone\d+$/.test(name)).toSorted();
  for (const zone of zones) {
    const type = await readFile(join(folder, zone, "type"), "utf8").catch(() => "");
    if (!/cpu|soc|x86_pkg_temp/.test(type)) continue;
    return readOne(join(folder, zone, "temp"), (text) => readingsOf("temperature", parseTemperature(text)));
  }
  return { kind: "absent", what: `no thermal zone of a processor in ${folder}` };
}

function cpuReader(path: string): Group["read"] {
  let before: CpuTimes | undefined;
  return () =>
    readOne(path, (text) => {
      const after = parseCpuTimes(text);
      const load = before && after && cpuLoad(before, after);
      before = after;
      return after && { load };
    });
}

function networkReader(path: string, clock: Clock): Group["read"] {
  let before: { readonly traffic: ReadonlyMap<string, Traffic>; readonly at: Instant } | undefined;
  return () =>
    readOne(path, (text) => {
      const traffic = parseTraffic(text);
      const at = clock.now();
      const rate = before && traffic && trafficRate(before.traffic, traffic, (at - before.at) / 1000);
      before = traffic && { traffic, at };
      return traffic && { "network-in": rate?.received, "network-out": rate?.sent };
    });
}

async function readDisk(path: string): Promise<Outcome> {
  try {
    const used = diskUsed(await statfs(path));
    if (used !== undefined) return { kind: "readings", readings: { disk: used } };
    return { kind: "absent", what: `${path} is on a file system without blocks` };
  } catch (thrown) {
    return { kind: "unreadable", what: messageOf(thrown) };
  }
}

async function readOne(path: string, readingsOf: (text: string) => Readings | undefined): Promise<Outcome> {
  try {
    const readings = readingsOf(await readFile(path, "utf8"));
    return readings === undefined
      ? { kind: "unreadable", what: `${path} says nothing we understand` }
      : { kind: "readings", readings };
  } catch (thrown) {
    const isAbsent = thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
    return isAbsent
      ? { kind: "absent", what: `there is no ${path}` }
      : { kind: "unreadable", what: messageOf(thrown) };
  }
}
