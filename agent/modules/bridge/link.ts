/**
 * Requests to a bridge and their answers, over frames on an open line. One request is under way at a time: the board
 * has room for a few frames only. One that is not answered is sent again, which the protocol allows.
 */
import { type Clock, type Instant, type Millis, between } from "@interactor/shared/sdk/define-module";
import {
  type Answer,
  decodeAnswer,
  encodeRequest,
  type Request,
} from "@interactor/firmware-bridges/bridge/host/codec.ts";
import { encodeFrame, FrameReader } from "@interactor/firmware-bridges/framing/frame.ts";

interface Waiting {
  readonly number: number;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export interface Patience {
  readonly pause: Millis;
  readonly sendsMax: number;
}

export interface LinkEvents {
  /** Not the answer to a request: a sample, a banner, that it went safe. */
  said(answer: Answer): void;
  /** A frame of it could not be read. */
  garbled(): void;
}

export class BridgeLink {
  readonly #clock: Clock;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #events: LinkEvents;
  readonly #reader: FrameReader;
  #number = 0;
  #waiting: Waiting | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #heardAt: Instant;
  #isOver = false;

  constructor(clock: Clock, write: (bytes: Uint8Array) => void, events: LinkEvents) {
    this.#clock = clock;
    this.#write = write;
    this.#events = events;
    this.#heardAt = clock.now();
    this.#reader = new FrameReader({
      frame: (content) => this.#take(content),
      fault: () => events.garbled(),
    });
  }

  received(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  /** Since the last word that could be read. */
  get silence(): number {
    return between(this.#heardAt, this.#clock.now());
  }

  /** Rejects when no answer comes, or the link ends. A refusal is an answer. */
  async ask(request: Request, patience: Patience): Promise<Answer> {
    const turn = this.#turn.then(() => this.#askNow(request, patience));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** What waits is rejected, and so is what is asked from now on. */
  end(): void {
    this.#isOver = true;
    this.#waiting?.reject(new Error("the line was closed"));
  }

  async #askNow(request: Request, { pause, sendsMax }: Patience): Promise<Answer> {
    if (this.#isOver) throw new Error("the line was closed");
    this.#number = (this.#number % 0xff_ff) + 1;
    const number = this.#number;
    const frame = encodeFrame(encodeRequest(request, number));
    if (!frame.ok) throw new Error(`a request is ${frame.error}`);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    let sends = 0;
    let cancel = (): void => undefined;
    const send = (): void => {
      if (sends === sendsMax) return reject(new Error(`it does not answer to ${request.kind}`));
      sends += 1;
      this.#write(frame.value);
      cancel = this.#clock.after(pause, send);
    };
    this.#waiting = { number, resolve, reject };
    send();
    try {
      return await promise;
    } finally {
      cancel();
      this.#waiting = undefined;
    }
  }

  #take(content: Uint8Array): void {
    if (this.#isOver) return;
    const decoded = decodeAnswer(content);
    if (!decoded.ok) return this.#events.garbled();
    this.#heardAt = this.#clock.now();
    const answer = decoded.value;
    const isAnswer =
      answer.kind !== "sample" && "number" in answer && answer.number === this.#waiting?.number;
    if (isAnswer) this.#waiting?.resolve(answer);
    else this.#events.said(answer);
  }
}
