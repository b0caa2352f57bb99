/** Who starts after whom: what an instance requires is running before it begins, as far as that can be waited for. */
import type { Clock } from "@interactor/shared/kernel/clock";
import { seconds } from "@interactor/shared/kernel/units";
import type { Plan } from "@interactor/shared/wire/messages/plan";
import type { Sightings } from "./core/apply/sightings.ts";

type Planned = Plan["instances"];

/**
 * What does not come up holds nobody back for longer: its line may be unplugged for a week, and a room must not stay dark
 * for it. For all of a change together, well within the time that a node has for one. Longer: go on.
 */
const patience = seconds(15);

/** Each wave needs only those before it. What goes in a circle comes last, together. */
export function startWaves(names: readonly string[], planned: Planned): readonly (readonly string[])[] {
  const left = new Set(names);
  const waves: (readonly string[])[] = [];
  while (left.size > 0) {
    const ready = [...left].filter((name) => beforeIt(planned, name).every((each) => !left.has(each)));
    const wave = ready.length === 0 ? [...left] : ready;
    for (const name of wave) left.delete(name);
    waves.push(wave);
  }
  return waves;
}

/** Who waits for instances to do what they are for, or at least to wait for their device. */
export class ComingUp {
  readonly #sightings: Pick<Sightings, "well">;
  readonly #lookers = new Set<() => void>();

  constructor(sightings: Pick<Sightings, "well">) {
    this.#sightings = sightings;
  }

  /** Something was seen of an instance. */
  look(): void {
    for (const look of this.#lookers) look();
  }

  /** Resolves when all of these are up; at the latest when it is given up. */
  async whenUp(names: readonly string[], signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      const { well } = this.#sightings;
      if (signal.aborted || names.every((name) => well.has(name))) resolve();
    };
    this.#lookers.add(look);
    signal.addEventListener("abort", look, { once: true });
    look();
    await promise;
    this.#lookers.delete(look);
  }
}

interface OrderedStart {
  readonly clock: Clock;
  readonly comingUp: Pick<ComingUp, "whenUp">;
  readonly start: (name: string) => Promise<void>;
}

export async function startInOrder(
  names: readonly string[],
  planned: Planned,
  { clock, comingUp, start }: OrderedStart,
): Promise<void> {
  const over = new AbortController();
  const cancel = clock.after(patience, () => over.abort());
  try {
    for (const wave of startWaves(names, planned)) {
      const required = new Set(wave.flatMap((name) => beforeIt(planned, name)));
      await comingUp.whenUp([...required], over.signal);
      await Promise.all(wave.map(start));
    }
  } finally {
    cancel();
  }
}

function beforeIt(planned: Planned, name: string): readonly string[] {
  const { after = [] } = (Object.hasOwn(planned, name) ? planned[name] : undefined) ?? {};
  return after.filter((each) => each !== name && Object.hasOwn(planned, each));
}
