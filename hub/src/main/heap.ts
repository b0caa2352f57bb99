/** How V8's heap grows, in a process whose clients decide how much garbage there is. */
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Half of what young objects may take: V8 lets it grow to 16 MB, and then takes thrice as much under any load. */
const youngBytes = 2 * 1024 * 1024;
/** Enough to make it grow from what it begins with. */
const survivorsMax = 500_000;

/** The heap of young objects keeps its size, and that of old ones grows by a fifth at a time; or both as V8 likes. */
const tight = ["--semi-space-growth-factor=1", "--heap-growing-percent=20"] as const;
const wide = ["--semi-space-growth-factor=2", "--heap-growing-percent=0"] as const;
/** While many come to stay: what they are made of is old at once, and a fifth at a time is looked through over and over. */
const crowded = ["--semi-space-growth-factor=1", "--heap-growing-percent=35"] as const;

/** From so much work a second on memory is worth less than time, and below a third of it no longer. */
const busyPerSecond = 3000;
/** The same of clients that come. */
const crowdPerSecond = 300;
/** What a client that comes and goes leaves to be collected, beside an entry of an agent. */
const entriesPerVisit = 3;
const lookEvery = 100;

export interface Work {
  /** Entries taken in from agents so far. The values in the columns of one leave no garbage each. */
  entries(): number;
  readonly arrivals: {
    /** Clients so far that came. */
    readonly comers: number;
    /** Of these, who came with a clean session and said goodbye. */
    readonly visits: number;
  };
}

/**
 * Lets the heap of young objects grow to 2 MB and no further, and that of old ones by a fifth at a time. Measured:
 * 10,000 connections take 14 kB each instead of 23, and a storm of them makes the hub grow by 40 MB instead of 270.
 * With 1 MB a storm takes a fifth more processor time, because what lives as long as a connection is copied once more.
 *
 * What agents send lives until the journal has it, and what clients are made of until they have gone; both last longer
 * than a small young heap under load, and then a quarter of the time goes into collecting it. So it may grow while
 * there is much of such work. Floods, and clients that do not say goodbye, are none; while many of them come, only the
 * heap of old objects may grow faster. By 70 % an attack with sessions made the hub grow past 50 MB.
 */
export function boundHeap(work: Work): void {
  // The largest size can only be given on Node's command line. What can be set later is by how much it grows, so it is
  // made to grow to what it is to have.
  const survivors: unknown[] = [];
  while (youngCapacity() < youngBytes && survivors.length < survivorsMax) {
    for (let count = 0; count < 1000; count += 1) survivors.push([count]);
  }
  setFlags(tight);
  const isBusy = overLimit(() => work.entries() + entriesPerVisit * work.arrivals.visits, busyPerSecond);
  const isCrowded = overLimit(() => work.arrivals.comers, crowdPerSecond);
  let flags: readonly string[] = tight;
  setInterval(() => {
    const [busy, crowd] = [isBusy(), isCrowded()];
    const next = busy ? wide : crowd ? crowded : tight;
    if (next !== flags) setFlags(next);
    flags = next;
  }, lookEvery).unref();
}

/** Tells, each time it is asked, whether a count grows faster than so much a second; until it falls below a third of it. */
function overLimit(count: () => number, perSecondMax: number): () => boolean {
  let before = count();
  let isOver = false;
  return () => {
    const perSecond = ((count() - before) * 1000) / lookEvery;
    before = count();
    isOver = perSecond >= (isOver ? perSecondMax / 3 : perSecondMax);
    return isOver;
  };
}

function setFlags(flags: readonly string[]): void {
  for (const flag of flags) setFlagsFromString(flag);
}

function youngCapacity(): number {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
  return young === undefined ? youngBytes : young.space_used_size + young.space_available_size;
}
