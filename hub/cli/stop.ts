/**
 * `interactor stop` and `interactor stop release`: publishes the latch before anything else, then waits for the nodes'
 * word. A node has stopped when it reports the latch; how long that took is measured here, from our sending to its
 * word's arrival, because clocks of machines differ: the way there, the stop itself, and the way back.
 */
import { randomBytes } from "node:crypto";
import { Fault } from "@interactor/shared/kernel/fault";
import { nearest } from "@interactor/shared/kernel/nearest";
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import type { LatchView, NodesResponse, NodeView } from "@interactor/shared/wire/api";
import { decodeReported, type Reported } from "@interactor/shared/wire/messages/reported";
import { decodeStopLatch, encodeStopLatch, everyZone } from "@interactor/shared/wire/messages/stop";
import { parseTopic, siteTopics } from "@interactor/shared/wire/topics";
import { commandFault } from "./exit.ts";
import { fetchNodes, findHub, type HubOptions, isUnreachable } from "./hub-client.ts";
import { type MqttSession, openMqtt } from "./mqtt-session.ts";
import { latchWords } from "./latch-words.ts";
import { painterFor } from "./output.ts";
import { whoAsks } from "./who-asks.ts";

export interface StopOptions extends HubOptions {
  readonly zone?: string;
  readonly timeout?: Millis;
  readonly json?: boolean;
  readonly color?: boolean;
}

/** How long to wait for the nodes' word when nobody says. */
const patienceDefault = seconds(3);

export interface Asked {
  readonly kind: "stop" | "release";
  readonly zone: string;
  /** Of our latch. */
  readonly id: string;
  /** What a release lets go of: no more than was known when it was asked. */
  readonly released: readonly string[];
}

export async function runStop(isRelease: boolean, options: StopOptions, signal: AbortSignal): Promise<void> {
  const hub = await findHub(options, process.env);
  const answers = new Answers();
  const opening = openMqtt(hub, { message: (arrived) => answers.hear(arrived), lost: ignore, back: ignore });
  // Side by side: a stop does not wait for what it does not need. What fails first is told.
  const [site, session] = await Promise.all([fetchNodes(hub), opening]).catch(async (error: unknown) => {
    await opening.then((session) => session[Symbol.asyncDispose](), ignore);
    if (!isUnreachable(error) || !(error instanceof Fault)) throw error;
    throw commandFault(
      "HUB_UNREACHABLE",
      `NOTHING WAS ${isRelease ? "RELEASED" : "STOPPED"}: ${error.message}`,
      error,
    );
  });
  await using _session = session;
  const zone = knownZone(options.zone ?? everyZone, site);
  const asked: Asked = {
    kind: isRelease ? "release" : "stop",
    zone,
    id: randomBytes(8).toString("hex"),
    released: isRelease ? heldIn(zone, site) : [],
  };
  if (isRelease && asked.released.length === 0) {
    process.stdout.write(`${options.json === true ? jsonOf(asked, []) : nothingHeld(zone, site)}\n`);
    return;
  }
  const expected = expectedNodes(site.nodes, asked);
  answers.begin(asked, expected);
  await ask(session, site.site, asked);
  const given = await answers.within(options.timeout ?? patienceDefault, signal);
  report(asked, { site, given, isAccepted: answers.isAccepted }, options);
}

const ignore = (): void => undefined;

function knownZone(zone: string, { stop, nodes }: NodesResponse): string {
  const zones = stop?.zones ?? [everyZone, ...nodes.flatMap((node) => node.zones ?? [])];
  if (zones.includes(zone)) return zone;
  const hint = nearest(zone, zones) ?? `there is ${zones.join(", ")}`;
  throw commandFault("NOT_FOUND", `no zone "${zone}"; ${hint}; nothing was sent`);
}

/** Ids of latches in the zone, those that only a node knows too. */
function heldIn(zone: string, { stop, nodes }: NodesResponse): readonly string[] {
  const latches = [...(stop?.latches ?? []), ...nodes.flatMap((node) => node.stop?.latches ?? [])];
  return [...new Set(latches.filter((latch) => latch.zone === zone).map(({ id }) => id))];
}

