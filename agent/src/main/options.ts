/** What an agent is told: command line, environment, and its list of instances. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { parseDuration } from "@interactor/shared/kernel/duration";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { durationMax, instancesMax, leaseMin, zonesPerNodeMax } from "@interactor/shared/wire/limits";
import { everyZone } from "@interactor/shared/wire/messages/stop";
import { isName, nameFrom, sceneInstance } from "@interactor/shared/wire/names";
import {
  type Measure,
  measureNames,
  measures,
  requiredMeasures,
} from "../adapters/module-host-sandbox/machine.ts";
import type { InstanceSpec } from "../ports/module-host.ts";

export interface Options {
  readonly data: string;
  readonly site: string;
  readonly node: string;
  readonly hub: string;
  readonly config: string;
  /** Zones the node is in, beside the one of all. */
  readonly zones: readonly string[];
  /** Measures of a sandbox that the installer does without. */
  readonly without: ReadonlySet<Measure>;
  /** Whose modules it installs: the root of the site's trust. */
  readonly trustRoot: string;
  /** The only folder that files of secrets are read from. */
  readonly secrets: string;
  /** What modules that come from the hub may have on this node. */
  readonly ceiling: string;
}

/** Where secrets of a machine lie that are for this program. */
const secretsFolder = "/etc/interactor/secrets";
/** Of whoever set up the machine: the agent only reads it. */
const ceilingPath = "/etc/interactor/ceiling.json";

const usage = "see `interactor agent --help`";

/** The words of `interactor agent --help` live with the command; these are the same options. */
export function readOptions(argv: readonly string[], env: NodeJS.ProcessEnv): Options {
  const given = parse(argv);
  const data = resolve(given.data ?? env["INTERACTOR_DATA"] ?? ".interactor/agent");
  return {
    data,
    site: named("--site", given.site ?? env["INTERACTOR_SITE"] ?? "demo"),
    node: named("--node", given.node ?? env["INTERACTOR_NODE"] ?? nameFrom(hostname())),
    hub: mqttUrl(given.hub ?? env["INTERACTOR_HUB_MQTT"] ?? "mqtt://127.0.0.1:1883"),
    config: resolve(given.config ?? env["INTERACTOR_CONFIG"] ?? `${data}/node.json`),
    zones: zonesFrom(given.zone ?? env["INTERACTOR_ZONES"]?.split(",") ?? []),
    without: measuresFrom(given["sandbox-without"] ?? env["INTERACTOR_SANDBOX_WITHOUT"]?.split(",") ?? []),
    trustRoot: resolve(given["trust-root"] ?? env["INTERACTOR_TRUST_ROOT"] ?? `${data}/trust-root.json`),
    secrets: resolve(given.secrets ?? env["INTERACTOR_SECRETS"] ?? secretsFolder),
    ceiling: resolve(given.ceiling ?? env["INTERACTOR_CEILING"] ?? ceilingPath),
  };
}

/** Every node is in the zone of all, so that one is passed over. */
function zonesFrom(texts: readonly string[]): readonly string[] {
  const zones = new Set(texts.map((text) => text.trim()).filter((text) => text !== "" && text !== everyZone));
  for (const zone of zones) {
    if (!isName(zone))
      throw new Fault("USAGE", `--zone "${zone}" is not a name: use a-z, 0-9, - and _; ${usage}`);
  }
  if (zones.size > zonesPerNodeMax)
    throw new Fault("USAGE", `a node is in at most ${zonesPerNodeMax} zones; ${usage}`);
  return [...zones];
}

function measuresFrom(texts: readonly string[]): ReadonlySet<Measure> {
  const named = texts.map((text) => text.trim()).filter((text) => text !== "");
  const unknown = named.find((text) => !Object.hasOwn(measures, text));
  if (unknown === undefined) return new Set(measureNames.filter((measure) => named.includes(measure)));
  const all = measureNames.join(", ");
  throw new Fault("USAGE", `--sandbox-without "${unknown}" is no measure: ${all}; ${usage}`);
}

function parse(argv: readonly string[]) {
  try {
    const text = { type: "string" } as const;
    const zone = { type: "string", multiple: true } as const;
    const places = { data: text, config: text, "trust-root": text, secrets: text, ceiling: text };
    const options = { ...places, site: text, node: text, hub: text, zone, "sandbox-without": zone };
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new Fault("USAGE", `${messageOf(error)}; ${usage}`, { cause: error });
  }
}

