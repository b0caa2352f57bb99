import { describe, expect, test } from "vitest";
import fc from "fast-check";
import type { Qos } from "../../ports/broker-store.ts";
import { Message, setPacketId } from "./message.ts";
import { readPublication, RecentTopic } from "./publication.ts";

const limits = { topicBytesMax: 40, topicLevelsMax: 4 };

const text = (words: string | Uint8Array): number[] => {
  const bytes = Buffer.from(words);
  return [bytes.length >> 8, bytes.length & 255, ...bytes];
};

/** A PUBLISH in the middle of other bytes, so that whoever reads too far reads something wrong. */
function read(first: number, body: readonly number[], bounds = limits) {
  const bytes = Buffer.from([0xff, first, 0x80, 0x01, ...body, 0xff, 0xff, 0xff]);
  return readPublication(bytes, { start: 1, body: 4, end: 4 + body.length }, bounds);
}

describe("a PUBLISH in order", () => {
  test.each([
    ["of QoS 0", 0x30, [...text("a/b"), 1, 2], { topic: "a/b", qos: 0, retain: false }, 0],
    ["of QoS 1", 0x32, [...text("a/b"), 1, 2, 1, 2], { topic: "a/b", qos: 1, retain: false }, 258],
    ["of QoS 2, again", 0x3c, [...text("a/b"), 0, 9, 1, 2], { topic: "a/b", qos: 2, retain: false }, 9],
    ["to be retained", 0x31, [...text("ä€"), 1, 2], { topic: "ä€", qos: 0, retain: true }, 0],
  ])("%s is read", (_words, first, body, routed, packetId) => {
    const found = read(first, body);

    expect(found).toMatchObject({ packetId, message: { ...routed, payload: Buffer.from([1, 2]) } });
  });

  test("may be empty", () => {
    expect(read(0x30, text("a"))).toMatchObject({ message: { payload: Buffer.alloc(0) } });
    expect(read(0x32, [...text("a"), 0, 1])).toMatchObject({ message: { payload: Buffer.alloc(0) } });
  });

  test("may have a topic as long and as deep as allowed", () => {
    expect(read(0x30, text("x".repeat(40)))).toHaveProperty("message");
    expect(read(0x30, text("a/b/c/"))).toHaveProperty("message");
  });
});

test.each([
  ["QoS 3", 0x36, [...text("a"), 0, 1]],
  ["DUP at QoS 0", 0x38, text("a")],
  ["packet id 0", 0x32, [...text("a"), 0, 0]],
  ["an empty topic", 0x30, text("")],
  ["a # in its topic", 0x30, text("a/#")],
  ["a + in its topic", 0x30, text("a+b")],
  ["U+0000 in its topic", 0x30, text("a\0")],
  ["a surrogate in its topic", 0x30, text(Buffer.from([0xed, 0xa0, 0x80]))],
  ["nothing at all", 0x30, []],
  ["half a length", 0x30, [0]],
  ["a topic that ends early", 0x30, [0, 2, 97]],
  ["no packet id", 0x32, text("a")],
  ["half a packet id", 0x34, [...text("a"), 1]],
])("a PUBLISH with %s breaks the protocol", (_words, first, body) => {
  expect(read(first, body)).toMatchObject({ fault: "protocol" });
});

test("a topic that is too long or too deep is named as such", () => {
  expect(read(0x30, text("x".repeat(41)))).toMatchObject({ fault: "topic-too-long" });
  expect(read(0x30, text("a/b/c/d/e"))).toMatchObject({ fault: "topic-too-deep" });
  expect(read(0x30, text("////"))).toMatchObject({ fault: "topic-too-deep" });
});

