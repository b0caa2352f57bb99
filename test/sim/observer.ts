/**
 * Keeps the truth apart from all ledgers: which values the modules gave, what was acknowledged, what the journal has,
 * what the hub gave out and what inputs were set to. Looks at each of these as it happens.
 */
import { createHash } from "node:crypto";
import type { Applied } from "@interactor/shared/sdk/context";
import { decodeBatch } from "@interactor/shared/wire/batch";
import { hasFlag, entryFlag, type Entry } from "@interactor/shared/wire/entry";
import { lane as lanes, type Lane, laneNumbers } from "@interactor/shared/wire/lanes";
import { batchEntriesMax, queueMessagesMax, windowPublishes } from "@interactor/shared/wire/limits";
import { decodeNodeLedger, type NodeLedger } from "@interactor/shared/wire/messages/node-ledger";
import { decodePublicValue } from "@interactor/shared/wire/messages/public-value";
import { decodeReply, type ReplyDocument } from "@interactor/shared/wire/messages/reply";
import { readReceiptBody } from "@interactor/shared/wire/messages/receipt";
import { decodeNodeState } from "@interactor/shared/wire/messages/state";
import { decodeStopLatch } from "@interactor/shared/wire/messages/stop";
import { parseTopic } from "@interactor/shared/wire/topics";
import type { Value } from "@interactor/shared/wire/value";
import { allowances } from "./allowances.ts";
import type { Coverage } from "./coverage.ts";
import { StopTruth } from "./stop-truth.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Violation {
  readonly checker: string;
  readonly words: string;
}

interface Given {
  readonly at: number;
  readonly life: number;
  /** Its node may have lost it, if it is durable: a disk that failed, or an end just after. */
  isDoubtful: boolean;
  isAcknowledged: boolean;
  isStored: boolean;
  /** With a commit whose hub was killed before it knew. */
  isStoredUnheard: boolean;
  /** When its time began to run at the hub. */
  storedAt: number;
  /** Lives of the hub that gave it out. */
  readonly givenOutBy: number[];
}

interface Taken {
  readonly life: number;
  /** The life of the hub that sent it. */
  readonly hub: number;
  readonly at: number;
  readonly nodeSession: string | undefined;
  /** The batch it came with. */
  readonly sent: Sent | undefined;
  /** When that life of the hub knew that it was done, or may have been. */
  knownAt: number | undefined;
}

/** A batch on its way to a node. */
interface Sent {
  readonly session: string;
  readonly lane: Lane;
  readonly lastSeq: number;
}

/** An answer, and the life of the hub that gave it. */
interface Answered {
  readonly reply: ReplyDocument;
  readonly hub: number;
  readonly at: number;
}

/** Which value it is: see `SimHost`. */
function numberOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  return value instanceof Uint8Array && value.length >= 4
    ? new DataView(value.buffer, value.byteOffset).getUint32(0)
    : undefined;
}

/** Of a batch in whatever lane. */
function entriesOf(payload: Uint8Array): readonly Entry[] {
  for (const lane of laneNumbers) {
    const batch = decodeBatch(payload, lane);
    if (batch.ok) return batch.value.entries;
  }
  return [];
}

/** Inputs that only commands reach. */
const inputsOfCommands = new Set(["dimmer", "key"]);
const urgentOutputs = new Set(["alarm", "siren"]);
const traceMax = 4000;
/** More of one run than anybody reads. */
const violationsMax = 20;

