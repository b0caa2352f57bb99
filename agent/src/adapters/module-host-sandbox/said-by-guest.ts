/**
 * What came out of a sandbox, checked. Whoever sits in there may have put its own hands on the pipe: what our side of it
 * would never say is a breach, and the guest is ended.
 */
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import { micros } from "@interactor/shared/kernel/units";
import type { FromGuest, LogLevel } from "@interactor/shared/sdk/guest-messages";
import { decodeCbor } from "@interactor/shared/wire/cbor";
import { portsMax, valueDepthMax } from "@interactor/shared/wire/limits";
import { findPort, inputSpec, outputSpec } from "@interactor/shared/wire/messages/port";
import { instanceMetrics } from "@interactor/shared/wire/messages/measured";
import { isName } from "@interactor/shared/wire/names";
import { isRunName } from "@interactor/shared/sdk/run-name";
import type { ServiceRequest } from "@interactor/shared/sdk/services";
import { isOfType, isSendable, type Value } from "@interactor/shared/wire/value";
import * as z from "zod/mini";
import { beyondSigned, type SignedPorts } from "./beyond-signed.ts";
import { fromGuestBytesMax } from "./frames.ts";
import type { FromSandbox } from "./sandbox-messages.ts";

/** Of one frame, so that the time it takes is bounded. More: a breach. */
const itemsMax = 8192;
/**
 * UTF-16 units of a line for people and of a reason, and of a stack: several times what is told of them, for that is cut when
 * the secrets are out. Longer: cut.
 */
const wordsMax = 4096;
const stackMax = 16 * 1024;
/** The same of the name of its code. */
const codeNameMax = 1024;

const name = z.string().check(z.refine(isName, "not a name"));
const textUpTo = (length: number) =>
  z.pipe(
    z.string(),
    z.transform((text: string) => text.slice(0, length).toWellFormed()),
  );
const words = textUpTo(wordsMax);
const codeName = textUpTo(codeNameMax);
/** A run of an instance. */
const run = z.string().check(z.refine(isRunName, "not a run"));
const count = z.int().check(z.nonnegative());
const portsOf = <Spec>(spec: z.ZodMiniType<Spec>) =>
  z.record(name, spec).check(z.refine((ports) => Object.keys(ports).length <= portsMax, "too many ports"));

const declared = z.tuple([
  z.literal("declared"),
  run,
  z.object({ inputs: portsOf(inputSpec), outputs: portsOf(outputSpec) }),
  z.object({ module: codeName, version: codeName }),
]);
const ofInstance = z.tuple([z.enum(["started", "running"]), run]);
const reasoned = z.tuple([z.enum(["degraded", "waiting"]), run, words]);
/** Node writes where it was, whatever the module; that text is the module's all the same. */
const stack = textUpTo(stackMax);
const notStarted = z.tuple([z.literal("failed"), run, words, z.nullish(stack)]);
const levels: readonly LogLevel[] = ["info", "warn", "error"];
const log = z.tuple([z.literal("log"), run, z.enum(levels), words, z.unknown()]);
const answer = z.tuple([z.literal("answer"), count, z.nullish(words)]);
const alone = z.tuple([z.enum(["pong", "stopped"])]);
const output = z.tuple([
  z.literal("output"),
  run,
  z.string(),
  z.unknown(),
  z.number(),
  z.int().check(z.gte(0), z.lte(2)),
  z.boolean(),
]);
const key = z.string();
const value = z.custom<Value>((given) => isSendable(given, valueDepthMax), "no plain data");
const serialSettings = z.object({
  baudRate: z.int().check(z.gte(50), z.lte(4_000_000)),
  dataBits: z.optional(z.union([z.literal(5), z.literal(6), z.literal(7), z.literal(8)])),
  stopBits: z.optional(z.union([z.literal(1), z.literal(2)])),
  parity: z.optional(z.enum(["none", "even", "odd"])),
});
const bytes = z.instanceof(Uint8Array);
const firmware = z.object({
  board: z.enum(["uno", "nano", "nano-old", "mega2560"]),
  program: bytes,
  baudRate: serialSettings.shape.baudRate,
  question: z.optional(bytes),
  banner: bytes,
});
const request = z.union([
  z.tuple([z.enum(["get", "delete", "read-file"]), key]),
  z.tuple([z.literal("set"), key, value]),
  z.tuple([z.enum(["keys", "list-serial"])]),
  z.tuple([z.literal("open-serial"), count, z.string(), serialSettings]),
  z.tuple([z.literal("flash"), z.string(), firmware]),
  z.tuple([z.literal("connect"), count, z.string(), z.int().check(z.gte(1), z.lte(65_535))]),
  z.tuple([z.literal("write"), count, z.instanceof(Uint8Array)]),
]);
const ask = z.tuple([z.literal("ask"), run, count, request]);
const taken = z.tuple([z.literal("taken"), run, count, count]);
const hangUp = z.tuple([z.literal("hang-up"), run, count]);
const metrics = z.tuple([z.literal("metrics"), run, instanceMetrics]);
const profiled = z.tuple([z.literal("profiled"), z.nullable(z.string())]);
const message = z.union([
  output,
  alone,
  log,
  metrics,
  answer,
  ofInstance,
  reasoned,
  notStarted,
  ask,
  taken,
  hangUp,
  declared,
  profiled,
]);

