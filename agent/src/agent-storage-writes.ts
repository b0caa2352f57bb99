/**
 * What instances keep, written no faster than a card takes it for years: of what is kept while a write waits or is on its
 * way, the next write has all, and whoever asked is told when that is on disk.
 */
import type { Clock } from "@interactor/shared/kernel/clock";
import { between, millis } from "@interactor/shared/kernel/units";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import { instancesMax } from "@interactor/shared/wire/limits";
import { WritePace } from "./core/storage/write-pace.ts";
import type { ModuleServices, Stored } from "./ports/module-services.ts";

/** Instances whose writes are remembered, those that are gone too. More: evict, of those that have nothing to write. */
const instancesKept = 2 * instancesMax;
/** Writes for which nobody waits for the pace when an instance ends: a stop must not be late for what it writes. More: later. */
const writesAtEnd = 4;

interface Waiting {
  stored: Stored;
  readonly written: PromiseWithResolvers<void>;
}

interface Writes {
  readonly pace: WritePace;
  /** To be written next. */
  waiting: Waiting | undefined;
  /** On its way to the disk. */
  underway: Promise<void> | undefined;
  isTimed: boolean;
  /** So many may go before their time. */
  ahead: number;
}

/** The same services with paced writes. */
export function pacedWrites(services: ModuleServices, clock: Clock): ModuleServices {
  const writes = new Map<string, Writes>();
  const next = (instance: string, of: Writes): void => {
    if (of.waiting === undefined || of.underway !== undefined) return;
    const at = clock.now();
    const wait = between(at, of.pace.openAt(at));
    if (wait > 0 && of.ahead > 0) of.ahead -= 1;
    else if (wait > 0) {
      if (of.isTimed) return;
      of.isTimed = true;
      clock.after(millis(wait), () => {
        of.isTimed = false;
        next(instance, of);
      });
      return;
    }
    const { stored, written } = of.waiting;
    of.waiting = undefined;
    of.pace.wrote(encodeCbor(stored).length, at);
    of.underway = write(instance, of, stored, written);
  };
  const write = async (
    instance: string,
    of: Writes,
    stored: Stored,
    { resolve, reject }: PromiseWithResolvers<void>,
  ): Promise<void> => {
    try {
      await services.saveStored(instance, stored);
      resolve();
    } catch (error) {
      reject(error);
    }
    of.underway = undefined;
    next(instance, of);
  };
  return {
    ...services,
    async loadStored(instance) {
      const of = writes.get(instance);
      // Its life before has left it to be written.
      if (of?.waiting !== undefined) return of.waiting.stored;
      await of?.underway;
      return services.loadStored(instance);
    },
    saveStored(instance, stored) {
      const of = writes.get(instance) ?? begun(writes, instance);
      if (of.waiting === undefined) of.waiting = { stored, written: Promise.withResolvers<void>() };
      else of.waiting.stored = stored;
      const { promise } = of.waiting.written;
      next(instance, of);
      return promise;
    },
    async flush(instance) {
      const flushed = [...writes].filter(([name]) => instance === undefined || name === instance);
      await Promise.all(flushed.map(([name, of]) => flush(of, () => next(name, of))));
    },
  };
}

async function flush(of: Writes, next: () => void): Promise<void> {
  const { waiting, underway } = of;
  of.ahead = writesAtEnd;
  next();
  await underway;
  // Whoever asked for it is told when it is refused.
  await waiting?.written.promise.catch(() => undefined);
  await of.underway;
}

function begun(writes: Map<string, Writes>, instance: string): Writes {
  if (writes.size >= instancesKept) {
    const idle = [...writes].find(
      ([, { waiting, underway }]) => waiting === undefined && underway === undefined,
    );
    if (idle !== undefined) writes.delete(idle[0]);
  }
  const of: Writes = {
    pace: new WritePace(),
    waiting: undefined,
    underway: undefined,
    isTimed: false,
    ahead: 0,
  };
  writes.set(instance, of);
  return of;
}
