/** What a hub is told: command line, environment and, weaker than both, the listeners file. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { problemLine } from "@interactor/shared/site/yaml-text";
import { isName } from "@interactor/shared/wire/names";
import type { AccountsOptions } from "../core/access/account.ts";
import { type BrokerLimits, brokerLimits } from "../ports/broker.ts";
import { type ListenersFile, parseListenersFile } from "./listeners-file.ts";
import { isLoopback } from "./loopback.ts";

export interface Options {
  readonly data: string;
  readonly site: string;
  readonly mqttHost: string;
  readonly mqttPort: number;
  readonly httpHost: string;
  readonly httpPort: number;
  readonly routes: string;
  /** Any unit may fill any node that nobody fills just now. */
  readonly anyUnit: boolean;
  readonly accounts: AccountsOptions | undefined;
  readonly limits: BrokerLimits;
}

const usage = "see `interactor hub --help`";
const openToAll: ListenersFile = {
  mqtt: {},
  http: {},
  accounts: undefined,
  limits: brokerLimits,
  obstacles: [
    "until there is authentication the hub listens on 127.0.0.1 or ::1 only: --config gives it accounts",
  ],
};

/** The words of `interactor hub --help` live with the command; these are the same options. */
export function readOptions(argv: readonly string[], env: NodeJS.ProcessEnv): Options {
  const given = parse(argv);
  const data = resolve(given.data ?? env["INTERACTOR_DATA"] ?? ".interactor/hub");
  const site = given.site ?? env["INTERACTOR_SITE"] ?? "demo";
  if (!isName(site))
    throw new Fault("USAGE", `--site "${site}" is not a name: use a-z, 0-9, - and _; ${usage}`);
  const config = given.config ?? env["INTERACTOR_CONFIG"];
  const file = config === undefined ? openToAll : readListenersFile(config);
  const host = given.host ?? env["INTERACTOR_HOST"];
  const mqttHost = host ?? file.mqtt.host ?? "127.0.0.1";
  if (!isLoopback(mqttHost)) mayGoBeyondLoopback(mqttHost, file, config);
  return {
    data,
    site,
    mqttHost,
    mqttPort: port("--mqtt-port", given["mqtt-port"] ?? env["INTERACTOR_MQTT_PORT"], file.mqtt.port ?? 1883),
    httpHost: httpHost(host ?? file.http.host ?? "127.0.0.1"),
    httpPort: port("--http-port", given["http-port"] ?? env["INTERACTOR_HTTP_PORT"], file.http.port ?? 8080),
    routes: resolve(given.routes ?? env["INTERACTOR_ROUTES"] ?? `${data}/routes.yaml`),
    anyUnit: given["any-unit"] ?? env["INTERACTOR_ANY_UNIT"] === "true",
    accounts: file.accounts,
    limits: file.limits,
  };
}

function parse(argv: readonly string[]) {
  try {
    const text = { type: "string" } as const;
    const options = {
      data: text,
      site: text,
      host: text,
      "http-port": text,
      "mqtt-port": text,
      routes: text,
      config: text,
      "any-unit": { type: "boolean" },
    } as const;
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new Fault("USAGE", `${messageOf(error)}; ${usage}`, { cause: error });
  }
}

function readListenersFile(path: string): ListenersFile {
  const parsed = parseListenersFile(textOf(path));
  if (parsed.ok) return parsed.value;
  const lines = parsed.error.map((problem) => `\n  ${problemLine(path, problem)}`);
  throw new Fault("USAGE", `the listeners file cannot be used:${lines.join("")}`);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Fault("USAGE", `cannot read the listeners file: ${messageOf(error)}; ${usage}`, {
      cause: error,
    });
  }
}

function port(option: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d{1,5}$/.test(text) && value <= 65535) return value;
  throw new Fault(
    "USAGE",
    `${option} "${text}" is not a port: give a number from 0 (a free one) to 65535; ${usage}`,
  );
}

/** Whoever reaches a listener beyond this machine must have proven who it is, and not by a file that all may read. */
function mayGoBeyondLoopback(host: string, { obstacles }: ListenersFile, config: string | undefined): void {
  const others = 0o007;
  const isOpenFile = config !== undefined && (statSync(config).mode & others) !== 0;
  const open = `${config} has passwords for the network, and others may read it: chmod o-rwx ${config}`;
  const [obstacle] = [...obstacles, ...(isOpenFile ? [open] : [])];
  if (obstacle !== undefined) throw new Fault("USAGE", `host ${host}: ${obstacle}; ${usage}`);
}

function httpHost(host: string): string {
  if (isLoopback(host)) return host;
  const words = "the dashboard and the API have no users yet, so they stay on this machine";
  throw new Fault(
    "USAGE",
    `--host ${host}: ${words}; name the host of MQTT in the file, under listeners; ${usage}`,
  );
}
