// Connections that are none, at each listener of the hub as it is shipped: raw TCP, WebSocket and HTTP.

import { readdirSync, readlinkSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import fc from "fast-check";
import { payloadBytesMax } from "@interactor/shared/wire/limits";
import {
  cutTotal,
  type HubBench,
  openHubBench,
  riseOf,
  sample,
  sentInAll,
  turnedAwayTotal,
} from "./malformed-bench.ts";
import { eventually } from "./programs.ts";

/** Connections that our own questions over HTTP may leave open for a while. */
const socketsOfOurs = 5;

let bench: HubBench;

beforeAll(async () => {
  bench = await openHubBench();
});

afterAll(() => bench[Symbol.asyncDispose]());

/** Sends `bytes` on a connection of its own and waits until the other side has ended it. */
function throwAt(bytes: Uint8Array): Promise<void> {
  const { hostname, port } = new URL(bench.hub.mqtt);
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connectTcp({ host: hostname, port: Number(port) }, () => socket.end(bytes));
  socket.on("error", () => undefined);
  socket.on("close", () => resolve());
  socket.resume();
  return promise;
}

const hello = (id: string) => {
  const name = Buffer.from(id);
  return [0x10, 12 + name.length, 0, 4, ...Buffer.from("MQTT"), 4, 2, 0, 60, 0, name.length, ...name];
};
const text = (words: string) => [0, words.length, ...Buffer.from(words)];

/** Bytes that are no MQTT break a rule, or claim a length. */
const cutsIn = (rise: Readonly<Record<string, number>>): number =>
  (rise["protocol"] ?? 0) + (rise["packet-too-large"] ?? 0);

test.each([
  ["a packet of type 0", [...hello("x"), 0x00, 0x00]],
  ["a packet of type 15", [...hello("x"), 0xf0, 0x00]],
  ["a length of five bytes", [...hello("x"), 0x30, 0xff, 0xff, 0xff, 0xff, 0x7f]],
  ["another protocol", [0x10, 12, 0, 4, ...Buffer.from("HTTP"), 4, 2, 0, 60, 0, 0]],
  ["a topic longer than its packet", [...hello("x"), 0x30, 3, 0xff, 0xff, 0x61]],
  ["a subscription with wrong flags", [...hello("x"), 0x80, 6, 0, 1, ...text("a"), 0]],
  ["QoS 3", [...hello("x"), 0x36, 5, ...text("a"), 0, 1]],
])("cuts off whoever sends %s", async (_what, bytes) => {
  const rise = await riseOf(bench.hub, cutTotal, () => throwAt(Uint8Array.from(bytes)));

  expect(Object.keys(rise)).toEqual(["protocol"]);
  await bench.expectWell();
});

test.each([
  ["a packet that claims 256 MB", [...hello("x"), 0x30, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3]],
  ["a first packet that claims 256 MB", [0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4]],
  ["a first packet of more than 1 KB", [0x10, 0x81, 0x08, 0, 4]],
])("cuts off whoever sends %s", async (_what, bytes) => {
  const rise = await riseOf(bench.hub, cutTotal, () => throwAt(Uint8Array.from(bytes)));

  expect(Object.keys(rise)).toEqual(["packet-too-large"]);
  await bench.expectWell();
});

test("does not gather a packet of 256 MB", async () => {
  const { hostname, port } = new URL(bench.hub.mqtt);
  const socket = connectTcp({ host: hostname, port: Number(port) });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => undefined);
  const chunk = new Uint8Array(1_000_000);
  let written = 0;
  const write = () => {
    while (!socket.destroyed && written < 200 && socket.write(chunk)) written += 1;
    if (written < 200) socket.once("drain", write);
  };
  socket.write(Uint8Array.from([...hello("greedy"), 0x30, 0xff, 0xff, 0xff, 0x7f]));
  write();
  await closed;

  expect(written).toBeLessThan(200);
  await bench.expectWell();
});

test("survives bytes that are no MQTT, from strangers and after a right beginning", async () => {
  const garbage = sample(fc.tuple(fc.boolean(), fc.uint8Array({ minLength: 1, maxLength: 200 })), 1500);

  const rise = await riseOf(bench.hub, cutTotal, async () => {
    for (let first = 0; first < garbage.length; first += 50) {
      const some = garbage.slice(first, first + 50);
      await Promise.all(
        some.map(([isKnown, bytes], index) =>
          throwAt(Uint8Array.from(isKnown ? [...hello(`g${index}`), ...bytes] : bytes)),
        ),
      );
    }
  });

  // What ends in the middle of a packet is no fault, so not every one of them counts.
  expect(cutsIn(rise)).toBeGreaterThan(garbage.length / 10);
  await bench.expectWell();
});

