// Whom targets hand on to, who is asked in which order, and what is brought: each case that the TUF conformance suite has of
// it, and those of its forerunners for digests of paths.

import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { conforming } from "./conforming-client.ts";
import { type Delegated, SimulatedRepository } from "./simulated-repository.ts";

const upward = ["targets", "snapshot", "timestamp"] as const;

type Handed = readonly [by: string, name: string, given?: Partial<Delegated>];

/** A client in front of a tree of delegations, and whom it asked beside the four. */
async function delegating(handed: readonly Handed[], files: readonly (readonly [string, string])[] = []) {
  const repository = new SimulatedRepository();
  for (const [by, name, given] of handed) repository.delegate(by, { ...given, name });
  for (const [role, path] of files) repository.addFile(role, path, `${path} by ${role}`);
  repository.publish(...repository.delegated.keys(), ...upward);
  const client = await conforming(repository);
  await client.init();
  const top = ["root", "timestamp", "snapshot", "targets"];
  return {
    ...client,
    visited: () => repository.asked.filter((each) => !top.includes(each.split(" ")[0] ?? "")),
  };
}

const onlyPython = { paths: ["*.py"] };
const graphs: readonly (readonly [string, readonly Handed[], string])[] = [
  ["one", [["targets", "A"]], "A"],
  [
    "two beside each other",
    [
      ["targets", "A"],
      ["targets", "B"],
    ],
    "A B",
  ],
  [
    "two levels",
    [
      ["targets", "A"],
      ["targets", "B"],
      ["B", "C"],
    ],
    "A B C",
  ],
  [
    "depth first",
    [
      ["targets", "A"],
      ["targets", "B"],
      ["A", "C"],
      ["A", "D"],
    ],
    "A C D B",
  ],
  [
    "depth first over three levels",
    [
      ["targets", "A"],
      ["targets", "B"],
      ["A", "C"],
      ["C", "D"],
    ],
    "A C D B",
  ],
  [
    "nobody after one that ends it",
    [
      ["targets", "A"],
      ["targets", "B"],
      ["A", "C", { terminating: true }],
      ["A", "D"],
    ],
    "A C",
  ],
  [
    "whom one that ends it hands on to",
    [
      ["targets", "A"],
      ["targets", "B"],
      ["A", "C", { terminating: true }],
      ["C", "D"],
    ],
    "A C D",
  ],
  [
    "nobody whose paths are others",
    [
      ["targets", "A", onlyPython],
      ["targets", "B"],
      ["A", "C"],
    ],
    "B",
  ],
  [
    "nobody further down whose paths are others",
    [
      ["targets", "A"],
      ["targets", "B"],
      ["A", "C", onlyPython],
      ["C", "D"],
    ],
    "A B",
  ],
  [
    "each once in a ring",
    [
      ["targets", "A"],
      ["targets", "B"],
      ["B", "C"],
      ["C", "D"],
      ["D", "B"],
    ],
    "A B C D",
  ],
  [
    "each once, by the first way to it",
    [
      ["targets", "A"],
      ["targets", "B"],
      ["B", "C"],
      ["A", "C"],
    ],
    "A C B",
  ],
  [
    "each by the way whose paths fit",
    [
      ["targets", "A"],
      ["targets", "B"],
      ["B", "C"],
      ["A", "C", onlyPython],
    ],
    "A B C",
  ],
];

