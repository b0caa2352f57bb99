import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { isMqttText } from "./mqtt-text.ts";
import {
  levelsOf,
  packetType,
  readConnect,
  readFilters,
  wrongHeader,
  wrongTopicName,
} from "./packet-rules.ts";

const text = (words: string | readonly number[] | Uint8Array): number[] => {
  const bytes = typeof words === "string" ? Buffer.from(words) : Buffer.from(words);
  return [bytes.length >> 8, bytes.length & 255, ...bytes];
};

/** Bytes with others around them, so that whoever reads too far reads something wrong. */
function placed(body: readonly number[]) {
  const bytes = Buffer.from([0xff, 0xff, ...body, 0xff, 0xff, 0xff]);
  return { bytes, place: { body: 2, end: 2 + body.length, filtersMax: 3 } };
}

describe("the fixed header", () => {
  const { connect, puback, pubrec, pubrel, pubcomp, subscribe, unsubscribe, pingreq, disconnect } =
    packetType;
  const right = new Map<number, number>([
    [connect, 0],
    [puback, 0],
    [pubrec, 0],
    [pubrel, 2],
    [pubcomp, 0],
    [subscribe, 2],
    [unsubscribe, 2],
    [pingreq, 0],
    [disconnect, 0],
  ]);
  const lengthOf = (type: number) => (type === pingreq || type === disconnect ? 0 : 2);

  test("of each type from clients is right with its own flags and no others", () => {
    for (let first = 0; first < 256; first += 1) {
      const type = first >> 4;
      if (type === packetType.publish) continue;
      const isRight = right.get(type) === (first & 15);
      expect([first, wrongHeader(first, lengthOf(type)) === undefined]).toEqual([first, isRight]);
    }
  });

  test.each([
    ["PUBACK", 0x40, 2],
    ["PUBREC", 0x50, 2],
    ["PUBREL", 0x62, 2],
    ["PUBCOMP", 0x70, 2],
    ["PINGREQ", 0xc0, 0],
    ["DISCONNECT", 0xe0, 0],
  ])("of %s is right with one length only", (_name, first, length) => {
    const lengths = [0, 1, 2, 3, 4, 100].filter((each) => wrongHeader(first, each) === undefined);

    expect(lengths).toEqual([length]);
  });
});

