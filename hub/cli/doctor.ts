/** `interactor doctor`: what this machine, or the one of a node, can give and enforce, and what to do about the rest. */
import { resolve } from "node:path";
import { type Check, checkKind } from "@interactor/shared/wire/machine-check";
import { askAgent } from "./ask-agent.ts";
import { machineAnswer, portChecks } from "./doctor-hub.ts";
import { commandFault, exitCode } from "./exit.ts";
import { fetchNode, fetchSite, findHub, type HubOptions } from "./hub-client.ts";
import { painterFor, type Painter, printable, tableLines } from "./output.ts";

export interface DoctorOptions extends HubOptions {
  readonly node?: string;
  readonly for: "agent" | "hub" | "both";
  readonly config?: string;
  readonly sandboxWithout?: readonly string[];
  readonly httpPort?: number;
  readonly mqttPort?: number;
  readonly json?: boolean;
  readonly color: boolean;
}

const portsDefault = { http: 8080, mqtt: 1883 };
/** Of what an agent needs, a hub needs only this. */
const ofHubs = new Set(["node", "clock", "time-floor", "disk-space", "disk-speed", "watchdog"]);

export async function runDoctor(options: DoctorOptions): Promise<void> {
  const { checks, where } =
    options.node === undefined ? await lookHere(options) : await askNode(options.node, options);
  const painter = painterFor(process.stdout, options.color, process.env);
  const told = checks.map((check) => ({ ...check, ...adviceOn(check) }));
  const lines =
    options.json === true ? [JSON.stringify({ where, checks: told })] : doctorLines(where, checks, painter);
  process.stdout.write(`${lines.join("\n")}\n`);
  // What is missing has just been said; there is no line to add.
  if (checks.some(({ state }) => state === "missing")) process.exitCode = exitCode.failed;
}

interface Found {
  readonly where: string;
  readonly checks: readonly Check[];
}

async function lookHere(options: DoctorOptions): Promise<Found> {
  const { data, config, sandboxWithout = [], for: who } = options;
  const words = [
    "doctor",
    ...(data === undefined ? [] : ["--data", resolve(data)]),
    ...(config === undefined ? [] : ["--config", resolve(config)]),
    ...sandboxWithout.flatMap((measure) => ["--sandbox-without", measure]),
  ];
  const asked = await askAgent(words, machineAnswer);
  const agents = who === "hub" ? asked.checks.filter(({ check }) => ofHubs.has(check)) : asked.checks;
  const where = `this machine, as ${asked.user}`;
  if (who === "agent") return { where, checks: agents };
  const ports = { http: options.httpPort ?? portsDefault.http, mqtt: options.mqttPort ?? portsDefault.mqtt };
  const isOurs =
    (await fetchSite({ url: `http://127.0.0.1:${ports.http}`, source: "the port" })) !== undefined;
  return { where, checks: [...agents, ...(await portChecks(ports, isOurs))] };
}

/** What its agent last said. What is well it does not tell. */
async function askNode(name: string, options: HubOptions): Promise<Found> {
  const node = await fetchNode(await findHub(options, process.env), name);
  if (node.machine === undefined) {
    const words = "its agent looks 10 s after its start; an older one never does";
    throw commandFault("FAILED", `node ${name} (${node.state}) has not said what its machine can: ${words}`);
  }
  return { where: `node ${name}, as its agent last said`, checks: node.machine };
}

const adviceOn = ({ check, state }: Check) => {
  const { title, why, todo } = checkKind(check);
  return { title, ...(state === "ok" ? {} : { why, todo }) };
};

function doctorLines(where: string, checks: readonly Check[], painter: Painter): readonly string[] {
  if (checks.length === 0) return [`${where}: nothing is missing`];
  const rows = checks.map(({ check, state, words }) => [state, checkKind(check).title, words].map(printable));
  const table = tableLines(["", where, "FOUND"], rows, (text, column, row) => {
    const state = checks[row]?.state;
    return column === 0 && state !== undefined
      ? markOf(state, text, painter)
      : row < 0
        ? painter.faint(text)
        : text;
  });
  const ill = checks.filter(({ state }) => state !== "ok");
  const advice = ill.flatMap(({ check }) => {
    const { title, why, todo } = checkKind(check);
    return why === "" ? [] : ["", title, `  why   ${why}`, `  do    ${todo}`];
  });
  return [...table, ...advice, "", verdict(ill, painter)];
}

function markOf(state: Check["state"], text: string, painter: Painter): string {
  if (state === "ok") return painter.good(text);
  return state === "degraded" ? painter.warn(text) : painter.bad(text);
}

function verdict(ill: readonly Check[], painter: Painter): string {
  const missing = ill.filter(({ state }) => state === "missing").length;
  if (missing > 0)
    return painter.bad(`${missing} missing: what depends on ${missing === 1 ? "it" : "them"} does not work`);
  return ill.length > 0
    ? painter.warn("everything works, some of it with less")
    : painter.good("all is well");
}
