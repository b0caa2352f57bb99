// Connections to the HTTP port that ask for nothing: how many stay, for how long, and what the hub says of them.

import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cutTotal, riseOf } from "./malformed-bench.ts";
import { isLong } from "./hostile/length.ts";
import { eventually, type HubProgram, startHub } from "./programs.ts";

let hub: HubProgram;

beforeAll(async () => {
  hub = await startHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

/** Connections that are there, and say `words`. */
async function connectMany(count: number, words = ""): Promise<readonly Socket[]> {
  const { hostname, port } = new URL(hub.http);
  const sockets = Array.from({ length: count }, () => connect({ host: hostname, port: Number(port) }));
  await Promise.all(
    sockets.map(async (socket) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.on("error", () => undefined);
      socket.once("connect", () => resolve());
      socket.once("close", () => resolve());
      await promise;
      socket.resume();
      if (words !== "") socket.write(words);
    }),
  );
  return sockets;
}

const openOf = (sockets: readonly Socket[]): number => sockets.filter(({ closed }) => !closed).length;

test("of 1,100 silent connections from one address 700 stay, the newest, and each other one is counted", async () => {
  let sockets: readonly Socket[] = [];

  const rise = await riseOf(hub, cutTotal, async () => {
    sockets = await connectMany(1100);
    await eventually("only so many are open", () => openOf(sockets) <= 700);
  });

  expect(rise["too-many-from-address"]).toBeGreaterThanOrEqual(400);
  expect((await fetch(`${hub.http}/healthz`, { signal: AbortSignal.timeout(1000) })).status).toBe(200);
  expect(hub.log()).toContain("too-many-from-address");
  for (const socket of sockets) socket.destroy();
});

test(
  "who says nothing, or does not end the head of its request, is cut in seven seconds; who was answered is closed without a fault",
  { timeout: 20_000 },
  async () => {
    const begun = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n";

    const plan = JSON.stringify({ root: "site.yaml", files: { "site.yaml": "" } });
    const asking = `POST /api/v1/plan HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${plan.length}\r\n\r\n`;
    let answer = "";

    const rise = await riseOf(hub, cutTotal, async () => {
      const [upload] = await connectMany(1, asking + plan.slice(0, 9));
      const silent = await connectMany(20);
      const slow = await connectMany(21, begun);
      const idle = await connectMany(22, `${begun}\r\n`);
      await eventually("all are closed", () => openOf([...silent, ...slow, ...idle]) === 0, 7000);
      // What is long takes its time over a slow line.
      upload?.on("data", (data) => (answer += data.toString()));
      upload?.write(plan.slice(9));
      await eventually("the upload is answered", () => answer.includes("says nothing"));
      upload?.destroy();
    });

    expect(rise).toEqual({ "no-connect": 41 });
    expect(hub.log()).toContain("no HTTP request within 5000 ms");
  },
);

test.runIf(isLong)("who asks for much and takes nothing of it is cut", { timeout: 40_000 }, async () => {
  const ask = "GET /app.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

  const rise = await riseOf(hub, cutTotal, async () => {
    const [socket] = await connectMany(1);
    if (socket === undefined) throw new Error("there is one");
    socket.pause();
    // More than the kernel takes for somebody who does not read.
    socket.write(ask.repeat(40));
    await eventually("the hub has said so", () => hub.log().includes("took nothing of its answer"), 30_000);
  });

  expect(rise).toEqual({ stalled: 1 });
});
