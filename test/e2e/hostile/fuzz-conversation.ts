// Conversations as clients have them, and what may become of each packet on the way. Everything follows from the
// random source: the same seed makes the same conversations.

import type { Random } from "@interactor/shared/kernel/random";
import { mutate } from "./fuzz-mutations.ts";
import {
  acknowledgePacket,
  connectPacket,
  disconnectPacket,
  packetType,
  pingPacket,
  publishPacket,
  type Qos,
  type Received,
  publishId,
  subscribePacket,
  unsubscribePacket,
} from "./raw-packets.ts";

export interface FuzzedPacket {
  readonly bytes: Buffer;
  readonly isMutated: boolean;
}

export interface Conversation {
  /** In the order in which they are written. The first is a CONNECT, perhaps no longer a right one. */
  readonly packets: readonly FuzzedPacket[];
  /** Whether all of it comes at once, without waiting for what the hub says. */
  readonly isHasty: boolean;
}

/** Of a hundred CONNECTs so many are damaged: behind a refused one nothing else is seen. */
const damagedConnects = 0.1;
/** Of what follows so many, by conversation: the careful ones get far, the others do not. */
const damagedPackets = [0.1, 0.5] as const;
const greedyConversations = 0.005;
const damagedAnswers = 0.2;
const packetsMax = 24;

export class FuzzSource {
  readonly #random: Random;
  #conversations = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Conversation {
    this.#conversations += 1;
    if (this.#random.next() < greedyConversations) return this.#greedy();
    const whole = [this.#connect(), ...this.#some()];
    const damaged = this.#pick(damagedPackets);
    const packets = whole.map((packet, index): FuzzedPacket => {
      const isMutated = this.#random.next() < (index === 0 ? damagedConnects : damaged);
      return { bytes: isMutated ? mutate(packet, this.#pick(whole), this.#random) : packet, isMutated };
    });
    if (this.#random.next() < 0.1) this.#swap(packets);
    // Whoever is still listened to hears an answer to this.
    packets.push({ bytes: pingPacket(), isMutated: false });
    return { packets, isHasty: this.#random.next() < 0.25 };
  }

  /** What a client says to a packet of the hub, or something like it. */
  answer({ type, flags, body }: Received): FuzzedPacket | undefined {
    const right = rightAnswer(type, flags, body);
    if (right === undefined || this.#random.next() < 0.1) return undefined;
    const isMutated = this.#random.next() < damagedAnswers;
    return { bytes: isMutated ? mutate(right, right, this.#random) : right, isMutated };
  }

  /** Cuts bytes into the pieces that a network might make of them. */
  *pieces(bytes: Buffer): Generator<Buffer> {
    if (this.#random.next() < 0.7) return yield bytes;
    for (let start = 0; start < bytes.length;) {
      const end = start + 1 + this.#below(400);
      yield bytes.subarray(start, end);
      start = end;
    }
    return undefined;
  }

  #connect(): Buffer {
    // Some come back, and are kept for: what matches is then written for each of them while they are away.
    const isRegular = this.#random.next() < 0.3;
    const number = isRegular ? this.#below(30) : this.#conversations;
    const clean = !isRegular || this.#random.next() < 0.5;
    const will = { topic: this.#topic(), payload: this.#payload(), isRetained: this.#random.next() < 0.3 };
    const keepalive = this.#pick([0, 1, 60, 65_535]);
    return connectPacket(
      `fuzz-${number}`,
      this.#random.next() < 0.2 ? { clean, keepalive, will } : { clean, keepalive },
    );
  }

  /** Nothing in it is wrong but that it is more than anybody may have. */
  #greedy(): Conversation {
    const many = this.#random.next() < 0.5 ? this.#manyFilters() : this.#manyUnreleased();
    const packets = [this.#connect(), ...many, pingPacket()];
    return { packets: packets.map((bytes) => ({ bytes, isMutated: false })), isHasty: true };
  }

  #some(): Buffer[] {
    return Array.from({ length: 4 + this.#below(packetsMax - 4) }, () => this.#packet());
  }

  #packet(): Buffer {
    const id = 1 + this.#below(20);
    const roll = this.#random.next();
    if (roll < 0.4) {
      const options = { qos: this.#qos(), id, isRetained: this.#random.next() < 0.1 };
      return publishPacket(this.#topic(), this.#payload(), options);
    }
    if (roll < 0.6) return subscribePacket(id, this.#filters(), this.#qos());
    if (roll < 0.7) return unsubscribePacket(id, this.#filters());
    if (roll < 0.95)
      return acknowledgePacket(this.#pick(["puback", "pubrec", "pubrel", "pubcomp"] as const), id);
    return roll < 0.98 ? pingPacket() : disconnectPacket();
  }

  #manyFilters(): Buffer[] {
    return Array.from({ length: 30 }, (_, packet) =>
      subscribePacket(
        packet + 1,
        Array.from({ length: 100 }, (_, index) => `many/${packet}/${index}`),
      ),
    );
  }

  /** Handshakes that are begun and not ended. */
  #manyUnreleased(): Buffer[] {
    return Array.from({ length: 150 }, (_, id) =>
      publishPacket("fuzz/qos2", this.#payload(), { qos: 2, id: id + 1 }),
    );
  }

  #topic(): string {
    const roll = this.#random.next();
    if (roll < 0.6) return `fuzz/${this.#pick(["a", "b", "c"])}/${this.#below(5)}`;
    if (roll < 0.9) return `fuzz/${this.#below(1_000_000)}`;
    if (roll < 0.92) return "deep/".repeat(50);
    return roll < 0.94 ? "long".repeat(1000) : this.#pick(["", "/", "$SYS/x", "fuzz/ä€😀", "a/+/b", "#"]);
  }

  #filters(): readonly string[] {
    const some = [
      "fuzz/#",
      "fuzz/+/1",
      "fuzz/a/0",
      "#",
      "+/+",
      "$SYS/#",
      "$share/x/fuzz/#",
      "a#",
      "",
      "fuzz/b+",
    ];
    return Array.from({ length: 1 + this.#below(3) }, () =>
      this.#random.next() < 0.1 ? this.#topic() : this.#pick(some),
    );
  }

  #payload(): Buffer {
    const roll = this.#random.next();
    return Buffer.alloc(roll < 0.9 ? this.#below(100) : this.#below(4000), this.#below(256));
  }

  #qos(): Qos {
    return this.#pick([0, 1, 2] as const);
  }

  #swap(packets: FuzzedPacket[]): void {
    const at = this.#below(packets.length - 1);
    const [first, second] = packets.slice(at, at + 2);
    if (first !== undefined && second !== undefined) packets.splice(at, 2, second, first);
  }

  #below(count: number): number {
    return Math.floor(this.#random.next() * count);
  }

  #pick<Each>(some: readonly Each[]): Each {
    const picked = some[this.#below(some.length)];
    if (picked === undefined) throw new Error("there is nothing to pick from");
    return picked;
  }
}

function rightAnswer(type: number, flags: number, body: Buffer): Buffer | undefined {
  const qos = (flags >> 1) & 3;
  if (type === packetType.publish && qos > 0) {
    return acknowledgePacket(qos === 1 ? "puback" : "pubrec", publishId(body));
  }
  if (type === packetType.pubrec) return acknowledgePacket("pubrel", body.readUInt16BE(0));
  if (type === packetType.pubrel) return acknowledgePacket("pubcomp", body.readUInt16BE(0));
  return undefined;
}
