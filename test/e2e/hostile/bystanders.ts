/**
 * Well-behaved clients in a process of their own, so that an attacker's work does not count as the hub's: one
 * publishes at a steady rate at QoS 1, the others take what it publishes.
 */
import { answerRequests } from "../remote.ts";
import { bystanderTopic } from "./bystander-topic.ts";
import { RawConnection, type Target } from "./raw-connection.ts";
import {
  acknowledgePacket,
  connectPacket,
  PacketCutter,
  packetType,
  publishId,
  publishPacket,
  type Received,
  subscribePacket,
} from "./raw-packets.ts";

export interface BystanderPlan {
  readonly subscribers: number;
  readonly qos: 0 | 1;
  readonly perSecond: number;
  readonly payloadBytes: number;
}

export type BystanderRequest =
  | { readonly kind: "start"; readonly target: Target; readonly plan: BystanderPlan }
  /** What happened since the last report. */
  | { readonly kind: "report" };

export interface BystanderReport {
  readonly seconds: number;
  /** Of what the plan says, what came to the one that got least. */
  readonly share: number;
  /** Of what the plan says, what the publisher was confirmed. */
  readonly confirmedShare: number;
  /** The longest time in which somebody heard nothing, in milliseconds. */
  readonly pauseMax: number;
  /** Published and not yet with the one that waits longest. */
  readonly behind: number;
  readonly isConnected: boolean;
}

const tickSpan = 10;

/** One who takes, and what it took. */
class Subscriber {
  readonly connection: RawConnection;
  taken = 0;
  #reported = 0;
  #heardAt = performance.now();
  #pauseMax = 0;

  constructor(connection: RawConnection) {
    this.connection = connection;
  }

  take({ type, flags, body }: Received): void {
    if (type !== packetType.publish) return;
    if ((flags & 0x06) !== 0) this.connection.write(acknowledgePacket("puback", publishId(body)));
    const now = performance.now();
    this.#pauseMax = Math.max(this.#pauseMax, now - this.#heardAt);
    this.#heardAt = now;
    this.taken += 1;
  }

  /** From here on it counts. */
  begin(): void {
    this.#heardAt = performance.now();
  }

  report(): { readonly taken: number; readonly pauseMax: number } {
    const taken = this.taken - this.#reported;
    const pauseMax = Math.max(this.#pauseMax, performance.now() - this.#heardAt);
    this.#reported = this.taken;
    this.#pauseMax = 0;
    return { taken, pauseMax };
  }
}

class Bystanders {
  readonly #plan: BystanderPlan;
  readonly #subscribers: readonly Subscriber[];
  readonly #publisher: RawConnection;
  #published = 0;
  #confirmed = 0;
  #reportedConfirmed = 0;
  #since = performance.now();

  private constructor(plan: BystanderPlan, subscribers: readonly Subscriber[], publisher: RawConnection) {
    this.#plan = plan;
    this.#subscribers = subscribers;
    this.#publisher = publisher;
  }

  static async open(target: Target, plan: BystanderPlan): Promise<Bystanders> {
    const subscribers: Subscriber[] = [];
    for (let index = 0; index < plan.subscribers; index += 1) {
      const subscriber = new Subscriber(new RawConnection(target, "tcp"));
      await introduce(subscriber.connection, `bystander-${index}`, (packet) => subscriber.take(packet));
      subscriber.connection.write(subscribePacket(1, [bystanderTopic], plan.qos));
      subscribers.push(subscriber);
    }
    const publisher = new RawConnection(target, "tcp");
    const all = new Bystanders(plan, subscribers, publisher);
    await introduce(publisher, "bystander-publisher", ({ type }) => {
      if (type === packetType.puback) all.#confirmed += 1;
    });
    // Every subscription is in force by then.
    await new Promise((resolve) => setTimeout(resolve, 200));
    all.#begin();
    return all;
  }

  report(): BystanderReport {
    const now = performance.now();
    const seconds = (now - this.#since) / 1000;
    const planned = Math.max(seconds * this.#plan.perSecond, 1);
    const reports = this.#subscribers.map((each) => each.report());
    const report: BystanderReport = {
      seconds,
      share: Math.min(...reports.map(({ taken }) => taken)) / planned,
      confirmedShare: (this.#confirmed - this.#reportedConfirmed) / planned,
      pauseMax: Math.max(...reports.map(({ pauseMax }) => pauseMax)),
      behind: this.#published - Math.min(...this.#subscribers.map(({ taken }) => taken)),
      isConnected: this.#publisher.isOpen && this.#subscribers.every(({ connection }) => connection.isOpen),
    };
    this.#since = now;
    this.#reportedConfirmed = this.#confirmed;
    return report;
  }

  #begin(): void {
    const startedAt = performance.now();
    this.#since = startedAt;
    for (const subscriber of this.#subscribers) subscriber.begin();
    const payload = Buffer.alloc(this.#plan.payloadBytes, "x");
    setInterval(() => {
      const due = ((performance.now() - startedAt) * this.#plan.perSecond) / 1000;
      for (; this.#published < due; this.#published += 1) {
        const id = (this.#published % 60_000) + 1;
        this.#publisher.write(publishPacket(bystanderTopic, payload, { qos: 1, id }));
      }
    }, tickSpan);
  }
}

/** Resolves when the hub has taken the CONNECT. */
async function introduce(
  connection: RawConnection,
  id: string,
  found: (packet: Received) => void,
): Promise<void> {
  const cutter = new PacketCutter();
  const { promise, resolve } = Promise.withResolvers<void>();
  connection.taken = (chunk) =>
    cutter.take(chunk, (packet) => {
      if (packet.type === packetType.connack) resolve();
      else found(packet);
    });
  await connection.opened;
  connection.write(connectPacket(id));
  await promise;
}

let bystanders: Bystanders | undefined;

answerRequests(async (asked) => {
  const request = asked as BystanderRequest;
  if (request.kind === "report") return bystanders?.report();
  bystanders = await Bystanders.open(request.target, request.plan);
  return undefined;
});
