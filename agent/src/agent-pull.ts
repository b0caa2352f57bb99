/**
 * Files of the hub over the link that is there: asks for pieces as the core says, one file after the other, and waits
 * through cuts.
 */
import { type Clock, whenDue } from "@interactor/shared/kernel/clock";
import { Fault } from "@interactor/shared/kernel/fault";
import { pieceSumBytes } from "@interactor/shared/wire/limits";
import { decodePiece, encodePull, type Piece, type PulledKind } from "@interactor/shared/wire/messages/pull";
import { nodeTopics } from "@interactor/shared/wire/topics";
import type { Hearing, Neighbour } from "./agent-neighbours.ts";
import { Transfer } from "./core/transfer/transfer.ts";
import type { HubFiles } from "./ports/hub-files.ts";
import type { Connection } from "./ports/hub-link.ts";
import type { KeptPieces } from "./ports/kept-pieces.ts";
import type { Log } from "./ports/log.ts";
import type { TrustSource } from "./ports/trust.ts";

export interface PullOptions {
  readonly site: string;
  readonly node: string;
}

export interface PullWorld {
  readonly clock: Clock;
  readonly log: Log;
  /** SHA-256. */
  readonly sumOf: (bytes: Uint8Array) => Uint8Array;
  readonly kept: KeptPieces;
}

interface Job {
  readonly kind: PulledKind;
  readonly name: string;
  readonly transfer: Transfer;
  /** Wakes whoever waits for the next piece. */
  wake: () => void;
  failed: Fault | undefined;
}

export class AgentPull implements Neighbour {
  readonly hears: Hearing;
  readonly #topics: ReturnType<typeof nodeTopics>;
  readonly #world: PullWorld;
  #connection: Connection | undefined;
  #job: Job | undefined;
  /** Whoever wants a file while another one is on its way comes after it. */
  #turn: Promise<void> = Promise.resolve();
  #id = 0;
  #cancel: (() => void) | undefined;
  /** Pieces that were asked for more than once. */
  repeats = 0;

  constructor(options: PullOptions, world: PullWorld) {
    this.#topics = nodeTopics(options.site, options.node);
    this.#world = world;
    this.hears = { topic: this.#topics.piece, message: (payload) => this.#piece(payload) };
  }

  /** By their digests. */
  readonly files: HubFiles = this.#files();

  /** Of the repository that says what is to be believed, by their names. */
  readonly source: TrustSource = {
    fetch: ({ kind, path }, signal) => this.#pull(kind, path, 0, signal),
  };

  #files(): HubFiles {
    const job = (): Job | undefined => this.#job;
    const isHubThere = (): boolean => this.#connection !== undefined;
    return {
      fetch: (digest, offset, signal) => this.#pull("content", digest, offset, signal),
      get isHubThere() {
        return isHubThere();
      },
      get progress() {
        const now = job();
        return now?.kind === "content" ? now.transfer.progress : undefined;
      },
    };
  }

  async *#pull(
    kind: PulledKind,
    name: string,
    offset: number,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const before = this.#turn;
    this.#turn = before.then(() => over);
    try {
      await before;
      signal.throwIfAborted();
      const job = await this.#begin(kind, name, offset);
      yield* this.#pieces(job, signal);
    } finally {
      await this.#end();
      end();
    }
  }

  async #begin(kind: PulledKind, name: string, offset: number): Promise<Job> {
    const ahead = kind === "content" ? await this.#world.kept.load(name) : new Map<number, Uint8Array>();
    const transfer = new Transfer(offset, () => (this.#id += 1), ahead);
    this.#job = { kind, name, transfer, wake: () => undefined, failed: undefined };
    return this.#job;
  }

  async *#pieces(job: Job, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { transfer } = job;
    const wake = (): void => job.wake();
    signal.addEventListener("abort", wake);
    try {
      for (;;) {
        const woken = new Promise<void>((resolve) => (job.wake = resolve));
        this.#ask();
        for (let data = transfer.next(); data !== undefined; data = transfer.next()) {
          yield data;
          signal.throwIfAborted();
          this.#ask();
        }
        if (job.failed !== undefined) throw job.failed;
        if (transfer.isOver) return;
        signal.throwIfAborted();
        await woken;
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  /** What came and waits for a piece before it stays for the next try, also of another life. */
  async #end(): Promise<void> {
    const job = this.#job;
    this.#job = undefined;
    this.#cancel?.();
    if (job === undefined) return;
    this.repeats += job.transfer.repeats;
    if (job.kind === "content" && job.transfer.isOver) await this.#world.kept.forget(job.name);
  }

  connected(connection: Connection): void {
    this.#connection = connection;
    this.#ask();
  }

  disconnected(): void {
    this.#connection = undefined;
    this.#job?.transfer.cut();
    this.#cancel?.();
  }

  #ask(): void {
    const job = this.#job;
    if (job === undefined || this.#connection === undefined) return;
    const { clock } = this.#world;
    const { kind, name, transfer } = job;
    for (const asked of transfer.ask(clock.now()))
      this.#connection.publish(this.#topics.pull, encodePull({ ...asked, file: { kind, name } }), {
        retain: false,
      });
    this.#cancel?.();
    const due = transfer.dueAt;
    if (due === undefined) return;
    this.#cancel = whenDue(clock, due, () => {
      transfer.expire(clock.now());
      this.#ask();
    });
  }

  #piece(payload: Uint8Array): void {
    const decoded = decodePiece(payload);
    const job = this.#job;
    if (!decoded.ok)
      return this.#world.log.warn("a piece of a file cannot be read", { reason: decoded.error });
    if (job === undefined) return undefined;
    this.#take(job, decoded.value);
    this.#ask();
    job.wake();
  }

  #take(job: Job, piece: Piece): void {
    const { transfer, name, kind } = job;
    switch (piece.kind) {
      case "busy":
        // It is asked again when patience has run out.
        return;
      case "missing":
        if (transfer.isAsked(piece.id)) job.failed = missing(kind, name);
        return;
      case "bytes": {
        const sum = this.#world.sumOf(piece.data).subarray(0, pieceSumBytes);
        const isWhole = sum.every((byte, index) => byte === piece.sum[index]);
        const taken = transfer.came({ ...piece, isWhole }, this.#world.clock.now());
        if (taken === "wrong")
          this.#world.log.warn("a piece of a file is not what was asked for", { file: name });
        if (
          taken === "taken" &&
          kind === "content" &&
          transfer.ahead.has(piece.at) &&
          transfer.isBehind(piece.at)
        )
          void this.#world.kept.keep(name, piece.at, piece.data);
        return;
      }
    }
  }
}

const missing = (kind: PulledKind, name: string): Fault =>
  new Fault(kind === "content" ? "CONTENT_MISSING" : "TRUST_FILE_MISSING", `the hub does not have ${name}`);
