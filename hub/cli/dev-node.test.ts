import { createServer } from "node:http";
import { once } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { bringOnto, DevNode, type Saved } from "./dev-node.ts";

const { signal } = new AbortController();
const saved = (sha256: string): Saved => ({
  module: {
    manifest: {
      apiVersion: 1,
      id: "blink",
      version: "1.0.0",
      title: "Blink",
      worker: "shared",
      inputs: {},
      outputs: {},
    },
  },
  text: "",
  sha256,
});

function told(): () => string {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  onTestFinished(() => write.mockRestore());
  return () => write.mock.calls.map(([text]) => String(text)).join("");
}

test("what did not come to the node is brought again when it is saved again as it is; what runs there is not", async () => {
  const said = told();
  const brought: string[] = [];
  const answers = [true, false, true];
  const node = new DevNode(async ({ sha256 }) => {
    brought.push(sha256);
    return answers.shift() ?? true;
  });

  for (const sha256 of ["first", "first", "second", "second", "second", "first"])
    await node.run(saved(sha256), signal);

  expect(brought).toEqual(["first", "second", "second", "first"]);
  expect(said()).toBe("it is brought again when it is saved again\n");
});

test("what the hub does not take is told, and brought again", async () => {
  const said = told();
  let asked = 0;
  const hub = createServer((_request, response) => {
    asked += 1;
    response.writeHead(503, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: "its disk is full" }));
  });
  hub.listen(0, "127.0.0.1");
  await once(hub, "listening");
  onTestFinished(() => void hub.close());
  const address = hub.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const node = new DevNode(bringOnto({ hub: `http://127.0.0.1:${port}`, node: "demo" }));

  await node.run(saved("first"), signal);
  expect(said()).toContain("its disk is full");
  await node.run(saved("first"), signal);

  expect(asked).toBe(2);
});
