import { expect, test } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import { entryFlag, quality } from "@interactor/shared/wire/entry";
import { encodePublicValue, type PublicValue } from "@interactor/shared/wire/messages/public-value";
import { painterFor } from "./output.ts";
import { messageJson, messageLine, readMessage } from "./tap-message.ts";

const now = new Date("2026-11-21T05:00:00.000Z");
const plain = painterFor({}, false, {});
const metres = () => "m";

function arrivedValue(changes: Partial<PublicValue> = {}) {
  const at = micros(Date.parse("2026-11-21T04:59:59.123Z") * 1000);
  const payload = encodePublicValue({ at, quality: quality.good, flags: 0, value: 1.25, ...changes });
  return { topic: "ix/1/demo/v/demo/sim/distance", payload, isRetained: false };
}

test("a value is a line with its time, address and unit", () => {
  const line = messageLine(readMessage(arrivedValue(), "demo", now), metres, plain);

  expect(line).toMatch(/^\d\d:59:59\.123 {2}demo\/sim\/distance {2}1\.25 m$/);
});

test("what is doubtful about a value is said", () => {
  const arrived = arrivedValue({ quality: quality.stale, flags: entryFlag.clockUnsynchronised });

  const line = messageLine(readMessage(arrived, "demo", now), metres, plain);

  expect(line).toMatch(/1\.25 m {2}\(stale\) {2}\(clock not set\)$/);
});

test("a program gets the value whole, with bytes as base64", () => {
  const message = readMessage(arrivedValue({ value: new Uint8Array([1, 2]) }), "demo", now);

  expect(JSON.parse(messageJson(message))).toEqual({
    at: "2026-11-21T04:59:59.123Z",
    address: "demo/sim/distance",
    value: { $bytes: "AQI=" },
    quality: "good",
    clock_set: true,
    retained: false,
  });
});

test("a value that is kept no more is gone", () => {
  const message = readMessage({ ...arrivedValue(), payload: new Uint8Array() }, "demo", now);

  expect(messageLine(message, metres, plain)).toMatch(/ix\/1\/demo\/v\/demo\/sim\/distance {2}\(gone\)$/);
  expect(JSON.parse(messageJson(message))).toMatchObject({ gone: true });
});

test.each([
  [new Uint8Array([0x82, 1]), "truncated"],
  [encodeCbor([1, 2]), "wrong-shape"],
  [encodeCbor([9, 0, 0, 0, 0]), "unknown-version"],
])("a payload that is no value is shown in hex with the reason (%#)", (payload, reason) => {
  const message = readMessage({ ...arrivedValue(), payload }, "demo", now);

  expect(messageLine(message, metres, plain)).toContain(
    `0x${Buffer.from(payload).toString("hex")}  (not decodable: ${reason})`,
  );
  expect(JSON.parse(messageJson(message))).toMatchObject({ undecodable: reason });
});

test("a document on another topic is shown as JSON", () => {
  const payload = encodeCbor({ v: 1, session: new Uint8Array([7]) });
  const message = readMessage({ topic: "ix/1/demo/h/state", payload, isRetained: true }, "demo", now);

  expect(messageLine(message, metres, plain)).toContain(
    'ix/1/demo/h/state  {"v":1,"session":{"$bytes":"Bw=="}}',
  );
});

test("a time beyond all calendars breaks nothing", () => {
  const message = readMessage(arrivedValue({ at: micros(Number.MAX_SAFE_INTEGER) }), "demo", now);
  const odd = { ...message, at: new Date(Number.NaN) };

  expect(messageLine(odd, metres, plain)).toContain("??:??:??");
  expect(JSON.parse(messageJson(odd))).toMatchObject({ at: null });
});

test("the look of a universe is told in words, and whole to a program", () => {
  const levels = new Uint8Array(512);
  const shown = new Uint8Array(512);
  levels.set([255, 255, 128], 9);
  shown.set([1, 1, 2], 9);
  const sources = ["dimmers", "desk \u001b[2JArt-Net 192.168.1.9"];
  const value = { levels, shown, sources, master: 0.4, blackout: false, universe: 7, portAddress: 6 };

  const message = readMessage(arrivedValue({ value }), "demo", now);

  expect(messageLine(message, () => "", plain)).toMatch(
    / {2}master 40\u00a0% · universe 7, 3 of 512 lit · dimmer or fixture: 10-11 at 255 · desk \ufffd\[2JArt-Net 192\.168\.1\.9: 12 at 128$/,
  );
  expect(JSON.parse(messageJson(message))).toMatchObject({ value: { master: 0.4, sources } });
});
