/** `interactor crash list` and `show`: modules that crashed, and what is known of it. */
import {
  type CrashDetails,
  crashesPath,
  crashesResponse,
  crashResponse,
  type CrashSummary,
  crashesToldMax,
} from "@interactor/shared/wire/api-crashes";
import { isName } from "@interactor/shared/wire/names";
import { commandFault } from "./exit.ts";
import { fetchApi, findHub, type HubAddress, type HubOptions } from "./hub-client.ts";
import {
  formatAge,
  formatDay,
  formatSpan,
  painterFor,
  type Painter,
  printable,
  tableLines,
} from "./output.ts";

export interface CrashOptions extends HubOptions {
  readonly json?: boolean;
  readonly color: boolean;
}

export interface Wanted {
  readonly node?: string | undefined;
  readonly instance?: string | undefined;
}

export async function runCrashList(place: string | undefined, options: CrashOptions): Promise<void> {
  const wanted = placeOf(place);
  const crashes = await allCrashes(await findHub(options, process.env), wanted);
  const painter = painterFor(process.stdout, options.color, process.env);
  const lines =
    options.json === true ? [JSON.stringify({ crashes })] : listLines(crashes, new Date(), painter, place);
  process.stdout.write(`${lines.join("\n")}\n`);
}

export async function runCrashShow(crashId: string, options: CrashOptions): Promise<void> {
  const [, node, id] = /^(?:([^/]+)\/)?([0-9a-f]{16})$/.exec(crashId) ?? [];
  if (id === undefined || (node !== undefined && !isName(node))) {
    const words = `"${crashId}" is no crash: \`interactor crash list\` has them, such as 0f3a…`;
    throw commandFault("USAGE", printable(words));
  }
  const path = `${crashesPath}/${id}${node === undefined ? "" : `?node=${node}`}`;
  const crash = await fetchApi(await findHub(options, process.env), path, crashResponse);
  const lines = options.json === true ? [JSON.stringify(crash)] : showLines(crash, new Date());
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** As many as the hub keeps: what comes meanwhile moves the others on, and may be told twice. */
async function allCrashes(hub: HubAddress, wanted: Wanted): Promise<readonly CrashSummary[]> {
  const found = new Map<string, CrashSummary>();
  for (let from = 0; ; from += crashesToldMax) {
    const page = await fetchCrashes(hub, wanted, from);
    const before = found.size;
    for (const crash of page) found.set(`${crash.node}/${crash.id}`, crash);
    // One with fewer than its most may be without a row that the hub could not read.
    if (found.size === before) return [...found.values()];
  }
}

/** Those that came last first; no more than one answer has. */
export async function fetchCrashes(
  hub: HubAddress,
  wanted: Wanted,
  from = 0,
): Promise<readonly CrashSummary[]> {
  const query = new URLSearchParams(
    Object.entries({ ...wanted, from }).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, String(value)]],
    ),
  );
  return (await fetchApi(hub, `${crashesPath}?${query}`, crashesResponse)).crashes;
}

function placeOf(place: string | undefined): Wanted {
  const [node, instance, ...more] = place?.split("/") ?? [];
  const names = [node, instance].filter((each) => each !== undefined);
  if (more.length === 0 && names.every((each) => isName(each))) return { node, instance };
  throw commandFault("USAGE", `"${place}" is no place: write a node such as pi-01, or pi-01/lamp`);
}

function listLines(
  crashes: readonly CrashSummary[],
  now: Date,
  painter: Painter,
  place?: string,
): readonly string[] {
  if (crashes.length === 0)
    return [place === undefined ? "no module has crashed" : `nothing has crashed on ${place}`];
  const rows = crashes.map((crash) =>
    [
      crash.id,
      crash.node,
      instancesOf(crash),
      formatAge(new Date(crash.last_at), now),
      `${crash.times}×`,
      causes[crash.cause],
      crash.reason,
    ].map(printable),
  );
  const headings = ["ID", "NODE", "INSTANCES", "LAST", "TIMES", "HOW", "WHY"];
  return tableLines(headings, rows, (text, _column, row) => (row < 0 ? painter.faint(text) : text));
}

/** What it says to whoever looks for the mistake. */
function showLines(crash: CrashDetails, now: Date): readonly string[] {
  const ago = (text: string): string => `${formatDay(new Date(text))} (${formatAge(new Date(text), now)})`;
  const code = crash.instances.map(
    ({ instance, module, version, digest }) =>
      `${instance}: ${[module, version, digest.slice(0, 12)].filter(Boolean).join(" ")}`,
  );
  const used = [
    ...(crash.memory_bytes === null ? [] : [`${(crash.memory_bytes / 1024 / 1024).toFixed(1)} MB`]),
    ...(crash.cpu_ms === null ? [] : [`${formatSpan(crash.cpu_ms)} of the processor`]),
  ];
  const exit = [
    ...(crash.exit_code === null ? [] : [`code ${crash.exit_code}`]),
    ...(crash.signal === null ? [] : [crash.signal]),
  ];
  const told = (heading: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ["", heading, ...lines.map((line) => `  ${line}`)];
  return [
    `${instancesOf(crash)} on ${crash.node}: ${causes[crash.cause]}`,
    `why       ${crash.reason}`,
    `last      ${ago(crash.last_at)}${crash.unsynchronised ? ", by the node's own clock" : ""}`,
    ...(crash.times > 1 ? [`times     ${crash.times}, since ${ago(crash.first_at)}`] : []),
    `ran       ${formatSpan(crash.up_ms)} in a ${crash.guest}, started again ${crash.restarts} times before`,
    ...(used.length === 0 ? [] : [`used      ${used.join(", ")}`]),
    ...(exit.length === 0 ? [] : [`ended     with ${exit.join(", ")}`]),
    ...code.map((words) => `code      ${words}`),
    `agent     ${crash.agent_version}`,
    ...told("where it was", crash.stack === "" ? [] : crash.stack.split("\n")),
    ...told("what it was told last", crash.told),
    ...told("what it said last", crash.said),
  ].map(printable);
}

const instancesOf = ({ instances }: CrashSummary): string =>
  instances.length === 0 ? "(none)" : instances.map(({ instance }) => instance).join(", ");

const causes = {
  error: "crashed",
  hang: "hung",
  memory: "out of memory",
  sandbox: "ended by its sandbox",
  signal: "killed",
  stop: "did not stop",
  start: "did not start",
} as const satisfies Record<CrashSummary["cause"], string>;

/** One line of one crash, for whoever asks about its instance. */
export const crashWords = (crash: CrashSummary, now: Date): string =>
  printable(
    `${causes[crash.cause]} ${formatAge(new Date(crash.last_at), now)}${crash.times > 1 ? `, ${crash.times} times` : ""}: ${crash.reason} (interactor crash show ${crash.id})`,
  );
