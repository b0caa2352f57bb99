/**
 * What MQTT 3.1.1 asks of the bytes of a packet from a client, checked before anything acts on them. Each check
 * answers `undefined` for a packet in order, or says in words what is wrong, with the statement it breaks.
 */
import { isMqttText } from "./mqtt-text.ts";

export const packetType = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
} as const;

/** Flags of the fixed header, by packet type (section 2.2.2); PUBLISH has its own. */
const flagsOf = new Map<number, number>([
  [packetType.connect, 0],
  [packetType.puback, 0],
  [packetType.pubrec, 0],
  [packetType.pubrel, 2],
  [packetType.pubcomp, 0],
  [packetType.subscribe, 2],
  [packetType.unsubscribe, 2],
  [packetType.pingreq, 0],
  [packetType.disconnect, 0],
]);

/** The fixed header of everything but PUBLISH, and the length of those packets that have one length only. */
export function wrongHeader(first: number, length: number): string | undefined {
  const type = first >> 4;
  const flags = flagsOf.get(type);
  if (flags === undefined) return `packet type ${type} does not come from clients [MQTT-4.8.0-1]`;
  if ((first & 15) !== flags) return `flags ${first & 15} on packet type ${type} [MQTT-2.2.2-2]`;
  const isEmpty = type === packetType.pingreq || type === packetType.disconnect;
  if (isEmpty && length !== 0) return `packet type ${type} with ${length} bytes`;
  const isAcknowledgement = type >= packetType.puback && type <= packetType.pubcomp;
  if (isAcknowledgement && length !== 2) return `packet type ${type} with ${length} bytes instead of 2`;
  return undefined;
}

export interface Connect {
  readonly kind: "connect";
  readonly clientId: string;
  readonly isClean: boolean;
  readonly keepaliveSeconds: number;
}

export type ConnectRefusal =
  | { readonly kind: "malformed"; readonly words: string }
  /** To be answered by a CONNACK with this code. */
  | { readonly kind: "refused"; readonly code: 1 | 2; readonly words: string };

const connectFlag = { reserved: 1, clean: 2, will: 4, willRetain: 32, password: 64, user: 128 } as const;

/** Section 3.1: the body of a CONNECT. Levels 3 (MQTT 3.1) and 4 are spoken. */
export function readConnect(bytes: Buffer, body: number, end: number): Connect | ConnectRefusal {
  const cursor = new Cursor(bytes, body, end);
  const name = cursor.text();
  const level = cursor.byte();
  if (name === undefined || level === undefined) return malformed("a CONNECT without protocol");
  // Level by level: what follows belongs to a version that we may not know.
  if (name === "MQTT" ? level !== 4 : name !== "MQIsdp" || level !== 3) {
    if (name !== "MQTT" && name !== "MQIsdp") return malformed("a protocol that is no MQTT [MQTT-3.1.2-1]");
    return { kind: "refused", code: 1, words: `protocol ${name} level ${level} [MQTT-3.1.2-2]` };
  }
  const flags = cursor.byte();
  const keepaliveSeconds = cursor.word();
  if (flags === undefined || keepaliveSeconds === undefined) return malformed("a CONNECT that ends early");
  const wrong = wrongConnectFlags(flags);
  if (wrong !== undefined) return malformed(wrong);
  const clientId = cursor.text();
  if (clientId === undefined) return malformed("a client id that is no text [MQTT-3.1.3-4]");
  if ((flags & connectFlag.will) !== 0) {
    const topic = cursor.text();
    if (topic === undefined || wrongTopicName(topic) !== undefined)
      return malformed("a will topic that is none [MQTT-3.1.3-10]");
    if (!cursor.skip()) return malformed("a will that ends early");
  }
  if ((flags & connectFlag.user) !== 0 && cursor.text() === undefined)
    return malformed("a user name that is no text [MQTT-3.1.3-11]");
  if ((flags & connectFlag.password) !== 0 && !cursor.skip()) return malformed("a password that ends early");
  if (!cursor.isAtEnd) return malformed("a CONNECT with more than its fields");
  const isClean = (flags & connectFlag.clean) !== 0;
  if (clientId === "" && !isClean)
    return { kind: "refused", code: 2, words: "a session without a client id [MQTT-3.1.3-8]" };
  return { kind: "connect", clientId, isClean, keepaliveSeconds };
}

