// A repository behind a web server, and the client of tuf-client.ts in front of it, as a conformance suite has them. The
// client runs in this process; in the long form as the program that a suite runs, with faketime for the clock.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { emptyFolder } from "../contract/folders.ts";
import { SimulatedRepository } from "./simulated-repository.ts";
import { type Ended, tufClient } from "./tuf-client-command.ts";

const program = join(import.meta.dirname, "tuf-client");

/** `spawned`: as the program that a suite runs, and so in the long form whatever is asked for. */
export type Way = "here" | "spawned";
const isLong = process.env["TEST_LONG"] !== undefined;

async function run(way: Way, words: readonly string[], at: number | undefined): Promise<Ended> {
  if (way === "here" && !isLong) return tufClient(words, () => at ?? Date.now());
  const stdio = ["ignore", "inherit", "pipe"] as const;
  const child =
    at === undefined
      ? spawn(program, words, { stdio: [...stdio] })
      : spawn("faketime", [fakeTime(at), program, ...words], { stdio: [...stdio] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  await once(child, "close");
  return { exit: child.exitCode === 0 ? 0 : 1, said };
}

/** As Python writes a time that has its zone, which is what the suite gives faketime. */
const fakeTime = (at: number): string =>
  new Date(at).toISOString().replace("T", " ").replace("Z", "000+00:00");

/** In front of a repository in memory, of which it has the first root unless it is given another. */
export async function conforming(repository = new SimulatedRepository(), way: Way = "here") {
  const client = await clientOf(repository, way);
  const first = repository.published.get("root")?.[0] ?? new Uint8Array();
  return { ...client, repository, init: (root: Uint8Array = first) => client.init(root) };
}

/** In front of whatever has files below `metadata/` and `targets/`; `undefined`: 404. */
export async function clientOf(
  served: { readonly answer: (path: string) => Buffer | undefined },
  way: Way = "here",
) {
  const server = createServer((request, response) => {
    const bytes = served.answer((request.url ?? "").slice("/a%5Btest%5D/".length));
    if (bytes === undefined) response.writeHead(404).end("not found");
    else response.end(bytes);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const base = `http://127.0.0.1:${port}/a%5Btest%5D`;
  const folder = emptyFolder();
  const [metadata, targets] = [join(folder, "metadata"), join(folder, "targets")];
  const dir = ["--metadata-dir", metadata];
  const url = ["--metadata-url", `${base}/metadata/`];
  let said = "";
  const client = async (words: readonly string[], at?: number): Promise<number> => {
    const ended = await run(way, words, at);
    ({ said } = ended);
    return ended.exit;
  };
  const jsonAt = (name: string) => JSON.parse(readFileSync(join(metadata, name), "utf8"));
  return {
    init: (root: Uint8Array) => {
      writeFileSync(join(folder, "initial_root.json"), root);
      return client([...dir, "init", join(folder, "initial_root.json")]);
    },
    refresh: (at?: number) => client([...url, ...dir, "refresh"], at),
    download: (name: string, at?: number) =>
      client(
        [
          ...url,
          ...dir,
          "--target-name",
          name,
          "--target-dir",
          targets,
          "--target-base-url",
          `${base}/targets/`,
          "download",
        ],
        at,
      ),
    /** Of the last command. */
    said: () => said,
    /** What it believes: roles, and the numbers of their versions. */
    trusted: (): Record<string, number> =>
      Object.fromEntries(
        readdirSync(metadata)
          .filter((name) => name.endsWith(".json"))
          .map((name) => [name.slice(0, -".json".length), jsonAt(name).signed.version]),
      ),
    bytesOf: (role: string) => readFileSync(join(metadata, `${role}.json`)),
    document: (role: string) => jsonAt(`${role}.json`),
    /** What was brought, whatever it is called. */
    brought: (): readonly string[] =>
      existsSync(targets)
        ? readdirSync(targets, { recursive: true, withFileTypes: true })
            .filter((entry) => entry.isFile())
            .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
            .toSorted()
        : [],
  };
}
