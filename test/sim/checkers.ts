/** What must be true of a world: always, and once everything is well again. */
import { lane as lanes, laneNumbers } from "@interactor/shared/wire/lanes";
import { sumOf } from "@interactor/shared/wire/ledger";
import type { LedgerLane } from "@interactor/shared/wire/api";
import { nodeBatchEntriesMax, nodeQueueMessagesMax, windowPublishes } from "@interactor/shared/wire/limits";
import type { Observer } from "./observer.ts";
import { journalWaitingMax } from "../../hub/src/ports/journal.ts";
import { allowances } from "./allowances.ts";
import type { SimNode } from "./agent-life.ts";
import type { People } from "./people.ts";
import { checkRequests } from "./request-checkers.ts";
import { site } from "./surroundings.ts";
import { ringTtl, type World } from "./world.ts";

/** What of a packet may be counted beyond a bound that is looked at before it is taken. */
const onePacket = 512 * 1024;

/** To be asked again and again while a world goes on. */
export function checkAlways({ hub: { hub, journal }, nodes, observer }: World): void {
  for (const { name, disk, options } of nodes) {
    // One is being written while the oldest goes.
    const most = options.spool.bytesMax + 2 * options.spool.segmentBytes;
    if (disk.bytes > most) observer.violated("bounds", `${disk.bytes} bytes in the spool of ${name}`);
  }
  if (hub === undefined || journal === undefined) return;
  const { latches } = hub.showStop.view(() => "");
  for (const words of observer.stops.wrongAtHub(latches)) observer.violated("show stop", words);
  const view = hub.ledger.view(site, hub.router.queues);
  for (const { node, up, down } of view?.nodes ?? []) {
    for (const lane of up) checkLane(observer, `${node} up`, lane);
    for (const lane of down) checkLane(observer, `${node} down`, lane);
  }
  for (const { losses } of view?.nowhere ?? []) meet(observer, losses);
  for (const [node, queue] of hub.router.queues) {
    // What is on its way stands beside what waits.
    const most = nodeQueueMessagesMax + laneNumbers.length * windowPublishes * nodeBatchEntriesMax;
    if (queue.queued > most) observer.violated("bounds", `${queue.queued} messages wait for ${node}`);
  }
  if (journal.waitingBytes > journalWaitingMax + onePacket)
    observer.violated("bounds", `${journal.waitingBytes} bytes wait for the journal`);
}

function checkLane(observer: Observer, hop: string, of: LedgerLane): void {
  const { lane, difference, missed, losses, refused_there: there = {}, unaccounted, delivered } = of;
  if (difference !== 0) observer.violated("ledger", `${hop} ${lane}: difference ${difference}`);
  // A spool gives up what is old, and the numbers of that are never sent.
  const mayMiss = lane === "bulk" && hop.endsWith("up");
  if (missed > 0 && !mayMiss) observer.violated("gaps", `${hop} ${lane}: ${missed} missed`);
  meet(observer, losses);
  meet(observer, there);
  if (unaccounted > 0) observer.coverage.end("unaccounted crash");
  if (delivered > 0) observer.coverage.end("delivered");
}

function meet({ coverage }: Observer, losses: Readonly<Record<string, number>>): void {
  for (const [end, count] of Object.entries(losses)) if (count > 0) coverage.end(end);
}

/** What keeps the world from being as it should, in words; nothing: it is well. */
export function notConverged(world: World): readonly string[] {
  const { hub, nodes } = world;
  if (hub.hub === undefined || hub.journal === undefined || hub.isEnding) return ["the hub is not up"];
  const journal = hub.journal.waitingBytes > 0 ? ["something waits for the journal"] : [];
  return [
    ...journal,
    ...nodes.flatMap((node) => notConvergedAt(world, node).map((words) => `${node.name}: ${words}`)),
  ];
}

function notConvergedAt(world: World, node: SimNode): readonly string[] {
  const { hub, observer } = world;
  const { process, session, name } = node;
  const wrong: string[] = [];
  const say = (isWrong: boolean, words: string) => void (isWrong && wrong.push(words));
  if (hub.hub === undefined || process === undefined || session === undefined || node.isEnding)
    return ["it is not up"];
  const known = hub.hub.presence.state.get(name);
  if (known?.birth.session !== session) return ["its birth is not known"];
  say(known.state !== "ready", `it is ${known.state}: ${known.reasons.join(", ")}`);
  say((hub.hub.router.queues.get(name)?.queued ?? 0) > 0, "messages wait for it");
  const said = observer.said.get(session);
  for (const lane of laneNumbers) {
    const queued = said?.up[lane].queued ?? 1;
    // The word itself is followed by others: clock questions and receipts come and go.
    say(queued > 0 && lane !== lanes.control, `${queued} messages of lane ${lane} wait at it`);
  }
  const desired = hub.hub.site.wants(name);
  say(desired !== undefined && desired !== known.reported?.digest, "it does not run what is desired of it");
  const stop = known.reported?.stop?.latches ?? [];
  wrong.push(...observer.stops.wrongAt(node.options.zones, stop));
  const wall = node.clock?.wall() ?? 0;
  const hubWall = hub.process?.wall ?? 0;
  say(Math.abs(wall - hubWall) > clockErrorMax, `its clock is off by ${(wall - hubWall) / 1000} ms`);
  return [...wrong, ...notApplied(world, node)];
}

