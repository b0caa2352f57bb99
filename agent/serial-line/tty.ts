/**
 * An open tty: set up and locked by serialport's bindings, read and written by this thread's own event loop.
 *
 * The bindings' own reader must not be used. It waits on the event loop of the main thread whichever thread
 * opened the line, and the first byte that comes for a worker ends the whole process
 * (`uv_default_loop` in bindings-cpp 13). So the line is opened twice: once by the bindings, which keeps speed,
 * parity and lock, and once by Node.
 */
import { close as closeDescriptor, constants, openSync } from "node:fs";
import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { ReadStream } from "node:tty";
import { promisify } from "node:util";
import {
  asyncClose,
  asyncDrain,
  asyncOpen,
  asyncUpdate,
} from "@serialport/bindings-cpp/dist/load-bindings.js";

export interface TtyOptions {
  readonly path: string;
  readonly baudRate: number;
  readonly dataBits: 5 | 6 | 7 | 8;
  readonly stopBits: 1 | 2;
  readonly parity: "none" | "even" | "odd";
}

export interface TtyEvents {
  /** The bytes are good during the call only. */
  received(bytes: Uint8Array): void;
  /** At most once: it hung up, or failed with these words. */
  ended(words: string | undefined): void;
}

export interface Tty {
  readonly path: string;
  /** Bytes that wait for a device which takes none. */
  readonly backlog: number;
  write(bytes: Uint8Array): void;
  /** Sends the bytes at a speed that stays. Resolves when the last has left, as far as the driver knows. One at a time. */
  sendAt(baudRate: number, bytes: Uint8Array): Promise<void>;
  /** Lets go of it. What waits is not sent. */
  close(): Promise<void>;
}

interface Descriptors {
  readonly locked: number;
  readonly given: number;
  readonly path: string;
}

/** Descriptors of lines that this thread has open. */
const held = new Set<number>();

/** Opens, sets up and locks the line. Rejects when it is no tty, or somebody else has the lock. */
export async function openTty(options: TtyOptions, events: TtyEvents): Promise<Tty> {
  // Before the lock and until after it: a locked line without a reader is known to be a dead thread's.
  const given = openSync(options.path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  held.add(given);
  let locked: number | undefined;
  try {
    locked = await openLocked(options);
    held.add(locked);
    return serve({ locked, given, path: options.path }, events);
  } catch (error) {
    if (locked !== undefined) await letGo(locked);
    await closeReader(given);
    throw error;
  }
}

/**
 * Keeps the line from everybody else without reading it: another program does. Rejects as `openTty` does. What it is
 * disposed of lets go of it.
 */
export async function holdLine(options: TtyOptions): Promise<AsyncDisposable> {
  const given = openSync(options.path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  held.add(given);
  try {
    const locked = await openLocked(options);
    held.add(locked);
    return {
      async [Symbol.asyncDispose]() {
        await letGo(locked);
        await closeReader(given);
      },
    };
  } catch (error) {
    await closeReader(given);
    throw error;
  }
}

function serve({ locked, given, path }: Descriptors, events: TtyEvents): Tty {
  const stream = new ReadStream(given);
  // libuv opens the tty once more, so that its flags are its own, and leaves the one it was given to us.
  const used = descriptorOf(stream);
  if (used !== undefined) held.add(used);
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let isOver = false;
  const end = (words: string | undefined): void => {
    if (isOver) return;
    isOver = true;
    events.ended(words);
  };
  /** What still uses the descriptor: its number is another file's once it is closed. */
  let sending: Promise<unknown> = Promise.resolve();
  stream.on("data", (chunk: Buffer) => {
    if (!isOver) events.received(chunk);
  });
  stream.on("end", () => end(undefined));
  stream.on("error", (error) => end(error.message));
  stream.on("close", () => {
    end(undefined);
    if (used !== undefined) held.delete(used);
    // Not on this thread: a driver may wait until its device has taken everything.
    const lettingGo = sending.catch(() => undefined).then(() => letGo(locked));
    void (used === given ? lettingGo : lettingGo.then(() => closeReader(given))).then(resolve);
  });
  return {
    path,
    get backlog() {
      return stream.writableLength;
    },
    write: (bytes) => void stream.write(Uint8Array.from(bytes)),
    sendAt(baudRate, bytes) {
      const sent = sendAt({ locked, stream, baudRate }, bytes);
      sending = sent;
      return sent;
    },
    async close() {
      isOver = true;
      stream.destroy();
      await closed;
    },
  };
}

async function sendAt(
  { locked, stream, baudRate }: { locked: number; stream: ReadStream; baudRate: number },
  bytes: Uint8Array,
): Promise<void> {
  const refuseClosed = (): void => {
    if (stream.destroyed) throw new Error("it was closed");
  };
  refuseClosed();
  await asyncUpdate(locked, { baudRate });
  refuseClosed();
  const { promise: written, resolve, reject } = Promise.withResolvers<void>();
  stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  // A stream that is destroyed may owe the answer.
  stream.once("close", resolve);
  await written;
  stream.off("close", resolve);
  if (!stream.destroyed) await asyncDrain(locked);
}

/** Node keeps the handle of a stream to itself; its descriptor says who must close what. */
function descriptorOf(stream: ReadStream): number | undefined {
  const handle: unknown = Reflect.get(stream, "_handle");
  const descriptor: unknown =
    typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : undefined;
  return typeof descriptor === "number" ? descriptor : undefined;
}

/** Node closes what a thread that died had open, but not what the bindings opened: that would stay locked for ever. */
async function openLocked(options: TtyOptions): Promise<number> {
  try {
    return await open(options);
  } catch (error) {
    const orphans = await orphansOf(options.path);
    if (orphans.length === 0) throw error;
    for (const orphan of orphans) await letGo(orphan);
    return open(options);
  }
}

async function open({ path, ...line }: TtyOptions): Promise<number> {
  const rest = { lock: true, hupcl: true, rtscts: false, xon: false, xoff: false, xany: false };
  const descriptor: unknown = await asyncOpen(path, { ...line, ...rest, vmin: 1, vtime: 0 });
  if (typeof descriptor === "number") return descriptor;
  throw new Error("the bindings gave no descriptor");
}

/**
 * Descriptors that keep the line locked in the name of a thread that is no more. A thread that lives has the line
 * open for reading too, from before it locks it, so where two descriptors are not ours somebody is at it.
 */
async function orphansOf(path: string): Promise<readonly number[]> {
  const line = await realpath(path);
  const strangers: number[] = [];
  for (const name of await readdir("/proc/self/fd").catch(() => [])) {
    const target = await readlink(`/proc/self/fd/${name}`).catch(() => undefined);
    if (target === line && !held.has(Number(name))) strangers.push(Number(name));
  }
  const [orphan, ...others] = strangers;
  if (orphan === undefined || others.length > 0 || !(await hasLock(orphan))) return [];
  // Held from now on, so that it is closed once only.
  held.add(orphan);
  return [orphan];
}

async function hasLock(descriptor: number): Promise<boolean> {
  const facts = await readFile(`/proc/self/fdinfo/${descriptor}`, "latin1").catch(() => "");
  return /^lock:.*\bFLOCK\b/mu.test(facts);
}

async function closeReader(descriptor: number): Promise<void> {
  await promisify(closeDescriptor)(descriptor).catch(() => undefined);
  held.delete(descriptor);
}

/** Whatever the driver says: there is nothing more to be done about it. */
async function letGo(descriptor: number): Promise<void> {
  try {
    await asyncClose(descriptor);
  } catch {
    // It is closed, or the device has gone from under it.
  }
  held.delete(descriptor);
}
