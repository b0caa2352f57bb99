/**
 * A WebSocket as a byte stream for MQTT. Packets are gathered for 16 ms into one frame (MQTT 3.1.1 section 6
 * allows it): one frame a packet cost a browser a third of its frames at 1,000 messages a second. A write is done when
 * the socket has taken it, so whoever writes sees a client that does not read. `held` tells how many bytes of a message
 * have come that is not whole: it is gathered below, before any of it can be read here.
 */
import { Duplex, type Readable } from "node:stream";
import type { WebSocket } from "ws";

/** One frame of a 60 Hz screen: what comes within it is seen at the same time. */
const gatherSpan = 16;

export class WebSocketStream extends Duplex {
  readonly #socket: WebSocket;
  #timer: NodeJS.Timeout | undefined;
  #sentAt = 0;
  #held = 0;

  /** `wire`: what the WebSocket's bytes come over. */
  constructor(socket: WebSocket, wire: Readable) {
    super();
    this.#socket = socket;
    // Before the WebSocket itself sees it, so that a message that ends with this chunk counts as whole.
    wire.prependListener("data", (chunk: Buffer) => this.#hold(this.#held + chunk.length));
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      this.#hold(0);
      // MQTT 3.1.1 section 6: any other kind of frame ends the connection.
      if (!isBinary) this.destroy(new Error("a text frame, where MQTT comes in binary ones"));
      else if (!this.push(data)) socket.pause();
    });
    socket.on("close", () => this.destroy());
    socket.on("error", (error) => this.destroy(violationIn(error)));
  }

  #hold(bytes: number): void {
    this.#held = bytes;
    this.emit("held", bytes);
  }

  override _read(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#sendSoon(() => chunk, done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.#sendSoon(() => Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    this.#socket.close();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#socket.terminate();
    done(error);
  }

  /** At once after a pause. What comes meanwhile gathers in front of this stream, and is the next frame. */
  #sendSoon(bytes: () => Buffer, done: () => void): void {
    const wait = this.#sentAt + gatherSpan - performance.now();
    const send = () => {
      this.#sentAt = performance.now();
      // An error is told by the socket's own event.
      this.#socket.send(bytes(), () => done());
    };
    if (wait > 0) this.#timer = setTimeout(send, wait);
    else send();
  }
}

/** What a client did wrong, as an error for whoever counts; an error of the network is how connections end. */
function violationIn(error: Error): Error | undefined {
  const isViolation = "code" in error && String(error.code).startsWith("WS_ERR");
  return isViolation ? new Error(error.message) : undefined;
}
