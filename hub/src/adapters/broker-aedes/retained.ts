/**
 * The last message of each topic that was published to be retained (MQTT 3.1.1 section 3.3.1.3). What clients
 * retain has a quota; what the hub itself and its agents retain under `ix/1/` is bounded by what they are, and is not
 * kept over a restart, because they say it again.
 */
import type { BrokerStore, Qos } from "../../ports/broker-store.ts";
import type { BrokerLimits } from "../../ports/broker.ts";
import { topicRoot } from "@interactor/shared/wire/topics";
import { Message } from "./message.ts";

/** A topic as a branch of names; `message` where one ends. */
interface Branch {
  below: Map<string, Branch> | undefined;
  message: Retained | undefined;
}

/** A retained message. */
export class Retained {
  readonly topic: string;
  readonly qos: Qos;
  /** The packet of QoS 0: made once, the same bytes for everybody who asks. It holds the payload. */
  readonly packet: Buffer;
  readonly #payloadLength: number;

  constructor(message: Message) {
    this.topic = message.topic;
    this.qos = message.qos;
    this.packet = message.packet(0, true);
    this.#payloadLength = message.payload.length;
  }

  get payload(): Buffer {
    return this.packet.subarray(this.packet.length - this.#payloadLength);
  }

  /** The message, to be sent at a higher QoS. */
  message(): Message {
    return new Message({ topic: this.topic, payload: this.payload, qos: this.qos, retain: true });
  }
}

/** What a retained message costs beside its bytes. */
const overheadBytes = 256;

const isOurs = (topic: string): boolean => topic.startsWith(`${topicRoot}/`);

export class RetainedMessages {
  readonly #limits: Pick<BrokerLimits, "retainedMax" | "retainedBytesMax">;
  readonly #store: BrokerStore;
  readonly #root: Branch = { below: undefined, message: undefined };
  readonly #bytesOf = new Map<string, number>();
  #bytes = 0;

  constructor(limits: Pick<BrokerLimits, "retainedMax" | "retainedBytesMax">, store: BrokerStore) {
    this.#limits = limits;
    this.#store = store;
    for (const { payload, ...more } of store.kept.retained)
      this.#set(new Message({ ...more, payload: Buffer.from(payload), retain: true }));
  }

  /** Messages that count against the quota, and their bytes. */
  get usage(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#bytesOf.size, bytes: this.#bytes };
  }

  /** Retains a message; an empty one takes the retained one away. `false`: the quota is used up. */
  take(message: Message, owner: string): boolean {
    const { topic, payload, qos } = message;
    const isKept = !isOurs(topic);
    if (payload.length === 0) {
      if (this.#remove(topic) && isKept) this.#store.write({ kind: "retained-gone", topic });
      return true;
    }
    if (isKept && !this.#hasRoom(topic, payload.length)) return false;
    const retained = this.#set(message);
    if (isKept)
      this.#store.write({ kind: "retained", message: { topic, payload: retained.payload, qos, owner } });
    return true;
  }

  get(topic: string): Retained | undefined {
    let branch: Branch | undefined = this.#root;
    for (const name of topic.split("/")) branch = branch?.below?.get(name);
    return branch?.message;
  }

  /** Topics of retained messages that match. */
  topics(filter: string): readonly string[] {
    const found: string[] = [];
    const names = filter.split("/");
    const all = (branch: Branch) => {
      if (branch.message !== undefined) found.push(branch.message.topic);
      for (const below of branch.below?.values() ?? []) all(below);
    };
    const walk = (branch: Branch, depth: number) => {
      const name = names[depth];
      if (name === undefined) {
        if (branch.message !== undefined) found.push(branch.message.topic);
      } else if (name === "#") visible(branch, depth, all, branch);
      else if (name === "+") visible(branch, depth, (below) => walk(below, depth + 1));
      else {
        const below = branch.below?.get(name);
        if (below !== undefined) walk(below, depth + 1);
      }
    };
    walk(this.#root, 0);
    return found;
  }

  #hasRoom(topic: string, bytes: number): boolean {
    const before = this.#bytesOf.get(topic);
    if (before === undefined && this.#bytesOf.size >= this.#limits.retainedMax) return false;
    return (
      this.#bytes - (before ?? 0) + Buffer.byteLength(topic) + bytes + overheadBytes <=
      this.#limits.retainedBytesMax
    );
  }

  #set(message: Message): Retained {
    const retained = new Retained(message);
    const { topic } = retained;
    let branch = this.#root;
    for (const name of topic.split("/")) {
      branch.below ??= new Map();
      const below: Branch = branch.below.get(name) ?? { below: undefined, message: undefined };
      branch.below.set(name, below);
      branch = below;
    }
    branch.message = retained;
    if (isOurs(topic)) return retained;
    const bytes = Buffer.byteLength(topic) + message.payload.length + overheadBytes;
    this.#bytes += bytes - (this.#bytesOf.get(topic) ?? 0);
    this.#bytesOf.set(topic, bytes);
    return retained;
  }

  #remove(topic: string): boolean {
    const path: { readonly branch: Branch; readonly name: string }[] = [];
    let branch = this.#root;
    for (const name of topic.split("/")) {
      const below = branch.below?.get(name);
      if (below === undefined) return false;
      path.push({ branch, name });
      branch = below;
    }
    if (branch.message === undefined) return false;
    branch.message = undefined;
    this.#bytes -= this.#bytesOf.get(topic) ?? 0;
    this.#bytesOf.delete(topic);
    for (const { branch: above, name } of path.toReversed()) {
      const below = above.below?.get(name);
      if (below === undefined || below.message !== undefined || below.below !== undefined) break;
      above.below?.delete(name);
      if (above.below?.size === 0) above.below = undefined;
    }
    return true;
  }
}

/** Branches that a wildcard at this depth sees: none that begins with $ at the first level [MQTT-4.7.2-1]. */
function visible(branch: Branch, depth: number, take: (branch: Branch) => void, self?: Branch): void {
  // `a/#` matches `a` itself, but `#` alone does not match an empty name.
  if (self?.message !== undefined && depth > 0) take({ below: undefined, message: self.message });
  for (const [name, below] of branch.below ?? []) if (depth > 0 || !name.startsWith("$")) take(below);
}