describe("who is asked for what nobody has", () => {
  test.each(graphs)("%s", async (_what, handed, order) => {
    const { download, visited } = await delegating(handed);

    expect(await download("missingpath")).toBe(1);

    expect(visited()).toEqual(order.split(" ").map((role) => `${role} 1`));
  });

  test("by digests of paths, those whose digests fit", async () => {
    const path = "a/file.txt";
    const digest = createHash("sha256").update(path).digest("hex");
    const other = ["0", "8"].find((each) => !digest.startsWith(each)) ?? "0";
    const { download, visited, brought } = await delegating(
      [
        ["targets", "other", { path_hash_prefixes: [other] }],
        ["targets", "fits", { path_hash_prefixes: [other, digest.slice(0, 2)] }],
      ],
      [["fits", path]],
    );

    expect(await download(path)).toBe(0);

    expect(visited()).toEqual(["fits 1"]);
    expect(brought()).toEqual([`${path} by fits`]);
  });

  test.each(["?", "#", "/delegatedrole", "../delegatedrole", "a role", "rôle"])(
    "a role of the name %s, by its quoted name, in a file of its own",
    async (name) => {
      const { download, visited, trusted } = await delegating([["targets", name]]);

      expect(await download("nonexistent target")).toBe(1);

      expect(visited()).toEqual([`${encodeURIComponent(name)} 1`]);
      expect(Object.keys(trusted())).toHaveLength(5);
    },
  );
});

test.each([
  [1, "boo", "bin-0"],
  [1, "too", "bin-1"],
  [2, "foo", "bin-0"],
  [2, "doo", "bin-1"],
  [2, "too", "bin-2"],
  [2, "bar", "bin-3"],
  [8, "bar", "bin-fc"],
])("of 2^%i bins the one for %s is asked: %s", async (bits, path, bin) => {
  const repository = new SimulatedRepository();
  repository.delegate("targets", { name: bin });
  const { keys = {} } = repository.targets.delegations ?? {};
  const succinct = { keyids: Object.keys(keys), threshold: 1, bit_length: bits, name_prefix: "bin" };
  Object.assign(repository.targets, { delegations: { keys, succinct_roles: succinct } });
  repository.publish(bin, ...upward);
  const { init, refresh, download, trusted } = await conforming(repository);
  await init();
  expect(await refresh()).toBe(0);
  const asked = repository.asked.length;

  expect(await download(path)).toBe(1);

  expect(repository.asked.slice(asked)).toEqual(["root 2", "timestamp", `${bin} 1`]);
  expect(trusted()).toHaveProperty(bin);
});

describe("a role that somebody hands on to", () => {
  test.each([
    [
      "by too few",
      (repository: SimulatedRepository) => repository.signedBy("A", ...repository.signersOf("A").slice(1)),
    ],
    [
      "by somebody else",
      (repository: SimulatedRepository) => repository.signedBy("A", ...repository.signersOf("root")),
    ],
  ])("signed %s is not used", async (_what, bend) => {
    const repository = new SimulatedRepository();
    repository.delegate("targets", { name: "A" });
    repository.addFile("A", "one", "first");
    bend(repository);
    repository.publish("A", ...upward);
    const { init, download, brought, trusted } = await conforming(repository);
    await init();

    expect(await download("one")).toBe(1);

    expect(brought()).toEqual([]);
    expect(trusted()).not.toHaveProperty("A");
  });

  test("that the snapshot does not name is not used", async () => {
    const repository = new SimulatedRepository();
    repository.delegate("targets", { name: "A" });
    repository.addFile("A", "one", "first");
    repository.publish("A");
    delete repository.snapshot.meta["A.json"];
    repository.publish(...upward);
    const { init, download, brought } = await conforming(repository);
    await init();

    expect(await download("one")).toBe(1);

    expect(brought()).toEqual([]);
  });
});

describe("a file in a tree", () => {
  const tree: readonly Handed[] = [
    ["targets", "A", { paths: ["*.doc", "*.md"] }],
    ["targets", "B", { paths: ["releases/*/*"] }],
    ["B", "C", { paths: ["releases/x/*"] }],
    ["B", "D", { paths: ["releases/y/*.zip"] }],
  ];
  const files = [
    ["targets", "targetfile"],
    ["A", "README.md"],
    ["C", "releases/x/x_v1"],
    ["D", "releases/y/y_v1.zip"],
    ["D", "releases/z/z_v1.zip"],
    ["A", "docs/README.md"],
  ] as const;

  test.each([
    ["targetfile", "targets", []],
    ["README.md", "A", ["A 1"]],
    ["releases/x/x_v1", "C", ["B 1", "C 1"]],
    ["releases/y/y_v1.zip", "D", ["B 1", "D 1"]],
  ] as const)("%s is found with %s", async (path, role, order) => {
    const { download, visited, brought } = await delegating(tree, files);

    expect(await download(path)).toBe(0);

    expect([visited(), brought()]).toEqual([order, [`${path} by ${role}`]]);
  });

  test.each([
    ["releases/z/z_v1.zip", "not all on the way may speak of", ["B 1"]],
    ["docs/README.md", "lies in a folder that no pattern goes into", []],
  ] as const)("%s, which %s, is not found", async (path, _why, order) => {
    const { download, visited, brought } = await delegating(tree, files);

    expect(await download(path)).toBe(1);

    expect([visited(), brought()]).toEqual([order, []]);
  });
});

