/**
 * Ctrl-C and its like. The first asks for a good end, a second one for an end at once. Through npm on a terminal
 * one Ctrl-C arrives twice, from the terminal and from npm: what comes close behind the first is the same one.
 */
const sameOneWithin = 400; // ms

export interface Interruption {
  /** Resolves at the first signal. */
  readonly first: Promise<void>;
  /** Resolves when somebody has lost patience. */
  readonly second: Promise<void>;
}

/** From now on no signal ends the process by itself. */
export function listenForInterruption(): Interruption {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  let firstAt: number | undefined;
  const take = (signal: NodeJS.Signals) => {
    const now = performance.now();
    firstAt ??= now;
    first.resolve();
    // A terminal that is gone has nobody at it who could be impatient.
    if (signal !== "SIGHUP" && now - firstAt > sameOneWithin) second.resolve();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, take);
  return { first: first.promise, second: second.promise };
}
