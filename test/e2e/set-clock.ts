// A clock of a program's own, that a test may set while it runs: libfaketime shifts the wall clock and leaves the
// monotonic one alone, as on a machine where somebody sets the date.

import { globSync } from "node:fs";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProgramOptions } from "./programs.ts";

export interface SetClock extends AsyncDisposable {
  /** For the program that shall have the clock. */
  readonly env: NonNullable<ProgramOptions["env"]>;
  /** How far it is ahead of this machine's, in ms. */
  readonly ahead: number;
  set(ahead: number): Promise<void>;
}

export async function openSetClock(ahead: number): Promise<SetClock> {
  const folder = await mkdtemp(join(tmpdir(), "interactor-clock-"));
  const file = join(folder, "ahead");
  const [library = "libfaketimeMT.so.1"] = globSync("/usr/lib/*/faketime/libfaketimeMT.so.1");
  const clock = {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
    ahead,
    async set(to: number) {
      // In one step: half a file would be another time.
      await writeFile(`${file}.new`, `${to < 0 ? "" : "+"}${to / 1000}\n`);
      await rename(`${file}.new`, file);
      clock.ahead = to;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
  await clock.set(ahead);
  return clock;
}