export class Observer {
  readonly violations: Violation[] = [];
  readonly coverage: Coverage;
  /** By `node/src/output`, and then by number. */
  readonly given = new Map<string, Map<number, Given>>();
  /** By `node/sink/input`, and then by number: by whom it was set. */
  readonly taken = new Map<string, Map<number, Taken[]>>();
  /** What each input holds. */
  readonly holds = new Map<string, Applied | undefined>();
  /** By session: what a node said last. */
  readonly said = new Map<string, NodeLedger>();
  readonly replies = new Map<string, Answered[]>();
  /** Acknowledged messages of a session and lane, by the numbers they have: the next one. */
  readonly acknowledgedTo = new Map<string, number>();
  /** Lives of nodes that are over, as `node life`. */
  readonly livesEnded = new Set<string>();
  /** When. */
  readonly nodesEndedAt: { readonly node: string; readonly at: number }[] = [];
  /** Lives of the hub that are over. */
  readonly hubsEnded = new Set<number>();
  /** When nodes told the hub that they are there, and when hubs ended. */
  readonly bornAt: { readonly node: string; readonly at: number }[] = [];
  readonly hubsEndedAt: number[] = [];
  /** By node, what holds it by what it was told in the life that goes on. */
  readonly stoppedBy = new Map<string, Set<string>>();
  readonly zonesOf = new Map<string, readonly string[]>();
  readonly stops = new StopTruth((words) => this.violated("show stop", words));
  hubLife = 0;
  readonly #time: VirtualTime;
  readonly #trace: string[] = [];
  readonly #hash = createHash("sha256");
  readonly #lastOut = new Map<string, number>();
  readonly #lastTaken = new Map<string, number>();
  /** Which life of the hub sent it. */
  readonly #sentBy = new WeakMap<Uint8Array, number>();
  /** Of what comes in at a node now. */
  #arrivingFrom: number | undefined;
  #arriving: Sent | undefined;
  /** By node, what it did and its hub does not know of. */
  readonly #unknown = new Map<string, Set<Taken>>();
  /** By life of the hub: what it wanted written until then lies in the journal. */
  readonly #committedUntil = new Map<number, number>();
  /** Who of a group did it. */
  readonly #takers = new Map<number, string>();
  readonly #onTheWay = new WeakMap<object, Map<string, Lane>>();

  constructor(time: VirtualTime, coverage: Coverage) {
    this.#time = time;
    this.coverage = coverage;
  }

  get hash(): string {
    return this.#hash.copy().digest("hex").slice(0, 16);
  }

  get trace(): readonly string[] {
    return this.#trace;
  }

  tell(words: string): void {
    const line = `${this.#time.now.toFixed(2).padStart(10)} ${words}`;
    // A damaged file is named by the time of day, which is not the world's.
    this.#hash.update(line.replaceAll(/\.corrupt-[\d.TZ-]+/g, ".corrupt"));
    this.#trace.push(line);
    if (this.#trace.length > 2 * traceMax) this.#trace.splice(0, traceMax);
  }

  violated(checker: string, words: string): void {
    this.tell(`VIOLATED ${checker}: ${words}`);
    if (this.violations.length < violationsMax) this.violations.push({ checker, words });
  }

  gave(node: string, output: string, number: number, how: Pick<Given, "life" | "isDoubtful">): void {
    const address = `${node}/src/${output}`;
    const known = this.given.get(address) ?? new Map<number, Given>();
    this.given.set(address, known);
    known.set(number, {
      ...how,
      at: this.#time.now,
      storedAt: 0,
      isAcknowledged: false,
      isStored: false,
      isStoredUnheard: false,
      givenOutBy: [],
    });
  }

  /** What a node gave since then may not be on its disk. */
  doubt(node: string, since: number): void {
    for (const given of this.given.get(`${node}/src/log`)?.values() ?? [])
      if (given.at >= since) given.isDoubtful = true;
  }

  /** A batch has left an agent. */
  sentUp(client: string, connection: object, topic: string, payload: Uint8Array): void {
    this.tell(`${client} > ${topic} ${payload.length}`);
    const parsed = parseTopic(topic);
    if (parsed?.kind === "metric") return this.#nodeLedger(payload);
    if (parsed?.kind === "state") this.bornAt.push({ node: parsed.node, at: this.#time.now });
    if (parsed?.kind === "up") this.#window(connection, parsed.lane, payload);
    return undefined;
  }

  /** The hub's journal has a batch. */
  stored(node: string, payload: Uint8Array, unheard: boolean): void {
    for (const given of this.#valuesIn(node, payload)) {
      if (given.isStored) continue;
      given.storedAt = this.#time.now;
      given.isStored = true;
      given.isStoredUnheard = unheard;
    }
  }

  /** Everything that its hub wanted written until then. */
  committed(until: number): void {
    this.#committedUntil.set(this.hubLife, until);
  }

  /** A message has come to the hub. */
  heard(topic: string, payload: Uint8Array): void {
    const parsed = parseTopic(topic);
    if (parsed?.kind === "state") this.#heardOfLife(parsed.node, payload);
    if (parsed?.kind !== "up" || parsed.lane !== lanes.control) return;
    for (const entry of entriesOf(payload)) {
      const receipt = hasFlag(entry, entryFlag.receipt) ? readReceiptBody(entry.body) : undefined;
      if (receipt === undefined) continue;
      const { session, lane, seq } = receipt;
      this.#knows(
        parsed.node,
        ({ sent }) => sent?.session === session && sent.lane === lane && sent.lastSeq <= seq,
      );
    }
  }

  /** A new life of a node: what was on the way to the one before counts as done. */
  #heardOfLife(node: string, payload: Uint8Array): void {
    const said = decodeNodeState(payload);
    if (!said.ok || !("instances" in said.value)) return;
    const { session } = said.value;
    this.#knows(node, (taken) => this.#isOver(node, taken) && taken.nodeSession !== session);
  }

  /** The hub knows from now on that these were done, or may have been. */
  #knows(node: string, isMeant: (taken: Taken) => boolean): void {
    for (const taken of this.#unknown.get(node) ?? []) {
      if (taken.hub !== this.hubLife || !isMeant(taken)) continue;
      taken.knownAt = this.#time.now;
      this.#unknown.get(node)?.delete(taken);
    }
  }

