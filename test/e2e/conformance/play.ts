// Plays a vector against a broker, step by step; throws at the first step that is not as it must be.

import { type Address, RawClient } from "./raw-client.ts";
import type { Expected, Step, Vector } from "./vector.ts";
import { bytesOf, match, patternOf, type Surroundings } from "./vector-bytes.ts";

export interface Stage {
  readonly address: Address;
  readonly user: string;
  readonly password: string;
  /** How long to wait for what must come. */
  readonly patience?: number;
  readonly restart?: (signal: "SIGKILL" | "SIGTERM") => Promise<void>;
}

let runs = 0;

export async function play(vector: Vector, stage: Stage): Promise<void> {
  const parted = vector.steps.find((step) => step.kind === "send" && step.pieces === "two");
  if (parted?.kind !== "send") return perform(vector, stage, 0);
  const length = bytesOf(parted.bytes, surroundings(stage)).length;
  for (let at = 1; at < length; at += 1) await perform(vector, stage, at);
}

/** Few letters and figures, because a client id of up to 23 of them is what every server must take. */
function surroundings({ user, password }: Stage): Surroundings {
  runs += 1;
  return { unique: `v${process.pid}n${String(runs).padStart(5, "0")}`, user, password, learnt: new Map() };
}

async function perform(vector: Vector, stage: Stage, partAt: number): Promise<void> {
  using performance = new Performance(stage, surroundings(stage), partAt);
  for (const [index, step] of vector.steps.entries()) {
    try {
      await performance.step(step);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      const parted = partAt > 0 ? `, parted at byte ${partAt}` : "";
      throw new Error(`step ${index + 1}${parted}: ${step.line}\n${words}`, { cause: error });
    }
  }
}

class Performance implements Disposable {
  readonly #stage: Stage;
  readonly #around: Surroundings;
  readonly #partAt: number;
  readonly #clients = new Map<string, RawClient>();
  readonly #gone: RawClient[] = [];

  constructor(stage: Stage, around: Surroundings, partAt: number) {
    this.#stage = stage;
    this.#around = around;
    this.#partAt = partAt;
  }