/** µs. Of a way that takes a millisecond. */
const clockErrorMax = 50_000;

/** What inputs hold is what the sources gave last, or what they go to on a stop. */
function notApplied({ observer, hub, isNarrow, next }: World, node: SimNode): readonly string[] {
  const level = node.lastGiven.get("level");
  if (level === undefined) return [];
  const targets = [[node, "lamp"] as const, [next(node), "light"] as const];
  return targets.flatMap(([at, input]) => {
    const isStopped = hub.hub?.presence.state.get(at.name)?.reported?.stop !== undefined;
    const held = observer.holds.get(`${at.name}/sink/${input}`)?.value;
    const wanted = isStopped ? -1 : level;
    const mayBeStale = allowances.staleAfterOverflow && isNarrow && input === "light" && !isStopped;
    return held === wanted || mayBeStale
      ? []
      : [`${at.name}/sink/${input} is ${JSON.stringify(held)} and not ${wanted}`];
  });
}

/** Nothing is on its way any more: what was promised of every single value. */
export function checkAtRest(world: World, people: People): void {
  for (const words of world.observer.stops.untold) world.observer.violated("show stop", words);
  checkValues(world);
  checkBooks(world);
  checkRequests(world, people);
}

function checkValues({ observer, nodes }: World): void {
  for (const [address, values] of observer.given) {
    const [node = "", , output = ""] = address.split("/");
    if (output === "level") continue;
    const isRoomy = nodes.find(({ name }) => name === node)?.options.isRoomy === true;
    for (const [number, { isAcknowledged, isDoubtful, isStored, isStoredUnheard, givenOutBy }] of values) {
      if (output === "log" && isRoomy && !isDoubtful && !isStored)
        observer.violated("durable is durable", `${address} ${number} never came to the journal`);
      if (isAcknowledged && !isStored)
        observer.violated("no acknowledged message lost", `${address} ${number} is not in the journal`);
      const isOut = givenOutBy.length > 0;
      const isExcused = allowances.storedButNotInTheFeed && isStoredUnheard;
      if (isAcknowledged && !isOut && !isExcused && output !== "label" && output !== "picture")
        observer.violated("no acknowledged message lost", `${address} ${number} was never given out`);
    }
  }
}

/**
 * Where nothing but the hub fails: an event that was acknowledged is done, if its node came back to a hub while it was
 * still of use, and that hub stayed.
 */
export function checkEvents({ nodes, next, observer }: World): void {
  for (const node of nodes) {
    const to = next(node).name;
    for (const [number, given] of observer.given.get(`${node.name}/src/event`) ?? []) {
      if (!given.isAcknowledged || observer.taken.get(`${to}/sink/bell`)?.has(number) === true) continue;
      const { storedAt: from } = given;
      // A node that comes for the first time may be there before its instances are.
      const isSettled = observer.bornAt.some(({ node: born, at }) => born === to && at < from - slack);
      const isMet = observer.bornAt.some(({ node: born, at }) => {
        const hasTime = born === to && at > from && at < from + ringTtl - slack;
        return hasTime && !observer.hubsEndedAt.some((end) => end >= at && end < at + slack);
      });
      if (isSettled && isMet)
        observer.violated("an acknowledged event is done", `${node.name} ${number} never came to ${to}`);
    }
  }
}

/** ms. A start, a connection and a look back take less. */
const slack = 500;

/** The books of the lives that go on agree with what was seen from outside. */
function checkBooks({ nodes, observer }: World): void {
  for (const node of nodes) {
    const said = node.session === undefined ? undefined : observer.said.get(node.session);
    if (said === undefined || node.session === undefined) continue;
    const of = (outputs: readonly string[]) =>
      outputs.reduce((sum, output) => {
        const values = observer.given.get(`${node.name}/src/${output}`)?.values() ?? [];
        return sum + [...values].filter(({ life }) => life === node.life).length;
      }, 0);
    const critical = said.up[lanes.critical];
    const urgent = of(["alarm", "siren"]);
    if (critical.produced !== urgent)
      observer.violated(
        "ledger",
        `${node.name} says ${critical.produced} urgent messages, and gave ${urgent}`,
      );
    const acknowledged = observer.acknowledgedTo.get(`${node.session} ${lanes.critical}`) ?? 0;
    if (critical.delivered > acknowledged)
      observer.violated(
        "ledger",
        `${node.name} says ${critical.delivered} delivered of ${acknowledged} acknowledged`,
      );
    if (critical.produced - sumOf(critical.losses) !== critical.delivered)
      observer.violated("ledger", `${node.name}: urgent messages without an end`);
    const durable = of(["log"]);
    if (said.up[lanes.bulk].produced < durable)
      observer.violated(
        "ledger",
        `${node.name} says ${said.up[lanes.bulk].produced} durable messages, and gave ${durable}`,
      );
  }
}
