/**
 * One client's connection: the way its bytes take. They are cut into packets and checked before anything acts on
 * them; a CONNECT goes to Aedes, and what comes while Aedes is still at it waits. Whoever breaks a rule, falls silent
 * or takes nothing is cut, with a reason; to Aedes that looks like a network that failed, so its will is published.
 */
import type { Duplex } from "node:stream";
import type { BrokerFault, Client } from "../../ports/broker.ts";
import { AedesLink } from "./aedes-link.ts";
import { Conversation } from "./conversation.ts";
import type { Exchange } from "./exchange.ts";
import { FrameReader } from "./frame-reader.ts";
import { Outlet } from "./outlet.ts";
import { packetType, readConnect, wrongHeader } from "./packet-rules.ts";
import { RateMeter } from "./rate-meter.ts";
import type { Session } from "./session.ts";

export interface ConnectionSink {
  /** The client has sent its CONNECT: Aedes takes it over. */
  introduced(connection: Connection): void;
  /** It is read more slowly, until `retry` says that it goes on. */
  throttled(connection: Connection): void;
  /** What waits in all connections for its rest is too much. */
  overfull(): void;
  closed(connection: Connection): void;
}

type Phase =
  | { readonly kind: "silent" }
  | { readonly kind: "connecting" }
  | { readonly kind: "open"; readonly conversation: Conversation }
  | { readonly kind: "closed" };

const connack = (code: number): Buffer => Buffer.from([0x20, 2, 0, code]);
/** Bytes that wait for the next turn. More: it is read no further until then. */
const yieldBytesMax = 16 * 1024;
/** Packets of one client, or as much work, in one turn of the event loop. More come in the next one, after what others have to say. */
const packetsPerTurn = 512;
/** A client that was told to go has this long to read why. */
const farewell = 500;

export class Connection {
  readonly address: string;
  readonly link: AedesLink;
  /** Who it is, once it has said so. */
  client: Client = { id: "", user: "" };
  session: Session | undefined;
  /** It was cut by us, and why was said. */
  isCut = false;
  readonly #stream: Duplex;
  readonly #exchange: Exchange;
  readonly #sink: ConnectionSink;
  readonly #outlet: Outlet;
  readonly #frameLimits: { bytesMax: number };
  readonly #reader: FrameReader;
  readonly #rate: RateMeter;
  #phase: Phase = { kind: "silent" };
  /** 0: none was asked for. */
  #keepalive = 0;
  /** When it was opened, and then when its last whole packet came. */
  #heardAt = performance.now();
  #unfinishedSince: number | undefined;
  /** When something came. */
  #cameAt = 0;
  /** What stands in the sums of all connections. */
  readonly #counted = { unfinished: 0, held: 0 };
  /** Packets taken since it was read last, and whether it goes on with them in the next turn of the event loop. */
  #takenInTurn = 0;
  #isYielding = false;
  /** Of the outlet's evictions, those that were told. */
  #evicted = 0;
  /** What waits for the disk is too much, and some of it is from here. */
  #isDiskBehind = false;
  /** Bytes that a layer below holds because their frame has not ended. */
  #heldBelow = 0;

