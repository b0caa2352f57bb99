import { Fault } from "@interactor/shared/kernel/fault";
import { exitCode } from "./exit.ts";

/** What waits ends in good order, but not later than this, in ms. */
const endTimeout = 500;

/** Runs a client's work; Ctrl-C ends it with the code that shells give. */
export async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  // Whoever reads us has gone away, as `head` does: there is nothing left to say.
  process.stdout.on("error", () => process.exit());
  process.stderr.on("error", () => undefined);
  const abort = new AbortController();
  const interrupted = new Fault("INTERRUPTED", "interrupted");
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      abort.abort(interrupted);
      setTimeout(() => process.exit(exitCode.interrupted), endTimeout).unref();
    });
  }
  try {
    await work(abort.signal);
  } catch (error) {
    throw abort.signal.aborted ? interrupted : error;
  }
}
