/** Plays one seed: a bad time, then everything is well again, then the world has to be as it should. */
import { BadTimes } from "./bad-times.ts";
import { checkAlways, checkAtRest, checkEvents, notConverged } from "./checkers.ts";
import type { Violation } from "./observer.ts";
import { People } from "./people.ts";
import { World } from "./world.ts";

export interface Played {
  readonly seed: number;
  readonly hash: string;
  readonly events: number;
  readonly violations: readonly Violation[];
  readonly ends: readonly string[];
  readonly faults: readonly string[];
  readonly trace: readonly string[];
}

/**
 * In ms of the world. An attempt to connect that began before takes 5 s, and the next one comes within 5 s; then the
 * ledger is said every 5 s.
 */
const convergesWithin = 18_000;
const traceShown = 80;

export async function playSeed(seed: number): Promise<Played> {
  const world = new World(seed);
  const { time, observer, coverage } = world;
  try {
    await play(world);
  } catch (error) {
    observer.violated("no crash", error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const { violations, hash, trace } = observer;
  return {
    seed,
    hash,
    events: time.events,
    violations,
    ends: [...coverage.ends],
    faults: [...coverage.faults],
    trace: violations.length === 0 ? [] : trace.slice(-traceShown),
  };
}

async function play(world: World): Promise<void> {
  const { time, observer, chance, hub, nodes } = world;
  hub.start();
  for (const node of nodes) time.after(chance.between(0, 1000), () => node.start());
  const people = new People(world);
  const badUntil = chance.between(8000, 16_000);
  const bad = new BadTimes(world, people, badUntil);
  let goesOn = true;
  const look = () => {
    checkAlways(world);
    if (goesOn) time.after(500, look);
  };
  look();
  await time.runUntil(badUntil, () => observer.violations.length > 0);
  if (observer.violations.length > 0) return;
  bad.heal();
  observer.tell("all is well again");
  // Somebody goes on a little, so that what was said last is said to all.
  await time.runUntil(badUntil + 1000);
  people.rest();
  if (chance.is(0.6)) for (const zone of ["all", "left", "right"]) people.release(zone);
  const end = badUntil + 1000 + convergesWithin;
  let wrong: readonly string[] = ["nothing has been looked at"];
  while (time.now < end && wrong.length > 0) {
    bad.keepUp();
    await time.runUntil(time.now + 250);
    wrong = notConverged(world);
  }
  goesOn = false;
  if (wrong.length > 0) observer.violated("convergence", wrong.join("; "));
  const missing = people.sendOff();
  // What is said at a slow pace is said, and what was asked has run out.
  await time.runUntil(time.now + 6000);
  for (const words of missing()) observer.violated("what is given now arrives", words);
  checkAlways(world);
  checkAtRest(world, people);
  // What a full queue gave up is counted, and not done.
  if (bad.isOfHubAlone && !world.isNarrow) checkEvents(world);
}