  /** The hub has acknowledged what a client published: it is answerable for it from now on. */
  acknowledged(client: string, topic: string, payload: Uint8Array): void {
    this.tell(`${client} < puback ${topic}`);
    const parsed = parseTopic(topic);
    if (parsed?.kind !== "up") return;
    for (const given of this.#valuesIn(parsed.node, payload)) {
      given.isAcknowledged = true;
      if (!given.isStored)
        this.violated("acknowledged is on disk", `${parsed.node}: acknowledged, and not in the journal`);
    }
    const batch = decodeBatch(payload, parsed.lane);
    if (!batch.ok) return;
    const key = `${batch.value.session} ${parsed.lane}`;
    const next = batch.value.firstSeq + batch.value.entries.length;
    this.acknowledgedTo.set(key, Math.max(this.acknowledgedTo.get(key) ?? 0, next));
  }

  /** The hub says something to everybody. */
  published(topic: string, payload: Uint8Array): void {
    const parsed = parseTopic(topic);
    if (parsed?.kind === "stop") return this.#stop(parsed.zone, payload);
    if (parsed?.kind === "reply") return this.#reply(payload);
    if (parsed?.kind !== "raw" || parsed.address.instance !== "src") return undefined;
    const { node, port } = parsed.address;
    const decoded = decodePublicValue(payload);
    const number = decoded.ok ? numberOf(decoded.value.value) : undefined;
    return number === undefined ? undefined : this.#gaveOut(`${node}/src/${port}`, port, number);
  }

  sentDown(connection: object, topic: string, payload: Uint8Array): void {
    this.tell(`hub > ${topic} ${payload.length}`);
    this.#sentBy.set(payload, this.hubLife);
    void connection;
  }

  cameDown(client: string, topic: string, payload: Uint8Array): void {
    this.tell(`${client} < ${topic} ${payload.length}`);
    this.#arrivingFrom = this.#sentBy.get(payload);
    const parsed = parseTopic(topic);
    if (parsed?.kind === "stop") this.#stopAt(client.slice(client.indexOf("/") + 1), parsed.zone, payload);
    const batch = parsed?.kind === "down" ? decodeBatch(payload, parsed.lane) : undefined;
    if (batch?.ok !== true) return;
    const { session, lane, firstSeq, entries } = batch.value;
    this.#arriving = { session, lane, lastSeq: firstSeq + entries.length - 1 };
  }

