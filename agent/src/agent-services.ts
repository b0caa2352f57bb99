/** What one instance asks its agent for: only what was granted to it, and only so much at one time. */
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { FromGuest, GuestInstance, ToGuest } from "@interactor/shared/sdk/guest-messages";
import { lineWindowBytes, type ServiceReply, type ServiceRequest } from "@interactor/shared/sdk/services";
import { anything, type GrantKind, isAmong } from "@interactor/shared/wire/messages/grants";
import type { Value } from "@interactor/shared/wire/value";
import type { InstanceStorage } from "./agent-storage.ts";
import type { InstanceSpec } from "./ports/module-host.ts";
import type { ByteLine, ByteLineEnds, ModuleServices } from "./ports/module-services.ts";

/** Questions of one instance at one time. More: refuse. */
const questionsMax = 16;
/** Changes of what it keeps that wait to be written, together: as many as it may have keys. More: refuse. */
const changesMax = 256;
/** Connections of one instance at one time. More: refuse. */
const linesMax = 8;
/** One file. Larger: refuse: it passes the pipe in one piece. */
const fileBytesMax = 256 * 1024;

type FromServices = Extract<FromGuest, { readonly 0: "ask" | "taken" | "hang-up" }>;

interface OpenLine {
  line: ByteLine | undefined;
  /** On their way to the guest. */
  underway: number;
}

/** Who asks: a run of an instance, and what it keeps. */
export interface ServedRun {
  readonly run: string;
  readonly spec: InstanceSpec;
  readonly storage: InstanceStorage;
}

export class InstanceServices {
  readonly #run: string;
  readonly #spec: InstanceSpec;
  readonly #storage: InstanceStorage;
  readonly #services: ModuleServices;
  readonly #tell: (message: ToGuest) => void;
  readonly #lines = new Map<number, OpenLine>();
  #questions = 0;
  #changes = 0;
  #isOver = false;
  readonly #abort = new AbortController();

  constructor({ run, spec, storage }: ServedRun, services: ModuleServices, tell: (message: ToGuest) => void) {
    this.#run = run;
    this.#spec = spec;
    this.#storage = storage;
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
    this.#abort.abort(new Error("the instance has ended"));
    for (const { line } of this.#lines.values()) line?.close();
    this.#lines.clear();
  }

  async #answer(question: number, request: ServiceRequest): Promise<void> {
    let reply: ServiceReply;
    // A change waits for its turn to be written, and must not keep it from everything else.
    const isChange = request[0] === "set" || request[0] === "delete";
    if (isChange) this.#changes += 1;
    else this.#questions += 1;
    try {
      if (this.#questions > questionsMax)
        throw new Fault("TOO_MANY", `${questionsMax} questions at one time are all it may have`);
      if (this.#changes > changesMax)
        throw new Fault("TOO_MANY", `${changesMax} changes waiting to be written are all it may have`);
      const value = await this.#do(request);
      reply = value === undefined ? [] : [value];
    } catch (error) {
      reply = [error instanceof Fault ? error.code : "FAILED", messageOf(error)];
    } finally {
      if (isChange) this.#changes -= 1;
      else this.#questions -= 1;
    }
    if (!this.#isOver) this.#tell(["told", this.#run, question, reply]);
  }

  async #do(request: ServiceRequest): Promise<Value | undefined> {
    switch (request[0]) {
      case "get":
        return this.#storage.get(request[1]);
      case "keys":
        return this.#storage.keys();
      case "set":
        await this.#storage.set(request[1], request[2]);
        return undefined;
      case "delete":
        await this.#storage.set(request[1], undefined);
        return undefined;
      case "read-file":
        this.#granted("file", request[1]);
        return this.#services.readFile(request[1], fileBytesMax);
      case "list-serial":
        return this.#listSerial();
      case "open-serial": {
        const [, number, path, settings] = request;
        this.#granted("serial", path);
        return this.#open(number, (ends) => this.#services.openSerial(path, settings, ends));
      }
      case "flash": {
        const [, path, firmware] = request;
        this.#granted("serial", path);
        await this.#services.flash(path, firmware, this.#abort.signal);
        return undefined;
      }
      case "connect": {
        const [, number, host, port] = request;
        this.#granted("host", `${host}:${port}`);
        return this.#open(number, (ends) => this.#services.connect(host, port, ends));
      }
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

  /** Those that it may open, and whether they are there. */
  async #listSerial(): Promise<Value> {
    const paths = (this.#spec.grants?.serial ?? []).filter((path) => path !== anything);
    return Promise.all(
      paths.map(async (path) => ({ path, isThere: await this.#services.isSerialLine(path) })),
    );
  }

  async #open(number: number, begin: (ends: ByteLineEnds) => Promise<ByteLine>): Promise<undefined> {
    if (this.#lines.has(number)) throw new Fault("TOO_MANY", "there is a connection of that number");
    if (this.#lines.size >= linesMax)
      throw new Fault("TOO_MANY", `${linesMax} connections at one time are all it may have`);
    const open: OpenLine = { line: undefined, underway: 0 };
    this.#lines.set(number, open);
    try {
      open.line = await begin({
        came: (bytes) => this.#came(number, open, bytes),
        closed: (reason) => {
          this.#lines.delete(number);
          if (!this.#isOver) this.#tell(["closed", this.#run, number, reason]);
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
    this.#tell(["came", this.#run, number, bytes]);
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

/** Of an instance a guest needs to know no more than this. */
export const plain = ({ name, module, settings }: InstanceSpec, run: string): GuestInstance =>
  run === name ? { name, module, settings } : { name: run, called: name, module, settings };
