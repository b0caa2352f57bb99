/**
 * Asks what is in a board which firmware it is, until it answers. Opening the line resets most boards, and the
 * bootloader of an Arduino Mega takes a byte that comes in its first second for the beginning of a new program, and waits
 * for 8 s for more of it: so nothing is said at first.
 */
import { type Clock, millis, seconds } from "@interactor/shared/sdk/define-module";
import { openTty } from "../serial-line/tty.ts";

export interface Runs {
  readonly firmware: string;
  /** As it says it itself: some say two numbers of three. */
  readonly release: string;
}

export interface BoardQuestion {
  readonly baudRate: number;
  readonly bytes: Uint8Array;
  /** For one line: takes what comes, and gives the answer once it has come. */
  listen(): (bytes: Uint8Array) => Runs | undefined;
}

/** Bootloaders wait for a second. */
const listenFirst = seconds(2);
const askAgain = millis(250);
/** A board that was flashed starts within two seconds. Later: it does not answer. */
const startLongest = seconds(10);

/** Throws when nobody answers, and when `signal` aborts. */
export async function askBoard(
  { path, clock }: { readonly path: string; readonly clock: Clock },
  question: BoardQuestion,
  signal: AbortSignal,
): Promise<Runs> {
  const { promise, resolve, reject } = Promise.withResolvers<Runs>();
  // It may fail before anybody waits for it.
  promise.catch(() => undefined);
  const take = question.listen();
  const { baudRate } = question;
  const tty = await openTty(
    { path, baudRate, dataBits: 8, stopBits: 1, parity: "none" },
    {
      received(bytes) {
        const runs = take(bytes);
        if (runs !== undefined) resolve(runs);
      },
      ended: (words) => reject(new Error(words ?? "it hung up")),
    },
  );
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  let cancelNext = (): void => undefined;
  const ask = (): void => {
    if (question.bytes.length > 0) tty.write(question.bytes);
    cancelNext = clock.after(askAgain, ask);
  };
  cancelNext = clock.after(listenFirst, ask);
  const cancelEnd = clock.after(startLongest, () => reject(new Error("it does not answer")));
  try {
    return await promise;
  } finally {
    cancelNext();
    cancelEnd();
    signal.removeEventListener("abort", abort);
    await tty.close();
  }
}
