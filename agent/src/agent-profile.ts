/**
 * What the hub wants to know of a running module: made when it asks, held until it has pulled all of it, one at a time.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import type { Clock } from "@interactor/shared/kernel/clock";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { pieceSumBytes, profileBytesMax, profilePieceBytes } from "@interactor/shared/wire/limits";
import {
  decodeProfileOrder,
  encodeProfileWord,
  type ProfileOrder,
  type ProfileWord,
} from "@interactor/shared/wire/messages/profile";
import { nodeTopics } from "@interactor/shared/wire/topics";
import type { Hearing, Neighbour } from "./agent-neighbours.ts";
import type { Connection } from "./ports/hub-link.ts";
import type { Log } from "./ports/log.ts";
import type { ModuleHost, ModuleHostEvents } from "./ports/module-host.ts";

export interface ProfileWorld {
  readonly clock: Clock;
  readonly log: Log;
  /** By gzip. Fault `PROFILE_TOO_LARGE`: it would have more than so many bytes. */
  readonly packed: (parts: AsyncIterable<Uint8Array>, bytesMax: number) => Promise<Uint8Array>;
  /** SHA-256. */
  readonly sumOf: (bytes: Uint8Array) => Uint8Array;
}

/** A hub that does not ask for the next piece for so long does not want it: it is let go. */
const heldMax = seconds(60);

/** Beyond its span. A guest that has not answered by then hangs or is gone. */
const makingMax = seconds(45);

interface Held {
  readonly id: number;
  /** `undefined`: it is being made. */
  bytes: Uint8Array | undefined;
}

export class AgentProfile implements Neighbour {
  readonly hears: Hearing;
  readonly #topics: ReturnType<typeof nodeTopics>;
  readonly #world: ProfileWorld;
  #connection: Connection | undefined;
  #modules: ModuleHost | undefined;
  #held: Held | undefined;
  #cancel: (() => void) | undefined;

  constructor({ site, node }: { readonly site: string; readonly node: string }, world: ProfileWorld) {
    this.#topics = nodeTopics(site, node);
    this.#world = world;
    this.hears = { topic: this.#topics.profile, message: (payload) => this.#asked(payload) };
  }

  connected(connection: Connection): void {
    this.#connection = connection;
  }

  disconnected(): void {
    this.#connection = undefined;
  }

  /** The same modules; of those that were opened last it is told. */
  around(open: (events: ModuleHostEvents) => ModuleHost): (events: ModuleHostEvents) => ModuleHost {
    return (events) => {
      this.#modules = open(events);
      return this.#modules;
    };
  }

  #asked(payload: Uint8Array): void {
    const decoded = decodeProfileOrder(payload);
    if (!decoded.ok)
      return this.#world.log.warn("what is asked of a module cannot be read", { reason: decoded.error });
    const order = decoded.value;
    switch (order.kind) {
      case "begin":
        return void this.#begin(order);
      case "piece":
        return this.#piece(order.id, order.at);
      case "drop":
        return this.#held?.id === order.id && this.#held.bytes !== undefined ? this.#letGo() : undefined;
      default:
        return unreachable(order);
    }
  }

  async #begin({ id, instance, what, span }: ProfileOrder & { readonly kind: "begin" }): Promise<void> {
    if (this.#held !== undefined && this.#held.bytes === undefined)
      return this.#say({
        kind: "failed",
        id,
        code: "PROFILE_BUSY",
        reason: "this node makes another one: try again",
      });
    this.#letGo();
    const held: Held = { id, bytes: undefined };
    this.#held = held;
    const { clock, log, packed, sumOf } = this.#world;
    log.info("a running module is profiled", { instance, what, span });
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(millis(span + makingMax), () =>
      late.reject(new Fault("PROFILE_TIMEOUT", `${instance} does not answer`)),
    );
    try {
      const parts = this.#modules?.profile?.(instance, { what, span: millis(span) });
      if (parts === undefined) throw new Fault("PROFILE_NOT_HERE", "this node makes no profiles");
      const bytes = await Promise.race([packed(parts, profileBytesMax), late.promise]);
      held.bytes = bytes;
      this.#hold();
      this.#say({ kind: "made", id, total: bytes.length, sum: sumOf(bytes).subarray(0, pieceSumBytes) });
    } catch (error) {
      this.#letGo();
      const code = error instanceof Fault ? error.code : "PROFILE_FAILED";
      this.#say({ kind: "failed", id, code, reason: messageOf(error) });
    } finally {
      cancel();
    }
  }

  #piece(id: number, at: number): void {
    const held = this.#held;
    if (held?.id !== id)
      return this.#say({ kind: "failed", id, code: "PROFILE_GONE", reason: "the node has let it go" });
    if (held.bytes === undefined) return undefined;
    this.#hold();
    return this.#say({ kind: "bytes", id, at, data: held.bytes.subarray(at, at + profilePieceBytes) });
  }

  #hold(): void {
    this.#cancel?.();
    this.#cancel = this.#world.clock.after(heldMax, () => this.#letGo());
  }

  #letGo(): void {
    this.#cancel?.();
    this.#held = undefined;
  }

  #say(word: ProfileWord): void {
    this.#connection?.publish(this.#topics.profiled, encodeProfileWord(word), { retain: false });
  }
}
