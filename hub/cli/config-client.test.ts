// What the hub answers about a site, and what the command makes of it; here it is a server of the test's own.

import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { fetchModes, fetchPlan, fetchRevision } from "./config-client.ts";
import type { HubAddress } from "./hub-client.ts";

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly body: string;
}

/** A server that gives one answer to everything, and what it was asked. */
async function answering(
  status: number,
  document: unknown,
): Promise<{ readonly hub: HubAddress; readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      asked.push({ method: request.method, url: request.url, body });
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(document));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { hub: { url: `http://127.0.0.1:${address.port}`, source: "the test" }, asked };
}

const files = { root: "site.yaml", files: { "site.yaml": "site: demo\n" } };

test("a plan is asked for with the files, and read as it is answered", async () => {
  const plan = { site: "demo", base: 3, unchanged: true, changes: [], nodes: [], untouched: 1 };
  const { hub, asked } = await answering(200, plan);

  expect(await fetchPlan(hub, files)).toEqual({ kind: "right", answer: plan });
  expect(asked).toEqual([{ method: "POST", url: "/api/v1/plan", body: JSON.stringify(files) }]);
});

test("what is wrong with a file is an answer, and no fault", async () => {
  const failure = {
    problems: [{ file: "site.yaml", line: 1, column: 1, path: "", message: "no", source: "site: demo" }],
    more: 0,
  };
  const { hub } = await answering(422, failure);

  expect(await fetchPlan(hub, files)).toEqual({ kind: "wrong", failure });
});

test.each([
  [404, "NOT_FOUND", "there is no revision 9"],
  [403, "NOT_ALLOWED", "the mode open has no updates"],
  [401, "NOT_ALLOWED", "who are you?"],
  [409, "FAILED", "revision 5 is newer"],
  [400, "USAGE", "no such thing"],
  [500, "FAILED", "the disk is full"],
])("a refusal with %d is told in the hub's words", async (status, code, error) => {
  const { hub } = await answering(status, { error, hint: "do this" });

  await expect(fetchRevision(hub, 9)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(`${error}; do this`),
  });
});

test("what is no answer of a hub is said to be none", async () => {
  for (const [status, document] of [
    [200, { site: "demo" }],
    [200, "hello"],
    [302, {}],
    [500, { oh: "no" }],
  ] as const) {
    const { hub } = await answering(status, document);
    await expect(fetchModes(hub)).rejects.toThrow("is not an Interactor hub of this version");
  }
});

test("words of the hub cannot move the cursor", async () => {
  const { hub } = await answering(409, { error: "\x1b[2Jgone" });

  await expect(fetchRevision(hub, 9)).rejects.toThrow("\u{fffd}[2Jgone");
});