describe("CONNECT", () => {
  const head = (name: string, level: number, flags: number) => [...text(name), level, flags, 0, 60];
  const read = (body: readonly number[]) => {
    const { bytes, place } = placed(body);
    return readConnect(bytes, place.body, place.end);
  };

  test.each([
    ["with nothing but a name", [...head("MQTT", 4, 2), ...text("me")], "me", true],
    ["that keeps its session", [...head("MQTT", 4, 0), ...text("me")], "me", false],
    ["of MQTT 3.1", [...head("MQIsdp", 3, 2), ...text("me")], "me", true],
    ["without a name, clean", [...head("MQTT", 4, 2), ...text("")], "", true],
    ["with a will", [...head("MQTT", 4, 0x2e), ...text("me"), ...text("a/b"), ...text([0, 255])], "me", true],
    ["with an empty will", [...head("MQTT", 4, 6), ...text("me"), ...text("a"), ...text("")], "me", true],
    ["with a user", [...head("MQTT", 4, 0x82), ...text("me"), ...text("ü")], "me", true],
    ["with a password", [...head("MQTT", 4, 0xc2), ...text("me"), ...text("u"), ...text([0xff])], "me", true],
  ])("%s is right", (_words, body, clientId, isClean) => {
    expect(read(body)).toEqual({ kind: "connect", clientId, isClean, keepaliveSeconds: 60 });
  });

  test.each([
    ["MQTT 5", [...head("MQTT", 5, 2), ...text("me")], 1],
    ["MQTT with a level below", [...head("MQTT", 3, 2), ...text("me")], 1],
    ["MQTT 3.1 with another level", [...head("MQIsdp", 4, 2), ...text("me")], 1],
    ["a kept session without a name", [...head("MQTT", 4, 0), ...text("")], 2],
  ])("%s is refused with a code", (_words, body, code) => {
    expect(read(body)).toMatchObject({ kind: "refused", code });
  });

  const me = text("me");
  test.each([
    ["nothing", []],
    ["another protocol", [...head("HTTP", 4, 2), ...me]],
    ["the reserved flag", [...head("MQTT", 4, 3), ...me]],
    ["a will of QoS 3", [...head("MQTT", 4, 0x1e), ...me, ...text("a"), ...text("")]],
    ["a QoS without a will", [...head("MQTT", 4, 0x0a), ...me]],
    ["retain without a will", [...head("MQTT", 4, 0x22), ...me]],
    ["a password without a user", [...head("MQTT", 4, 0x42), ...me, ...text("p")]],
    ["a name with U+0000", [...head("MQTT", 4, 2), ...text("m\0e")]],
    ["a name with a surrogate", [...head("MQTT", 4, 2), ...text(Buffer.from([0xed, 0xa0, 0x80]))]],
    ["a will to wildcards", [...head("MQTT", 4, 6), ...me, ...text("a/#"), ...text("")]],
    ["a will to nowhere", [...head("MQTT", 4, 6), ...me, ...text(""), ...text("")]],
    ["a user that is no text", [...head("MQTT", 4, 0x82), ...me, ...text(Buffer.from([0xff]))]],
    ["something after its fields", [...head("MQTT", 4, 2), ...me, 0]],
  ])("with %s is malformed", (_words, body) => {
    expect(read(body)).toMatchObject({ kind: "malformed" });
  });

  test("that ends early, wherever it ends, is malformed", () => {
    const whole = [...head("MQTT", 4, 0xc6), ...me, ...text("a"), ...text("w"), ...text("u"), ...text("p")];
    expect(read(whole)).toMatchObject({ kind: "connect" });

    for (let length = 0; length < whole.length; length += 1)
      expect([length, read(whole.slice(0, length)).kind]).toEqual([length, "malformed"]);
  });
});

describe("SUBSCRIBE and UNSUBSCRIBE", () => {
  const read = (body: readonly number[], hasQos = true) => {
    const { bytes, place } = placed(body);
    return readFilters(bytes, place, hasQos);
  };

  test("more filters than may be are not read", () => {
    const filters = (count: number) => Array.from({ length: count }, () => [...text("a"), 0]).flat();

    expect(read([0, 1, ...filters(3)])).toMatchObject({ packetId: 1 });
    for (const count of [4, 1000]) expect(read([0, 1, ...filters(count)])).toBeUndefined();
  });

  test("give their filters in order", () => {
    expect(read([1, 2, ...text("a/+"), 1, ...text("#"), 2, ...text("+"), 0])).toEqual({
      packetId: 258,
      requests: [
        { filter: "a/+", qos: 1 },
        { filter: "#", qos: 2 },
        { filter: "+", qos: 0 },
      ],
    });
    expect(read([0, 1, ...text("a"), ...text("b/#")], false)).toEqual({
      packetId: 1,
      requests: [
        { filter: "a", qos: 0 },
        { filter: "b/#", qos: 0 },
      ],
    });
  });

  test.each(["a", "/", "//", "+/+", "a/#", "#", "/+/", "$SYS/#", "ä/€/𝄞", "a b"])(
    "take the filter %s",
    (filter) => {
      expect(read([0, 1, ...text(filter), 0])).toMatchObject({ requests: [{ filter, qos: 0 }] });
    },
  );

  test.each(["", "a#", "#/a", "a/#/b", "a+", "+a/b", "a/b+", "##", "++", "a/+#", "a\0"])(
    "refuse the filter %j",
    (filter) => {
      expect(read([0, 1, ...text(filter), 0])).toBeTypeOf("string");
    },
  );

  test.each([
    ["without filters", [0, 1]],
    ["with packet id 0", [0, 0, ...text("a"), 0]],
    ["with QoS 3", [0, 1, ...text("a"), 3]],
    ["with reserved bits", [0, 1, ...text("a"), 0x41]],
    ["with bytes that are no text", [0, 1, ...text(Buffer.from([0xc0, 0x80])), 0]],
    ["with a second filter that is wrong", [0, 1, ...text("a"), 0, ...text("b#"), 0]],
  ])("are wrong %s", (_words, body) => {
    expect(read(body)).toBeTypeOf("string");
  });

  test("are wrong where they end early, wherever that is not after a filter", () => {
    const whole = [0, 1, ...text("abc"), 1, ...text("de"), 2];
    const right = whole.keys().filter((length) => typeof read(whole.slice(0, length)) !== "string");

    expect([...right]).toEqual([2 + 6]);
  });
});

