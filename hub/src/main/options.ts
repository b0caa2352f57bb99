/** What a hub is told: command line and environment. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { isName } from "@interactor/shared/wire/names";

export interface Options {
  readonly data: string;
  readonly site: string;
  readonly host: string;
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly routes: string;
}

const usage = "see `interactor hub --help`";

/** The words of `interactor hub --help` live with the command; these are the same options. */
export function readOptions(argv: readonly string[], env: NodeJS.ProcessEnv): Options {
  const given = parse(argv);
  const data = resolve(given.data ?? env["INTERACTOR_DATA"] ?? ".interactor/hub");
  const site = given.site ?? env["INTERACTOR_SITE"] ?? "demo";
  if (!isName(site))
    throw new Fault("USAGE", `--site "${site}" is not a name: use a-z, 0-9, - and _; ${usage}`);
  return {
    data,
    site,
    host: loopback(given.host ?? env["INTERACTOR_HOST"] ?? "127.0.0.1"),
    httpPort: port("--http-port", given["http-port"] ?? env["INTERACTOR_HTTP_PORT"] ?? "8080"),
    mqttPort: port("--mqtt-port", given["mqtt-port"] ?? env["INTERACTOR_MQTT_PORT"] ?? "1883"),
    routes: resolve(given.routes ?? env["INTERACTOR_ROUTES"] ?? `${data}/routes.yaml`),
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
    };
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new Fault("USAGE", `${messageOf(error)}; ${usage}`, { cause: error });
  }
}

function port(option: string, text: string): number {
  const value = Number(text);
  if (/^\d{1,5}$/.test(text) && value <= 65535) return value;
  throw new Fault(
    "USAGE",
    `${option} "${text}" is not a port: give a number from 0 (a free one) to 65535; ${usage}`,
  );
}

/** Until there are users and certificates, whoever reaches a listener may do everything. */
function loopback(host: string): string {
  if (["127.0.0.1", "::1", "localhost"].includes(host)) return host;
  throw new Fault(
    "USAGE",
    `--host ${host}: until there is authentication the hub listens on 127.0.0.1 or ::1 only; ${usage}`,
  );
}
