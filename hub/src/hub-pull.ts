/**
 * Gives nodes the files that they ask for, a piece a question. Nothing is remembered of who has what; what is read is kept
 * for a while, because the next piece is asked for next.
 */
import { messageOf } from "@interactor/shared/kernel/fault";
import { pieceSumBytes } from "@interactor/shared/wire/limits";
import { decodePull, encodePiece, type Piece, type Pull } from "@interactor/shared/wire/messages/pull";
import type { Log } from "./ports/log.ts";

/** A file by what a node calls it; `undefined`: there is none. */
export type ReadFile = (file: Pull["file"]) => Promise<Uint8Array | undefined>;

export interface PullWorld {
  readonly read: ReadFile;
  /** SHA-256. */
  readonly sumOf: (bytes: Uint8Array) => Uint8Array;
  /** A node was given the last piece of a file, perhaps not for the first time. */
  readonly given?: (node: string, file: Pull["file"]) => void;
  readonly log: Log;
}

/** Bytes of files in memory for those who pull them. More: evict the one that was asked for longest ago. */
const keptBytesMax = 16 * 1024 * 1024;
/** Questions of one node that are not answered yet: its window, four times. More: refuse. */
const openMax = 64;

const isLast = (piece: Piece): boolean =>
  piece.kind === "bytes" && piece.data.length > 0 && piece.at + piece.data.length === piece.total;

export class HubPull {
  readonly #world: PullWorld;
  #publish: (node: string, payload: Uint8Array) => void = () => undefined;
  /** By kind and name, the one that was asked for last at the end. Names that are always the same are not among them. */
  readonly #kept = new Map<string, Promise<Uint8Array | undefined>>();
  readonly #sizes = new Map<string, number>();
  readonly #open = new Map<string, number>();

  constructor(world: PullWorld) {
    this.#world = world;
  }

  /** Answers go this way from now on. */
  start(publish: (node: string, payload: Uint8Array) => void): void {
    this.#publish = publish;
  }

  /** Why a question is refused; nothing when it will be answered. */
  asked(node: string, payload: Uint8Array): string | undefined {
    const decoded = decodePull(payload);
    if (!decoded.ok) return decoded.error;
    const open = this.#open.get(node) ?? 0;
    if (open >= openMax) {
      this.#publish(node, encodePiece({ kind: "busy", id: decoded.value.id }));
      return "too-many-pulls";
    }
    this.#open.set(node, open + 1);
    void this.#answer(node, decoded.value);
    return undefined;
  }

  async #answer(node: string, asked: Pull): Promise<void> {
    try {
      const piece = this.#piece(asked, await this.#read(asked.file));
      this.#publish(node, encodePiece(piece));
      if (isLast(piece)) this.#world.given?.(node, asked.file);
    } catch (error) {
      this.#world.log.error("a file cannot be read for a node", {
        node,
        file: asked.file.name,
        cause: messageOf(error),
      });
      this.#publish(node, encodePiece({ kind: "busy", id: asked.id }));
    } finally {
      const open = (this.#open.get(node) ?? 1) - 1;
      if (open === 0) this.#open.delete(node);
      else this.#open.set(node, open);
    }
  }

  #piece({ id, at, bytes }: Pull, file: Uint8Array | undefined): Piece {
    if (file === undefined) return { kind: "missing", id };
    const data = file.subarray(at, at + bytes);
    const sum = this.#world.sumOf(data).subarray(0, pieceSumBytes);
    return { kind: "bytes", id, at, total: file.length, data, sum };
  }

  /** Metadata is small, and some of it changes under its name: it is read each time. */
  #read(file: Pull["file"]): Promise<Uint8Array | undefined> {
    if (file.kind === "metadata") return this.#world.read(file);
    const key = `${file.kind} ${file.name}`;
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    const reading = kept ?? this.#world.read(file);
    this.#kept.set(key, reading);
    if (kept === undefined) void this.#weigh(key, reading);
    return reading;
  }

  async #weigh(key: string, reading: Promise<Uint8Array | undefined>): Promise<void> {
    const size = await reading.then(
      (bytes) => bytes?.length,
      () => undefined,
    );
    // What is not there may come, and what failed may work the next time.
    if (size === undefined) {
      if (this.#kept.get(key) === reading) this.#kept.delete(key);
      return;
    }
    this.#sizes.set(key, size);
    let sum = 0;
    for (const each of this.#sizes.values()) sum += each;
    for (const oldest of this.#kept.keys()) {
      if (sum <= keptBytesMax || oldest === key) break;
      sum -= this.#sizes.get(oldest) ?? 0;
      this.#kept.delete(oldest);
      this.#sizes.delete(oldest);
    }
  }
}
