// MQTT 3.1.1 byte by byte: every vector of test/vectors/mqtt is played against the hub, over TCP and over WebSocket.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { account, type Broker, startHubBroker } from "./brokers.ts";
import { play } from "./play.ts";
import { statements, vectorFiles } from "./vector-files.ts";

let hub: Broker;

beforeAll(async () => {
  hub = await startHubBroker();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe.each(["tcp", "websocket"] as const)("over %s", (transport) => {
  describe.each([...vectorFiles])("%s", (_file, vectors) => {
    for (const vector of vectors) {
      const run = vector.isAlone ? test : test.concurrent;
      run(`${vector.name} [${vector.statements[0]}]`, () =>
        play(vector, { ...account, address: hub[transport], restart: hub.restart }),
      );
    }
  });
});

const vectors = [...vectorFiles.values()].flat();

test("every statement that a server can be seen to keep has its vector", () => {
  const tried = new Set(vectors.flatMap((vector) => vector.statements));
  const wanted = [...statements].filter(([, place]) => place === "vectors").map(([number]) => number);

  expect(wanted.length).toBeGreaterThan(100);
  expect([...tried].toSorted()).toEqual(wanted.toSorted());
});

test("no two vectors have one name", () => {
  const names = vectors.map(({ name }) => name);

  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
