// What the tests of firmware share: the bench and the firmware, built once for each file of tests, in a folder that
// goes with them.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FirmwareBench, type BenchOptions } from "@interactor/firmware-bridges/bench/bench.ts";
import {
  buildBench,
  buildFirmware,
  type Chip,
  type Firmware,
} from "@interactor/firmware-bridges/bench/build.ts";

export interface Workbench extends AsyncDisposable {
  readonly folder: string;
  /** Starts a bench with a line of its own, unless one is named. */
  start(options: Partial<BenchOptions>): Promise<FirmwareBench>;
  /** Ends the benches that were started: after each test, because they take their share of the machine. */
  clear(): Promise<void>;
  build(firmware: Firmware, chip: Chip, defines?: readonly string[]): Promise<string>;
}

export async function openWorkbench(): Promise<Workbench> {
  const folder = await mkdtemp(join(tmpdir(), "interactor-firmware-"));
  const program = await buildBench(folder);
  const benches: FirmwareBench[] = [];
  let lines = 0;
  const clear = async (): Promise<void> => {
    await Promise.all(benches.splice(0).map((bench) => bench.unplug()));
  };
  return {
    folder,
    clear,
    async start(options) {
      const line = join(folder, `line-${lines++}`);
      const bench = await FirmwareBench.start({ program, line, chip: "atmega328p", ...options });
      benches.push(bench);
      return bench;
    },
    async build(firmware, chip, defines = []) {
      const built = await mkdtemp(join(folder, "built-"));
      return buildFirmware({ firmware, chip, folder: built, defines });
    },
    async [Symbol.asyncDispose]() {
      await clear();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