test("whatever bytes come, nothing throws, and what is taken is what they say", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 8 }).map((bytes) => [...bytes]),
    fc.constantFrom("a", "a/b", "ä", "").map(text),
  );

  fc.assert(
    fc.property(fc.nat(15), fc.array(piece, { maxLength: 6 }), (flags, pieces) => {
      const body = pieces.flat();
      const found = read(0x30 | flags, body);
      if ("fault" in found) {
        expect(found.words).not.toBe("");
        return;
      }
      const { message, packetId } = found;
      const head = [...text(message.topic), ...(message.qos === 0 ? [] : [packetId >> 8, packetId & 255])];
      expect([...head, ...message.payload]).toEqual(body);
    }),
    { numRuns: 3000 },
  );
});

test("frames of any place in any bytes throw nothing", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 30 }),
      fc.nat(29),
      fc.nat(29),
      (bytes, first, second) => {
        const [body, end] = [first, second].map((at) => Math.min(at, bytes.length)).toSorted((a, b) => a - b);
        if (body === undefined || end === undefined) throw new Error("there are two");
        const found = readPublication(Buffer.from(bytes), { start: 0, body, end }, limits);
        expect("fault" in found || found.message.payload.length <= end - body).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});

test("what is read and written again is the same packet, at any size and QoS", () => {
  const size = fc.oneof(
    fc.nat(300),
    fc.integer({ min: 16_300, max: 16_400 }),
    fc.constantFrom(2_097_140, 2_097_160),
  );

  fc.assert(
    fc.property(
      fc.constantFrom<Qos>(0, 1, 2),
      fc.boolean(),
      fc.string({ unit: fc.constantFrom("a", "ü", "€"), minLength: 1, maxLength: 10 }),
      size,
      fc.integer({ min: 1, max: 65_535 }),
      (qos, retain, topic, size, packetId) => {
        const payload = Buffer.alloc(size, 7);
        const packet = new Message({ topic, payload, qos, retain }).packet(qos, retain);
        if (qos > 0) setPacketId(packet, packetId);
        const frame = { start: 0, body: bodyOf(packet), end: packet.length };
        const found = readPublication(packet, frame, { topicBytesMax: 100, topicLevelsMax: 10 });
        if ("fault" in found) throw new Error(found.words);
        expect(found.packetId).toBe(qos === 0 ? 0 : packetId);
        expect(found.message).toMatchObject({ topic, qos, retain });
        expect(found.message.payload.equals(payload)).toBe(true);
        expect(found.message.packet(qos, retain).length).toBe(packet.length);
      },
    ),
    { numRuns: 200 },
  );
});

test("a client's recent topic changes nothing of what is read, whatever came before", () => {
  const recent = new RecentTopic();
  const topics = fc.constantFrom("a", "ab", "a/b", "a/ü", "a/+", "", "a/b/c/d/e/f/g/h/i/j/k/l");
  fc.assert(
    fc.property(topics, (topic) => {
      const packet = new Message({ topic, payload: Buffer.of(1), qos: 0, retain: false }).packet(0, false);
      const frame = { start: 0, body: bodyOf(packet), end: packet.length };
      const bounds = { topicBytesMax: 100, topicLevelsMax: 10 };
      const found = readPublication(packet, frame, bounds, recent);
      const anew = readPublication(packet, frame, bounds);

      if ("fault" in anew) expect(found).toEqual(anew);
      else if ("fault" in found) throw new Error(found.words);
      else expect(found.message.packet(0, false)).toEqual(anew.message.packet(0, false));
    }),
    { numRuns: 300 },
  );
});

/** Where the length, as the header says it, is the length that is there. */
function bodyOf(packet: Buffer): number {
  let length = 0;
  for (let at = 1, weight = 1; ; at += 1, weight *= 128) {
    const byte = packet.readUInt8(at);
    length += (byte & 127) * weight;
    if (byte > 127) continue;
    expect(at + 1 + length).toBe(packet.length);
    return at + 1;
  }
}

test("at QoS 0 everybody is sent the same bytes, without the flag of what is retained", () => {
  const message = new Message({ topic: "a", payload: Buffer.from("x"), qos: 2, retain: true });

  expect(message.sharedPacket()).toEqual(Buffer.from([0x30, 4, 0, 1, 97, 120]));
  expect(message.sharedPacket()).toBe(message.sharedPacket());
});