  /** An input of a node was set, or let go. */
  applied(
    {
      node,
      life,
      session,
    }: { readonly node: string; readonly life: number; readonly session: string | undefined },
    input: string,
    applied: Applied | undefined,
  ): void {
    const address = `${node}/sink/${input}`;
    const heldBefore = this.holds.get(address);
    this.holds.set(address, applied);
    const number = applied === undefined ? undefined : numberOf(applied.value);
    this.tell(`${address} = ${number ?? "free"}`);
    if (number === undefined || applied === undefined) return;
    if (input === "light" || input === "lamp") {
      if (applied.owner === "route" && (this.stoppedBy.get(node)?.size ?? 0) > 0)
        this.violated("show stop", `${address} went to ${number} while ${node} is stopped`);
      if (applied.owner === "route") this.#inOrder("values go forward", `${address} ${life}`, number, true);
      return;
    }
    // Where it goes on a stop is no command.
    if (inputsOfCommands.has(input) && applied.owner !== "manual") return;
    const before = this.taken.get(address) ?? new Map<number, Taken[]>();
    this.taken.set(address, before);
    const all = before.get(number) ?? [];
    // What lay beneath a stop comes to light again.
    const isBack = heldBefore?.owner === "stop" && all.some((each) => each.life === life);
    if (isBack && inputsOfCommands.has(input)) return;
    const hub = this.#arrivingFrom ?? this.hubLife;
    const sent = this.#arriving;
    const taken: Taken = { life, hub, at: this.#time.now, nodeSession: session, sent, knownAt: undefined };
    before.set(number, [...all, taken]);
    const unknown = this.#unknown.get(node) ?? new Set();
    this.#unknown.set(node, unknown.add(taken));
    if (inputsOfCommands.has(input)) {
      // Who was asked before is no more, and neither is who did it.
      const isAgain = all.some((each) => !(this.hubsEnded.has(each.hub) && this.#isOver(node, each)));
      if (isAgain) this.violated("none twice", `${address} took ${number} twice`);
      return;
    }
    if (input === "gong") this.#byOne(node, number);
    const isAgainAllowed = all.every((each) => this.#mayComeAgain(node, each));
    if (!isAgainAllowed) this.violated("none twice", `${address} took ${number} twice`);
    if (all.length === 0)
      this.#inOrder("order at inputs", `${address} ${life} ${this.hubLife}`, number, false);
  }

  #isOver(node: string, { life }: Taken): boolean {
    return this.livesEnded.has(`${node} ${life}`);
  }

  /** One of a group does it, whoever ends. */
  #byOne(node: string, number: number): void {
    const taker = this.#takers.get(number) ?? node;
    this.#takers.set(number, taker);
    if (taker !== node) this.violated("none twice", `${taker} and ${node} of a group took ${number}`);
  }

  /** Its life is over, and so is that of the hub, which could not write down that it was done. */
  #mayComeAgain(node: string, before: Taken): boolean {
    const { hub, knownAt } = before;
    if (!this.hubsEnded.has(hub) || !this.#isOver(node, before)) return false;
    if (knownAt === undefined) return true;
    return (this.#committedUntil.get(hub) ?? 0) < knownAt + allowances.doneUnwritten;
  }

  #gaveOut(address: string, output: string, number: number): void {
    const given = this.given.get(address)?.get(number);
    if (given === undefined) return this.violated("nothing made up", `${address} ${number} was never given`);
    if (output === "level")
      return this.#inOrder("values go forward", `${address} ${this.hubLife}`, number, true);
    // Its commit did not come about, or has yet to.
    const mayBeAgain = allowances.urgentAgainAfterHubEnded && urgentOutputs.has(output) && !given.isStored;
    const isAgain = given.givenOutBy.some((hub) => !(mayBeAgain && this.hubsEnded.has(hub)));
    if (isAgain) this.violated("none twice", `the hub gave out ${address} ${number} twice`);
    given.givenOutBy.push(this.hubLife);
    return this.#inOrder("order at the hub", `${address} ${this.hubLife}`, number, isAgain);
  }

  #inOrder(checker: string, key: string, number: number, mayRepeat: boolean): void {
    const last = this.#lastTaken.get(key) ?? this.#lastOut.get(key) ?? Number.NEGATIVE_INFINITY;
    if (number < last || (number === last && !mayRepeat))
      this.violated(checker, `${key}: ${number} after ${last}`);
    this.#lastTaken.set(key, Math.max(number, last));
  }

  *#valuesIn(node: string, payload: Uint8Array): Generator<Given> {
    for (const entry of entriesOf(payload)) {
      const given = this.#givenOf(node, entry);
      if (given !== undefined) yield given;
    }
  }

