/**
 * `interactor set`: gives an actuator input a value by hand, for a while, and says what came of it: done, refused
 * or expired. There is always an answer, from the node or from the hub; without one the hub itself is gone. What
 * was not done in time is not done later: the command's TTL is our patience.
 */
import { randomBytes } from "node:crypto";
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import { manualDefault } from "@interactor/shared/wire/limits";
import { type Command, encodeCommand } from "@interactor/shared/wire/messages/command";
import { restOf } from "@interactor/shared/wire/messages/port";
import { decodeReply, type ReplyDocument, replyWords } from "@interactor/shared/wire/messages/reply";
import { decodeReported } from "@interactor/shared/wire/messages/reported";
import type { OwnerReport } from "@interactor/shared/wire/messages/owners";
import { portAddress, sceneInstance, siteAddress } from "@interactor/shared/wire/names";
import { isHere } from "@interactor/shared/wire/node-state";
import { type RequestId, requestOf } from "@interactor/shared/wire/request";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";
import { commandFault } from "./exit.ts";
import { findInput, type FoundInput, readAddress } from "./find-input.ts";
import { fetchNodes, findHub, type HubAddress, type HubOptions } from "./hub-client.ts";
import { readInputValue } from "./input-value.ts";
import { openMqtt } from "./mqtt-session.ts";
import { formatAge, formatSpan, formatValue, printable, toJson } from "./output.ts";
import { whoAsks } from "./who-asks.ts";

export interface SetOptions extends HubOptions {
  readonly for?: Millis;
  readonly release?: boolean;
  readonly timeout?: Millis;
  readonly json?: boolean;
}

/** How long to wait for the node's word when nobody says. */
const patienceDefault = seconds(3);
/** The hub answers for a node that does not; a hub that has not by then is gone, in ms. */
const hubPatience = 2000;
/** Who owns an input is told a moment after it was set; `why` shall know it when `set` has ended, in ms. */
const ownerPatience = 400;
const requestBytes = 8;

type Seen = OwnerReport | undefined;
type Answer = ReplyDocument | "silence";

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
  if (options.for !== undefined && input.spec.actuator !== true)
    throw commandFault(
      "USAGE",
      `${siteAddress(address)} is no actuator: it is not set for a while, leave out --for`,
    );
  const command = commandFor(input, wish, options);
  refuseHopeless(input, command);
  const answer = await send(hub, { site: site.site, input, command, signal });
  report(input, command, answer, options);
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

type Request = Command & { readonly request: RequestId };

function commandFor(input: FoundInput, wish: Wish, options: SetOptions): Request {
  const ttl = options.timeout ?? patienceDefault;
  const common = { ttl, by: whoAsks(), request: requestOf(randomBytes(requestBytes)) };
  if (wish.kind === "release") return { kind: "release", ...common };
  const value = readInputValue(wish.text, input.spec);
  if (value.ok) return { kind: "set", value: value.value, holdFor: options.for ?? manualDefault, ...common };
  throw commandFault("VALIDATION", `${siteAddress(input.address)} ${value.error}; "${wish.text}" is none`);
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
  readonly command: Request;
  readonly signal: AbortSignal;
}

async function send(hub: HubAddress, { site, input, command, signal }: Sending): Promise<Answer> {
  const answered = Promise.withResolvers<Answer>();
  const owned = Promise.withResolvers<undefined>();
  const topics = { reply: siteTopics(site).reply(command.request), ...nodeTopics(site, input.address.node) };
  await using session = await openMqtt(hub, {
    message({ topic, payload }) {
      if (topic === topics.reported) {
        if (isShown(payload, input, command)) owned.resolve(undefined);
        return;
      }
      const reply = decodeReply(payload);
      if (reply.ok && reply.value.request === command.request) answered.resolve(reply.value);
    },
    lost: () => undefined,
    back: () => undefined,
  });
  await session.subscribe(topics.reply);
  await session.subscribe(topics.reported);
  await session.publish(siteTopics(site).set(input.address), encodeCommand(command));
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  const silence = late<Answer>(command.ttl + hubPatience, "silence");
  const answer = await Promise.race([answered.promise, silence, aborted]);
  const isDone = answer !== "silence" && answer.outcome === "done";
  // Nobody owns what keeps nothing or is at rest, and what nobody held by hand has nothing to give back.
  const rest = restOf(input.spec);
  const isToRest = command.kind === "set" && command.value === rest;
  const isUnowned = (input.spec.actuator !== true && rest === undefined) || isToRest;
  const isFree = command.kind === "release" && input.owner?.kind !== "manual";
  if (isDone && !isUnowned && !isFree)
    await Promise.race([owned.promise, late(ownerPatience, undefined), aborted]);
  return answer;
}

