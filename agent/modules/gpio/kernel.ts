/** The few calls of the C library that Node has not, loaded when the first chip is opened. */
import { constants } from "node:fs";

export interface Kernel {
  /** Changes `bytes` where the request gives something. Throws a `KernelError`. */
  control(descriptor: number, request: number, bytes: Uint8Array): void;
  /**
   * Which of them have something to read, or an error; none after so many milliseconds. It cannot be broken off, and
   * holds a thread of the process meanwhile.
   */
  wait(descriptors: readonly number[], millis: number): Promise<readonly number[]>;
  /** Closes a descriptor that a request gave: Node, which closes those of a thread that dies, has not opened it. */
  close(descriptor: number): void;
  /** Notes with the kernel that this thread has the descriptor; the note ends with the thread. */
  own(descriptor: number): void;
  /** Whether a thread that lives has it. */
  isOwned(descriptor: number): boolean;
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

/** fcntl(2): who is told of what happens at a descriptor, struct f_owner_ex: a kind and a number. We ask nobody to be told. */
const ownerRequests = { set: 15, get: 16 } as const;
const ownerIsThread = 0;
const ownerBytes = 8;

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
  const fcntl = library.func("int fcntl(int descriptor, int request, void *owner)");
  const gettid = library.func("int gettid()");
  const close = library.func("int close(int descriptor)");
  const checked = (answer: unknown): void => {
    // Before anything else is called, which would have an error of its own.
    if (typeof answer !== "number" || answer < 0) throw new KernelError(koffi.errno());
  };
  const owner = (thread: number): DataView => {
    const view = new DataView(new ArrayBuffer(ownerBytes));
    view.setInt32(0, ownerIsThread, true);
    view.setInt32(4, thread, true);
    return view;
  };
  return {
    control: (descriptor, request, bytes) => checked(ioctl(descriptor, request, bytes)),
    close: (descriptor) => void close(descriptor),
    own: (descriptor) =>
      checked(fcntl(descriptor, ownerRequests.set, new Uint8Array(owner(Number(gettid())).buffer))),
    isOwned(descriptor) {
      const found = owner(0);
      checked(fcntl(descriptor, ownerRequests.get, new Uint8Array(found.buffer)));
      // The kernel keeps the thread itself and not its number: another that is given the number is not taken for it.
      return found.getInt32(4, true) !== 0;
    },
    wait(descriptors, millis) {
      const polled = new Uint8Array(pollBytes * descriptors.length);
      const view = new DataView(polled.buffer);
      for (const [index, descriptor] of descriptors.entries()) {
        view.setInt32(pollBytes * index, descriptor, true);
        view.setInt16(pollBytes * index + 4, pollIn, true);
      }
      const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>();
      poll.async(polled, descriptors.length, millis, (error: Error | null) => {
        if (error === null)
          resolve(descriptors.filter((_, index) => view.getInt16(pollBytes * index + 6, true) !== 0));
        else reject(error);
      });
      return promise;
    },
  };
}

/** How a chip is opened. */
export const chipFlags = constants.O_RDWR;