export class SaidByGuest {
  /** Of each instance that was started, how often it may yet declare itself: each start does it once. */
  readonly #started = new Map<string, number>();
  readonly #ports = new Map<string, DeclaredPorts>();
  readonly #settings = new Map<string, unknown>();
  readonly #signed: SignedPorts | undefined;

  /** `signed`: what its publisher said of its ports, where that is known. */
  constructor(signed?: SignedPorts) {
    this.#signed = signed;
  }

  /** It may speak for this instance from now on, and for no other. */
  expect(instance: string, settings?: unknown): void {
    this.#settings.set(instance, settings);
    this.#started.set(instance, (this.#started.get(instance) ?? 0) + 1);
  }

  /** The message in a frame, or why it is none. */
  read(frame: Uint8Array): Result<FromSandbox, string> {
    const decoded = decodeCbor(frame, { bytesMax: fromGuestBytesMax, itemsMax });
    if (!decoded.ok) return failed(decoded.error);
    const parsed = message.safeParse(decoded.value);
    if (!parsed.success) return failed("it is no message");
    const said = parsed.data;
    switch (said[0]) {
      case "output":
        return this.#output(said);
      case "declared":
        return this.#declared(said);
      case "log":
        if (!this.#started.has(said[1])) return failed(notItsOwn);
        return ok(["log", said[1], said[2], said[3], detailsOf(said[4])]);
      case "answer":
        return ok(["answer", said[1], said[2] ?? undefined]);
      case "ask":
        return ok(["ask", said[1], said[2], requestOf(said[3])]);
      case "metrics":
        return ok(["metrics", said[1], said[2]]);
      case "profiled":
        return ok([said[0], said[1]]);
      case "taken":
        return ok(["taken", said[1], said[2], said[3]]);
      case "hang-up":
        return ok(["hang-up", said[1], said[2]]);
      case "degraded":
      case "waiting":
        return ok([said[0], said[1], said[2]]);
      case "failed":
        return ok(["failed", said[1], said[2], said[3] ?? ""]);
      case "started":
      case "running":
        return ok([said[0], said[1]]);
      default:
        return ok([said[0]]);
    }
  }

  #declared([kind, instance, ports, code]: z.infer<typeof declared>): Result<FromGuest, string> {
    const left = this.#started.get(instance);
    if (left === undefined) return failed(notItsOwn);
    if (left === 0) return failed("it declares itself again");
    const beyond = this.#signed && beyondSigned(this.#signed, this.#settings.get(instance), ports, code);
    if (beyond !== undefined) return failed(beyond);
    this.#started.set(instance, left - 1);
    this.#ports.set(instance, ports);
    return ok([kind, instance, ports, code]);
  }

  #output(said: z.infer<typeof output>): Result<FromGuest, string> {
    const [kind, instance, port, value, at, quality, isUnsynchronised] = said;
    const ports = this.#ports.get(instance);
    const spec = ports === undefined ? undefined : findPort(ports.outputs, port);
    if (spec === undefined) return failed(`"${port.slice(0, 64)}" is none of its outputs`);
    if (!isSendable(value, valueDepthMax) || !isOfType(value, spec.type)) {
      return failed(`a value for "${port}" is not of its type`);
    }
    // The SDK in there lets none out that is no µs, and no batch could carry it.
    if (!Number.isSafeInteger(at) || at < 0)
      return failed(`a value for "${port}" has a stamp that is no time`);
    return ok([kind, instance, port, value, micros(at), qualityOf(quality), isUnsynchronised]);
  }
}

const notItsOwn = "it speaks for an instance that is not its own";

function requestOf(asked: z.infer<typeof request>): ServiceRequest {
  switch (asked[0]) {
    case "get":
    case "delete":
    case "read-file":
      return [asked[0], asked[1]];
    default:
      return asked;
  }
}

const qualityOf = (number: number): 0 | 1 | 2 => (number === 1 ? 1 : number === 2 ? 2 : 0);

/** Plain data goes into the log as it is. */
function detailsOf(details: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof details !== "object" || details === null || Array.isArray(details)) return undefined;
  return isSendable(details, valueDepthMax) ? Object.fromEntries(Object.entries(details)) : undefined;
}
