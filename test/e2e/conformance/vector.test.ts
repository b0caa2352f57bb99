// The language of the vectors: a vector that is misread would try something else than it says.

import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { expect, test } from "vitest";
import { play } from "./play.ts";
import { parseVectors } from "./vector.ts";
import { bytesOf, match, patternOf } from "./vector-bytes.ts";

const around = () => ({ unique: "u", user: "me", password: "pw", learnt: new Map([["k", 0x0102]]) });
const hex = (source: string) => bytesOf(source, around()).toString("hex");

test.each([
  ["c000", "c000"],
  ["20 02 0000", "20020000"],
  ['"a/b"', "0003612f62"],
  ["'é'", "c3a9"],
  ['"%"', "000175"],
  ["[ 'a' ff ]", "000261ff"],
  ["30 { 'abc' }", "3003616263"],
  ["30 { 61*128 }", `308001${"61".repeat(128)}`],
  ["c000*2", "c000c000"],
  ["account", "00026d6500027077"],
  ["40 02 =k", "40020102"],
])("the bytes %s are %s", (source, bytes) => {
  expect(hex(source)).toBe(bytes);
});

test.each(["3", "30 {", "30 }", "[ 00 }", "quux", '"open', "=z", "40 02 ?p"])(
  "%s is no bytes to send",
  (source) => {
    expect(() => hex(source)).toThrow(/not understood|bracket|learnt/);
  },
);

test("a packet id is learnt where it stands, and is never 0", () => {
  const pattern = patternOf("32 { ?p 'x' }", around());

  expect(match(pattern, Buffer.from("3203abcd78", "hex"))).toEqual(new Map([["p", 0xabcd]]));
  expect(match(pattern, Buffer.from("3203000078", "hex"))).toBeUndefined();
  expect(match(pattern, Buffer.from("3203abcd79", "hex"))).toBeUndefined();
  expect(match(pattern, Buffer.from("3203abcd7878", "hex"))).toBeUndefined();
});

test("a vector is read with its statements, and once for each of its values", () => {
  const vectors = parseVectors(
    "# words\n\n== the level @ [x]\n[MQTT-1] [MQTT-2]\nmosquitto: does not\neach 00 ~ 01; 02 ~ 03\na > @  # sent\na < @2\na closed 1..2\n",
  );

  expect(vectors.map(({ name }) => name)).toEqual(["the level 00 [x]", "the level 02 [x]"]);
  expect(vectors[1]).toMatchObject({
    statements: ["MQTT-1", "MQTT-2"],
    isAlone: false,
    mosquitto: { words: "does not", isAlways: true },
    steps: [
      { kind: "send", who: "a", bytes: "02", pieces: "one" },
      { kind: "expect", who: "a", packets: [["03"]] },
      { kind: "closed", who: "a", seconds: [1, 2] },
    ],
  });
});

test.each([
  ["a line before the first", "a ping"],
  ["an unknown step", "== x\n[MQTT-1]\na jumps"],
  ["a wrong time", "== x\n[MQTT-1]\na closed 1.."],
  ["words behind a step", "== x\n[MQTT-1]\na ping now"],
  ["no statement", "== x\na ping"],
  ["nothing that is expected", "== x\n[MQTT-1]\na > 00"],
  ["a second value that is not there", "== x\n[MQTT-1]\neach 00\na > @2\na closed"],
])("%s is refused", (_what, text) => {
  expect(() => parseVectors(text)).toThrow(
    /not a step|no seconds|names no statement|expects nothing|there is no @2|before the first vector/,
  );
});

/** Answers every chunk with the same bytes, or ends the connection. */
async function parrot(answer: string | undefined): Promise<Server & AsyncDisposable> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => (answer === undefined ? socket.end() : socket.write(Buffer.from(answer, "hex"))));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function played(steps: string, answer: string | undefined): Promise<unknown> {
  await using server = await parrot(answer);
  const [vector] = parseVectors(`== x\n[MQTT-1]\n${steps}`);
  const address = server.address();
  if (vector === undefined || address === null || typeof address === "string") throw new Error("no stage");
  const stage = {
    address: { transport: "tcp", port: address.port },
    user: "",
    password: "",
    patience: 200,
  } as const;
  return await play(vector, stage).then(
    () => "kept",
    (error: unknown) => String(error),
  );
}

test.each([
  ["a > 00\na < d000", "d000", "kept"],
  ["a > 00\na < d000", "d001", "instead of d000"],
  ["a > 00\na < d000", undefined, "the end of the connection"],
  ["a > 00\na < d000\na < d000", "d000", "nothing in time"],
  ["a > 00\na < d000 | 4000", "4000", "kept"],
  ["a > 00\na < d000 & 4000", "4000d000", "kept"],
  ["a > 00\na < d000 & 4000", "4000", "instead of d000"],
  ["a > 00\na <+ d000 without 5000", "4000d000", "kept"],
  ["a > 00\na <+ d000 without 4000", "4000d000", "must not come"],
  ["a > 00\na closed", undefined, "kept"],
  ["a > 00\na closed", "", "still open"],
  ["a > 00\na closed 0.1..0.2", undefined, "ended after 0.0"],
  ["a > 00\na silent 0.1", "", "kept"],
  ["a > 00\na silent 0.1", "d000", "d000"],
  ["a > 00\na silent 0.1", undefined, "the end of the connection"],
  ["a ping\na ping", "d000", "kept"],
  ["a ping", "4000", "instead of d000"],
  ["a connect", "20020000", "kept"],
  ["a connect kept, present", "20020000", "instead of 20020100"],
  ["a > 00\na < 42 { ?p }\na < 42 { ?q }\ndistinct p q", "42020001", "nothing in time"],
  ["a > 00\na < 42 { ?p }\na < 42 { ?q }\ndistinct p q", "4202000142020001", "must differ: 1, 1"],
  ["a > 00\na < 42 { ?p }\na < 42 { ?q }\ndistinct p q", "4202000142020002", "kept"],
])("of a server that answers otherwise it is said: %j answered by %s: %s", async (steps, answer, verdict) => {
  expect(await played(steps, answer)).toContain(verdict);
});
