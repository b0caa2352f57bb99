/**
 * Open Sound Control 1.0 as bytes: messages and bundles. Pure. Everything is in multiples of four bytes, big-endian;
 * texts end in NUL. What comes is hostile until it is read: each length is held against what is there, and nothing is
 * read twice. Types beyond 1.0 that everybody sends (T F N I h d c S r m, arrays) are read too.
 */
import { failed, ok, type Result } from "@interactor/shared/sdk/define-module";
import { addressLengthMax, argumentsMax, bundleDepthMax, messagesOfPacketMax } from "./limits.ts";

/** A value of a message, with the type tag that it had. */
export type OscArgument =
  | { readonly tag: "i" | "h" | "f" | "d" | "c"; readonly value: number }
  | { readonly tag: "s" | "S"; readonly value: string }
  | { readonly tag: "b" | "m" | "r" | "t"; readonly value: Uint8Array }
  | { readonly tag: "T" | "F"; readonly value: boolean }
  | { readonly tag: "N" | "I"; readonly value: null };

export interface OscMessage {
  readonly address: string;
  readonly arguments: readonly OscArgument[];
}

export type OscFault =
  | "not-osc"
  | "cut-off"
  | "bad-text"
  | "bad-address"
  | "unknown-type"
  | "too-deep"
  | "too-many-parts"
  | "bytes-left-over";

/** All messages of a packet in their order, those of bundles at once: their time is not waited for. */
export function decodePacket(bytes: Uint8Array): Result<readonly OscMessage[], OscFault> {
  const messages: OscMessage[] = [];
  const fault = readPart(new Reader(bytes), messages, 0);
  return fault === undefined ? ok(messages) : failed(fault);
}

/** Returns the bytes of one message. Arguments must fit their tags. */
export function encodeMessage(message: OscMessage): Uint8Array<ArrayBuffer> {
  const tags = message.arguments.map(({ tag }) => tag).join("");
  const parts = [
    textBytes(message.address),
    textBytes(`,${tags}`),
    ...message.arguments.map((argument) => argumentBytes(argument)),
  ];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

const bundleMark = "#bundle";
const timeTagBytes = 8;

function readPart(reader: Reader, messages: OscMessage[], depth: number): OscFault | undefined {
  if (reader.rest === 0 || reader.rest % 4 !== 0) return "not-osc";
  const first = reader.peek();
  if (first === slash) return readMessage(reader, messages);
  if (first !== hash) return "not-osc";
  if (depth === bundleDepthMax) return "too-deep";
  if (reader.text() !== bundleMark) return "not-osc";
  if (reader.take(timeTagBytes) === undefined) return "cut-off";
  while (reader.rest > 0) {
    const length = reader.int();
    const part = length === undefined || length < 0 ? undefined : reader.take(length);
    if (part === undefined) return "cut-off";
    const fault = readPart(new Reader(part), messages, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function readMessage(reader: Reader, messages: OscMessage[]): OscFault | undefined {
  if (messages.length === messagesOfPacketMax) return "too-many-parts";
  const address = reader.text();
  if (address === undefined) return "bad-text";
  if (address.length > addressLengthMax || !printable.test(address)) return "bad-address";
  const read: OscArgument[] = [];
  messages.push({ address, arguments: read });
  // Very old senders leave the tags away; then there is nothing to tell the arguments by.
  if (reader.rest === 0) return undefined;
  const tags = reader.text();
  if (tags?.startsWith(",") !== true) return "bad-text";
  for (const tag of tags.slice(1)) {
    if (tag === "[" || tag === "]") continue;
    if (read.length === argumentsMax) return "too-many-parts";
    const argument = readArgument(tag, reader);
    if (typeof argument === "string") return argument;
    read.push(argument);
  }
  return reader.rest === 0 ? undefined : "bytes-left-over";
}

const slash = 0x2f;
const hash = 0x23;
const printable = /^[\x21-\x7e]*$/;

function readArgument(tag: string, reader: Reader): OscArgument | OscFault {
  switch (tag) {
    case "i":
    case "c":
      return numberOr(tag, reader.int());
    case "f":
      return numberOr(tag, reader.float());
    case "d":
      return numberOr(tag, reader.double());
    case "h":
      return numberOr(tag, reader.long());
    case "s":
    case "S": {
      const value = reader.text();
      return value === undefined ? "bad-text" : { tag, value };
    }
    case "b": {
      const value = reader.blob();
      return value === undefined ? "cut-off" : { tag, value };
    }
    case "m":
    case "r":
    case "t": {
      const value = reader.take(tag === "t" ? timeTagBytes : 4);
      return value === undefined ? "cut-off" : { tag, value };
    }
    case "T":
    case "F":
      return { tag, value: tag === "T" };
    case "N":
    case "I":
      return { tag, value: null };
    default:
      return "unknown-type";
  }
}

function numberOr(tag: "i" | "h" | "f" | "d" | "c", value: number | undefined): OscArgument | OscFault {
  return value === undefined ? "cut-off" : { tag, value };
}

/** Reads from the front; `undefined` where too little is left. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get rest(): number {
    return this.#bytes.length - this.#offset;
  }

  peek(): number | undefined {
    return this.#bytes[this.#offset];
  }

  take(length: number): Uint8Array | undefined {
    if (length > this.rest) return undefined;
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  int(): number | undefined {
    return this.take(4) && this.#view.getInt32(this.#offset - 4);
  }

  float(): number | undefined {
    return this.take(4) && this.#view.getFloat32(this.#offset - 4);
  }

  double(): number | undefined {
    return this.take(8) && this.#view.getFloat64(this.#offset - 8);
  }

  /** Beyond ±2^53 inexact: whoever uses it asks whether it is a safe integer. */
  long(): number | undefined {
    return this.take(8) && Number(this.#view.getBigInt64(this.#offset - 8));
  }

  text(): string | undefined {
    const length = this.#bytes.indexOf(0, this.#offset) - this.#offset;
    const text = length < 0 ? undefined : this.take(length);
    const padding = this.take(padded(length + 1) - length);
    if (text === undefined || padding === undefined || padding.some((byte) => byte !== 0)) return undefined;
    try {
      return utf8.decode(text);
    } catch {
      return undefined;
    }
  }

  blob(): Uint8Array | undefined {
    const length = this.int();
    if (length === undefined || length < 0) return undefined;
    const value = this.take(length);
    return this.take(padded(length) - length) && value;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const padded = (length: number): number => Math.ceil(length / 4) * 4;

function textBytes(text: string): Uint8Array {
  const encoded = new TextEncoder().encode(text);
  const bytes = new Uint8Array(padded(encoded.length + 1));
  bytes.set(encoded);
  return bytes;
}

function argumentBytes({ tag, value }: OscArgument): Uint8Array {
  if (typeof value === "string") return textBytes(value);
  if (value instanceof Uint8Array) return tag === "b" ? blobBytes(value) : value;
  if (typeof value !== "number") return new Uint8Array(0);
  const bytes = new Uint8Array(tag === "h" || tag === "d" ? 8 : 4);
  const view = new DataView(bytes.buffer);
  if (tag === "h") view.setBigInt64(0, BigInt(value));
  else if (tag === "d") view.setFloat64(0, value);
  else if (tag === "f") view.setFloat32(0, value);
  else view.setInt32(0, value);
  return bytes;
}

function blobBytes(blob: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + padded(blob.length));
  new DataView(bytes.buffer).setInt32(0, blob.length);
  bytes.set(blob, 4);
  return bytes;
}
