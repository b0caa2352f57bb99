/**
 * `interactor set`: gives an actuator input a value by hand, for a while, and waits until its node says that
 * this command owns it. A command that nobody confirmed may still not be applied later: its TTL is our patience.
 */
import { randomBytes } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import { manualDefault } from "@interactor/shared/wire/limits";
import { type Command, encodeCommand } from "@interactor/shared/wire/messages/command";
import { decodeReported, type OwnerReport } from "@interactor/shared/wire/messages/reported";
import { portAddress, siteAddress } from "@interactor/shared/wire/names";
import { isHere } from "@interactor/shared/wire/node-state";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";
import { commandFault } from "./exit.ts";
import { findInput, type FoundInput, readAddress } from "./find-input.ts";
import { fetchNodes, findHub, type HubAddress, type HubOptions } from "./hub-client.ts";
import { readInputValue } from "./input-value.ts";
import { openMqtt } from "./mqtt-session.ts";
import { formatAge, formatSpan, formatValue, printable, toJson } from "./output.ts";

export interface SetOptions extends HubOptions {
  readonly for?: Millis;
  readonly release?: boolean;
  readonly timeout?: Millis;
  readonly json?: boolean;
}

/** How long to wait for the node's word when nobody says. */
const patienceDefault = seconds(3);

type Seen = OwnerReport | undefined;
type Confirmation =
  | { readonly kind: "confirmed"; readonly owner: Seen }
  | { readonly kind: "stopped"; readonly owner: OwnerReport }
  | { readonly kind: "silence" };

export async function runSet(
  addressText: string,
  valueText: string | undefined,
  options: SetOptions,
  signal: AbortSignal,
): Promise<void> {
  const address = readAddress(addressText);
  const wish = readWish(valueText, options);
  const hub = await findHub(options, process.env);
  const site = await fetchNodes(hub);
  const input = findInput(site, address);
  const command = commandFor(input, wish, options);
  refuseHopeless(input, command);
  const confirmation = await send(hub, { site: site.site, input, command, signal });
  report(input, command, confirmation, options);
}

type Wish = { readonly kind: "set"; readonly text: string } | { readonly kind: "release" };

function readWish(valueText: string | undefined, options: SetOptions): Wish {
  if (options.release === true) {
    if (valueText === undefined && options.for === undefined) return { kind: "release" };
    throw commandFault("USAGE", "--release gives the input back: it takes no value and no --for");
  }
  if (valueText !== undefined) return { kind: "set", text: valueText };
  throw commandFault("USAGE", "a value is missing; `interactor set --help` shows an example");
}

function commandFor(input: FoundInput, wish: Wish, options: SetOptions): Command {
  const ttl = options.timeout ?? patienceDefault;
  const by = whoAsks();
  if (wish.kind === "release") return { kind: "release", ttl, by };
  const value = readInputValue(wish.text, input.spec);
  if (value.ok) return { kind: "set", value: value.value, holdFor: options.for ?? manualDefault, ttl, by };
  throw commandFault("VALIDATION", `${siteAddress(input.address)} ${value.error}; "${wish.text}" is none`);
}

/** The end tells two commands of one person apart. */
function whoAsks(): string {
  return `cli:${userName()}@${hostname()}#${randomBytes(2).toString("hex")}`;
}

/** A user that the system does not know by name is its number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "somebody");
  }
}

function refuseHopeless({ address, node, owner }: FoundInput, command: Command): void {
  if (!isHere(node.state)) {
    const since = formatAge(new Date(node.last_seen), new Date());
    throw commandFault(
      "FAILED",
      `node ${address.node} is ${node.state}, last seen ${since}: nothing was sent`,
    );
  }
  if (owner?.kind === "stop" && command.kind === "set") {
    throw commandFault("FAILED", `${stopWords(siteAddress(address), owner.by)}: nothing was sent`);
  }
}

const stopWords = (address: string, by: string): string =>
  `a show stop by ${printable(by)} holds ${address} and is stronger than a value set by hand`;

interface Sending {
  readonly site: string;
  readonly input: FoundInput;
  readonly command: Command;
  readonly signal: AbortSignal;
}

async function send(hub: HubAddress, { site, input, command, signal }: Sending): Promise<Confirmation> {
  const { promise, resolve } = Promise.withResolvers<Confirmation>();
  const key = portAddress(input.address);
  const judge = (payload: Uint8Array) => {
    const reported = decodeReported(payload);
    if (!reported.ok) return;
    const owner = Object.hasOwn(reported.value.owners, key) ? reported.value.owners[key] : undefined;
    if (isDone(owner, command)) resolve({ kind: "confirmed", owner });
    else if (owner?.kind === "stop" && command.kind === "set") resolve({ kind: "stopped", owner });
  };
  await using session = await openMqtt(hub, {
    message: ({ payload }) => judge(payload),
    lost: () => undefined,
    back: () => undefined,
  });
  const { reported } = nodeTopics(site, input.address.node);
  await session.subscribe(reported);
  await session.publish(siteTopics(site).set(input.address), encodeCommand(command));
  // Nobody owns an input that is no actuator, and what nobody held by hand has nothing to give back.
  const isUnowned = input.spec.actuator !== true;
  const isFree = command.kind === "release" && input.owner?.kind !== "manual";
  if (isUnowned || isFree) return { kind: "confirmed", owner: undefined };
  const timer = setTimeout(() => resolve({ kind: "silence" }), command.ttl);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    clearTimeout(timer);
  }
}

function isDone(owner: Seen, command: Command): boolean {
  if (command.kind === "release") return owner?.kind !== "manual";
  return owner?.kind === "manual" && owner.by === command.by;
}

function report(input: FoundInput, command: Command, confirmation: Confirmation, options: SetOptions): void {
  const address = siteAddress(input.address);
  switch (confirmation.kind) {
    case "silence":
      throw commandFault(
        "TIMEOUT",
        `${address}: node ${input.address.node} did not confirm within ${formatSpan(command.ttl)}; the command has expired`,
      );
    case "stopped":
      throw commandFault("FAILED", `${stopWords(address, confirmation.owner.by)}; yours waits underneath`);
    case "confirmed":
      process.stdout.write(`${options.json === true ? jsonOf(input, command) : lineOf(input, command)}\n`);
  }
}

function lineOf(input: FoundInput, command: Command): string {
  const address = siteAddress(input.address);
  const was = input.owner === undefined ? "nobody's" : ownerWords(input.owner);
  if (command.kind === "release") {
    const isManual = input.owner?.kind === "manual";
    return isManual ? `${address} released (was: ${was})` : `${address} was not held by hand (is: ${was})`;
  }
  if (input.spec.actuator !== true)
    return `${address} = ${formatValue(command.value)} sent (no actuator: nobody owns it)`;
  const value = formatValue(command.value);
  return `${address} = ${value} for ${formatSpan(command.holdFor)} (was: ${was})`;
}

export const ownerWords = ({ kind, by }: { readonly kind: string; readonly by: string }): string =>
  kind === "route" ? `route ${printable(by)}` : `${kind} by ${printable(by)}`;

function jsonOf(input: FoundInput, command: Command): string {
  const common = { address: siteAddress(input.address), by: command.by, was: input.owner ?? null };
  if (command.kind === "release") return JSON.stringify({ ...common, released: true });
  return JSON.stringify({ ...common, value: toJson(command.value), for_ms: command.holdFor });
}
