/**
 * A WebSocket as a byte stream for MQTT. Packets are gathered for 16 ms into one frame (MQTT 3.1.1 section 6
 * allows it): one frame a packet cost a browser a third of its frames at 1,000 messages a second.
 * Writing never waits; a client that takes too little is cut.
 */
import { Duplex } from "node:stream";
import type { WebSocket } from "ws";

/** One frame of a 60 Hz screen: what comes within it is seen at the same time. */
const gatherSpan = 16;
/** What may wait for a client that does not read. More: cut. A healthy page is never behind by a second of feed. */
const backlogBytesMax = 4 * 1024 * 1024;

export class WebSocketStream extends Duplex {
  readonly #socket: WebSocket;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #sentAt = 0;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      // MQTT 3.1.1 section 6: any other kind of frame ends the connection.
      if (!isBinary) this.destroy(new Error("a text frame, where MQTT comes in binary ones"));
      else if (!this.push(data)) socket.pause();
    });
    socket.on("close", () => this.destroy());
    socket.on("error", (error) => this.destroy(violationIn(error)));
  }

  override _read(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#gather(chunk);
    done();
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    for (const { chunk } of chunks) this.#gather(chunk);
    done();
  }

  override _final(done: () => void): void {
    this.#flush();
    this.#socket.close();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#socket.terminate();
    done(error);
  }

  #gather(chunk: Buffer): void {
    this.#gathered.push(chunk);
    this.#gatheredBytes += chunk.length;
    if (this.#gatheredBytes + this.#socket.bufferedAmount > backlogBytesMax) {
      this.destroy(new Error(`the client is behind by more than ${backlogBytesMax} bytes`));
      return;
    }
    if (this.#timer !== undefined) return;
    const wait = this.#sentAt + gatherSpan - performance.now();
    // Also after a pause for the rest of this turn: a packet is written in several pieces.
    this.#timer = setTimeout(() => this.#flush(), Math.max(wait, 0));
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gathered.length === 0) return;
    this.#sentAt = performance.now();
    this.#socket.send(Buffer.concat(this.#gathered));
    this.#gathered = [];
    this.#gatheredBytes = 0;
  }
}

/** What a client did wrong, as an error for whoever counts; an error of the network is how connections end. */
function violationIn(error: Error): Error | undefined {
  const isViolation = "code" in error && String(error.code).startsWith("WS_ERR");
  return isViolation ? new Error(error.message) : undefined;
}
