/**
 * Finds the retained messages of a filter a piece at a time: one filter may see ten thousand branches, and a packet
 * may have many filters. It holds its place in the tree instead of what is still to be found, so that a client that
 * takes long to read costs a few hundred bytes.
 */
import type { Branch, Retained } from "./retained.ts";

/** Where it goes on: branches side by side, whose names stand at this depth or, under `#`, below it. */
interface Place {
  readonly branches: Iterator<readonly [string, Branch]>;
  /** Of the name in the filter that is asked for below each branch. */
  readonly depth: number;
  readonly isTop: boolean;
}

export class RetainedSearch {
  /** Branches looked at so far. */
  steps = 0;
  isDone = false;
  readonly #root: Branch;
  readonly #names: readonly string[];
  readonly #numberMax: number;
  readonly #places: Place[] = [];
  #hasBegun = false;

  /** `numberMax`: of the last message that was set before. Who asks gets what comes later as everybody does. */
  constructor(root: Branch, filter: string, numberMax: number) {
    this.#root = root;
    this.#names = filter.split("/");
    this.#numberMax = numberMax;
  }

  /** The next message, or `undefined`: it is done, or has looked at so many branches in vain. */
  next(stepsMax: number): Retained | undefined {
    const end = this.steps + stepsMax;
    while (!this.isDone && this.steps < end) {
      const found = this.#step();
      if (found !== undefined && found.number <= this.#numberMax) return found;
    }
    return undefined;
  }

  #step(): Retained | undefined {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      return this.#enter(this.#root, 0);
    }
    const place = this.#places.at(-1);
    if (place === undefined) {
      this.isDone = true;
      return undefined;
    }
    const next = place.branches.next();
    if (next.done === true) {
      this.#places.pop();
      return undefined;
    }
    const [name, branch] = next.value;
    this.steps += 1;
    // Wildcards in front see no branch that begins with $ [MQTT-4.7.2-1].
    return place.isTop && name.startsWith("$") ? undefined : this.#enter(branch, place.depth);
  }

  /** The message that is here, if the filter ends here; else it goes down as far as there is one way only. */
  #enter(from: Branch, fromDepth: number): Retained | undefined {
    let branch = from;
    for (let depth = fromDepth; ; depth += 1) {
      const name = this.#names[depth];
      if (name === undefined) return branch.message;
      const isRest = name === "#";
      if (isRest || name === "+") {
        const branches = branch.below?.entries();
        if (branches !== undefined)
          this.#places.push({ branches, depth: isRest ? depth : depth + 1, isTop: branch === this.#root });
        return isRest ? branch.message : undefined;
      }
      const below = branch.below?.get(name);
      if (below === undefined) return undefined;
      this.steps += 1;
      branch = below;
    }
  }
}
