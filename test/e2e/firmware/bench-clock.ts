// A clock that goes as the bench does. Where a bootloader counts the silence of its host, both must have one time: on a busy
// machine the bench lags, and a second of the wall clock is any part of one on the chip.

import { setTimeout as sleep } from "node:timers/promises";
import type { FirmwareBench } from "@interactor/firmware-bridges/bench/bench.ts";
import type { Clock } from "@interactor/shared/kernel/clock";
import { millis } from "@interactor/shared/kernel/units";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";

/** How often it is looked what time it is there. */
const lookMillis = 20;

/** Goes until the bench is unplugged, or it is disposed of. */
export function benchClock(bench: FirmwareBench): AsyncDisposable & { readonly clock: Clock } {
  const clock = new VirtualClock();
  let isOver = false;
  const follow = async (): Promise<void> => {
    let before = 0;
    while (!isOver) {
      const at = await bench.now();
      clock.advance(millis((at - before) / 1000));
      before = at;
      await sleep(lookMillis);
    }
  };
  const following = follow().catch((error: unknown) => {
    if (bench.process.exitCode === null && bench.process.signalCode === null) throw error;
  });
  return {
    clock,
    async [Symbol.asyncDispose]() {
      isOver = true;
      await following;
    },
  };
}