/** Resolves later, and keeps no process alive. */
function late<Outcome>(delay: number, outcome: Outcome): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  setTimeout(() => resolve(outcome), delay).unref();
  return promise;
}

/** Whether the node has said what the command made of the input. */
function isShown(payload: Uint8Array, input: FoundInput, command: Command): boolean {
  const reported = decodeReported(payload);
  if (!reported.ok) return false;
  const key = portAddress(input.address);
  const owner = Object.hasOwn(reported.value.owners, key) ? reported.value.owners[key] : undefined;
  return isDone(owner, command);
}

function isDone(owner: Seen, command: Command): boolean {
  if (command.kind === "release") return owner?.kind !== "manual";
  return owner?.kind === "manual" && owner.by === command.by;
}

function report(input: FoundInput, command: Command, answer: Answer, options: SetOptions): void {
  const address = siteAddress(input.address);
  if (answer === "silence") throw commandFault("HUB_UNREACHABLE", `${address}: the hub did not answer`);
  switch (answer.outcome) {
    case "done":
      process.stdout.write(`${options.json === true ? jsonOf(input, command) : lineOf(input, command)}\n`);
      return;
    case "refused":
      throw commandFault("FAILED", `${address}: refused, for ${printable(replyWords(answer))}`);
    case "expired":
      throw commandFault("TIMEOUT", `${address}: ${expiredWords(input, command, answer)}`);
  }
}

function expiredWords({ address }: FoundInput, command: Command, answer: ReplyDocument): string {
  const within = formatSpan(command.ttl);
  return answer.reason === "no-answer"
    ? `node ${address.node} did not confirm within ${within}; the command has expired`
    : `${printable(replyWords(answer))} (${within}); the command has expired`;
}

function lineOf(input: FoundInput, command: Command): string {
  const address = siteAddress(input.address);
  const was = input.owner === undefined ? "nobody's" : ownerWords(input.owner);
  if (command.kind === "release") {
    const isManual = input.owner?.kind === "manual";
    return isManual ? `${address} released (was: ${was})` : `${address} was not held by hand (is: ${was})`;
  }
  if (input.address.instance === sceneInstance)
    return command.value === true
      ? `scene ${input.address.port} is recalled on ${input.address.node}; let it go with false`
      : `scene ${input.address.port} is let go on ${input.address.node}`;
  const value = formatValue(command.value);
  if (restOf(input.spec) !== undefined)
    return `${address} = ${value} until somebody sets it otherwise or releases it (was: ${was})`;
  if (input.spec.actuator !== true) return `${address} = ${value} taken (no actuator: nobody owns it)`;
  return `${address} = ${value} for ${formatSpan(command.holdFor)} (was: ${was})`;
}

export const ownerWords = ({ kind, by }: { readonly kind: string; readonly by: string }): string =>
  kind === "route" ? `route ${printable(by)}` : `${kind} by ${printable(by)}`;

function jsonOf(input: FoundInput, command: Command): string {
  const common = { address: siteAddress(input.address), by: command.by, was: input.owner ?? null };
  if (command.kind === "release") return JSON.stringify({ ...common, released: true });
  return JSON.stringify({ ...common, value: toJson(command.value), for_ms: command.holdFor });
}
