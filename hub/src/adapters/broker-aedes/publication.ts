/** A PUBLISH from a client, read and checked in one pass over its topic (MQTT 3.1.1 section 3.3). */
import type { BrokerFault, BrokerLimits } from "../../ports/broker.ts";
import { Message, publishFlag } from "./message.ts";
import { isMqttText } from "./mqtt-text.ts";

/** Where a packet lies: its first byte, the one after the fixed header, and the one after it. */
export interface Frame {
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

export interface Publication {
  readonly message: Message;
  /** 0 at QoS 0. */
  readonly packetId: number;
}

export interface PublicationFault {
  readonly fault: BrokerFault;
  readonly words: string;
}

type TopicLimits = Pick<BrokerLimits, "topicBytesMax" | "topicLevelsMax">;

/** The topic of a client's last PUBLISH: most say all they have to say on one, and it need not be checked again. */
export class RecentTopic {
  text = "";
  bytes = Buffer.alloc(0);

  keep(bytes: Buffer, start: number, end: number): void {
    this.text = bytes.toString("utf8", start, end);
    this.bytes = Buffer.from(bytes.subarray(start, end));
  }

  isAt(bytes: Buffer, start: number, end: number): boolean {
    const known = this.bytes;
    if (known.length !== end - start || known.length === 0) return false;
    for (let at = 0; at < known.length; at += 1) if (known[at] !== bytes[start + at]) return false;
    return true;
  }
}

export function readPublication(
  bytes: Buffer,
  { start, body, end }: Frame,
  limits: TopicLimits,
  recent = new RecentTopic(),
): Publication | PublicationFault {
  const first = bytes[start] ?? 0;
  const qos = (first >> 1) & 3;
  if (qos !== 0 && qos !== 1 && qos !== 2) return violation("PUBLISH of QoS 3 [MQTT-3.3.1-4]");
  if (qos === 0 && (first & publishFlag.duplicate) !== 0)
    return violation("DUP on a PUBLISH of QoS 0 [MQTT-3.3.1-2]");
  const topicAt = body + 2;
  const topicEnd = topicAt + (((bytes[body] ?? 0) << 8) | (bytes[body + 1] ?? 0));
  const payloadAt = topicEnd + (qos === 0 ? 0 : 2);
  if (topicAt > end || payloadAt > end) return violation("a PUBLISH that ends early");
  const packetId = qos === 0 ? 0 : bytes.readUInt16BE(topicEnd);
  if (qos !== 0 && packetId === 0) return violation("packet id 0 [MQTT-2.3.1-1]");
  if (!recent.isAt(bytes, topicAt, topicEnd)) {
    const wrong = wrongTopic(bytes, topicAt, topicEnd, limits);
    if (wrong !== undefined) return wrong;
    recent.keep(bytes, topicAt, topicEnd);
  }
  const routed = {
    topic: recent.text,
    payload: bytes.subarray(payloadAt, end),
    qos,
    retain: (first & publishFlag.retain) !== 0,
  } as const;
  return { message: new Message(routed, recent.bytes), packetId };
}

const code = { slash: 47, plus: 43, hash: 35 } as const;

function wrongTopic(
  bytes: Buffer,
  start: number,
  end: number,
  { topicBytesMax, topicLevelsMax }: TopicLimits,
): PublicationFault | undefined {
  if (start === end) return violation("an empty topic [MQTT-4.7.3-1]");
  if (end - start > topicBytesMax)
    return { fault: "topic-too-long", words: `a topic of ${end - start} bytes, more than ${topicBytesMax}` };
  let levels = 1;
  let isPlain = true;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === code.slash) levels += 1;
    else if (byte === code.plus || byte === code.hash)
      return violation("wildcards in a topic [MQTT-3.3.2-2]");
    else if (byte === 0 || byte >= 128) isPlain = false;
  }
  if (!isPlain && !isMqttText(bytes, start, end)) return violation("a topic that is no text [MQTT-3.3.2-1]");
  if (levels > topicLevelsMax)
    return { fault: "topic-too-deep", words: `a topic of ${levels} levels, more than ${topicLevelsMax}` };
  return undefined;
}

const violation = (words: string): PublicationFault => ({ fault: "protocol", words });
