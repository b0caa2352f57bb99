/** The inside of what an instance has of the world: questions to the agent, and connections that it keeps for us. */
import { Fault } from "../kernel/fault.ts";
import type { Value } from "../wire/value.ts";
import { LineReader } from "./line-reader.ts";
import type { FromGuest, ToGuest } from "./guest-messages.ts";
import {
  lineWriteBytes,
  type ModuleFiles,
  type ModuleNet,
  type ModuleSerial,
  type ModuleStorage,
  type ServiceReply,
  type ServiceRequest,
  type SerialLine,
  type SerialSettings,
} from "./services.ts";

type ToServices = Extract<ToGuest, { readonly 0: "told" | "came" | "closed" }>;

export class GuestServices {
  readonly #name: string;
  readonly #say: (message: FromGuest) => void;
  readonly #asked = new Map<number, (reply: ServiceReply) => void>();
  readonly #lines = new Map<number, Line>();
  #last = 0;

  constructor(name: string, say: (message: FromGuest) => void) {
    this.#name = name;
    this.#say = say;
  }

  readonly storage: ModuleStorage = {
    get: (key) => this.#ask(["get", key]),
    set: async (key, value) => void (await this.#ask(["set", key, value])),
    delete: async (key) => void (await this.#ask(["delete", key])),
    keys: async () => textsIn(await this.#ask(["keys"])),
  };

  readonly files: ModuleFiles = {
    read: async (path) => bytesIn(await this.#ask(["read-file", path])),
  };

  readonly net: ModuleNet = {
    connect: ({ host, port }) => this.#open((number) => ["connect", number, host, port]),
  };

  readonly serial: ModuleSerial = {
    list: async () => linesIn(await this.#ask(["list-serial"])),
    open: (path, settings) => this.#open((number) => ["open-serial", number, path, plainly(settings)]),
    flash: async (path, { board, program, baudRate, question, banner }) => {
      const plain = { board, program, baudRate, banner, ...(question === undefined ? {} : { question }) };
      await this.#ask(["flash", path, plain]);
    },
  };

  async #open(request: (number: number) => ServiceRequest): Promise<Line> {
    this.#last += 1;
    const number = this.#last;
    // There before it is open: what the other side says first may come with the answer.
    const line = new Line(
      (bytes) => this.#ask(["write", number, bytes]),
      (bytes) => this.#say(["taken", this.#name, number, bytes]),
      () => this.#say(["hang-up", this.#name, number]),
    );
    this.#lines.set(number, line);
    try {
      await this.#ask(request(number));
    } catch (error) {
      this.#lines.delete(number);
      throw error;
    }
    return line;
  }

  take(message: ToServices): void {
    switch (message[0]) {
      case "told": {
        const [, , question, reply] = message;
        const answer = this.#asked.get(question);
        this.#asked.delete(question);
        return answer?.(reply);
      }
      case "came":
        return this.#lines.get(message[2])?.came(message[3]);
      case "closed": {
        const line = this.#lines.get(message[2]);
        this.#lines.delete(message[2]);
        return line?.over(message[3]);
      }
      default:
        message satisfies never;
    }
  }

  async #ask(request: ServiceRequest): Promise<Value | undefined> {
    this.#last += 1;
    const question = this.#last;
    const { promise, resolve } = Promise.withResolvers<ServiceReply>();
    this.#asked.set(question, resolve);
    this.#say(["ask", this.#name, question, request]);
    const reply = await promise;
    if (reply.length === 2) throw new Fault(reply[0], reply[1]);
    return reply[0];
  }
}

class Line implements SerialLine {
  readonly #send: (bytes: Uint8Array) => Promise<unknown>;
  readonly #taken: (bytes: number) => void;
  readonly #hangUp: () => void;
  readonly #closing = Promise.withResolvers<string>();
  readonly closed = this.#closing.promise;
  #listener: ((bytes: Uint8Array) => void) | undefined;
  /** No more than the window, because nothing of it is taken. */
  #early: Uint8Array[] = [];

  constructor(
    send: (bytes: Uint8Array) => Promise<unknown>,
    taken: (bytes: number) => void,
    hangUp: () => void,
  ) {
    this.#send = send;
    this.#taken = taken;
    this.#hangUp = hangUp;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += lineWriteBytes)
      await this.#send(bytes.subarray(at, at + lineWriteBytes));
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.#listener = listener;
    for (const bytes of this.#early.splice(0)) this.came(bytes);
  }

  onLine(listener: (line: string) => void): void {
    const reader = new LineReader();
    this.onData((bytes) => {
      for (const line of reader.take(bytes)) listener(line);
    });
  }

  close(): void {
    this.#hangUp();
  }

  came(bytes: Uint8Array): void {
    if (this.#listener === undefined) return void this.#early.push(bytes);
    try {
      this.#listener(bytes);
    } finally {
      this.#taken(bytes.length);
    }
  }

  over(reason: string): void {
    this.#closing.resolve(reason);
  }
}

/** As it passes a pipe: without what is left out. */
const plainly = ({ baudRate, dataBits, stopBits, parity }: SerialSettings): SerialSettings => ({
  baudRate,
  ...(dataBits === undefined ? {} : { dataBits }),
  ...(stopBits === undefined ? {} : { stopBits }),
  ...(parity === undefined ? {} : { parity }),
});

function linesIn(value: Value | undefined): Awaited<ReturnType<ModuleSerial["list"]>> {
  return (Array.isArray(value) ? value : []).flatMap((each) => {
    if (typeof each !== "object" || each === null || !("path" in each)) return [];
    return [{ path: String(each["path"]), isThere: each["isThere"] === true }];
  });
}

function textsIn(value: Value | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

function bytesIn(value: Value | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}