const isIn = (node: Pick<NodeView, "zones">, zone: string): boolean =>
  zone === everyZone || node.zones?.includes(zone) === true;

/** It said so; one that fell silent may hear yet. */
const hasLeft = (state: NodeView["state"]): boolean => state === "disconnected" || state === "sleeping";

/** Of a release only those have something to say that are held by what is released. */
export function expectedNodes(
  nodes: readonly NodeView[],
  { kind, zone, released }: Asked,
): readonly string[] {
  return nodes
    .filter((node) => !hasLeft(node.state) && isIn(node, zone))
    .filter(({ stop }) => kind === "stop" || stop?.latches.some(({ id }) => released.includes(id)) === true)
    .map(({ node }) => node);
}

/** The latch leaves first; what it brings is retained, so that nothing is missed by asking for it second. */
async function ask(session: MqttSession, site: string, asked: Asked): Promise<void> {
  const topics = siteTopics(site);
  const { kind, id, released } = asked;
  const document = encodeStopLatch({
    v: 1,
    latched: kind === "stop",
    by: whoAsks(),
    at: Date.now() * 1000,
    ...(kind === "stop" ? { id } : { released: [...released] }),
  });
  await Promise.all([
    session.publish(topics.stop(asked.zone), document),
    session.subscribe(topics.stop(asked.zone)),
    session.subscribe(topics.allReported),
  ]);
}

export interface Given {
  readonly node: string;
  /** From our sending to the node's word; `undefined`: none came. */
  readonly answeredMs: number | undefined;
  /** What the node itself says that it took. */
  readonly tookMs: number | undefined;
}

/** Who has answered. */
class Answers {
  readonly #given = new Map<string, Given>();
  readonly #done = Promise.withResolvers<void>();
  #asked: Asked | undefined;
  #expected: readonly string[] = [];
  #sentAt = 0;
  isAccepted = false;

  begin(asked: Asked, expected: readonly string[]): void {
    this.#asked = asked;
    this.#expected = expected;
    this.#sentAt = performance.now();
  }

