/** What one instance asks its agent for: only what was granted to it, and only so much at one time. */
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { FromGuest, ToGuest } from "@interactor/shared/sdk/guest-messages";
import { lineWindowBytes, type ServiceReply, type ServiceRequest } from "@interactor/shared/sdk/services";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import { nameLengthMax } from "@interactor/shared/wire/limits";
import { type GrantKind, isAmong } from "@interactor/shared/wire/messages/grants";
import type { Value } from "@interactor/shared/wire/value";
import type { InstanceSpec } from "./ports/module-host.ts";
import type { ByteLine, ModuleServices, Stored } from "./ports/module-services.ts";

/** Questions of one instance at one time. More: refuse. */
const questionsMax = 16;
/** Connections of one instance at one time. More: refuse. */
const linesMax = 8;
/**
 * What one instance keeps, keys and values. More: refuse. A Pi's card wears out by what is written to it, and one value
 * must pass a sandbox's pipe.
 */
const storedBytesMax = 48 * 1024;
const keysMax = 256;
/** One file. Larger: refuse: it passes the pipe in one piece. */
const fileBytesMax = 256 * 1024;

type FromServices = Extract<FromGuest, { readonly 0: "ask" | "taken" | "hang-up" }>;

interface OpenLine {
  line: ByteLine | undefined;
  /** On their way to the guest. */
  underway: number;
}

export class InstanceServices {
  readonly #spec: InstanceSpec;
  readonly #services: ModuleServices;
  readonly #tell: (message: ToGuest) => void;
  readonly #lines = new Map<number, OpenLine>();
  #questions = 0;
  #stored: Stored | undefined;
  #storing: Promise<unknown> = Promise.resolve();
  #isOver = false;

  constructor(spec: InstanceSpec, services: ModuleServices, tell: (message: ToGuest) => void) {
    this.#spec = spec;
    this.#services = services;
    this.#tell = tell;
  }

  take(message: FromServices): void {
    switch (message[0]) {
      case "ask":
        return void this.#answer(message[2], message[3]);
      case "taken":
        return this.#taken(message[2], message[3]);
      case "hang-up":
        return this.#lines.get(message[2])?.line?.close();
      default:
        message satisfies never;
    }
  }

  /** Its guest is gone, or it was stopped. */
  end(): void {
    this.#isOver = true;
    for (const { line } of this.#lines.values()) line?.close();
    this.#lines.clear();
  }

  async #answer(question: number, request: ServiceRequest): Promise<void> {
    let reply: ServiceReply;
    this.#questions += 1;
    try {
      if (this.#questions > questionsMax)
        throw new Fault("TOO_MANY", `${questionsMax} questions at one time are all it may have`);
      const value = await this.#do(request);
      reply = value === undefined ? [] : [value];
    } catch (error) {
      reply = [error instanceof Fault ? error.code : "FAILED", messageOf(error)];
    } finally {
      this.#questions -= 1;
    }
    if (!this.#isOver) this.#tell(["told", this.#spec.name, question, reply]);
  }

  async #do(request: ServiceRequest): Promise<Value | undefined> {
    switch (request[0]) {
      case "get":
        return own(await this.#kept(), request[1]);
      case "keys":
        return Object.keys(await this.#kept());
      case "set":
      case "delete":
        // One after the other: each begins with what the one before it has left. To the disk they may go together.
        return this.#save(await this.#inTurn(() => this.#store(request)));
      case "read-file":
        this.#granted("file", request[1]);
        return this.#services.readFile(request[1], fileBytesMax);
      case "connect":
        return this.#connect(request);
      case "write":
        return this.#write(request[1], request[2]);
      default:
        return request satisfies never;
    }
  }

  #granted(kind: GrantKind, name: string): void {
    if (isAmong(kind, name, this.#spec.grants?.[kind] ?? [])) return;
    throw new Fault("NOT_GRANTED", `${kind} "${name}" is not granted to ${this.#spec.name}`);
  }

  async #kept(): Promise<Stored> {
    this.#stored ??= await this.#services.loadStored(this.#spec.name);
    return this.#stored;
  }

  #inTurn<Done>(work: () => Promise<Done>): Promise<Done> {
    const done = this.#storing.then(work);
    this.#storing = done.catch(() => undefined);
    return done;
  }

  async #store([what, key, value]: Extract<
    ServiceRequest,
    { readonly 0: "set" | "delete" }
  >): Promise<Stored> {
    if (key.length > nameLengthMax)
      throw new Fault("STORAGE_KEY", `a key has at most ${nameLengthMax} letters`);
    const before = await this.#kept();
    const others = Object.fromEntries(Object.entries(before).filter(([each]) => each !== key));
    const after: Stored = what === "delete" || value === undefined ? others : { ...others, [key]: value };
    if (Object.keys(after).length > keysMax) throw new Fault("STORAGE_FULL", `more than ${keysMax} keys`);
    if (encodeCbor(after).length > storedBytesMax)
      throw new Fault("STORAGE_FULL", `more than ${storedBytesMax} bytes`);
    this.#stored = after;
    return after;
  }

  async #save(stored: Stored): Promise<undefined> {
    try {
      await this.#services.saveStored(this.#spec.name, stored);
    } catch (error) {
      // What is on disk is what it keeps.
      this.#stored = undefined;
      throw error;
    }
  }

  async #connect([, number, host, port]: Extract<
    ServiceRequest,
    { readonly 0: "connect" }
  >): Promise<undefined> {
    this.#granted("host", `${host}:${port}`);
    if (this.#lines.has(number)) throw new Fault("TOO_MANY", "there is a connection of that number");
    if (this.#lines.size >= linesMax)
      throw new Fault("TOO_MANY", `${linesMax} connections at one time are all it may have`);
    const open: OpenLine = { line: undefined, underway: 0 };
    this.#lines.set(number, open);
    try {
      open.line = await this.#services.connect(host, port, {
        came: (bytes) => this.#came(number, open, bytes),
        closed: (reason) => {
          this.#lines.delete(number);
          if (!this.#isOver) this.#tell(["closed", this.#spec.name, number, reason]);
        },
      });
    } catch (error) {
      this.#lines.delete(number);
      throw error;
    }
    if (this.#isOver) open.line.close();
    return undefined;
  }

  #came(number: number, open: OpenLine, bytes: Uint8Array): void {
    if (this.#isOver) return;
    open.underway += bytes.length;
    this.#tell(["came", this.#spec.name, number, bytes]);
    if (open.underway >= lineWindowBytes) open.line?.pause();
  }

  #taken(number: number, bytes: number): void {
    const open = this.#lines.get(number);
    if (open === undefined) return;
    // Whoever says that it has taken more than it got gets no more for it.
    open.underway = Math.max(open.underway - bytes, 0);
    if (open.underway < lineWindowBytes) open.line?.resume();
  }

  async #write(number: number, bytes: Uint8Array): Promise<undefined> {
    const line = this.#lines.get(number)?.line;
    if (line === undefined) throw new Fault("CLOSED", "the connection is closed");
    await line.write(bytes);
    return undefined;
  }
}

const own = (stored: Stored, key: string): Value | undefined =>
  Object.hasOwn(stored, key) ? stored[key] : undefined;
