// `interactor stop` against hubs that answer badly: what is sent does not wait for what is not needed, and no error
// hides whether something was stopped.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodesResponse } from "@interactor/shared/wire/api";
import { eventually, type HubProgram, startHub } from "./programs.ts";

const cli = join(import.meta.dirname, "../../dist/cli/interactor.mjs");

async function stop(url: string, ...words: readonly string[]) {
  const child = spawn(process.execPath, [cli, "stop", ...words, "--hub", url]);
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.err += chunk.toString()));
  const [code]: (number | null)[] = await once(child, "close");
  return { ...said, code: code ?? -1 };
}

async function latchesOf(hub: HubProgram): Promise<number> {
  const { stop: held } = nodesResponse.parse(JSON.parse((await hub.get("/api/v1/nodes")).text));
  return held?.latches.length ?? 0;
}

/** Stands in front of the hub: its broker passes, and `answer` answers in place of its nodes. */
async function openFront(hub: HubProgram, answer: (response: ServerResponse) => void) {
  const { port } = new URL(hub.http);
  const server = createServer((asked, response) => {
    if (asked.url?.includes("nodes") === true) return answer(response);
    const passed = request({ port, path: asked.url, headers: asked.headers }, (got) => got.pipe(response));
    passed.end();
    return undefined;
  });
  server.on("upgrade", (asked, near, head) => {
    const far = connect(Number(port), "127.0.0.1");
    const headers = asked.rawHeaders.flatMap((name, at, all) =>
      at % 2 === 0 ? [`${name}: ${all[at + 1]}`] : [],
    );
    far.write(`GET ${asked.url} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
    far.write(head);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await Promise.resolve();
    },
  };
}

describe("a stop of everything", () => {
  test("is sent by a command that cannot read the nodes' answer, and it says that it was", async () => {
    await using hub = await startHub();
    await using front = await openFront(hub, (response) => response.end('{"another": "version"}'));

    const ran = await stop(front.url);

    expect(await latchesOf(hub)).toBe(1);
    expect(ran.code).toBe(1);
    expect(ran.err).toContain(
      "the stop in all was sent and the hub holds it; who has stopped cannot be shown",
    );
  });

  test("does not wait for a list of nodes that takes long", async () => {
    await using hub = await startHub();
    const waiting: ServerResponse[] = [];
    await using front = await openFront(hub, (response) => void waiting.push(response));

    const running = stop(front.url);
    await eventually("the stop holds", async () => (await latchesOf(hub)) === 1, 4000);

    expect(waiting.length).toBe(1);
    const answer = await hub.get("/api/v1/nodes");
    for (const response of waiting) response.end(answer.text);
    expect((await running).code).toBe(0);
  });
});

test("a stop by an account that may not read says that it was sent, and does not claim more", async () => {
  const folder = await mkdtemp(join(tmpdir(), "interactor-stop-"));
  const config = join(folder, "accounts.yaml");
  const account = "{ name: kiosk, password: secret, publish: [ix/1/demo/stop/#], subscribe: [lights/#] }";
  await writeFile(config, `accounts: [${account}]\nanonymous: kiosk\n`, { mode: 0o600 });
  await using hub = await startHub({ env: { INTERACTOR_CONFIG: config } });

  const ran = await stop(hub.http);
  await rm(folder, { recursive: true });

  expect(await latchesOf(hub)).toBe(1);
  expect(ran.code).toBe(1);
  expect(ran.err).toContain("the stop in all was sent and NOT CONFIRMED; who has stopped cannot be shown: ");
});

test("a release by a command that cannot read the nodes' answer says that nothing was released", async () => {
  await using hub = await startHub();
  await using front = await openFront(hub, (response) => response.end("{}"));
  await stop(hub.http);

  const ran = await stop(front.url, "release");

  expect(ran.err).toMatch(/^interactor stop: NOTHING WAS RELEASED: /);
  expect(await latchesOf(hub)).toBe(1);
});

test("a stop of a zone that is none says that nothing was stopped", async () => {
  await using hub = await startHub();

  const ran = await stop(hub.http, "--zone", "cellar");

  expect([ran.code, ran.err]).toEqual([
    3,
    expect.stringMatching(/NOTHING WAS STOPPED: no zone "cellar"; there is all/),
  ]);
});
