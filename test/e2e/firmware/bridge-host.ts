// A host of the bridge as small as can be: a tty, frames, and requests that wait for their answers.

import {
  type Answer,
  decodeAnswer,
  encodeRequest,
  type Request,
} from "@interactor/firmware-bridges/bridge/host/codec.ts";
import { encodeFrame, FrameReader } from "@interactor/firmware-bridges/framing/frame.ts";
import { openTty, type Tty } from "@interactor/agent/serial-line/tty.ts";

/** Wall clock, and generous: a machine under load runs the firmware slowly. */
const patienceMillis = 30_000;
const resendMillis = 500;

export class BridgeHost implements AsyncDisposable {
  /** Oldest first. */
  readonly answers: Answer[] = [];
  faults = 0;
  readonly #tty: Tty;
  readonly #listeners = new Set<(answer: Answer) => void>();
  #number = 0;

  private constructor(tty: Tty) {
    this.#tty = tty;
  }

  static async open(path: string): Promise<BridgeHost> {
    const reader = new FrameReader({
      frame: (content) => host.#take(content),
      fault: () => void (host.faults += 1),
    });
    const line = { path, baudRate: 250_000, dataBits: 8, stopBits: 1, parity: "none" } as const;
    const early: Uint8Array[] = [];
    let take = (bytes: Uint8Array): void => void early.push(bytes.slice());
    const events = { received: (bytes: Uint8Array) => take(bytes), ended: () => undefined };
    const host = new BridgeHost(await openTty(line, events));
    take = (bytes) => reader.push(bytes);
    for (const bytes of early) take(bytes);
    host.writeRaw(Uint8Array.of(0));
    return host;
  }

  writeRaw(bytes: Uint8Array): void {
    this.#tty.write(bytes);
  }

  /**
   * Sends a request and gives its answer; a refusal is one too. A hello is sent until it is answered, because it may
   * come while the chip is starting. The line loses nothing after it: what is sent again by the wall's clock would only
   * be a burst for a chip whose time stood still meanwhile.
   */
  async ask(request: Request): Promise<Answer> {
    this.#number = (this.#number % 65_535) + 1;
    const number = this.#number;
    const answer = this.next(
      (answer) => "number" in answer && answer.kind !== "sample" && answer.number === number,
    );
    this.send(request, number);
    if (request.kind !== "hello") return answer;
    const again = setInterval(() => this.send(request, number), resendMillis);
    return answer.finally(() => clearInterval(again));
  }

  send(request: Request, number: number): void {
    const frame = encodeFrame(encodeRequest(request, number));
    if (!frame.ok) throw new Error(frame.error);
    this.writeRaw(frame.value);
  }

  async next(fits: (answer: Answer) => boolean): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const listener = (answer: Answer): void => {
      if (fits(answer)) resolve(answer);
    };
    const patience = setTimeout(() => reject(new Error("the bridge did not answer")), patienceMillis);
    this.#listeners.add(listener);
    try {
      return await promise;
    } finally {
      this.#listeners.delete(listener);
      clearTimeout(patience);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tty.close();
  }

  #take(content: Uint8Array): void {
    const answer = decodeAnswer(content);
    if (!answer.ok) throw new Error(`the bridge said something that is ${answer.error}`);
    this.answers.push(answer.value);
    for (const listener of this.#listeners) listener(answer.value);
  }
}
