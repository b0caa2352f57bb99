// A connection to the hub that writes what it is told to, over TCP or inside a WebSocket. The WebSocket's frames are
// made by hand: a library would mask every byte and keep us from ending one in the middle.

import { connect, type Socket } from "node:net";
import { URL } from "node:url";

export const transports = ["tcp", "websocket"] as const;
export type Transport = (typeof transports)[number];

/** Where a hub listens. */
export interface Target {
  readonly http: string;
  readonly mqtt: string;
}

const binaryFrame = 0x82;
/** A mask of zeros is a mask: the bytes stay as they are and cost the attacker nothing. */
const isMasked = 0x80;
const maskLength = 4;

export class RawConnection {
  readonly #socket: Socket;
  readonly #transport: Transport | "http";
  /** Resolves when it is closed, by whomever. */
  readonly closed: Promise<void>;
  /** Resolves with whether MQTT may be written: TCP is there, and the WebSocket was taken. */
  readonly opened: Promise<boolean>;
  /** Told of what the hub sends, without frames. */
  taken: (chunk: Buffer) => void = () => undefined;
  #unframed: Buffer = Buffer.alloc(0);

  /** `http`: a connection to where WebSockets are taken, on which nothing was asked for. */
  constructor(target: Target, transport: Transport | "http", localAddress = "127.0.0.1") {
    const url = new URL(transport === "tcp" ? target.mqtt : target.http);
    this.#transport = transport;
    const socket = connect({ host: url.hostname, port: Number(url.port), localAddress, noDelay: true });
    this.#socket = socket;
    // Being refused, cut and reset is what an attacker expects.
    socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    const connected = new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("close", () => resolve(false));
    });
    if (transport !== "websocket") {
      this.opened = connected;
      socket.on("data", (chunk: Buffer) => this.taken(chunk));
    } else {
      socket.write(upgradeRequest(url.host));
      this.opened = this.#upgrade();
    }
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /** Writes one piece: on a WebSocket it is one frame. `false`: better wait for `drained`. */
  write(bytes: Uint8Array): boolean {
    if (!this.isOpen) return false;
    if (this.#transport === "websocket") this.#socket.write(frameHeader(binaryFrame, bytes.length));
    return this.#socket.write(bytes);
  }

  /** Writes below MQTT: no frame is made. */
  writeBare(bytes: Uint8Array): boolean {
    return this.isOpen && this.#socket.write(bytes);
  }

  /** Resolves when what was written is with the kernel, or nothing can be written any more. */
  drained(): Promise<void> {
    if (!this.isOpen || !this.#socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#socket.off("drain", done);
        this.#socket.off("close", done);
        resolve();
      };
      this.#socket.on("drain", done);
      this.#socket.on("close", done);
    });
  }

  /** Takes nothing more from the hub: its socket fills. */
  stall(): void {
    this.#socket.pause();
  }

  end(): void {
    this.#socket.end();
  }

  /** Goes away without a word: TCP's reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  #upgrade(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    let isAccepted = false;
    let answer: Buffer = Buffer.alloc(0);
    this.#socket.once("close", () => resolve(false));
    this.#socket.on("data", (chunk: Buffer) => {
      if (isAccepted) return this.#unframe(chunk);
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf("\r\n\r\n");
      if (end === -1) return undefined;
      isAccepted = answer.subarray(0, 13).toString() === "HTTP/1.1 101 ";
      resolve(isAccepted);
      return isAccepted ? this.#unframe(answer.subarray(end + 4)) : undefined;
    });
    return promise;
  }

  #unframe(chunk: Buffer): void {
    this.#unframed = Buffer.concat([this.#unframed, chunk]);
    for (;;) {
      const bytes = this.#unframed;
      if (bytes.length < 2) return;
      const short = (bytes[1] ?? 0) & 127;
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (bytes.length < head) return;
      const length =
        short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
      if (bytes.length < head + length) return;
      this.#unframed = bytes.subarray(head + length);
      if ((bytes[0] ?? 0) === binaryFrame) this.taken(bytes.subarray(head, head + length));
    }
  }
}

/** The head of a masked frame that promises `length` bytes. */
export function frameHeader(first: number, length: number): Buffer {
  if (length < 126) return Buffer.from([first, isMasked | length, 0, 0, 0, 0]);
  const isShort = length < 65_536;
  const head = Buffer.alloc((isShort ? 4 : 10) + maskLength);
  head.writeUInt8(first, 0);
  head.writeUInt8(isMasked | (isShort ? 126 : 127), 1);
  if (isShort) head.writeUInt16BE(length, 2);
  else head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

function upgradeRequest(host: string): string {
  return [
    "GET /mqtt HTTP/1.1",
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Protocol: mqtt",
    "",
    "",
  ].join("\r\n");
}
