import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ceilingFile } from "./ceiling-file.ts";

const folder = mkdtempSync(join(tmpdir(), "ceiling-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "ceiling.json");
const read = ceilingFile(path);

test("a node without the file has no ceiling, and one that is written later holds from then on", () => {
  expect(read()).toEqual({ place: path, modules: undefined, reach: {}, limits: {} });

  writeFileSync(path, JSON.stringify({ modules: ["lamp"], hosts: ["a:443"], pins: [4], memoryMb: 128 }));

  expect(read()).toEqual({
    place: path,
    modules: ["lamp"],
    reach: { host: ["a:443"], pin: ["4"] },
    limits: { memoryMb: 128 },
  });
});

test.each([
  ["half of one", '{ "hosts": [', /it is not JSON/],
  [
    "a word that means nothing",
    '{ "host": ["a"] }',
    /"host" is unknown there: it may have modules, pins, .*hosts/,
  ],
  ["a limit that is none", '{ "memoryMb": 1 }', /memoryMb is not a whole number from 48 to 16384/],
  ["names that are none", '{ "hosts": "a" }', /hosts is not a list of names/],
  ["no map", "[]", /it is no map/],
])("with %s no module of others runs, and the file is named", (_what, text, words) => {
  writeFileSync(path, text);

  expect(read).toThrow(words);
  expect(read).toThrow(`the ceiling of this node (${path}) is wrong`);
});

test("a file that cannot be read is not a file that is not there", () => {
  expect(ceilingFile(folder)).toThrow(/EISDIR/);
});
