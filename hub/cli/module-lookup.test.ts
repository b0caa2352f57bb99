import { once } from "node:events";
import { createServer } from "node:http";
import {
  modulesToldMax,
  type RegisteredVersion,
  type RunningModule,
} from "@interactor/shared/bundle/registry-api";
import { expect, onTestFinished, test, vi } from "vitest";
import * as z from "zod/mini";
import { runModuleSearch, searchLines, showLines } from "./module-lookup.ts";

const lamp = (given: Partial<RegisteredVersion> = {}): RegisteredVersion => ({
  id: "lamp",
  version: "1.1.0",
  publisher: "acme",
  title: "A lamp",
  description: "",
  tags: "",
  licence: "MIT",
  permissions: "host",
  digest: "d".repeat(64),
  bytes: 7,
  downloads: 0,
  ...given,
});
const runs = (given: Partial<RunningModule> = {}): RunningModule => ({
  module: "lamp",
  node: "pi",
  instance: "a",
  version: "1.1.0",
  state: "running",
  wanted: "1.1.0",
  there: true,
  ...given,
});

test("a list tells on how many nodes a module runs and how many have fetched it", () => {
  const running = [runs(), runs({ instance: "b" }), runs({ node: "pi-2" }), runs({ module: "other" })];

  expect(searchLines({ modules: [lamp({ downloads: 3 }), lamp({ id: "door" })], running })).toEqual([
    "lamp 1.1.0  acme  A lamp  (runs on 2 nodes, fetched by 3 nodes)",
    "door 1.1.0  acme  A lamp",
  ]);
});

test("of one module each instance is told, with what it shall run where that is something else", () => {
  const { wanted: _wanted, ...unwanted } = runs({ node: "e" });
  const { version: _version, state: _state, ...unheard } = runs({ node: "c" });

  const lines = showLines("lamp", {
    modules: [lamp({ downloads: 1 }), lamp({ version: "1.0.0" })],
    running: [
      runs({ node: "a" }),
      runs({ node: "b", version: "1.0.0", state: "waiting" }),
      unheard,
      { ...unheard, node: "d", there: false },
      unwanted,
    ],
  });

  expect(lines).toEqual([
    "publisher: acme",
    "title: A lamp",
    "licence: MIT",
    "needs: host",
    "1.1.0  7 bytes  dddddddddddd  fetched by 1 node",
    "1.0.0  7 bytes  dddddddddddd  fetched by 0 nodes",
    "runs on:",
    "  a/a  1.1.0  running",
    "  b/a  1.0.0  waiting; shall run 1.1.0",
    "  c/a  nothing yet; shall run 1.1.0",
    "  d/a  away; shall run 1.1.0",
    "  e/a  1.1.0  running; no revision names it",
  ]);
});

test("one that nobody published may run all the same", () => {
  expect(showLines("dmx", { modules: [], running: [] })).toEqual([
    "dmx is not published here: it comes with every agent, or was withdrawn",
    "it runs nowhere",
  ]);
});

test("a list has all modules, however many one answer has", async () => {
  const ids = Array.from({ length: 2 * modulesToldMax + 1 }, (_, number) => `lamp-${number}`);
  const damaged = "lamp-3";
  const server = createServer(({ url = "" }, response) => {
    const from = Number(new URL(url, "http://hub").searchParams.get("from"));
    // The hub could not read one of them.
    const page = ids.slice(from, from + modulesToldMax).filter((id) => id !== damaged);
    const modules = page.map((id) => lamp({ id }));
    response.end(JSON.stringify({ modules, running: [] }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const said = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  onTestFinished(() => {
    said.mockRestore();
    server.close();
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());

  await runModuleSearch([], { hub: `http://127.0.0.1:${port}` });

  const lines = said.mock.calls
    .map(([text]) => String(text))
    .join("")
    .trimEnd()
    .split("\n");
  expect(lines.map((line) => line.split(" ")[0])).toEqual(ids.filter((id) => id !== damaged));
});
