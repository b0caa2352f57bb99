// Each verb of the program as a conformance suite calls it, against a web server: what it exits with, what it asks for,
// and what it leaves behind.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { emptyFolder } from "../contract/folders.ts";
import { requires } from "../e2e/requires.ts";
import { days, newSigner, SmallRepository } from "../contract/trust/small-repository.ts";

const program = join(import.meta.dirname, "tuf-client");

async function suite(repository = new SmallRepository()) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? "").slice("/a%20test/".length);
    asked.push(path.replace("metadata/", ""));
    const bytes = repository.files.get(decodeURIComponent(path)) ?? repository.files.get(path);
    if (bytes === undefined) response.writeHead(404).end();
    else response.end(bytes);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const base = `http://127.0.0.1:${port}/a%20test`;
  const folder = emptyFolder();
  const [metadata, targets] = [join(folder, "metadata"), join(folder, "targets")];
  const errors: string[] = [];
  const run = async (command: readonly string[]): Promise<number | null> => {
    const [file = "", ...rest] = command;
    const child = spawn(file, rest, { stdio: ["ignore", "inherit", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    await once(child, "close");
    errors.push(said);
    return child.exitCode;
  };
  const dir = ["--metadata-dir", metadata];
  const url = ["--metadata-url", `${base}/metadata/`];
  return {
    repository,
    asked,
    errors,
    metadata,
    targets,
    init(root: Uint8Array = repository.firstRoot) {
      const path = join(folder, "initial_root.json");
      writeFileSync(path, root);
      return run([program, ...dir, "init", path]);
    },
    refresh: (...before: readonly string[]) => run([...before, program, ...url, ...dir, "refresh"]),
    download(name: string) {
      const target = [
        "--target-name",
        name,
        "--target-dir",
        targets,
        "--target-base-url",
        `${base}/targets/`,
      ];
      return run([program, ...url, ...dir, ...target, "download"]);
    },
    /** Roles that it believes in, and the numbers of their versions. */
    roles: () =>
      Object.fromEntries(
        readdirSync(metadata)
          .filter((name) => name.endsWith(".json"))
          .map((name) => [name, JSON.parse(readFileSync(join(metadata, name), "utf8")).signed.version]),
      ),
    files: () =>
      existsSync(targets)
        ? readdirSync(targets).map((name) => readFileSync(join(targets, name), "latin1"))
        : [],
  };
}

describe("init", () => {
  test("takes the root as it is, and asks nobody", async () => {
    const { init, metadata, repository, asked } = await suite();

    expect(await init()).toBe(0);

    expect(readFileSync(join(metadata, "root.json"))).toEqual(repository.firstRoot);
    expect(asked).toEqual([]);
  });

  test("of a file that is not there fails", async () => {
    expect(() =>
      execFileSync(program, ["--metadata-dir", emptyFolder(), "init", "/nowhere"], { stdio: "pipe" }),
    ).toThrow(/tuf-client: /);
  });
});

describe("refresh", () => {
  test("asks in the order of the specification and keeps the bytes under plain names", async () => {
    const { init, refresh, asked, roles, metadata, repository } = await suite();
    await init();

    expect(await refresh()).toBe(0);

    expect(asked).toEqual(["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]);
    expect(roles()).toEqual({ "root.json": 1, "timestamp.json": 1, "snapshot.json": 1, "targets.json": 1 });
    expect(readFileSync(join(metadata, "timestamp.json"))).toEqual(
      repository.file("metadata/timestamp.json"),
    );
  });

  test("asks again only for what can have changed", async () => {
    const { init, refresh, asked } = await suite();
    await init();
    await refresh();
    asked.length = 0;

    expect(await refresh()).toBe(0);

    expect(asked).toEqual(["2.root.json", "timestamp.json"]);
  });

  test.each([
    ["that lacks its version", (root: string) => root.replace(/"version":1,?/, "")],
    ["whose signatures are others", (root: string) => root.replaceAll(/"sig":"..../g, '"sig":"0000')],
    ["that is torn", (root: string) => root.slice(0, 500)],
  ])("fails with a root %s, and asks nobody", async (_what, bent) => {
    const { init, refresh, asked, repository, errors } = await suite();
    await init(Buffer.from(bent(repository.firstRoot.toString())));

    expect(await refresh()).toBe(1);

    expect(asked).toEqual([]);
    expect(errors.at(-1)).toContain("TRUST_NO_ROOT");
  });

  test("keeps the roots that it came past, also when what they vouch for has expired", async () => {
    const { init, refresh, roles, repository } = await suite();
    await init();
    await refresh();
    repository.publishRoot();
    repository.spans.root = -days;
    repository.publishRoot();

    expect(await refresh()).toBe(1);

    expect(roles()).toMatchObject({ "root.json": 3, "timestamp.json": 1 });
  });

  test("stops where a role is not what the one before it vouches for", async () => {
    const { init, refresh, roles, repository } = await suite();
    await init();
    repository.files.set("metadata/1.snapshot.json", Buffer.from("{}"));

    expect(await refresh()).toBe(1);

    expect(roles()).toEqual({ "root.json": 1, "timestamp.json": 1 });
  });

  test.each([
    ["timestamp", 0],
    ["snapshot", 1],
    ["targets", 2],
  ] as const)("comes back from a fast-forward of the %s when root names other keys", async (_role, place) => {
    const { init, refresh, roles, repository } = await suite();
    await init();
    const role = (["timestamp", "snapshot", "targets"] as const)[place];
    repository.versions[role] = 99;
    repository.publish();
    expect(await refresh()).toBe(0);

    for (const each of ["timestamp", "snapshot"] as const) repository.keys[each] = [newSigner()];
    repository.publishRoot();
    repository.versions[role] = 1;
    repository.publish();

    expect(await refresh()).toBe(0);
    expect(roles()).toMatchObject({ [`${role}.json`]: 2 });
  });

  requires("faketime")("goes by the clock that the suite gives it", async () => {
    const { init, refresh, roles, repository, errors } = await suite();
    await init();
    expect(await refresh()).toBe(0);
    const inTenDays = new Date(Date.now() + 10 * days).toISOString().replace("T", " ").slice(0, 19);

    expect(await refresh("faketime", inTenDays)).toBe(1);
    expect(errors.at(-1)).toContain("TRUST_EXPIRED");

    repository.spans.timestamp = 20 * days;
    repository.publish();
    expect(await refresh("faketime", inTenDays)).toBe(0);
    expect(roles()).toMatchObject({ "timestamp.json": 2 });
    // Whoever put a clock ahead once can put it right again.
    expect(await refresh()).toBe(0);
    expect(await refresh("faketime", "-f", "+10d")).toBe(0);
  });
});

describe("download", () => {
  test("brings what was signed, once", async () => {
    const { init, download, files, repository, asked } = await suite();
    repository.addFile("path/to/a file.txt", Buffer.from("content"));
    repository.publish();
    await init();

    expect(await download("path/to/a file.txt")).toBe(0);
    expect(files()).toEqual(["content"]);
    asked.length = 0;
    expect(await download("path/to/a file.txt")).toBe(0);
    expect(asked.filter((path) => path.startsWith("targets/"))).toEqual([]);
  });

  test("of what nobody signed fails, when the metadata is up to date", async () => {
    const { init, download, roles, asked } = await suite();
    await init();

    expect(await download("nonexistent")).toBe(1);

    expect(asked).toHaveLength(4);
    expect(roles()).toMatchObject({ "targets.json": 1 });
  });

  test("of other bytes fails and leaves those of before", async () => {
    const { init, download, files, repository } = await suite();
    repository.addFile("one", Buffer.from("first"));
    repository.publish();
    await init();
    await download("one");
    repository.addFile("one", Buffer.from("other"));
    repository.publish();
    for (const path of repository.files.keys())
      if (path.startsWith("targets/")) repository.files.set(path, Buffer.from("bent!"));

    expect(await download("one")).toBe(1);

    expect(files()).toEqual(["first"]);
  });

  test("of a changed file takes the place of the old one", async () => {
    const { init, download, files, repository } = await suite();
    repository.addFile("one", Buffer.from("first"));
    repository.publish();
    await init();
    await download("one");
    repository.addFile("one", Buffer.from("second"));
    repository.publish();

    expect(await download("one")).toBe(0);

    expect(files()).toEqual(["second"]);
  });

  test.each(["?", "#", "/delegated", "../delegated"])(
    "asks for a role of the name %s by its quoted name, and stays in its folder",
    async (name) => {
      const { init, download, roles, repository, asked } = await suite();
      repository.addPublisher(name, ["*"]);
      repository.publish();
      await init();

      expect(await download("nonexistent")).toBe(1);

      expect(asked).toContain(`1.${encodeURIComponent(name)}.json`);
      expect(Object.keys(roles())).toHaveLength(5);
    },
  );

  test("does not use a publisher's word that has expired", async () => {
    const { init, refresh, download, files, repository, roles } = await suite();
    repository.addPublisher("acme", ["acme/*"]);
    repository.addFile("acme/one", Buffer.from("first"), { by: "acme" });
    repository.publisher("acme").expires = Date.now() - days;
    repository.publish();
    await init();

    expect(await refresh()).toBe(0);
    expect(await download("acme/one")).toBe(1);

    expect(files()).toEqual([]);
    expect(roles()).not.toHaveProperty("acme.json");
  });
});

test("without a verb, or what a verb needs, it says what is missing", async () => {
  const folder = emptyFolder();
  const told = (...given: readonly string[]): string => {
    try {
      return execFileSync(program, given, { stdio: "pipe", encoding: "utf8" });
    } catch (error) {
      return error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    }
  };

  expect(told("--metadata-dir", folder)).toMatch(/USAGE "" is none of: init, refresh, download/);
  expect(told("refresh")).toMatch(/USAGE metadata-dir is missing/);
});
