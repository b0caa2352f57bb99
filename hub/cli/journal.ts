/** `interactor journal export` and `journal replay`: what the hub took in, as a file, and what routes make of it. */
import { spawn } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { type FileHandle, open } from "node:fs/promises";
import { existsSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { outputBytes, Replay, type ReplayOutput } from "@interactor/shared/routing/replay";
import { apiPaths } from "@interactor/shared/wire/api";
import { bundles } from "./bundles.ts";
import { checkedSite, counted } from "./config-check.ts";
import { commandFault } from "./exit.ts";
import {
  findHub,
  type HubAddress,
  type HubOptions,
  isUnreachable,
  refusalIn,
  unreachable,
  whoIs,
} from "./hub-client.ts";
import { formatClock, formatSpan, formatValue, toJson } from "./output.ts";
import { recordingIn } from "./recording-file.ts";
import { endOfRecording, placesOf } from "./replay-compare.ts";

export interface ExportOptions extends HubOptions {
  readonly since: Date;
  readonly until?: Date;
  readonly json?: boolean;
}

/** Bytes that go by without one for so long come no more, in ms: a hub reads a step of its journal in far less. */
const silenceMax = 60_000;

export async function runExport(file: string, options: ExportOptions, signal: AbortSignal): Promise<void> {
  // A file that is cut off stays beside the one that is asked for, and then goes.
  const draft = `${file}.${process.pid}.part`;
  try {
    // What visitors did is nobody's business but of who asked for it.
    const handle = await open(draft, "w", 0o600);
    try {
      await takeInto(handle, options, signal);
      await handle.sync();
    } finally {
      await handle.close();
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    signal.throwIfAborted();
    if (error instanceof Fault) throw error;
    throw commandFault("FAILED", `cannot write ${file}: ${messageOf(error)}`, error);
  }
  const { readings, from } = recordingIn(file);
  const span = ((readings.at(-1)?.at ?? from) - from) / 1000;
  const words = `wrote ${file}: ${counted(readings.length, "value")} of ${formatSpan(span)}; next: interactor config plan --against ${file}`;
  process.stdout.write(
    `${options.json === true ? JSON.stringify({ file, readings: readings.length, span_ms: span }) : words}\n`,
  );
}

/** From the hub; when none answers where nobody said that there is one, from its folder. */
async function takeInto(handle: FileHandle, options: ExportOptions, signal: AbortSignal): Promise<void> {
  const hub = await findHub(options, process.env);
  try {
    return await fromHub(hub, handle, options, signal);
  } catch (error) {
    const folder = folderOf(options);
    if (!isUnreachable(error) || options.hub !== undefined || folder === undefined) throw error;
    process.stderr.write(`no hub answers; reading the journal in ${folder}\n`);
    return fromFolder(folder, handle, options);
  }
}

async function fromHub(
  hub: HubAddress,
  handle: FileHandle,
  { since, until }: ExportOptions,
  signal: AbortSignal,
): Promise<void> {
  const query = new URLSearchParams({ since: since.toISOString() });
  if (until !== undefined) query.set("until", until.toISOString());
  const silence = new AbortController();
  const watch = setTimeout(() => silence.abort(new Error("it fell silent")), silenceMax);
  try {
    const answer = await fetch(`${hub.url}${apiPaths.journal}?${query}`, {
      headers: whoIs(process.env),
      redirect: "manual",
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (answer.status !== 200 || answer.body === null)
      throw refusalIn(hub, { status: answer.status, text: await answer.text() });
    for await (const piece of answer.body) {
      watch.refresh();
      await handle.write(piece);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof TypeError || silence.signal.aborted ? unreachable(hub, error) : error;
  } finally {
    clearTimeout(watch);
  }
}

/** The hub's own; a demo keeps its hub's data in a folder inside its own. */
function folderOf({ data }: ExportOptions): string | undefined {
  const given = resolve(data ?? process.env["INTERACTOR_DATA"] ?? ".interactor");
  return [given, join(given, "hub")].find((folder) => existsSync(join(folder, "journal.sqlite")));
}

/** By the hub's own program, which knows how its journal is kept. */
async function fromFolder(
  folder: string,
  handle: FileHandle,
  { since, until }: ExportOptions,
): Promise<void> {
  const times = ["--since", String(since.getTime()), ...(until ? ["--until", String(until.getTime())] : [])];
  const args = [bundles.hub, "record", "--data", folder, ...times];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  for await (const piece of child.stdout) if (piece instanceof Uint8Array) await handle.write(piece);
  const [code]: readonly unknown[] = await ended;
  if (code !== 0) throw commandFault("FAILED", `the journal in ${folder} cannot be read`);
}

export interface ReplayOptions {
  readonly print?: boolean;
  readonly json?: boolean;
  readonly color: boolean;
}

export function runReplay(file: string, site: string, options: ReplayOptions): void {
  const { readings, from } = recordingIn(file);
  const compiled = checkedSite(site, options);
  const hash = createHash("sha256");
  let outputs = 0;
  const places = placesOf(compiled);
  const replay = new Replay(places, from, (output) => {
    outputs += 1;
    tell(output, hash, options);
  });
  for (const reading of readings) replay.take(reading);
  replay.end(endOfRecording(readings, from, places));
  const failed = replay.runners.filter((runner) => runner.failed > 0);
  const digest = hash.digest("hex");
  const counts = { readings: readings.length, outputs, hash: digest };
  const failures = Object.fromEntries(failed.map(({ route, error }) => [route.name, error]));
  if (options.json === true) process.stdout.write(`${JSON.stringify({ ...counts, failed: failures })}\n`);
  else {
    for (const [name, error] of Object.entries(failures))
      process.stderr.write(`route ${name} fails: ${error}\n`);
    const words = `${counted(readings.length, "value")}, ${counted(outputs, "output")}, sha256 ${digest}`;
    process.stdout.write(`${words}\n`);
  }
}

function tell(output: ReplayOutput, hash: Hash, { print, json }: ReplayOptions): void {
  hash.update(outputBytes(output));
  if (print !== true) return;
  const { at, route, to, value } = output;
  const when = new Date(at / 1000);
  const line =
    json === true
      ? JSON.stringify({ at: when.toISOString(), route, to, value: toJson(value) })
      : `${formatClock(when)}  ${to}  ${formatValue(value)}  (${route})`;
  process.stdout.write(`${line}\n`);
}