describe("text", () => {
  test.each([
    ["ASCII", Buffer.from("a/b c"), true],
    ["nothing", Buffer.alloc(0), true],
    ["other scripts", Buffer.from("Ä€𝄞"), true],
    ["U+FEFF, which is no mark here", Buffer.from([0xef, 0xbb, 0xbf]), true],
    ["the last code point", Buffer.from([0xf4, 0x8f, 0xbf, 0xbf]), true],
    ["U+0000", Buffer.from([97, 0]), false],
    ["U+0000 after another script", Buffer.from("ä\0"), false],
    ["U+0000 in two bytes", Buffer.from([0xc0, 0x80]), false],
    ["a surrogate", Buffer.from([0xed, 0xbf, 0xbf]), false],
    ["beyond the last code point", Buffer.from([0xf4, 0x90, 0x80, 0x80]), false],
    ["a character cut short", Buffer.from([97, 0xe2, 0x82]), false],
  ])("of %s: %s", (_words, bytes, isText) => {
    const around = Buffer.concat([Buffer.from([0, 0xff]), bytes, Buffer.from([0xbf, 0])]);

    expect(isMqttText(around, 2, 2 + bytes.length)).toBe(isText);
  });

  test("is what a strict decoder takes and what has no U+0000", () => {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const isDecoded = (bytes: Uint8Array) => {
      try {
        return !decoder.decode(bytes).includes("\0");
      } catch {
        return false;
      }
    };
    const bytes = fc.array(
      fc.oneof(
        fc.integer({ min: 0, max: 255 }).map((byte) => [byte]),
        fc.string({ unit: "grapheme", maxLength: 3 }).map((words) => [...Buffer.from(words)]),
      ),
      { maxLength: 6 },
    );

    fc.assert(
      fc.property(bytes, (parts) => {
        const bytes = Buffer.from(parts.flat());
        expect(isMqttText(bytes, 0, bytes.length)).toBe(isDecoded(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});

test.each([
  ["a/b", true],
  ["/", true],
  ["$SYS", true],
  ["", false],
  ["a/+", false],
  ["#", false],
  ["a#b", false],
])("the name of a topic %j may be one: %s", (topic, isRight) => {
  expect(wrongTopicName(topic) === undefined).toBe(isRight);
});

test("counts levels as a split would", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("/", "a", "+") }), (topic) => {
      expect(levelsOf(topic)).toBe(topic.split("/").length);
    }),
  );
});

test("whatever bytes come, nothing throws, and what is taken is in order", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 6 }).map((bytes) => [...bytes]),
    fc.constantFrom("MQTT", "MQIsdp", "a/#", "+", "").map(text),
    fc.constantFrom([4, 2, 0, 60], [3, 0xc6, 0, 0], [0, 1], [2]),
  );

  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.nat(255), fc.boolean(), (pieces, first, hasQos) => {
      const { bytes, place } = placed(pieces.flat());
      wrongHeader(first, pieces.length);
      const connect = readConnect(bytes, place.body, place.end);
      if (connect.kind === "connect") expect(connect.clientId).not.toContain("\0");
      const filters = readFilters(bytes, place, hasQos);
      if (filters !== undefined && typeof filters !== "string") {
        expect(filters.requests.length).toBeGreaterThan(0);
        expect(filters.requests.length).toBeLessThanOrEqual(3);
      }
    }),
    { numRuns: 3000 },
  );
});
