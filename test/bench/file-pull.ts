/** A bundle over a slow line: how long it takes, and what that costs somebody who presses stop meanwhile. */
import { setTimeout as after } from "node:timers/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleDigest, hubWithBundle, presses } from "../e2e/pull/bundle-hub.ts";
import { pullingNode } from "../e2e/pull/pulling-node.ts";
import { slowLine } from "../e2e/pull/slow-line.ts";
import { type Bench, type BenchContext, Samples } from "./bench.ts";

const runs = 3;
/** In bytes a second: a poor radio link, and a fair one. */
const rates = [250_000, 1_250_000] as const;
const idleTime = 2000;

export const filePull: Bench = {
  name: "file-pull",
  about: "300 KB to a node over a slow line, beside a stop every 20 ms on the same connection",
  run,
};
