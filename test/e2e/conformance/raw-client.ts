// A client of MQTT that knows nothing but where a packet ends: it sends any bytes, and says what came back and when.
// Over TCP, or over WebSocket with its own few lines of framing, because a real one could not be cut off in the middle.

import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

export interface Address {
  readonly transport: "tcp" | "websocket";
  readonly port: number;
}

export interface OpenOptions {
  /** WebSocket subprotocols to offer. */
  readonly protocols?: string;
  /** How long to wait for what must come. */
  readonly patience?: number;
}

/** Generous: the machine may be busy, and what must not come is proven otherwise. */
const defaultPatience = 4000;

export class RawClient implements Disposable {
  readonly #socket: Socket;
  readonly #isWebSocket: boolean;
  readonly #patience: number;
  /** The answer to the WebSocket's opening, until it is through. */
  #isOpen: boolean;
  #head: Buffer = Buffer.alloc(0);
  #frames: Buffer = Buffer.alloc(0);
  #bytes: Buffer = Buffer.alloc(0);
  readonly #packets: Buffer[] = [];
  #isEnded = false;
  /** What the server sent and may not send. */
  #violation: Error | undefined;
  #wake: () => void = () => undefined;
  /** What a WebSocket server said to its opening. */
  opening = "";
  sentAt = performance.now();

  private constructor(socket: Socket, isWebSocket: boolean, patience: number) {
    this.#socket = socket;
    this.#patience = patience;
    this.#isWebSocket = isWebSocket;
    this.#isOpen = !isWebSocket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    const end = () => {
      this.#isEnded = true;
      this.#wake();
    };
    // However the server ends it: in order (FIN) or at once (RST).
    socket.on("end", end);
    socket.on("error", end);
    socket.on("close", end);
  }

  static async open({ transport, port }: Address, options: OpenOptions = {}): Promise<RawClient> {
    const { protocols = "mqtt", patience = defaultPatience } = options;
    const socket = connect({ host: "127.0.0.1", port });
    const client = new RawClient(socket, transport === "websocket", patience);
    if (transport === "tcp") return client;
    socket.write(
      [
        "GET /mqtt HTTP/1.1",
        `Host: 127.0.0.1:${port}`,
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
        ...(protocols === "" ? [] : [`Sec-WebSocket-Protocol: ${protocols}`]),
        "\r\n",
      ].join("\r\n"),
    );
    await client.#until(() => client.#isOpen || client.#isEnded, patience);
    return client;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** One write; over WebSocket one binary frame, or another kind. */
  send(bytes: Buffer, opcode = 2): void {
    this.sentAt = performance.now();
    this.#socket.write(this.#isWebSocket ? webSocketFrame(bytes, opcode) : bytes);
  }

  /** The next packet; `undefined`: the connection ended, or nothing came in time. */
  async packet(within = this.#patience): Promise<Buffer | undefined> {
    await this.#until(() => this.#packets.length > 0 || this.#isEnded, within);
    if (this.#violation !== undefined) throw this.#violation;
    return this.#packets.shift();
  }

  /** Whether the server ended the connection in time. */
  async ended(within = this.#patience): Promise<boolean> {
    await this.#until(() => this.#isEnded, within);
    return this.#isEnded;
  }

  /** Breaks the connection: the other side sees a network that failed. */
  cut(): void {
    this.#socket.resetAndDestroy();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #until(isSo: () => boolean, within: number): Promise<void> {
    const deadline = performance.now() + within;
    while (!isSo()) {
      const left = deadline - performance.now();
      if (left <= 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, left);
      await promise;
      clearTimeout(timer);
    }
  }

  #receive(chunk: Buffer): void {
    try {
      if (!this.#isOpen) this.#open(chunk);
      else if (this.#isWebSocket) this.#unframe(chunk);
      else this.#take(chunk);
    } catch (error) {
      this.#violation = error instanceof Error ? error : new Error(String(error));
      this.cut();
    }
    this.#wake();
  }

  #open(chunk: Buffer): void {
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf("\r\n\r\n");
    if (end < 0) return;
    this.opening = this.#head.toString("latin1", 0, end);
    this.#isOpen = true;
    this.#unframe(this.#head.subarray(end + 4));
  }

  /** Section 5.2 of RFC 6455, from a server: never masked. */
  #unframe(chunk: Buffer): void {
    this.#frames = Buffer.concat([this.#frames, chunk]);
    for (;;) {
      const [first = 0, second = 0] = this.#frames;
      const head = second < 126 ? 2 : second === 126 ? 4 : 10;
      if (this.#frames.length < head) return;
      const end =
        head +
        (head === 2 ? second : head === 4 ? this.#frames.readUInt16BE(2) : this.#frames.readUInt32BE(6));
      if (this.#frames.length < end) return;
      const body = this.#frames.subarray(head, end);
      this.#frames = this.#frames.subarray(end);
      if ((first & 15) === 8) this.#isEnded = true;
      else if (first === 0x82) this.#take(body);
      else throw new Error(`a WebSocket frame of kind ${first}, where MQTT comes in whole binary ones`);
    }
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const end = endOfPacket(this.#bytes);
      if (end === undefined || end > this.#bytes.length) return;
      this.#packets.push(this.#bytes.subarray(0, end));
      this.#bytes = this.#bytes.subarray(end);
    }
  }
}

/** Where the first packet ends; `undefined`: its length is not there yet. */
function endOfPacket(bytes: Buffer): number | undefined {
  let length = 0;
  for (let index = 1; index <= 4; index += 1) {
    const byte = bytes[index];
    if (byte === undefined) return undefined;
    length += (byte & 127) << (7 * (index - 1));
    if (byte < 128) return index + 1 + length;
  }
  throw new Error(`a length of more than four bytes: ${bytes.toString("hex", 0, 8)}`);
}

/** A client's frames are masked; a mask of zeros is a mask. */
function webSocketFrame(bytes: Buffer, opcode: number): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(bytes.length));
  const head =
    bytes.length < 126
      ? [0x80 | bytes.length]
      : bytes.length < 65_536
        ? [0x80 | 126, ...length.subarray(6)]
        : [0x80 | 127, ...length];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...head, 0, 0, 0, 0]), bytes]);
}
