/**
 * `interactor stop` and `interactor stop release`: publishes the latch before anything else, then waits for the nodes'
 * word. A node has stopped when it reports the latch; how long that took is measured here, from our sending to its
 * word's arrival, because clocks of machines differ: the way there, the stop itself, and the way back. Until it is
 * sent every failure says that nothing was stopped; after that no failure may hide that it was.
 */
import { randomBytes } from "node:crypto";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { nearest } from "@interactor/shared/kernel/nearest";
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import type { NodesResponse, NodeView } from "@interactor/shared/wire/api";
import { encodeStopLatch, everyZone } from "@interactor/shared/wire/messages/stop";
import { siteTopics } from "@interactor/shared/wire/topics";
import { commandFault } from "./exit.ts";
import { fetchNodes, fetchSite, findHub, type HubOptions } from "./hub-client.ts";
import { type MqttSession, openMqtt } from "./mqtt-session.ts";
import { type Asked, Answers, type Expected } from "./stop-answers.ts";
import { nothingHeld, report, reportUnseen, unchanged } from "./stop-report.ts";
import { whoAsks } from "./who-asks.ts";

export interface StopOptions extends HubOptions {
  readonly zone?: string;
  readonly timeout?: Millis;
  readonly json?: boolean;
  readonly color?: boolean;
}

/** How long to wait for the nodes' word when nobody says. */
const patienceDefault = seconds(3);

/** Whether anybody will be heard of what is asked. */
interface Seen {
  readonly isHubHeard: boolean;
  /** Why nodes, or the hub, are not. */
  readonly why: string | undefined;
}

type NodesAnswer = Promise<Result<NodesResponse, unknown>>;

export async function runStop(isRelease: boolean, options: StopOptions, signal: AbortSignal): Promise<void> {
  const answers = new Answers();
  const hub = await findHub(options, process.env);
  // Beside the connection: a stop does not wait for what it does not need.
  const nodes: NodesAnswer = fetchNodes(hub).then(ok, failed);
  const said = fetchSite(hub);
  await using undo = new AsyncDisposableStack();
  const begun = await (async () => {
    const hears = { message: answers.hear.bind(answers), lost: ignore, back: ignore };
    const session = undo.use(await openMqtt(hub, hears));
    const zone = options.zone ?? everyZone;
    const asked = isRelease ? await releaseOf(zone, nodes) : await stopOf(zone, nodes);
    return { session, asked, site: await siteOf(said, nodes) };
  })().catch((error: unknown) => {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.code, `NOTHING WAS ${isRelease ? "RELEASED" : "STOPPED"}: ${error.message}`, {
      cause: error,
    });
  });
  const { session, asked, site } = begun;
  if (isRelease && asked.released.length === 0) return nothingHeld(asked, await nodes, options);
  answers.begin(asked);
  const seen = await ask(session, site, asked);
  const known = await nodes;
  const patience = options.timeout ?? patienceDefault;
  if (!known.ok || seen.why !== undefined) {
    const why = seen.why ?? (known.ok ? "" : messageOf(known.error));
    if (seen.isHubHeard) await answers.within({ here: [], away: [] }, patience, signal);
    return reportUnseen(asked, { isAccepted: answers.isAccepted, why }, options);
  }
  const given = await answers.within(expectedNodes(known.value.nodes, asked), patience, signal);
  return report(asked, { site: known.value, given, isAccepted: answers.isAccepted }, options);
}

const ignore = (): void => undefined;
const newId = (): string => randomBytes(8).toString("hex");

/** A stop of everything needs no answer of anybody; one of a zone asks whether there is such a zone, if it can. */
async function stopOf(zone: string, nodes: NodesAnswer): Promise<Asked> {
  const known = zone === everyZone ? undefined : await nodes;
  if (known?.ok === true) checkZone(zone, known.value);
  return { kind: "stop", zone, id: newId(), released: [] };
}

/** A release lets go of what is known when it is asked, so that has to be known. */
async function releaseOf(zone: string, nodes: NodesAnswer): Promise<Asked> {
  const known = await nodes;
  if (!known.ok) throw known.error;
  checkZone(zone, known.value);
  return { kind: "release", zone, id: newId(), released: heldIn(zone, known.value) };
}

function checkZone(zone: string, { stop, nodes }: NodesResponse): void {
  const zones = stop?.zones ?? [everyZone, ...nodes.flatMap((node) => node.zones ?? [])];
  if (zones.includes(zone)) return;
  throw commandFault(
    "NOT_FOUND",
    `no zone "${zone}"; ${nearest(zone, zones) ?? `there is ${zones.join(", ")}`}`,
  );
}

/** Ids of latches in the zone, those that only a node knows too. */
function heldIn(zone: string, { stop, nodes }: NodesResponse): readonly string[] {
  const latches = [...(stop?.latches ?? []), ...nodes.flatMap((node) => node.stop?.latches ?? [])];
  return [...new Set(latches.filter((latch) => latch.zone === zone).map(({ id }) => id))];
}

/** The site's name, from whichever answer comes first: a list of many nodes takes its time, or may not be readable. */
async function siteOf(said: Promise<string | undefined>, nodes: NodesAnswer): Promise<string> {
  const told = nodes.then((answer) => (answer.ok ? answer.value.site : undefined));
  const first = (await Promise.race([said, told])) ?? (await said) ?? (await told);
  if (first !== undefined) return first;
  const answer = await nodes;
  throw answer.ok ? commandFault("FAILED", "the hub does not say which site it is of") : answer.error;
}

const isIn = (node: Pick<NodeView, "zones">, zone: string): boolean =>
  zone === everyZone || node.zones?.includes(zone) === true;

/** It said so; one that fell silent may hear yet. */
const hasLeft = (state: NodeView["state"]): boolean => state === "disconnected" || state === "sleeping";

/** Of a release only those have something to say that are held by what is released. */
export function expectedNodes(nodes: readonly NodeView[], { kind, zone, released }: Asked): Expected {
  const concerned = nodes
    .filter((node) => !hasLeft(node.state) && isIn(node, zone))
    .filter(({ stop }) => kind === "stop" || stop?.latches.some(({ id }) => released.includes(id)) === true);
  const named = (isAway: boolean) =>
    concerned.filter(({ state }) => (state === "lost") === isAway).map(({ node }) => node);
  return { here: named(false), away: named(true) };
}

/**
 * The latch leaves first; what it brings is retained, so that nothing is missed by asking for it second.
 */
async function ask(session: MqttSession, site: string, asked: Asked): Promise<Seen> {
  const topics = siteTopics(site);
  const { kind, id, released } = asked;
  const document = encodeStopLatch({
    v: 1,
    latched: kind === "stop",
    by: whoAsks(),
    at: Date.now() * 1000,
    ...(kind === "stop" ? { id } : { released: [...released] }),
  });
  const sent = session.publish(topics.stop(asked.zone), document);
  const seen = Promise.allSettled([
    session.subscribe(topics.stop(asked.zone)),
    session.subscribe(topics.allReported),
  ]);
  try {
    await sent;
  } catch (error) {
    const advice = kind === "stop" ? "use the wired emergency stop" : unchanged;
    const words = `the ${kind} in ${asked.zone} was sent and NOT CONFIRMED: ${messageOf(error)}; ${advice}`;
    throw commandFault("TIMEOUT", words, error);
  }
  const [hub, nodes] = await seen;
  const refused = hub.status === "rejected" ? hub : nodes.status === "rejected" ? nodes : undefined;
  return { isHubHeard: hub.status === "fulfilled", why: refused && messageOf(refused.reason) };
}