function wrongConnectFlags(flags: number): string | undefined {
  if ((flags & connectFlag.reserved) !== 0) return "the reserved flag of CONNECT [MQTT-3.1.2-3]";
  const willQos = (flags >> 3) & 3;
  if (willQos === 3) return "a will of QoS 3 [MQTT-3.1.2-14]";
  const isWillFlagged = willQos !== 0 || (flags & connectFlag.willRetain) !== 0;
  if ((flags & connectFlag.will) === 0 && isWillFlagged) return "will flags without a will [MQTT-3.1.2-13]";
  if ((flags & connectFlag.user) === 0 && (flags & connectFlag.password) !== 0)
    return "a password without a user name [MQTT-3.1.2-22]";
  return undefined;
}

const malformed = (words: string): ConnectRefusal => ({ kind: "malformed", words });

export interface FilterRequest {
  readonly filter: string;
  readonly qos: 0 | 1 | 2;
}

/** Sections 3.8 and 3.10: the filters of a SUBSCRIBE, or of an UNSUBSCRIBE (all of QoS 0). `undefined`: more than `filtersMax`. */
export function readFilters(
  bytes: Buffer,
  place: { readonly body: number; readonly end: number; readonly filtersMax: number },
  hasQos: boolean,
): { readonly packetId: number; readonly requests: readonly FilterRequest[] } | string | undefined {
  const cursor = new Cursor(bytes, place.body, place.end);
  const packetId = cursor.word();
  if (packetId === undefined || packetId === 0) return "packet id 0 [MQTT-2.3.1-1]";
  const requests: FilterRequest[] = [];
  while (!cursor.isAtEnd) {
    if (requests.length === place.filtersMax) return undefined;
    const filter = cursor.text();
    const qos = hasQos ? cursor.byte() : 0;
    if (filter === undefined) return "a filter that is no text [MQTT-3.8.3-1]";
    const wrong = wrongFilter(filter);
    if (wrong !== undefined) return wrong;
    if (qos !== 0 && qos !== 1 && qos !== 2) return "a QoS that is none, or reserved bits [MQTT-3-8.3-4]";
    requests.push({ filter, qos });
  }
  return requests.length === 0 ? "no filter at all [MQTT-3.8.3-3]" : { packetId, requests };
}

/** Section 4.7: what a filter may look like. */
function wrongFilter(filter: string): string | undefined {
  if (filter === "") return "an empty filter [MQTT-4.7.3-1]";
  if (!filter.includes("#") && !filter.includes("+")) return undefined;
  const levels = filter.split("/");
  for (const [index, level] of levels.entries()) {
    if (level.includes("#") && (level !== "#" || index !== levels.length - 1))
      return "a # that is not the whole last level [MQTT-4.7.1-2]";
    if (level.includes("+") && level !== "+") return "a + that is not a whole level [MQTT-4.7.1-3]";
  }
  return undefined;
}

/** Section 4.7: what the name of a topic may look like. */
export function wrongTopicName(topic: string): string | undefined {
  if (topic === "") return "an empty topic [MQTT-4.7.3-1]";
  if (topic.includes("#") || topic.includes("+")) return "wildcards in a topic [MQTT-3.3.2-2]";
  return undefined;
}

export function levelsOf(topic: string): number {
  let levels = 1;
  for (let at = topic.indexOf("/"); at >= 0; at = topic.indexOf("/", at + 1)) levels += 1;
  return levels;
}

/** Reads fields one after the other; `undefined` where there is none. */
class Cursor {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  byte(): number | undefined {
    return this.#at < this.#end ? this.#bytes[this.#at++] : undefined;
  }

  word(): number | undefined {
    if (this.#at + 2 > this.#end) return undefined;
    this.#at += 2;
    return this.#bytes.readUInt16BE(this.#at - 2);
  }

  /** Steps over bytes with their length in front. */
  skip(): boolean {
    const length = this.word();
    if (length === undefined || this.#at + length > this.#end) return false;
    this.#at += length;
    return true;
  }

  text(): string | undefined {
    const start = this.#at + 2;
    if (!this.skip() || !isMqttText(this.#bytes, start, this.#at)) return undefined;
    return this.#bytes.toString("utf8", start, this.#at);
  }
}
