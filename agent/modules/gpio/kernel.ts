/** The few calls of the C library that Node has not, loaded when the first chip is opened. */
import { constants } from "node:fs";

export interface Kernel {
  /** Changes `bytes` where the request gives something. Throws a `KernelError`. */
  control(descriptor: number, request: number, bytes: Uint8Array): void;
  /** Whether there is something to read, at the latest after so many milliseconds. It cannot be broken off. */
  wait(descriptor: number, millis: number): Promise<boolean>;
}

export class KernelError extends Error {
  readonly errno: number;

  constructor(errno: number) {
    super(errorNames.get(errno) ?? `error ${errno}`);
    this.name = "KernelError";
    this.errno = errno;
  }
}

const errorNames: ReadonlyMap<number, string> = new Map([
  [1, "EPERM"],
  [6, "ENXIO"],
  [16, "EBUSY"],
  [19, "ENODEV"],
  [22, "EINVAL"],
  [25, "ENOTTY"],
]);

/** EBUSY: somebody else has the line. */
export const busy = 16;

/** struct pollfd: the descriptor, what is waited for, what came. */
const pollBytes = 8;
const pollIn = 1;

let loaded: Promise<Kernel> | undefined;

export function loadKernel(): Promise<Kernel> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Kernel> {
  const { default: koffi } = await import("koffi");
  const library = koffi.load("libc.so.6");
  const ioctl = library.func("int ioctl(int descriptor, unsigned long request, void *bytes)");
  const poll = library.func("int poll(void *polled, unsigned long count, int millis)");
  return {
    control(descriptor, request, bytes) {
      const answer: unknown = ioctl(descriptor, request, bytes);
      // Before anything else is called, which would have an error of its own.
      if (typeof answer !== "number" || answer < 0) throw new KernelError(koffi.errno());
    },
    wait(descriptor, millis) {
      const polled = new Uint8Array(pollBytes);
      const view = new DataView(polled.buffer);
      view.setInt32(0, descriptor, true);
      view.setInt16(4, pollIn, true);
      const { promise, resolve, reject } = Promise.withResolvers<boolean>();
      poll.async(polled, 1, millis, (error: Error | null, ready: unknown) => {
        if (error === null) resolve(typeof ready === "number" && ready > 0);
        else reject(error);
      });
      return promise;
    },
  };
}

/** How a chip is opened. */
export const chipFlags = constants.O_RDWR;
