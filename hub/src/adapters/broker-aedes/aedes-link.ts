/**
 * The stream that Aedes sees of a client: it gets the packets that are Aedes's to handle, whole and one by one, and
 * what it writes goes the way everything goes out. A write never waits and never fails: a client that takes too little
 * is the outlet's affair.
 */
import { EventEmitter } from "node:events";

export interface LinkSink {
  write(bytes: Buffer): void;
  /** Aedes is through with the client; `error`: because of this. */
  end(error: Error | undefined): void;
}

export class AedesLink extends EventEmitter {
  readonly #sink: LinkSink;
  #packets: Buffer[] = [];
  destroyed = false;

  constructor(sink: LinkSink) {
    super();
    this.#sink = sink;
  }

  /** One packet from the client. */
  feed(packet: Buffer): void {
    this.#packets.push(packet);
    this.emit("readable");
  }

  /** The client has gone; without a DISCONNECT its will is due. */
  gone(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#packets = [];
    this.emit("close");
  }

  read(): Buffer | null {
    if (this.#packets.length === 0) return null;
    const bytes = Buffer.concat(this.#packets);
    this.#packets = [];
    return bytes;
  }

  write(chunk: Buffer | string, encoding?: unknown): boolean {
    this.#sink.write(
      typeof chunk === "string" ? Buffer.from(chunk, encoding === "ascii" ? "latin1" : "utf8") : chunk,
    );
    return true;
  }

  destroy(error?: Error | null): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#packets = [];
    this.#sink.end(error ?? undefined);
    // As a stream does, after whoever destroys it is through with it.
    process.nextTick(() => this.emit("close"));
    return this;
  }
}