  async step(step: Step): Promise<void> {
    switch (step.kind) {
      case "wait":
        return wait(step.seconds * 1000);
      case "restart":
        this.#clients.keys().forEach((who) => this.#forget(who));
        return this.#stage.restart?.(step.signal);
      case "connect":
        return this.#connect(step);
      case "send":
        return this.#send(await this.#client(step.who), bytesOf(step.bytes, this.#around), step.pieces);
      case "expect":
        return this.#expect(await this.#client(step.who), step.packets);
      case "meet":
        return this.#meet(await this.#client(step.who), step);
      case "distinct":
        return this.#distinct(step.letters);
      case "closed":
        return this.#closed(step.who, step.seconds);
      case "silent":
        return silent(await this.#client(step.who), step.seconds * 1000);
      case "ping": {
        const client = await this.#client(step.who);
        client.send(Buffer.from([0xc0, 0]));
        return this.#expect(client, [["d000"]]);
      }
      case "cut":
        (await this.#client(step.who)).cut();
        return this.#forget(step.who);
      case "disconnect":
        (await this.#client(step.who)).send(Buffer.from([0xe0, 0]));
        return this.#closed(step.who, undefined);
      default:
        return step satisfies never;
    }
  }

  [Symbol.dispose](): void {
    for (const client of [...this.#clients.values(), ...this.#gone]) client[Symbol.dispose]();
  }

  async #client(who: string): Promise<RawClient> {
    const known = this.#clients.get(who);
    if (known !== undefined) return known;
    const client = await RawClient.open(this.#stage.address, this.#stage);
    this.#clients.set(who, client);
    return client;
  }

  /** Whoever speaks under this letter next has a connection of its own. */
  #forget(who: string): void {
    const client = this.#clients.get(who);
    if (client !== undefined) this.#gone.push(client);
    this.#clients.delete(who);
  }

  async #connect({ who, as, session, keepalive }: Step & { readonly kind: "connect" }): Promise<void> {
    const client = await this.#client(who);
    const flags = session === "clean" ? "c2" : "c0";
    const time = keepalive.toString(16).padStart(4, "0");
    client.send(bytesOf(`10 { "MQTT" 04 ${flags} ${time} "%${as}" account }`, this.#around));
    return this.#expect(client, [[`20 02 ${session === "present" ? "01" : "00"} 00`]]);
  }

  async #send(client: RawClient, bytes: Buffer, pieces: "one" | "two" | "each"): Promise<void> {
    if (pieces === "one") return client.send(bytes);
    const places = pieces === "two" ? [0, this.#partAt] : bytes.keys();
    const from = [...places];
    for (const [index, at] of from.entries()) {
      client.send(bytes.subarray(at, from[index + 1] ?? bytes.length));
      // Long enough that what was written is on its way by itself.
      await wait(pieces === "two" ? 2 : 0);
    }
  }

  async #expect(client: RawClient, packets: readonly Expected[]): Promise<void> {
    const left = [...packets];
    while (left.length > 0) {
      const packet = await client.packet();
      const found = left.findIndex((expected) => packet !== undefined && this.#learn(expected, packet));
      if (found < 0) throw new Error(`instead of ${this.#words(left)}: ${seen(packet, client)}`);
      left.splice(found, 1);
    }
  }

  async #meet(client: RawClient, { packet, without }: Step & { readonly kind: "meet" }): Promise<void> {
    for (;;) {
      const next = await client.packet();
      if (next === undefined) throw new Error(`instead of ${this.#words([[packet]])}: ${seen(next, client)}`);
      if (this.#learn(without, next)) throw new Error(`must not come: ${seen(next, client)}`);
      if (this.#learn([packet], next)) return;
    }
  }

  #distinct(letters: readonly string[]): void {
    const packetIds = letters.map((letter) => this.#around.learnt.get(letter));
    if (packetIds.includes(undefined) || new Set(packetIds).size !== letters.length)
      throw new Error(`packet ids that must differ: ${packetIds.join(", ")}`);
  }

  #learn(expected: Expected, packet: Buffer): boolean {
    const learnt = expected.map((each) => match(patternOf(each, this.#around), packet)).find(Boolean);
    for (const [letter, packetId] of learnt ?? []) this.#around.learnt.set(letter, packetId);
    return learnt !== undefined;
  }

  #words(packets: readonly Expected[]): string {
    const hex = (source: string) =>
      patternOf(source, this.#around)
        .map((byte) => (typeof byte === "number" ? byte.toString(16).padStart(2, "0") : "??"))
        .join("");
    return packets.map((each) => each.map(hex).join(" or ")).join(" and ");
  }

  async #closed(who: string, seconds: readonly [number, number] | undefined): Promise<void> {
    const client = await this.#client(who);
    const since = client.sentAt;
    const [least, most] = seconds ?? [0, undefined];
    const isEnded = await client.ended(most === undefined ? undefined : (most + 1) * 1000);
    const span = (performance.now() - since) / 1000;
    const packet = await client.packet(0);
    if (packet !== undefined) throw new Error(`not a word was expected: ${seen(packet, client)}`);
    if (!isEnded) throw new Error(`the connection is still open after ${span.toFixed(1)} s`);
    if (span < least || span > (most ?? Infinity)) throw new Error(`ended after ${span.toFixed(2)} s`);
    return this.#forget(who);
  }
}

async function silent(client: RawClient, within: number): Promise<void> {
  const packet = await client.packet(within);
  if (packet !== undefined || client.isEnded) throw new Error(seen(packet, client));
}

function seen(packet: Buffer | undefined, client: RawClient): string {
  if (packet !== undefined) return `${packet.toString("hex")} (${JSON.stringify(packet.toString("latin1"))})`;
  return client.isEnded ? "the end of the connection" : "nothing in time";
}

const wait = (span: number) => new Promise<void>((resolve) => setTimeout(resolve, span));