describe("a file", () => {
  async function publishing() {
    const repository = new SimulatedRepository();
    repository.addFile("targets", "target_file.txt", "contents");
    repository.addFile("targets", "path/to/a/target file?.txt", "in a folder");
    repository.publish(...upward);
    const client = await conforming(repository);
    await client.init();
    return client;
  }

  test("is brought when it is asked for, and not before", async () => {
    const { refresh, download, brought } = await publishing();
    expect(await refresh()).toBe(0);
    expect(brought()).toEqual([]);

    expect(await download("target_file.txt")).toBe(0);
    expect(await download("path/to/a/target file?.txt")).toBe(0);

    expect(brought()).toEqual(["contents", "in a folder"]);
  });

  test("that is there is not fetched again", async () => {
    const { download, repository } = await publishing();
    await download("target_file.txt");

    expect(await download("target_file.txt")).toBe(0);

    expect(repository.askedFiles).toHaveLength(1);
  });

  test("of other bytes than were signed is not brought, and what was there stays", async () => {
    const { download, brought, repository } = await publishing();
    expect(await download("target_file.txt")).toBe(0);
    for (const path of repository.files.keys()) repository.files.set(path, Buffer.from("malicious data"));

    await download("target_file.txt");
    expect(await download("path/to/a/target file?.txt")).toBe(1);

    expect(brought()).toEqual(["contents"]);
  });

  test("that changes takes the place of the one before, each time, and bytes that nobody signed never do", async () => {
    const { download, brought, repository } = await publishing();
    expect(await download("target_file.txt")).toBe(0);
    for (const round of [0, 5, 10]) {
      repository.addFile("targets", "target_file.txt", `modified ${round}`);
      repository.publish(...upward);

      expect(await download("target_file.txt")).toBe(0);
      expect(brought()).toEqual([`modified ${round}`]);

      repository.files.set("target_file.txt", Buffer.from(`malicious ${round}`));
      repository.publish(...upward);
      await download("target_file.txt");
      expect(brought()).toEqual([`modified ${round}`]);
    }
  });

  test.each([[["sha256"]], [["sha512"]], [["sha256", "sha512"]]])("by %s is brought", async (algorithms) => {
    const { download, brought, repository } = await publishing();
    repository.addFile("targets", "file", "by digest", algorithms);
    repository.publish(...upward);

    expect(await download("file")).toBe(0);

    expect([brought(), repository.askedFiles.length]).toEqual([["by digest"], 1]);
  });

  test("by a digest that nobody knows is not brought", async () => {
    const { download, brought, repository } = await publishing();
    repository.addFile("targets", "file", "by digest", ["sha512"]);
    const { length = 0, hashes } = repository.targets.targets["file"] ?? {};
    repository.targets.targets["file"] = { length, hashes: { "unknown-hash": hashes?.["sha512"] ?? "" } };
    repository.publish(...upward);

    expect(await download("file")).toBe(1);

    expect(brought()).toEqual([]);
  });

  test("longer than was signed is not brought", async () => {
    const { download, brought, repository } = await publishing();
    repository.files.set("target_file.txt", Buffer.from("contents, and more"));

    expect(await download("target_file.txt")).toBe(1);

    expect(brought()).toEqual([]);
  });
});