  constructor(stream: Duplex, address: string, exchange: Exchange, sink: ConnectionSink) {
    this.address = address;
    this.#stream = stream;
    this.#exchange = exchange;
    this.#sink = sink;
    const { limits } = exchange;
    this.#frameLimits = { bytesMax: limits.connectBytesMax };
    this.#reader = new FrameReader(this.#frameLimits, (bytes, start, body, end) =>
      this.#take(bytes, { start, body, end }),
    );
    this.#rate = new RateMeter(limits);
    this.#outlet = new Outlet(stream, limits, {
      dirty: (outlet) => exchange.dirty(outlet),
      behind: (words) => this.cut("behind", words),
      drained: () => this.#drained(),
    });
    this.link = new AedesLink({
      write: (bytes) => this.#outlet.send(bytes),
      end: (error) => (error === undefined ? this.#sayGoodbye() : this.close()),
    });
    stream.on("data", (chunk: Buffer) => this.#heard(chunk));
    stream.on("held", (bytes: number) => this.#holdsBelow(bytes));
    stream.on("error", (error) => this.#broken(error));
    stream.on("close", () => this.close());
  }

  /** Beginnings of packets whose rest has not come, in bytes. */
  get unfinishedBytes(): number {
    return this.#counted.unfinished;
  }

  /** What came and is not taken yet, because we read it more slowly. */
  get heldBytes(): number {
    return this.#counted.held;
  }

  /** For so long nothing came of a packet that has begun, in ms. */
  pause(now: number): number {
    return now - this.#cameAt;
  }

  /** Bytes that its socket does not take, or that it does not acknowledge. */
  get waitingBytes(): number {
    return this.#outlet.waitingBytes + (this.session?.bytes ?? 0);
  }

  /** The CONNACK is out: the session's messages are sent, and what came meanwhile is taken. */
  established(): void {
    const { session, client } = this;
    if (this.#phase.kind !== "connecting" || session === undefined) return;
    this.#heardAt = performance.now();
    this.#frameLimits.bytesMax = this.#exchange.limits.packetBytesMax;
    const who = { client, session, outlet: this.#outlet };
    const conversation = new Conversation(who, this.#exchange, {
      pass: (packet) => this.link.feed(packet),
      cut: (fault, words) => this.cut(fault, words),
      worked: (packets) => this.#worked(packets),
      hold: () => (this.#isDiskBehind = true),
      goOn: () => this.#diskGoesOn(),
    });
    this.#phase = { kind: "open", conversation };
    conversation.begin();
    session.attach(this.#outlet, (words) => this.cut("unacknowledged", words));
    this.#goOn();
  }

  /** Looks at its clocks. `late`: for so long nobody looked, and so nobody read either. */
  check(now: number, late: number): void {
    this.#tellEvicted();
    this.#heardAt += late;
    if (this.#unfinishedSince !== undefined) this.#unfinishedSince += late;
    const { connectTimeout, outgoingAgeMax, unfinishedAgeMax } = this.#exchange.limits;
    if (this.#phase.kind !== "open") {
      if (now - this.#heardAt > connectTimeout)
        this.cut("no-connect", `no CONNECT within ${connectTimeout} ms`);
      return;
    }
    // A long packet takes its time on a slow line: what comes of it is heard too, as long as it may take.
    const silence = now - Math.max(this.#heardAt, this.#unfinishedSince === undefined ? 0 : this.#cameAt);
    // Whom we do not read cannot be heard.
    if (this.#isHeld) this.#heardAt = now;
    else if (this.#keepalive > 0 && silence > this.#keepalive) return this.cut("keepalive", "fell silent");
    if (now - late - (this.#outlet.blockedSince ?? now) > outgoingAgeMax)
      return this.cut("stalled", `took nothing for ${outgoingAgeMax} ms; ${this.waitingBytes} bytes wait`);
    if (now - (this.#unfinishedSince ?? now) > unfinishedAgeMax)
      return this.cut("unfinished-packets", `a packet that did not end within ${unfinishedAgeMax} ms`);
  }

  /** Whether its rate lets it be read again; then it is. */
  retry(now: number): boolean {
    if (this.#phase.kind === "closed") return true;
    if (!this.#rate.refill(now)) return false;
    // Else it goes on when the disk is through.
    if (!this.#isDiskBehind) this.#goOn();
    return !this.#rate.isExceeded;
  }

  /** Ends the connection at once, and says why. */
  cut(fault: BrokerFault, words: string): void {
    if (this.#phase.kind === "closed") return;
    const who = this.client.id === "" ? this.address : this.client.id;
    this.isCut = true;
    this.#exchange.rules.faulted(fault, `${who}: ${words}`, { who });
    this.close();
  }

  /** Ends the connection at once; there is nothing to say about it. */
  close(): void {
    if (this.#phase.kind !== "closed") {
      this.#leave();
      this.#outlet.abandon();
    }
    this.#stream.destroy();
  }

  #heard(chunk: Buffer): void {
    if (this.#phase.kind === "closed") return;
    this.#rate.bytes(chunk.length);
    this.#cameAt = performance.now();
    this.#exchange.sweeper.came(chunk.length);
    this.#read(() => this.#reader.push(chunk));
  }

  /** A WebSocket gathers the pieces of a message before it hands any of it on. */
  #holdsBelow(bytes: number): void {
    if (this.#phase.kind === "closed") return;
    if (bytes > this.#heldBelow) this.#exchange.sweeper.came(bytes - this.#heldBelow);
    this.#heldBelow = bytes;
    this.#cameAt = performance.now();
    this.#count();
    // Where it is still to say who it is, a frame's own header may come on top.
    if (this.#phase.kind === "silent" && bytes > 2 * this.#frameLimits.bytesMax)
      this.cut("packet-too-large", `a frame of more than ${2 * this.#frameLimits.bytesMax} bytes`);
  }

  /** Brings the sums of all connections up to date. */
  #count(): void {
    const { waitingBytes } = this.#reader;
    const isOurs = this.#isHeld || this.#isYielding;
    this.#countAs(this.#heldBelow + (isOurs ? 0 : waitingBytes), isOurs ? waitingBytes : 0);
    const { unfinishedBytes, heldBytes, limits } = this.#exchange;
    if (unfinishedBytes > limits.unfinishedBytesMax || heldBytes > limits.heldBytesMax) this.#sink.overfull();
  }

  #countAs(unfinished: number, held: number): void {
    this.#exchange.unfinishedBytes += unfinished - this.#counted.unfinished;
    this.#exchange.heldBytes += held - this.#counted.held;
    this.#counted.unfinished = unfinished;
    this.#counted.held = held;
  }

  #drained(): void {
    if (this.#phase.kind !== "open") return;
    this.session?.pump();
    this.#phase.conversation.replay();
  }

  #goOn(): void {
    this.#read(() => this.#reader.resume());
    const isFull = this.#isYielding && this.#reader.waitingBytes > yieldBytesMax;
    if (this.#phase.kind !== "closed" && !this.#isHeld && !isFull) this.#stream.resume();
  }

  get #isHeld(): boolean {
    return this.#phase.kind === "connecting" || this.#rate.isExceeded || this.#isDiskBehind;
  }

  #read(step: () => "too-large" | "malformed" | undefined): void {
    this.#takenInTurn = 0;
    const before = this.#reader.waitingBytes;
    const wrong = step();
    if (this.#takenInTurn > 0) this.#heardAt = performance.now();
    const more = this.#reader.waitingBytes - before;
    if (more > 0) this.#exchange.sweeper.came(more);
    this.#count();
    if (wrong === "too-large")
      return this.cut("packet-too-large", `a packet of more than ${this.#frameLimits.bytesMax} bytes`);
    if (wrong === "malformed") return this.cut("protocol", "a length of more than four bytes [MQTT-2.2.3]");
    if (this.#phase.kind === "closed") return;
    if (this.#isHeld) this.#hold();
    // What comes in this turn is taken in the next ones, but not more than that.
    else if (this.#isYielding && this.#reader.waitingBytes > yieldBytesMax) this.#stream.pause();
    const isUnfinished = this.unfinishedBytes > 0 && !this.#isHeld;
    this.#unfinishedSince = isUnfinished ? (this.#unfinishedSince ?? performance.now()) : undefined;
  }

  #diskGoesOn(): void {
    this.#isDiskBehind = false;
    if (this.#phase.kind === "open" && !this.#rate.isExceeded) this.#goOn();
  }

  /** Lets the others have their turn, those above all who acknowledge what this one sends. */
  #yield(): void {
    if (this.#isYielding) return;
    this.#isYielding = true;
    setImmediate(() => {
      this.#isYielding = false;
      if (this.#phase.kind === "open" && !this.#isHeld) this.#goOn();
    });
  }

  /** Work counts as packets, for its rate and for its turn. */
  #worked(packets: number): void {
    this.#rate.packets(packets);
    this.#takenInTurn += Math.max(packets, 0);
  }

  #hold(): void {
    this.#stream.pause();
    if (!this.#rate.isExceeded) return;
    const { id } = this.client;
    this.#exchange.rules.faulted("rate", `${id}: it sends too much`, { who: id, outcome: "slowed" });
    this.#sink.throttled(this);
  }

  /** `false`: what comes after it has to wait; "left": and it too. */
  #take(
    bytes: Buffer,
    frame: { readonly start: number; readonly body: number; readonly end: number },
  ): boolean | "left" {
    this.#unfinishedSince = undefined;
    if (this.#phase.kind === "open") {
      if (!this.#phase.conversation.take(bytes, frame)) return "left";
      this.#takenInTurn += 1;
      if (this.#takenInTurn >= packetsPerTurn) this.#yield();
      return this.#rate.packets(1) && !this.#isDiskBehind && !this.#isYielding;
    }
    if (this.#phase.kind !== "silent") return false;
    const first = bytes[frame.start] ?? 0;
    const isConnect = first >> 4 === packetType.connect;
    const wrong = isConnect
      ? wrongHeader(first, frame.end - frame.body)
      : "the first packet is no CONNECT [MQTT-3.1.0-1]";
    if (wrong === undefined) this.#introduce(bytes, frame);
    else this.cut("protocol", wrong);
    return false;
  }

  #introduce(
    bytes: Buffer,
    frame: { readonly start: number; readonly body: number; readonly end: number },
  ): void {
    const connect = readConnect(bytes, frame.body, frame.end);
    switch (connect.kind) {
      case "connect":
        this.#phase = { kind: "connecting" };
        // [MQTT-3.1.2-24]: one and a half times.
        this.#keepalive = connect.keepaliveSeconds * 1500;
        this.#sink.introduced(this);
        return this.link.feed(bytes.subarray(frame.start, frame.end));
      case "refused":
        this.#exchange.rules.faulted("protocol", `${this.address}: ${connect.words}`, {
          who: this.address,
          outcome: "turned-away",
        });
        this.#outlet.send(connack(connect.code));
        return this.#sayGoodbye();
      case "malformed":
        return this.cut("protocol", connect.words);
      default:
        return connect satisfies never;
    }
  }

  /** An error of the network is how connections end; one without a code is a rule of WebSockets that was broken. */
  #broken(error: Error): void {
    if (!("code" in error)) this.cut("protocol", error.message);
  }

  /** What waits is still sent, and what comes is not read any more. */
  #sayGoodbye(): void {
    if (this.#phase.kind === "closed") return;
    if (this.#outlet.isEmpty) return this.close();
    this.#leave();
    this.#outlet.end();
    this.#stream.resume();
    const timer = setTimeout(() => this.#stream.destroy(), farewell).unref();
    this.#stream.once("close", () => clearTimeout(timer));
  }

  #tellEvicted(): void {
    const count = this.#outlet.evicted - this.#evicted;
    if (count === 0) return;
    this.#evicted += count;
    const { id } = this.client;
    const words = `${count} messages of QoS 0 for ${id} are evicted: it takes too little`;
    this.#exchange.rules.faulted("behind", words, { who: id, outcome: "evicted", count });
  }

  #leave(): void {
    this.#tellEvicted();
    if (this.#phase.kind === "open") this.#phase.conversation.end();
    this.#phase = { kind: "closed" };
    this.#reader.end();
    this.#countAs(0, 0);
    this.link.gone();
    this.#sink.closed(this);
  }
}
