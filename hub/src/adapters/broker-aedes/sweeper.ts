/**
 * Frees what was read and what was kept. The memory of a chunk lies outside JavaScript's heap, and is freed by a collection of young
 * objects; large chunks make few objects, so one would seldom come by itself, and a few clients that send much that
 * never ends would fill memory with what is long done with.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** A collection takes 0.7 ms, so at 32 MB/s this is one percent of a core. */
const sweepEvery = 2 * 1024 * 1024;

setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

export class Sweeper {
  #bytes = 0;

  /** So many bytes came, or were taken to gather or to keep what came. */
  came(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < sweepEvery) return;
    this.#bytes = 0;
    if (typeof collect === "function") Reflect.apply(collect, undefined, [{ type: "minor" }]);
  }
}
