import { useEffect, useMemo } from "preact/hooks";
import type { InputHandle } from "./input-handle.ts";
import { Steering } from "./steering.ts";

export interface Hand<Value> {
  readonly take: () => void;
  readonly leave: () => void;
  readonly move: (value: Value) => void;
  readonly giveBack: () => void;
  readonly shown: (live: Value | undefined) => Value | undefined;
}

/** A hand on the control of `handle`: its movements are sent in time, the last one always. */
export function useSteering<Value extends boolean | number | string>(handle: InputHandle): Hand<Value> {
  const { hand, stop } = useMemo(() => handOn<Value>(handle), [handle]);
  useEffect(() => stop, [stop]);
  return hand;
}

function handOn<Value extends boolean | number | string>(
  handle: InputHandle,
): { readonly hand: Hand<Value>; readonly stop: () => void } {
  const steering = new Steering<Value>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (at: number): void => {
    timer = undefined;
    const ready = steering.flush(at);
    if (ready !== undefined && !handle.set(ready.value)) steering.release();
  };
  const hand: Hand<Value> = {
    take: () => steering.take(),
    leave: () => steering.leave(performance.now()),
    shown: (live) => steering.shown(live, performance.now()),
    move(value) {
      const at = performance.now();
      const wait = steering.move(value, at);
      if (wait === 0) return flush(at);
      // A timer may come a little early by the page's clock; the time it was set for is what counts.
      timer ??= setTimeout(() => flush(at + wait), wait);
    },
    giveBack() {
      steering.release();
      handle.giveBack();
    },
  };
  return { hand, stop: () => clearTimeout(timer) };
}