interface Frames {
  readonly frames: readonly (Uint8Array<ArrayBuffer> | string)[];
}

/** Sends frames over a WebSocket of its own; resolves when it has ended, by whomever. */
async function throwOverWebSocket({ frames }: Frames): Promise<void> {
  const socket = new WebSocket(`${bench.hub.http.replace("http", "ws")}/mqtt`, "mqtt");
  socket.binaryType = "arraybuffer";
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.addEventListener("open", () => {
    for (const frame of frames) socket.send(frame);
    setTimeout(() => socket.close(), 20);
  });
  socket.addEventListener("close", () => resolve());
  socket.addEventListener("error", () => resolve());
  await promise;
}

test("survives WebSocket frames that are no MQTT", async () => {
  const bytes = fc.uint8Array({ minLength: 0, maxLength: 100 }).map((each) => Uint8Array.from(each));
  const connections = sample(
    fc.record({
      frames: fc.oneof(
        fc.array(bytes, { minLength: 1, maxLength: 5 }),
        fc.tuple(fc.constant(Uint8Array.from(hello("w"))), bytes),
      ),
    }),
    400,
  );

  const rise = await riseOf(bench.hub, cutTotal, async () => {
    for (let first = 0; first < connections.length; first += 20) {
      await Promise.all(connections.slice(first, first + 20).map(throwOverWebSocket));
    }
  });

  expect(cutsIn(rise)).toBeGreaterThan(connections.length / 10);
  await bench.expectWell();
});

test.each<readonly [string, Frames]>([
  ["text where MQTT comes in bytes", { frames: ["hello"] }],
  ["text after a right beginning", { frames: [Uint8Array.from(hello("t")), "hello"] }],
])("cuts off a WebSocket with %s", async (_what, frames) => {
  const rise = await riseOf(bench.hub, cutTotal, () => throwOverWebSocket(frames));

  expect(rise).toEqual({ protocol: 1 });
  await bench.expectWell();
});

test.each<readonly [string, Frames]>([
  ["a frame larger than any message", { frames: [new Uint8Array(2 * payloadBytesMax + 1)] }],
  [
    "a packet larger than any message in many frames",
    { frames: [Uint8Array.from([...hello("f"), 0x30, 0xff, 0xff, 0xff, 0x7f])] },
  ],
])("cuts off a WebSocket with %s", async (_what, frames) => {
  const rise = await riseOf(bench.hub, cutTotal, () => throwOverWebSocket(frames));

  expect(rise).toEqual({ "packet-too-large": 1 });
  await bench.expectWell();
});

