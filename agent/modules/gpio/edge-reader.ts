/**
 * From edges to levels of outputs, stamped with the moment the kernel saw them. Pure. Edges that the kernel had to drop
 * show as gaps in its count; then the levels are asked for anew, so that no button stays pressed for ever.
 */
import { between, type Instant, type Micros, micros, seconds } from "@interactor/shared/sdk/define-module";
import type { Edge } from "./kernel-abi.ts";
import { edgesPerSecondMax } from "./limits.ts";

export interface Level {
  readonly output: string;
  readonly value: boolean;
  readonly at: Micros;
}

export interface EdgeMoment {
  readonly at: Instant;
  /** The site's clock now. */
  readonly wall: Micros;
  /** The kernel's monotonic clock now. */
  readonly nanos: bigint;
}

export interface ReadEdges {
  readonly levels: readonly Level[];
  /** Edges that were dropped, by the kernel or as too many. */
  readonly lost: number;
  /** Levels have to be asked for. */
  readonly isUnsure: boolean;
}

export class EdgeReader {
  /** Outputs by the number of their line. */
  readonly #outputs: ReadonlyMap<number, string>;
  #sequence: number | undefined;
  #since: Instant | undefined;
  #countOfSecond = 0;

  constructor(outputs: ReadonlyMap<number, string>) {
    this.#outputs = outputs;
  }

  read(edges: readonly Edge[], { at, wall, nanos }: EdgeMoment): ReadEdges {
    if (this.#since === undefined || between(this.#since, at) >= seconds(1)) {
      this.#since = at;
      this.#countOfSecond = 0;
    }
    const levels: Level[] = [];
    let lost = 0;
    for (const { offset, isRising, nanos: then, sequence } of edges) {
      lost += this.#gapBefore(sequence);
      const output = this.#outputs.get(offset);
      if (output === undefined) continue;
      this.#countOfSecond += 1;
      if (this.#countOfSecond > edgesPerSecondMax) lost += 1;
      // A stamp of the future would be a clock that is not ours.
      else
        levels.push({ output, value: isRising, at: micros(wall - Math.max(0, Number(nanos - then) / 1000)) });
    }
    return { levels, lost, isUnsure: lost > 0 };
  }

  #gapBefore(sequence: number): number {
    // The count of the kernel goes round after 2^32 edges.
    const gap = this.#sequence === undefined ? sequence - 1 : (sequence - this.#sequence - 1) >>> 0;
    this.#sequence = sequence;
    return gap;
  }
}
