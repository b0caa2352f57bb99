/**
 * An open tty: set up and locked by serialport's bindings, read and written by this thread's own event loop.
 *
 * The bindings' own reader must not be used. It waits on the event loop of the main thread whichever thread
 * opened the line, and the first byte that comes for a worker ends the whole process
 * (`uv_default_loop` in bindings-cpp 13). So the line is opened twice: once by the bindings, which keeps speed,
 * parity and lock, and once by Node.
 */
import { closeSync, constants, openSync } from "node:fs";
import { readdir, readlink, realpath } from "node:fs/promises";
import { ReadStream } from "node:tty";
import { asyncClose, asyncOpen } from "@serialport/bindings-cpp/dist/load-bindings.js";

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
  /** Bytes that wait for a device which takes none. */
  readonly backlog: number;
  write(bytes: Uint8Array): void;
  /** Lets go of it. What waits is not sent. */
  close(): Promise<void>;
}

/** Descriptors of lines that this thread has open. */
const held = new Set<number>();

/** Opens, sets up and locks the line. Rejects when it is no tty, or somebody else has the lock. */
export async function openTty(options: TtyOptions, events: TtyEvents): Promise<Tty> {
  const locked = await openLocked(options);
  held.add(locked);
  try {
    return serve(locked, options.path, events);
  } catch (error) {
    await letGo(locked);
    throw error;
  }
}

function serve(locked: number, path: string, events: TtyEvents): Tty {
  const given = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  held.add(given);
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
  stream.on("data", (chunk: Buffer) => {
    if (!isOver) events.received(chunk);
  });
  stream.on("end", () => end(undefined));
  stream.on("error", (error) => end(error.message));
  stream.on("close", () => {
    end(undefined);
    if (used !== given) closeSync(given);
    if (used !== undefined) held.delete(used);
    held.delete(given);
    // Last, and on another thread: a driver may wait here until its device has taken everything.
    void letGo(locked).then(resolve);
  });
  return {
    get backlog() {
      return stream.writableLength;
    },
    write: (bytes) => void stream.write(Uint8Array.from(bytes)),
    async close() {
      isOver = true;
      stream.destroy();
      await closed;
    },
  };
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

/** Descriptors of this process that lead to the line and are not this thread's. No other thread opens lines. */
async function orphansOf(path: string): Promise<readonly number[]> {
  const own = "/proc/self/fd";
  const orphans: number[] = [];
  for (const name of await readdir(own).catch(() => [])) {
    const target = await readlink(`${own}/${name}`).catch(() => undefined);
    const isOfLine = target === (await realpath(path));
    if (!isOfLine || held.has(Number(name))) continue;
    // Held from now on, so that it is closed once only.
    held.add(Number(name));
    orphans.push(Number(name));
  }
  return orphans;
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