  hear({ topic, payload }: { readonly topic: string; readonly payload: Uint8Array }): void {
    const at = performance.now();
    const parsed = parseTopic(topic);
    const asked = this.#asked;
    if (asked === undefined) return;
    if (parsed?.kind === "stop") this.#hearHub(payload, asked);
    if (parsed?.kind !== "reported" || this.#given.has(parsed.node)) return;
    const reported = decodeReported(payload);
    if (!reported.ok || !hasObeyed(reported.value, asked) || !this.#expected.includes(parsed.node)) return;
    const answer = {
      node: parsed.node,
      answeredMs: at - this.#sentAt,
      tookMs: tookFor(asked, reported.value),
    };
    this.#given.set(parsed.node, answer);
    this.#settle();
  }

  async within(patience: Millis, signal: AbortSignal): Promise<readonly Given[]> {
    this.#settle();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    const timer = setTimeout(() => this.#done.resolve(), patience);
    try {
      await Promise.race([this.#done.promise, aborted]);
    } finally {
      clearTimeout(timer);
    }
    return this.#expected.map(
      (node) => this.#given.get(node) ?? { node, answeredMs: undefined, tookMs: undefined },
    );
  }

  #hearHub(payload: Uint8Array, asked: Asked): void {
    const said = decodeStopLatch(payload);
    if (!said.ok) return;
    const { latches = [], released = [] } = said.value;
    this.isAccepted ||=
      asked.kind === "stop"
        ? latches.some(({ id }) => id === asked.id)
        : asked.released.every((id) => released.includes(id));
    this.#settle();
  }

  #settle(): void {
    if (this.isAccepted && this.#given.size >= this.#expected.length) this.#done.resolve();
  }
}

/** A node that reports our latch has stopped; one that reports none of those released has let go of them. */
export function hasObeyed({ stop }: Pick<Reported, "stop">, { kind, id, released }: Asked): boolean {
  const held = (stop?.latches ?? []).map((latch) => latch.id);
  return kind === "stop" ? held.includes(id) : !held.some((each) => released.includes(each));
}

/** Of a release the node says nothing: what it reports belongs to the stop that still holds it. */
const tookFor = ({ kind }: Asked, { stop }: Reported): number | undefined =>
  kind === "stop" ? stop?.tookMs : undefined;

interface Outcome {
  readonly site: NodesResponse;
  readonly given: readonly Given[];
  /** Whether the hub has said that it holds, or holds no more. */
  readonly isAccepted: boolean;
}

function report(asked: Asked, { site, given, isAccepted }: Outcome, options: StopOptions): void {
  if (!isAccepted) {
    throw commandFault("TIMEOUT", `the hub did not confirm the ${asked.kind} in ${asked.zone} in time`);
  }
  const painter = painterFor(process.stdout, options.color !== false, process.env);
  const lines = options.json === true ? [jsonOf(asked, given)] : linesOf(asked, given);
  const left = options.json === true ? [] : leftLines(asked, site.stop?.latches ?? [], new Date());
  const [first = "", ...more] = [...lines, ...left];
  process.stdout.write(`${[asked.kind === "stop" ? painter.bad(first) : first, ...more].join("\n")}\n`);
  const silent = given.filter(({ answeredMs }) => answeredMs === undefined).map(({ node }) => node);
  if (silent.length === 0) return;
  const waits = asked.kind === "stop" ? "it stops when it is back" : "it is released when it is back";
  throw commandFault("FAILED", `no answer from ${silent.join(", ")}: whoever is away, ${waits}`);
}

export function linesOf(asked: Asked, given: readonly Given[]): readonly string[] {
  const { kind, zone } = asked;
  const answered = given.filter(({ answeredMs }) => answeredMs !== undefined);
  const slowest = answered.toSorted((left, right) => (right.answeredMs ?? 0) - (left.answeredMs ?? 0))[0];
  const done = kind === "stop" ? "stopped" : "released";
  const title = kind === "stop" ? `SHOW STOP in ${zone}` : `show stop released in ${zone}`;
  const nobody =
    kind === "stop"
      ? "no node is there; whoever comes is stopped, until `interactor stop release`"
      : "no node was held by it";
  const count =
    given.length === 0 ? nobody : `${answered.length} of ${given.length} ${nodesWord(given.length)} ${done}`;
  const pace =
    slowest === undefined ? "" : `, the slowest, ${slowest.node}, after ${msText(slowest.answeredMs)}`;
  return [
    `${title}: ${count}${pace}`,
    ...answered.map(({ node, answeredMs, tookMs }) => {
      const own = tookMs === undefined ? "" : ` (${msText(tookMs)} of it on the node)`;
      return `  ${node}  ${done}, its word after ${msText(answeredMs)}${own}`;
    }),
    ...given.filter(({ answeredMs }) => answeredMs === undefined).map(({ node }) => `  ${node}  NO ANSWER`),
  ];
}

const nodesWord = (nodes: number): string => (nodes === 1 ? "node" : "nodes");
const msText = (span: number | undefined): string => (span === undefined ? "?" : `${span.toFixed(1)} ms`);

/** Other latches that still hold. */
function leftLines({ kind, zone }: Asked, latches: readonly LatchView[], now: Date): readonly string[] {
  if (kind === "stop") return [];
  return latches.filter((latch) => latch.zone !== zone).map((latch) => `still ${latchWords(latch, now)}`);
}

function nothingHeld(zone: string, { stop }: NodesResponse): string {
  const others = (stop?.latches ?? []).map((latch) => `; still ${latchWords(latch, new Date())}`);
  return `no show stop holds ${zone}${others.join("")}`;
}

const jsonOf = ({ kind, zone, id }: Asked, given: readonly Given[]): string =>
  JSON.stringify({
    zone,
    stopped: kind === "stop",
    ...(kind === "stop" ? { id } : {}),
    nodes: given.map(({ node, answeredMs, tookMs }) => ({
      node,
      answered_ms: answeredMs ?? null,
      took_ms: tookMs ?? null,
    })),
  });