  #givenOf(node: string, entry: Entry): Given | undefined {
    if (hasFlag(entry, entryFlag.receipt) || hasFlag(entry, entryFlag.clock)) return undefined;
    // Its sender has counted it as expired, and is answerable for it.
    if (entry.ttl === 0) return undefined;
    const number = numberOf(entry.body);
    return number === undefined ? undefined : this.given.get(`${node}/${entry.from}`)?.get(number);
  }

  /** No more than a window of a lane and those more urgent may be on the way. */
  #window(connection: object, lane: Lane, payload: Uint8Array): void {
    if (lane === lanes.bulk) return;
    const batch = decodeBatch(payload, lane);
    if (!batch.ok)
      return this.violated(
        "bounds",
        `an agent sent what is no batch: ${batch.error}, ${Buffer.from(payload).toString("hex").slice(0, 200)}`,
      );
    const sent = this.#onTheWay.get(connection) ?? new Map<string, Lane>();
    this.#onTheWay.set(connection, sent);
    const { session, firstSeq } = batch.value;
    for (const key of sent.keys()) {
      const [of = "", on = "", first = ""] = key.split(" ");
      if (Number(first) < (this.acknowledgedTo.get(`${of} ${on}`) ?? 0)) sent.delete(key);
    }
    sent.set(`${session} ${lane} ${firstSeq}`, lane);
    const more = [...sent.values()].filter((each) => each <= lane).length;
    // What was on the way when a connection broke is sent again beside what became urgent meanwhile.
    if (more > (lane + 1) * windowPublishes)
      this.violated("bounds", `${more} batches of lane ${lane} on the way`);
    return undefined;
  }

  #nodeLedger(payload: Uint8Array): void {
    const ledger = decodeNodeLedger(payload);
    if (!ledger.ok) return this.violated("ledger", `a node's ledger cannot be read: ${ledger.error}`);
    this.said.set(ledger.value.session, ledger.value);
    this.#outbox(ledger.value);
    return undefined;
  }

  /** What is durable waits on a disk, and is not among them. */
  #outbox({ up }: NodeLedger): void {
    const queued = up[lanes.critical].queued + up[lanes.control].queued + up[lanes.telemetry].queued;
    const most = queueMessagesMax + lanes.bulk * windowPublishes * batchEntriesMax;
    if (queued > most) this.violated("bounds", `${queued} messages wait at a node`);
  }

  #stop(zone: string, payload: Uint8Array): void {
    const decoded = decodeStopLatch(payload);
    if (decoded.ok) this.stops.told(zone, decoded.value);
    else this.violated("show stop", `what the hub says of ${zone} cannot be read`);
  }

  /** A node hears what holds a zone. */
  #stopAt(node: string, zone: string, payload: Uint8Array): void {
    const decoded = decodeStopLatch(payload);
    const isThere = zone === "all" || this.zonesOf.get(node)?.includes(zone) === true;
    if (!decoded.ok || !isThere) return;
    const held = this.stoppedBy.get(node) ?? new Set<string>();
    this.stoppedBy.set(node, held);
    for (const id of decoded.value.released ?? []) held.delete(`${zone}/${id}`);
    for (const { id } of decoded.value.latches ?? []) held.add(`${zone}/${id}`);
  }

  #reply(payload: Uint8Array): void {
    const decoded = decodeReply(payload);
    if (!decoded.ok) return this.violated("requests", "an answer that cannot be read");
    const { request } = decoded.value;
    const answered = { reply: decoded.value, hub: this.hubLife, at: this.#time.now };
    this.replies.set(request, [...(this.replies.get(request) ?? []), answered]);
    this.tell(`reply ${request} ${decoded.value.outcome}`);
    return undefined;
  }
}
