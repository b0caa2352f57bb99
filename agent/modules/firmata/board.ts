/**
 * The process of one board. johnny-five cannot let go of a board, and does not take one back that was unplugged; so each
 * life of a board is a process, which ends with it.
 */
import { EventEmitter, once } from "node:events";
import { access } from "node:fs/promises";
import { messageOf } from "@interactor/shared/sdk/define-module";
import firmata from "firmata-io";
import five from "johnny-five";
import { openTty, type Tty } from "../../serial-line/tty.ts";
import { setUp, type Take } from "./devices.ts";
import { FirmataStream } from "./firmata-stream.ts";
import { ourFirmware } from "./firmware.ts";
import { guardMax, questionEvery } from "./limits.ts";
import { type FromBoard, type ToBoard, toBoard } from "./messages.ts";
import { watchBoard } from "./sign-of-life.ts";

/** Our firmware turns its outputs off when its host falls silent, if it was asked to. */
const guardCommand = 0x01;
/** Of Firmata: all pins as after a start. */
const systemReset = Uint8Array.of(0xff);

/** How long a board that says nothing is waited for before it is asked, in milliseconds. */
const askAfter = 300;

type Beginning = Extract<ToBoard, { readonly kind: "begin" }>;
const unwatched: ReturnType<typeof watchBoard> = { damaged() {}, heard() {} };

function say(message: FromBoard): void {
  // The agent may have gone in the meantime.
  process.send?.(message, undefined, undefined, () => {});
}

let takers: ReadonlyMap<string, Take> = new Map();
let tty: Tty | undefined;

process.on("message", (given) => {
  const message = toBoard.safeParse(given);
  if (!message.success) return;
  const { data } = message;
  if (data.kind === "begin") void begin(data);
  else if (data.kind === "set") set(data.input, data.value);
  else if (data.kind === "rest") tty?.write(systemReset);
  else void end();
});
// Without the agent there is nobody to give to. What the outputs do then is the firmware's.
process.on("disconnect", () => void end());
process.on("uncaughtException", (error) => fail(error));
process.on("unhandledRejection", (error) => fail(error));
// A stop is the agent's to say: an interrupt of the terminal goes to all of its processes.
process.on("SIGINT", () => {});

async function begin({ path, settings, places }: Beginning): Promise<void> {
  if (!(await isThere(path)))
    return say({ kind: "missing", words: `${path} is not there: plug the board in or correct the path` });
  try {
    const transport = new EventEmitter();
    // While it starts a bootloader may say anything: only whole messages count, and nothing is held against it.
    let watch: ReturnType<typeof watchBoard> = unwatched;
    const stream = new FirmataStream({
      message: (bytes) => {
        watch.heard(bytes);
        transport.emit("data", Buffer.from(bytes));
      },
      damaged: (how) => watch.damaged(how),
    });
    tty = await openTty(
      { path, baudRate: settings.baudRate, dataBits: 8, stopBits: 1, parity: "none" },
      {
        received: (bytes) => stream.take(bytes),
        ended: (words) => fail(new Error(words ?? `${path} hung up: is the board still plugged in?`)),
      },
    );
    const open = tty;
    Object.assign(transport, { write: (bytes: Uint8Array) => open.write(Uint8Array.from(bytes)) });
    say({ kind: "opened" });
    const io = new firmata.Firmata(transport, { reportVersionTimeout: askAfter });
    await once(io, "ready");
    const { name = "unnamed", version } = io.firmware;
    const runs = { firmware: name, release: `${version?.major ?? 0}.${version?.minor ?? 0}` };
    say({ kind: "named", ...runs });
    watch = watchBoard(io, (bytes) => open.write(bytes), {
      fail,
      excess: (words) => say({ kind: "worse", part: words, words }),
    });
    io.on("reportversion", () => say({ kind: "alive" }));
    const board = new five.Board({ io, repl: false, debug: false, sigint: false });
    await once(board, "ready");
    takers = setUp(
      { board, io },
      { settings, places, runs },
      {
        give(output, value) {
          if (typeof value === "boolean" || Number.isFinite(value)) say({ kind: "value", output, value });
        },
        stale: (output) => say({ kind: "stale", output }),
        moved: (input, at, isMoving) => say({ kind: "moved", input, at, isMoving }),
        worse: (part, words) => say({ kind: "worse", part, words }),
        well: (part) => say({ kind: "well", part }),
      },
    );
    if (name === ourFirmware) guard(io);
    say({ kind: "ready" });
  } catch (error) {
    fail(error);
  }
}

/** Asking again is a word too. */
function guard(io: InstanceType<typeof firmata.Firmata>): void {
  const ask = (): void => io.sysexCommand([guardCommand, guardMax & 0x7f, guardMax >> 7]);
  ask();
  setInterval(ask, questionEvery).unref();
}

function set(input: string, value: boolean | number): void {
  try {
    takers.get(input)?.(value);
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  say({ kind: "failed", words: messageOf(error) });
}

async function end(): Promise<void> {
  await tty?.close();
  process.exit(0);
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