function named(option: string, name: string): string {
  if (isName(name) && name !== "hub") return name;
  throw new Fault("USAGE", `${option} "${name}" is not a name: use a-z, 0-9, - and _; ${usage}`);
}

function mqttUrl(text: string): string {
  if (URL.canParse(text) && new URL(text).protocol === "mqtt:") return text;
  throw new Fault("USAGE", `--hub "${text}" is not an address such as mqtt://10.0.0.2:1883; ${usage}`);
}

const leaseWords = `a lease is a time of ${leaseMin / 1000}s to 24h, such as 10s`;

/** How long an input goes on when the hub is not heard. */
const lease = z.pipe(
  z.string(leaseWords).check(
    z.refine((text) => {
      const span = parseDuration(text);
      return span.ok && span.value >= leaseMin && span.value <= durationMax;
    }, leaseWords),
  ),
  z.transform((text: string) => {
    const span = parseDuration(text);
    return span.ok ? span.value : leaseMin;
  }),
);

const nodeFile = z.strictObject({
  /** Without which measures no module of others is run here; left out: those that keep it from the agent's own. */
  sandbox: z.optional(
    z.strictObject({ require: z.array(z.enum(measureNames, `one of ${measureNames.join(", ")}`)) }),
  ),
  instances: z
    .record(
      z.string().check(z.refine(isName, "not a name")),
      z.strictObject({
        module: z.string(),
        settings: z.optional(z.unknown()),
        /** Beside the file, or an absolute path. Nobody has signed it: whoever may write here answers for it. */
        bundle: z.optional(z.string()),
        /** What it may reach through the agent: hosts as `host:port`, files by their paths. */
        grants: z.optional(
          z.strictObject({
            host: z.optional(z.array(z.string())),
            file: z.optional(z.array(z.string())),
            serial: z.optional(z.array(z.string())),
          }),
        ),
        /** Whether the node is of no use without it. */
        critical: z.optional(z.boolean()),
        leases: z.optional(z.record(z.string().check(z.refine(isName, "not a name")), lease)),
      }),
    )
    .check(
      z.refine(
        (instances) => Object.keys(instances).length <= instancesMax,
        `more than ${instancesMax} instances`,
      ),
      z.refine(
        (instances) => !Object.hasOwn(instances, sceneInstance),
        `every node has a "${sceneInstance}" of its own: call the instance otherwise`,
      ),
    ),
});

/** The instances in `node.json`; a file that is not there means none. Throws a Fault that says what is wrong. */
export function readInstances(path: string): readonly InstanceSpec[] {
  const file = readNodeFile(path);
  return Object.entries(file?.instances ?? {}).map(([name, given]) => specOf(name, given, dirname(path)));
}

/** Measures without which no module of others is run: those of `node.json`, less what the command line does without. */
export function readRequired(path: string, without: ReadonlySet<Measure>): ReadonlySet<Measure> {
  const required: readonly Measure[] = readNodeFile(path)?.sandbox?.require ?? requiredMeasures;
  return new Set(required.filter((measure) => !without.has(measure)));
}

function readNodeFile(path: string): z.infer<typeof nodeFile> | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Fault("CONFIG_INVALID", `${path} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  const parsed = nodeFile.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`,
    );
    throw new Fault("CONFIG_INVALID", `${path}: ${problems.join("; ")}`);
  }
  return parsed.data;
}

function specOf(
  name: string,
  { module, settings, bundle, grants, critical, leases }: z.infer<typeof nodeFile>["instances"][string],
  folder: string,
): InstanceSpec {
  return {
    name,
    module,
    settings: settings ?? {},
    ...(grants === undefined ? {} : { grants: grantsOf(grants) }),
    ...(critical === undefined ? {} : { isCritical: critical }),
    ...(bundle === undefined ? {} : { bundle: resolve(folder, bundle) }),
    ...(leases === undefined ? {} : { leases }),
  };
}

const grantsOf = ({
  host = [],
  file = [],
  serial = [],
}: {
  host?: string[] | undefined;
  file?: string[] | undefined;
  serial?: string[] | undefined;
}) => ({
  host,
  file,
  ...(serial.length === 0 ? {} : { serial }),
});

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Fault("CONFIG_INVALID", `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}