/** The status of an answer to a request made by hand. */
async function statusOf(
  path: string,
  headers: Record<string, string>,
  method = "GET",
  body?: Uint8Array,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = requestHttp(`${bench.hub.http}${path}`, { method, headers, agent: false });
  request.on("response", (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  request.on("upgrade", (response, socket) => {
    socket.destroy();
    resolve(response.statusCode ?? 0);
  });
  request.on("error", reject);
  request.end(body);
  return promise;
}

const upgrade = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
  "sec-websocket-protocol": "mqtt",
};

test.each<readonly [string, number, string, Record<string, string>]>([
  ["nothing wrong", 101, "/mqtt", {}],
  ["another path", 404, "/other", {}],
  ["a page of elsewhere", 403, "/mqtt", { origin: "http://evil.example" }],
  ["an origin that is none", 403, "/mqtt", { origin: "null" }],
  ["another host name", 421, "/mqtt", { host: "evil.example" }],
  ["a host name that rebinds", 421, "/mqtt", { host: "127.0.0.1.evil.example:8080" }],
  ["another subprotocol", 400, "/mqtt", { "sec-websocket-protocol": "graphql-ws, chat" }],
  ["no subprotocol", 400, "/mqtt", { "sec-websocket-protocol": "" }],
  ["another version", 400, "/mqtt", { "sec-websocket-version": "7" }],
  ["no key", 400, "/mqtt", { "sec-websocket-key": "" }],
])("answers a WebSocket with %s by %i", async (_what, status, path, headers) => {
  expect(await statusOf(path, { ...upgrade, ...headers })).toBe(status);
});

/** Asks for what is refused, and resets the connection instead of waiting for the answer. */
function askAndReset(): Promise<void> {
  const { hostname, port } = new URL(bench.hub.http);
  const { promise, resolve } = Promise.withResolvers<void>();
  const lines = [
    "GET /mqtt HTTP/1.1",
    "Host: evil.example",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "",
    "",
  ];
  const socket = connectTcp({ host: hostname, port: Number(port) }, () => {
    socket.write(lines.join("\r\n"), () => socket.resetAndDestroy());
  });
  socket.on("error", () => undefined);
  socket.on("close", () => resolve());
  return promise;
}

test("counts WebSockets and requests that it turns away", async () => {
  const rise = await riseOf(bench.hub, turnedAwayTotal, async () => {
    await statusOf("/mqtt", { ...upgrade, origin: "http://evil.example" });
    await statusOf("/mqtt", { ...upgrade, "sec-websocket-version": "7" });
    expect(await statusOf("/api/v1/nodes", { host: "evil.example" })).toBe(421);
  });

  expect(rise).toEqual({ refused: 3 });
});

test("answers odd requests with a refusal and never with a failure of its own", async () => {
  const path = fc.oneof(
    fc.constantFrom(
      "/",
      "/healthz",
      "/readyz",
      "/metrics",
      "/api/v1/nodes",
      "/mqtt",
      "/../../etc/passwd",
      "/%2e%2e/%00",
      "/%ff",
      "/__proto__",
      "/constructor",
      "//evil.example/",
      "/index.html?x=" + "y".repeat(5000),
    ),
    fc.webPath().map((each) => `/${each}`),
  );
  const requests = sample(
    fc.record({
      path,
      method: fc.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"),
      headers: fc.dictionary(
        fc.constantFrom("accept", "content-type", "x-odd", "cookie", "range", "if-none-match", "expect-ct"),
        fc.stringMatching(/^[ -~]{0,50}$/),
        { noNullPrototype: true },
      ),
      body: fc.option(fc.uint8Array({ maxLength: 2000 })),
    }),
    600,
  );

  for (let first = 0; first < requests.length; first += 20) {
    const statuses = await Promise.all(
      requests
        .slice(first, first + 20)
        .map(({ path, method, headers, body }) => statusOf(path, headers, method, body ?? undefined)),
    );
    expect(statuses.filter((status) => status < 200 || status >= 500)).toEqual([]);
  }
  await bench.expectWell();
});

test("survives bytes that are no HTTP", async () => {
  const { hostname, port } = new URL(bench.hub.http);
  const heads = fc.constantFrom(
    "GET / HTTP/1.1\r\n",
    "GET /mqtt HTTP/1.1\r\nUpgrade: websocket\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "",
  );
  const garbage = sample(fc.tuple(heads, fc.uint8Array({ minLength: 1, maxLength: 300 })), 500);

  const rise = await riseOf(bench.hub, cutTotal, async () => {
    for (let first = 0; first < garbage.length; first += 25) {
      await Promise.all(
        garbage.slice(first, first + 25).map(async ([head, bytes]) => {
          const socket = connectTcp({ host: hostname, port: Number(port) }, () =>
            socket.end(Buffer.concat([Buffer.from(head), bytes])),
          );
          socket.on("error", () => undefined);
          socket.resume();
          await new Promise((resolve) => socket.once("close", resolve));
        }),
      );
    }
  });

  expect(rise["protocol"]).toBeGreaterThan(garbage.length / 2);
  await bench.expectWell();
});

test("three thousand of the ten thousand were sent", () => {
  expect(sentInAll()).toBeGreaterThanOrEqual(3000);
});

/** Sockets that the hub holds open. */
const socketsOfHub = (): number => {
  const folder = `/proc/${bench.hub.pid}/fd`;
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(join(folder, fd)).startsWith("socket:");
    } catch {
      // Closed in this moment.
      return false;
    }
  }).length;
};

test("lives on when a WebSocket that it refuses is reset, and keeps no socket of it", async () => {
  await bench.expectWell();
  const before = socketsOfHub();

  for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 20 }, askAndReset));

  expect((await bench.hub.get("/healthz")).status).toBe(200);
  await eventually("their sockets are closed", () => socketsOfHub() <= before + socketsOfOurs);
  await bench.expectWell();
});
