/** The inside of a sandbox: our side of its pipe. It runs before the module does, and has the same rights. */
import { closeSync, fstatSync, readdirSync } from "node:fs";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString, startCpuProfile } from "node:v8";
import { runInNewContext } from "node:vm";
import { invariant } from "@interactor/shared/kernel/assert";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { ModuleDefinition } from "@interactor/shared/sdk/define-module";
import { Guest } from "@interactor/shared/sdk/guest";
import type { FromGuest, ToGuest } from "@interactor/shared/sdk/guest-messages";
import { loaded, type ModuleLoader } from "@interactor/shared/sdk/loaded-module";
import { decodeCbor } from "@interactor/shared/wire/cbor";
import type { SiteClock } from "../../ports/site-clock.ts";
import { handlesFolder, lineHandle } from "./command.ts";
import { FrameReader, frameOf, fromGuestBytesMax, toGuestBytesMax } from "./frames.ts";
import type { FromSandbox, SetUp, ToSandbox } from "./sandbox-messages.ts";

/** What waits for the agent. More: outputs and log lines are given up, and how many is said. */
const waitingBytesMax = 512 * 1024;
/** Of us alone, and as large as a plan. */
const bounds = { bytesMax: toGuestBytesMax, itemsMax: 1_000_000 };

export interface InsideWorld {
  readonly bundle: string;
  readonly clock: SiteClock;
}

export function runInside({ bundle, clock }: InsideWorld): void {
  closeInherited();
  const collectGarbage = collectsOnce();
  const pipe = new Socket({ fd: lineHandle, readable: true, writable: true });
  const speech = new Speech(pipe);
  const reader = new FrameReader(toGuestBytesMax);
  let guest: Guest | undefined;
  const take = (message: ToSandbox): void => {
    switch (message[0]) {
      case "set-up":
        guest = guestOf(message[1], { bundle, clock, collectGarbage }, speech);
        return clock.steer(message[1].ahead);
      case "clock":
        return clock.steer(message[1]);
      case "profile":
        return void profileSelf(message[1], speech);
      default:
        return guest?.take(toGuest(message));
    }
  };
  pipe.on("data", (chunk: Buffer) => {
    reader.add(chunk);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      invariant(frame !== "too-large", "the agent keeps to its frames");
      const decoded = decodeCbor(frame, bounds);
      invariant(decoded.ok, "the agent speaks CBOR");
      take(decoded.value as ToSandbox);
    }
  });
  // Whoever has no agent any more has nothing to do here.
  pipe.on("close", () => process.exit(0));
}

/**
 * At its first call alone: what compiling has left is a sixth of what a small module costs, and V8 by itself would keep
 * it until it needs room. A module that runs is not held up. What a module could see of the collector is gone again.
 */
function collectsOnce(): () => void {
  let isCollected = false;
  return () => {
    if (isCollected) return;
    isCollected = true;
    setFlagsFromString("--expose-gc");
    const collect: unknown = runInNewContext("gc");
    setFlagsFromString("--no-expose-gc");
    const whole = { type: "major", execution: "sync", flavor: "last-resort" };
    if (typeof collect === "function") Reflect.apply(collect, undefined, [whole]);
  };
}

interface GuestWorld extends InsideWorld {
  readonly collectGarbage: () => void;
}

function guestOf(
  { site, node }: SetUp,
  { bundle, clock, collectGarbage }: GuestWorld,
  speech: Speech,
): Guest {
  const load: ModuleLoader = async () => {
    const exported: unknown = await import(bundle);
    const definition = loaded(definitionIn(exported));
    collectGarbage();
    return definition;
  };
  const world = { clock, random: { next: Math.random } };
  return new Guest({ site, node }, load, world, (message) => speech.say(message));
}

function toGuest(message: Exclude<ToSandbox, { readonly 0: "set-up" | "clock" | "profile" }>): ToGuest {
  if (message[0] !== "inputs") return message;
  return [
    "inputs",
    message[1].map(([instance, input, applied]) => [instance, input, applied ?? undefined]),
  ] as ToGuest;
}

/** What a module calls a definition is its own affair until something of it is used. */
function definitionIn(exported: unknown): ModuleDefinition<unknown> {
  if (typeof exported === "object" && exported !== null && "definition" in exported) {
    return exported.definition as ModuleDefinition<unknown>;
  }
  throw new Fault("MODULE_INVALID", "the bundle exports no `definition`");
}

class Speech {
  readonly #pipe: Socket;
  #givenUp = 0;

  constructor(pipe: Socket) {
    this.#pipe = pipe;
  }

  write(message: FromSandbox): void {
    this.#pipe.write(frameOf(message));
  }

  say(message: FromGuest): void {
    const isOfUse = message[0] !== "output" && message[0] !== "log";
    if (!isOfUse && this.#pipe.writableLength > waitingBytesMax) {
      this.#givenUp += 1;
      return;
    }
    const frame = frameOf(message.map((part) => part ?? null));
    if (frame.length > fromGuestBytesMax) {
      throw new Fault("OUTPUT_SIZE", `${message[0]}: ${frame.length} bytes are more than a message may have`);
    }
    this.#pipe.write(frame);
    if (this.#givenUp === 0 || message[0] !== "output") return;
    const words = `it says more than it may: ${this.#givenUp} messages were given up`;
    this.#givenUp = 0;
    this.#pipe.write(frameOf(["log", message[1], "warn", words, null]));
  }
}

/** Letters of a profile in a frame, which has room for three times as many bytes. */
const partLength = 16 * 1024;

/** By V8 itself: it needs no inspector, which nobody in a sandbox has. */
async function profileSelf(span: number, speech: Speech): Promise<void> {
  const profile = startCpuProfile();
  await sleep(span);
  const text = profile.stop();
  for (let at = 0; at < text.length; at += partLength)
    speech.write(["profiled", text.slice(at, at + partLength)]);
  speech.write(["profiled", null]);
}

/**
 * Handles that the agent has from others are not the module's business. Node's own follow each other. The list is asked for
 * once and the permission given back: asking number by number, each `no` is an error, and they were 3 MB.
 */
function closeInherited(): void {
  const open = readdirSync(handlesFolder)
    .map(Number)
    .filter((handle) => handle > lineHandle)
    .toSorted((one, other) => one - other);
  process.permission?.drop("fs.read", handlesFolder);
  for (const [place, handle] of open.entries())
    if (handle - lineHandle - 1 !== place && isOpen(handle)) closeSync(handle);
}

/** The list was read through a handle that is in it. */
function isOpen(handle: number): boolean {
  try {
    fstatSync(handle);
    return true;
  } catch (error) {
    if (messageOf(error).startsWith("EBADF")) return false;
    throw error;
  }
}
