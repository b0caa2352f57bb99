/**
 * What the kernel's texts say. The kernel writes them, but which lines there are depends on its version and on
 * the machine, so every parser answers `undefined` to what it does not understand and none ever throws.
 */

/** /sys/class/thermal/thermal_zone?/temp: thousandths of a degree. In °C. */
export function parseTemperature(text: string): number | undefined {
  const thousandths = /^\s*(-?\d{1,6})\s*$/.exec(text)?.[1];
  const degrees = Number(thousandths) / 1000;
  // A sensor that is not connected reads 0 K or the end of its range; no chip works out here.
  return thousandths === undefined || degrees < -60 || degrees > 200 ? undefined : rounded(degrees, 1);
}

export interface CpuTimes {
  /** In ticks since boot, all cores together. */
  readonly busy: number;
  readonly total: number;
}

/** /proc/stat: `cpu user nice system idle iowait irq softirq steal …`. What follows is in user and nice already. */
export function parseCpuTimes(text: string): CpuTimes | undefined {
  const line = /^cpu +(\d+(?: \d+){3,})\s*$/m.exec(text)?.[1];
  if (line === undefined) return undefined;
  const ticks = line.split(" ").slice(0, 8).map(Number);
  const total = ticks.reduce((sum, each) => sum + each, 0);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  return Number.isSafeInteger(total) ? { busy: total - idle, total } : undefined;
}

/** How busy all cores were in between, in %. `undefined` when no tick has passed or the counters went back. */
export function cpuLoad(before: CpuTimes, after: CpuTimes): number | undefined {
  const total = after.total - before.total;
  if (total <= 0) return undefined;
  return percent((after.busy - before.busy) / total);
}

/** /proc/loadavg: runnable and waiting tasks, mean of the last minute. */
export const parseLoadAverage = (text: string): number | undefined => number(/^(\d+\.\d+) /.exec(text)?.[1]);

/** /proc/meminfo: memory that is not available to programs, in %. */
export function parseMemoryUsed(text: string): number | undefined {
  const total = number(/^MemTotal: +(\d+) kB$/m.exec(text)?.[1]);
  const available = number(/^MemAvailable: +(\d+) kB$/m.exec(text)?.[1]);
  if (total === undefined || available === undefined || total === 0) return undefined;
  return percent((total - available) / total);
}

/** A file system's blocks: what is used of what programs could use, in %, as `df` tells it. */
export function diskUsed(blocks: { blocks: number; bfree: number; bavail: number }): number | undefined {
  const used = blocks.blocks - blocks.bfree;
  const usable = used + blocks.bavail;
  return usable > 0 ? percent(used / usable) : undefined;
}

export interface Traffic {
  /** Bytes since the interface came up. */
  readonly received: number;
  readonly sent: number;
}

/** /proc/net/dev, by interface and without the loopback. */
export function parseTraffic(text: string): ReadonlyMap<string, Traffic> | undefined {
  const interfaces = new Map<string, Traffic>();
  if (!text.includes("|bytes")) return undefined;
  for (const line of text.split("\n").slice(2)) {
    const [, name, rest] = /^ *([^: ]+): *(\d[\d ]*)$/.exec(line) ?? [];
    const counts = rest?.trim().split(/ +/).map(Number) ?? [];
    const [received, sent] = [counts[0], counts[8]];
    if (name === undefined || name === "lo" || received === undefined || sent === undefined) continue;
    interfaces.set(name, { received, sent });
  }
  return interfaces;
}

/**
 * Bytes a second in between, all interfaces together. One that has just come counts from its next reading;
 * one whose counters went back (it was away in between) does not count this time.
 */
export function trafficRate(
  before: ReadonlyMap<string, Traffic>,
  after: ReadonlyMap<string, Traffic>,
  seconds: number,
): Traffic | undefined {
  if (seconds <= 0) return undefined;
  let received = 0;
  let sent = 0;
  for (const [name, now] of after) {
    const then = before.get(name);
    if (then === undefined || now.received < then.received || now.sent < then.sent) continue;
    received += now.received - then.received;
    sent += now.sent - then.sent;
  }
  return { received: Math.round(received / seconds), sent: Math.round(sent / seconds) };
}

/** /proc/uptime: seconds since boot. */
export const parseUptime = (text: string): number | undefined => number(/^(\d+\.\d+) /.exec(text)?.[1]);

export interface Power {
  readonly isUnderVoltage: boolean;
  /** Slowed down because of voltage or heat. */
  readonly isThrottled: boolean;
}

/**
 * get_throttled of the Pi's firmware: hex. Bit 0 under-voltage, 1 frequency capped, 2 throttled, 3 soft
 * temperature limit; the same bits from 16 on say that it has happened since boot and are not told.
 */
export function parseThrottled(text: string): Power | undefined {
  const digits = /^\s*(?:0x)?([\da-f]{1,8})\s*$/i.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const flags = Number.parseInt(digits, 16);
  return { isUnderVoltage: (flags & 0b0001) !== 0, isThrottled: (flags & 0b1110) !== 0 };
}

function number(digits: string | undefined): number | undefined {
  const value = digits === undefined ? Number.NaN : Number(digits);
  return Number.isFinite(value) ? value : undefined;
}

/** Between 0 and 100: counters of several cores are not read at one moment. */
const percent = (share: number): number => rounded(Math.min(Math.max(share * 100, 0), 100), 1);

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
