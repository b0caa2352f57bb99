/** `interactor module profile`: where the time of a running module goes, or what it holds, as a file for Chrome's DevTools. */
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import type * as z from "zod/mini";
import { messageOf } from "@interactor/shared/kernel/fault";
import {
  type ProfileRequest,
  profilesPath,
  profileView,
  type ProfileView,
} from "@interactor/shared/wire/api-profile";
import { profileSpanMax } from "@interactor/shared/wire/limits";
import { isHere } from "@interactor/shared/wire/node-state";
import { commandFault } from "./exit.ts";
import {
  answerIn,
  askHub,
  fetchNodes,
  findHub,
  type HubAddress,
  type HubOptions,
  refusalIn,
  unreachable,
  whoIs,
} from "./hub-client.ts";
import { printable } from "./output.ts";

export interface ProfileOptions extends HubOptions {
  /** ms */
  readonly for: number;
  readonly heap?: boolean;
  readonly into?: string;
  readonly json?: boolean;
}

const lookEvery = 250; // ms
/** Of the file, which the hub has whole; in ms. */
const fileTimeout = 60_000;
/** Of the file: a snapshot of the largest heap has a fifth of it. More: refuse, a node may send anything. */
const unpackedMax = 512 * 1024 * 1024;

export async function runModuleProfile(
  node: string,
  instance: string,
  options: ProfileOptions,
  signal: AbortSignal,
): Promise<void> {
  const what = options.heap === true ? "heap" : "cpu";
  if (options.for > profileSpanMax) throw commandFault("USAGE", `--for is at most ${profileSpanMax / 1000}s`);
  const hub = await findHub(options, process.env);
  await mustRun(hub, node, instance);
  const end = what === "heap" ? "heapsnapshot" : "cpuprofile";
  const file = resolve(options.into ?? `${node}-${instance}.${end}`);
  const begun = await asked(hub, profilesPath, {
    node,
    instance,
    what,
    span_ms: what === "heap" ? 0 : options.for,
  });
  const told = what === "heap" ? "making a snapshot of its heap" : `watching it for ${options.for / 1000} s`;
  process.stderr.write(`${told} …\n`);
  const done = await untilDone(hub, begun, signal);
  await take(hub, done, file, signal);
  const words = `${file}: open it in Chrome's DevTools (${what === "heap" ? "Memory" : "Performance"}, load)`;
  process.stdout.write(
    `${options.json === true ? JSON.stringify({ file, packed_bytes: done.total }) : words}\n`,
  );
}

async function mustRun(hub: HubAddress, node: string, instance: string): Promise<void> {
  const { nodes } = await fetchNodes(hub);
  const view = nodes.find((each) => each.node === node);
  if (view === undefined)
    throw commandFault("NOT_FOUND", `there is no node "${node}": \`interactor nodes\` has those there are`);
  if (!isHere(view.state))
    throw commandFault("FAILED", `${node} is ${view.state}: ask again when it is back`);
  if (view.instances[instance] !== undefined) return;
  const known = Object.keys(view.instances).join(", ") || "nothing";
  throw commandFault("NOT_FOUND", printable(`${node} has no instance "${instance}": it runs ${known}`));
}

/** Shows how it comes, on a line that stays where it is. */
async function untilDone(hub: HubAddress, begun: ProfileView, signal: AbortSignal): Promise<ProfileView> {
  let view = begun;
  let shown = "";
  while (view.state === "making" || view.state === "coming") {
    await wait(lookEvery, undefined, { signal });
    view = await asked(hub, `${profilesPath}/${begun.id}`, {});
    const now = view.state === "coming" ? `${Math.floor((view.got / Math.max(view.total, 1)) * 100)} %` : "";
    if (now !== shown && process.stderr.isTTY) process.stderr.write(`\r${now}\u001b[K`);
    shown = now;
  }
  if (shown !== "" && process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  if (view.state === "done") return view;
  throw commandFault("FAILED", printable(`${view.reason ?? "it failed"} (${view.code ?? "PROFILE_FAILED"})`));
}

async function asked(hub: HubAddress, path: string, body: ProfileRequest | object): Promise<ProfileView> {
  const schema: z.ZodMiniType<ProfileView> = profileView;
  return answerIn(hub, await askHub(hub, path, { body }), schema);
}

/** Whole, or not there. */
async function take(hub: HubAddress, { id }: ProfileView, file: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${hub.url}${profilesPath}/${id}/file`, {
    method: "POST",
    body: "{}",
    headers: { ...whoIs(process.env), "content-type": "application/json" },
    signal: AbortSignal.any([signal, AbortSignal.timeout(fileTimeout)]),
    redirect: "manual",
  }).catch((error: unknown) => {
    throw unreachable(hub, error);
  });
  if (!response.ok) throw refusalIn(hub, { status: response.status, text: await response.text() });
  const draft = `${file}.${process.pid}.draft`;
  try {
    const packed = Buffer.from(await response.arrayBuffer());
    await pipeline(Readable.from([packed]), createGunzip(), bounded, createWriteStream(draft), { signal });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    signal.throwIfAborted();
    throw commandFault("FAILED", `${file} cannot be written: ${messageOf(error)}`, error);
  }
}

async function* bounded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > unpackedMax) throw new Error(`it has more than ${unpackedMax} bytes`);
    yield chunk;
  }
}
