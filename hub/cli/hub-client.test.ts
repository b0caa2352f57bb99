import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Fault } from "@interactor/shared/kernel/fault";
import { exitCode, exitCodeOf } from "./exit.ts";
import { fetchNodes, fetchProblems, findBroker, findHub } from "./hub-client.ts";

function folderWith(file: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "hub-client-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "hub"));
  writeFileSync(join(folder, file), text);
  return folder;
}

/** A server that answers everything alike. */
async function answering(
  status: number,
  body: string,
): Promise<{ readonly url: string; readonly source: string }> {
  const server = createServer((_request, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, source: "a test" };
}

async function codeOf(work: Promise<unknown>): Promise<number> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Fault) return exitCodeOf(error);
    throw error;
  }
  return exitCode.ok;
}

const written = JSON.stringify({
  http: "http://127.0.0.1:9000",
  mqtt: "mqtt://127.0.0.1:1",
  site: "demo",
  pid: 1,
});

test("an address somebody gives is stronger than the environment, and that than a file", async () => {
  const data = folderWith("hub.json", written);
  const env = { INTERACTOR_HUB: "http://10.0.0.2:8080" };

  expect((await findHub({ hub: "http://10.0.0.1", data }, env)).url).toBe("http://10.0.0.1");
  expect((await findHub({ data }, env)).url).toBe("http://10.0.0.2:8080");
  expect(await findHub({ data }, {})).toEqual({
    url: "http://127.0.0.1:9000",
    source: join(data, "hub.json"),
  });
});

test("an agent finds the broker of a hub on this machine, and of none that is gone", async () => {
  const gone = written.replace('"pid":1', '"pid":99999999');

  expect(await findBroker(folderWith("hub/hub.json", written), {})).toBe("mqtt://127.0.0.1:1");
  expect(await findBroker(folderWith("hub.json", gone), {})).toBeUndefined();
  expect(await findBroker(folderWith("hub.json", "{}"), {})).toBeUndefined();
});

test("a demo's hub is found in the demo's folder", async () => {
  const data = folderWith("hub/hub.json", written);

  expect((await findHub({}, { INTERACTOR_DATA: data })).url).toBe("http://127.0.0.1:9000");
});

test.each(["", "{", "null", "[]", '{"http":1}', '{"http":"mqtt://x"}'])(
  "a hub.json that holds %j is passed over",
  async (text) => {
    expect((await findHub({ data: folderWith("hub.json", text) }, {})).url).toBe("http://127.0.0.1:8080");
  },
);

test("an environment that names no address is a usage error", async () => {
  expect(await codeOf(findHub({}, { INTERACTOR_HUB: "8080" }))).toBe(exitCode.usage);
});

test("nobody there, somebody else there and a refusal are three things", async () => {
  const nobody = { url: "http://127.0.0.1:1", source: "a test" };

  expect(await codeOf(fetchNodes(nobody))).toBe(exitCode.hubUnreachable);
  expect(await codeOf(fetchNodes(await answering(200, "<html>")))).toBe(exitCode.failed);
  expect(await codeOf(fetchNodes(await answering(200, '{"site":1}')))).toBe(exitCode.failed);
  expect(await codeOf(fetchNodes(await answering(404, "{}")))).toBe(exitCode.failed);
  expect(await codeOf(fetchNodes(await answering(403, "{}")))).toBe(exitCode.notAllowed);
});

test.each([
  [401, { error: "who reads this must say who it is" }, "who it is; name an account with INTERACTOR_USER"],
  [403, {}, "refuses: HTTP 403"],
  [421, {}, "HTTP 421; name the hub by 127.0.0.1"],
  [500, { error: "the disk is full" }, "the disk is full; the log of the hub says more"],
  [503, { error: "ask again in a moment" }, "ask again in a moment"],
  [422, { error: "raise its version", code: "TRUST_CHANGED" }, "TRUST_CHANGED: raise its version"],
])("a refusal with %d is told in the hub's words, with what to do about it", async (status, body, words) => {
  const refusal = fetchNodes(await answering(status, JSON.stringify(body)));

  await expect(refusal).rejects.toThrow(words);
});

test("a hub's answer is read", async () => {
  const hub = await answering(
    200,
    JSON.stringify({ site: "demo", hub_version: "0.1.0", nodes: [], hub_routes: {} }),
  );

  expect(await fetchNodes(hub)).toMatchObject({ site: "demo", nodes: [] });
});

test("what keeps a hub from being ready is read, whatever the status", async () => {
  const body = JSON.stringify({ status: "not ready", problems: ["routes.yaml:1:1: x"] });

  expect(await fetchProblems(await answering(503, body))).toEqual(["routes.yaml:1:1: x"]);
  expect(await fetchProblems(await answering(200, "?"))).toBeUndefined();
});
