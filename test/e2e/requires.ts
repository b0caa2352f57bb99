// Tests against real counterparts need programs that npm cannot bring. On a developer's machine a missing one skips
// the test and says so; in CI it fails it, because there a skipped check is a check nobody makes.

import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { test } from "vitest";

/**
 * Which Debian packages bring a command, and let it do what it is for. Every package of .ci/debian-packages stands
 * here, and only those.
 */
export const packageOf = {
  bwrap: "bubblewrap",
  chromium: "chromium",
  faketime: "faketime",
  "avr-gcc": "gcc-avr avr-libc",
  avrdude: "avrdude",
  gcc: "gcc libc6-dev",
  ip: "iproute2",
  iptables: "iptables",
  mosquitto: "mosquitto",
  mosquitto_pub: "mosquitto-clients",
  "nats-server": "nats-server",
  olad: "ola",
  oscdump: "liblo-tools",
  pgrep: "procps",
  optiboot: "arduino-core-avr",
  promtool: "prometheus",
  "python3-paho-mqtt": "python3-paho-mqtt",
  "python3-securesystemslib": "python3-securesystemslib python3-nacl python3-cryptography",
  simavr: "libsimavr-dev libelf-dev",
  socat: "socat",
  "systemd-analyze": "systemd",
} as const satisfies Record<string, string>;

export type Command = keyof typeof packageOf;

/** What is no command, by a file of it. */
const fileOf: Partial<Record<Command, string>> = {
  optiboot: "/usr/share/arduino/hardware/arduino/avr/bootloaders/optiboot/optiboot.c",
  "python3-paho-mqtt": "/usr/lib/python3/dist-packages/paho/mqtt/client.py",
  "python3-securesystemslib": "/usr/lib/python3/dist-packages/nacl/signing.py",
  simavr: "/usr/include/simavr/sim_avr.h",
};

/** Where to look and whom to tell; a test of this file gives its own. */
export interface Surroundings {
  /** Folders to look for commands in, as in the environment variable of that name. */
  readonly path: string;
  readonly isCi: boolean;
  readonly warn: (line: string) => void;
  /** Registers the test that fails. */
  readonly test: (name: string, run: () => void) => void;
}

type TestFunction = ReturnType<typeof test.skipIf>;

/** `test` when every command is there. Otherwise it skips: loudly, or beside a test that fails where CI=true. */
export function requires(...commands: readonly Command[]): TestFunction {
  return requiresIn(surroundings(), ...commands);
}

/** `requires` with the surroundings as an argument. */
export function requiresIn(around: Surroundings, ...commands: readonly Command[]): TestFunction {
  const verdict = judge(around, commands);
  if (verdict.kind === "skip") around.warn(`SKIPPED tests: ${verdict.reason}\n`);
  if (verdict.kind === "fail") {
    around.test(`needs ${commands.join(", ")}`, () => {
      throw new Error(verdict.reason);
    });
  }
  return test.skipIf(verdict.kind !== "run");
}

export type Verdict =
  | { readonly kind: "run" }
  | { readonly kind: "skip"; readonly reason: string }
  | { readonly kind: "fail"; readonly reason: string };

/** What becomes of a test that needs these commands. */
export function judge(around: Pick<Surroundings, "path" | "isCi">, commands: readonly Command[]): Verdict {
  const missing = commands.filter((command) => !isInstalled(command, around.path));
  if (missing.length === 0) return { kind: "run" };
  const packages = [...new Set(missing.map((command) => packageOf[command]))].join(" ");
  const reason = `${missing.join(", ")} not found; apt-get install ${packages}`;
  return { kind: around.isCi ? "fail" : "skip", reason };
}

/** Looks in the system folders too: an ordinary user's PATH has no ip and no iptables. */
function isInstalled(command: Command, path: string): boolean {
  const file = fileOf[command];
  if (file !== undefined) return existsSync(file);
  return path.split(delimiter).some((folder) => folder !== "" && isExecutable(join(folder, command)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function surroundings(): Surroundings {
  return {
    path: [process.env["PATH"], "/usr/local/sbin", "/usr/sbin", "/sbin"].join(delimiter),
    isCi: process.env["CI"] === "true",
    warn: (line) => process.stderr.write(line),
    test,
  };
}
