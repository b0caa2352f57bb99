// A receiver of light, on loopback unless told otherwise: takes sACN and Art-Net in one port and remembers when which look came.

import { decodeArtDmx } from "@interactor/agent/modules/dmx/artnet.ts";
import { decodeSacn } from "@interactor/agent/modules/dmx/sacn.ts";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

export interface Frame {
  /** By `performance.now()`. */
  readonly at: number;
  readonly levels: Uint8Array;
}

/** Frames remembered: some minutes of a busy universe. Older ones are forgotten. */
const framesMax = 10_000;

export class Light implements AsyncDisposable {
  readonly port: number;
  readonly #socket: Socket;
  readonly #frames: Frame[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on("message", (packet) => {
      const levels = (decodeSacn(packet) ?? decodeArtDmx(packet))?.levels;
      if (levels === undefined) return;
      if (this.#frames.length >= framesMax) this.#frames.splice(0, framesMax / 2);
      this.#frames.push({ at: performance.now(), levels });
    });
  }

  static async open(address = "127.0.0.1"): Promise<Light> {
    const socket = createSocket("udp4");
    socket.bind(0, address);
    await once(socket, "listening");
    return new Light(socket);
  }

  get frames(): readonly Frame[] {
    return this.#frames;
  }

  /** What a channel, counted from 1, shows; `undefined` before the first frame. */
  level(channel: number): number | undefined {
    return this.#frames.at(-1)?.levels[channel - 1];
  }

  /** The looks of a channel in the order they came, each once. */
  looks(channel: number): readonly number[] {
    const levels = this.#frames.map((frame) => frame.levels[channel - 1] ?? 0);
    return levels.filter((level, index) => level !== levels[index - 1]);
  }

  /** What came until now. */
  forget(): void {
    this.#frames.splice(0, this.#frames.length - 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }
}
