/** `interactor mode`: what the site and its zones are in, and how to set it. */
import { nearest } from "@interactor/shared/kernel/nearest";
import type { ModesResponse } from "@interactor/shared/wire/api-config";
import { fetchModes, setMode } from "./config-client.ts";
import { commandFault } from "./exit.ts";
import { findHub, type HubOptions } from "./hub-client.ts";
import { formatAge, painterFor, type Painter, printable, tableLines } from "./output.ts";
import { whoAsks } from "./who-asks.ts";

export interface ModeOptions extends HubOptions {
  readonly reason?: string;
  readonly json?: boolean;
  readonly color: boolean;
}

type ZoneMode = ModesResponse["zones"][number];

export async function runMode(
  zone: string | undefined,
  mode: string | undefined,
  options: ModeOptions,
): Promise<void> {
  const hub = await findHub(options, process.env);
  const before = await fetchModes(hub);
  if (zone !== undefined) checkZone(before, zone);
  const { reason } = options;
  const request = { zone: zone ?? "site", mode: mode ?? "", by: whoAsks() };
  const answer = mode === undefined ? before : await setMode(hub, { ...request, ...(reason && { reason }) });
  const zones = zone === undefined ? answer.zones : answer.zones.filter((each) => each.zone === zone);
  const painter = painterFor(process.stdout, options.color, process.env);
  const shown = { ...answer, zones };
  const lines = options.json === true ? [JSON.stringify(shown)] : modeLines(shown, new Date(), painter);
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** `mode open` most likely means the site's. */
function checkZone({ zones }: ModesResponse, name: string): void {
  const names = zones.map(({ zone }) => zone);
  if (names.includes(name)) return;
  const isMode = zones.some(({ modes }) => Object.hasOwn(modes, name));
  const hint = isMode
    ? `of the whole site: interactor mode site ${name}`
    : (nearest(name, names) ?? `there are ${names.join(", ")}`);
  throw commandFault("NOT_FOUND", printable(`there is no zone "${name}"; ${hint}`));
}

export function modeLines({ zones }: ModesResponse, now: Date, painter: Painter): readonly string[] {
  const all = zones.flatMap(({ modes }) => Object.keys(modes));
  if (all.length === 0) return ["this site has no modes: write them under modes: in the site file"];
  const rows = zones.map((zone) =>
    [zone.zone, modeCell(zone), flagsCell(zone), sinceCell(zone, now), othersCell(zone)].map(printable),
  );
  const headings = ["ZONE", "MODE", "MEANS", "SET", "CAN BE"];
  return tableLines(headings, rows, (text, _column, row) => (row < 0 ? painter.faint(text) : text));
}

const modeCell = ({ mode, from }: ZoneMode): string =>
  mode === undefined ? "–" : `${mode}${from === undefined ? "" : ` (of ${from})`}`;

function flagsCell({ mode, modes }: ZoneMode): string {
  const flags = mode !== undefined && Object.hasOwn(modes, mode) ? modes[mode] : undefined;
  if (flags === undefined) return "–";
  const words = [flags.audience ? "audience" : "no audience", flags.updates ? "updates" : "no updates"];
  return words.join(", ");
}

function sinceCell({ since, by, reason }: ZoneMode, now: Date): string {
  if (since === undefined) return "by the site file";
  const who = by === undefined ? "" : ` by ${by}`;
  return `${formatAge(new Date(since), now)}${who}${reason === undefined ? "" : `: ${reason}`}`;
}

const othersCell = ({ mode, modes }: ZoneMode): string =>
  Object.keys(modes)
    .filter((name) => name !== mode)
    .join(", ");
