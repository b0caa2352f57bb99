// The registry of published modules on a real file: what is found, what is gone, and how long it takes among many.

import { expect, test } from "vitest";
import { systemClock } from "../../hub/src/adapters/clock-system.ts";
import { openModuleRegistry } from "../../hub/src/adapters/store-sqlite/module-registry.ts";
import type { NamedFile } from "../../hub/src/ports/trust-repository.ts";
import { emptyFolder } from "./folders.ts";

const log = { info() {}, warn() {}, error() {} };
const open = (folder = emptyFolder()) => openModuleRegistry({ folder, clock: systemClock(), log });
const page = { from: 0, max: 100 };

const fileOf = (id: string, version: string, more: object = {}): NamedFile => ({
  publisher: "acme",
  path: `modules/acme/${id}-${version}.js`,
  bytes: 7,
  digest: version,
  custom: { manifest: { id, version, title: `The ${id}`, ...more } },
});

const files = [
  fileOf("lamp", "1.9.0", { description: "dims slowly" }),
  fileOf("lamp", "1.10.0", { tags: ["light", "dimmer"], permissions: [{ kind: "pin" }] }),
  fileOf("lamp", "2.0.0-rc", { tags: ["never"] }),
  fileOf("lamp", "2.0.0", { title: "The better lamp", tags: ["light"], license: "MIT" }),
  fileOf("moving-head", "0.1.0", { tags: ["light"] }),
];

test("a search finds the newest version of each module by the beginnings of words", async () => {
  await using registry = await open();
  await registry.sync(files);

  const idsOf = async (words: string) =>
    (await registry.search(words, page)).map(({ id, version }) => `${id} ${version}`);
  expect(await idsOf("")).toEqual(["lamp 2.0.0", "moving-head 0.1.0"]);
  expect(await idsOf("light")).toHaveLength(2);
  expect(await idsOf("bet lam")).toEqual(["lamp 2.0.0"]);
  expect(await idsOf("head")).toEqual(["moving-head 0.1.0"]);
  expect(await idsOf("slowly")).toEqual([]);
  expect(await idsOf('" OR * NEAR(')).toEqual([]);
  expect((await registry.versions("lamp")).map(({ version }) => version)).toEqual([
    "2.0.0",
    "2.0.0-rc",
    "1.10.0",
    "1.9.0",
  ]);
});

test("versions before a release are in the order in which they came to be", async () => {
  await using registry = await open();
  const order = ["rc.2", "alpha", "rc.10", "beta-2", "7", "alpha.1", "beta", "11", "alpha.beta"];
  await registry.sync([...order, "rc.10.1"].map((each) => fileOf("lamp", `1.0.0-${each}`)));

  const versions = (await registry.versions("lamp")).map(({ version }) => version.slice("1.0.0-".length));

  expect(versions.toReversed()).toEqual([
    "7",
    "11",
    "alpha",
    "alpha.1",
    "alpha.beta",
    "beta",
    "beta-2",
    "rc.2",
    "rc.10",
    "rc.10.1",
  ]);
  expect(await registry.search("lamp", page)).toMatchObject([{ version: "1.0.0-rc.10.1" }]);
});

test("what nobody may publish any more is gone, also after a restart", async () => {
  const folder = emptyFolder();
  {
    await using registry = await open(folder);
    await registry.sync(files);
  }
  await using registry = await open(folder);
  expect(await registry.search("lamp", page)).toMatchObject([{ version: "2.0.0", licence: "MIT" }]);

  await registry.sync(files.slice(0, 2));

  expect(await registry.search("lamp", page)).toMatchObject([{ version: "1.10.0", permissions: "pin" }]);
  expect(await registry.search("head", page)).toEqual([]);
  expect(await registry.versions("moving-head")).toEqual([]);
});

test("a download is counted once for each node, and only of what was published", async () => {
  const folder = emptyFolder();
  {
    await using registry = await open(folder);
    await registry.sync(files);
    for (const node of ["pi", "pi", "pi-2"]) await registry.downloaded("2.0.0", node);
    await registry.downloaded("1.9.0", "pi");
    await registry.downloaded("a plan", "pi");
  }
  await using registry = await open(folder);

  const counts = (await registry.versions("lamp")).map(({ version, downloads }) => [version, downloads]);
  expect(counts).toEqual([
    ["2.0.0", 2],
    ["2.0.0-rc", 0],
    ["1.10.0", 0],
    ["1.9.0", 1],
  ]);
  expect(await registry.search("lamp", page)).toMatchObject([{ downloads: 2 }]);
});

test("what was withdrawn is remembered, also after a restart, until it is back", async () => {
  const folder = emptyFolder();
  {
    await using registry = await open(folder);
    await registry.sync(files);
    expect(registry.withdrawn).toEqual([]);
    await registry.sync(files.slice(0, 3));
  }
  await using registry = await open(folder);
  expect(registry.withdrawn).toEqual([
    { id: "lamp", version: "2.0.0", publisher: "acme" },
    { id: "moving-head", version: "0.1.0", publisher: "acme" },
  ]);

  await registry.sync(files.slice(0, 4));

  expect(registry.withdrawn).toEqual([{ id: "moving-head", version: "0.1.0", publisher: "acme" }]);
});

test("what says nothing sensible of itself is found by its name", async () => {
  await using registry = await open();
  await registry.sync([
    fileOf("odd", "1.0.0", { title: 7, tags: { a: 1 }, description: null }),
    { ...fileOf("none", "1.0.0"), custom: "nothing" },
  ]);

  expect(await registry.search("", page)).toMatchObject([{ id: "odd", title: "", tags: "" }]);
});

/** Every query has 100 ms on an idle machine. */
const queryMax = 100;
const patience = 5;

test(
  "among 10000 modules of 5 versions each a query takes less than 100 ms",
  { timeout: 120_000 },
  async () => {
    await using registry = await open();
    const many = Array.from({ length: 50_000 }, (_, index) =>
      fileOf(`module-${Math.floor(index / 5)}`, `1.${index % 5}.0`, { tags: ["light", `tag${index % 97}`] }),
    );
    await registry.sync(many);
    for (let index = 0; index < 500; index++) await registry.downloaded("1.0.0", `pi-${index}`);
    const queries = ["", "light", "tag17", "module 9", "module 1234 light", "nothing"];
    const times: number[] = [];
    for (const words of [...queries, ...queries]) {
      const before = performance.now();
      await registry.search(words, page);
      times.push(performance.now() - before);
    }
    const asked = performance.now();
    expect(await registry.versions("module-9999")).toHaveLength(5);
    times.push(performance.now() - asked);
    process.stdout.write(`10000 modules: ${times.map((time) => time.toFixed(1)).join(", ")} ms\n`);
    expect(await registry.search("module 9999", page)).toMatchObject([{ version: "1.4.0" }]);
    expect(Math.max(...times)).toBeLessThan(queryMax * patience);
  },
);
