import { describe, expect, test } from "vitest";
import { type BroughtModule, importPolicyDefault, objections } from "./import-policy.ts";

const manifest = {
  id: "blink",
  version: "1.0.0",
  license: "MIT",
  permissions: [{ kind: "pin", names: ["17"] }],
};

function brought(given: Partial<BroughtModule> & { readonly manifest?: object } = {}): BroughtModule {
  const { manifest: more = {}, ...rest } = given;
  const text = rest.text ?? "export const blink = 1;";
  const custom = { manifest: { ...manifest, ...more } };
  return {
    publisher: "acme",
    path: "modules/acme/blink-1.0.0.js",
    text,
    bytes: text.length,
    custom,
    ...rest,
  };
}

const judge = (module: BroughtModule, policy = {}) =>
  objections(module, { ...importPolicyDefault, ...policy });

test("a module that asks for nothing unusual is let in", () => {
  expect(judge(brought())).toEqual([]);
});

test("what no site could make sense of is objected to", () => {
  const odd = {
    requires: { clock: "latest" },
    engines: { interactor: "" },
  };

  expect(judge(brought({ manifest: odd }))).toEqual([
    'it wants clock in versions "latest", which is no range',
    'it wants interactor in versions "", which is no range',
  ]);
  expect(judge(brought({ manifest: { limits: { memoryMb: 7 } } }))).toEqual([
    "its limits.memoryMb is wrong: a whole number from 48 to 16384",
  ]);
  expect(judge(brought({ manifest: { requires: { clock: "^1" }, limits: { memoryMb: 128 } } }))).toEqual([]);
});

describe("a path", () => {
  test.each([
    ["of another version", "modules/acme/blink-1.0.1.js"],
    ["of another module", "modules/acme/blank-1.0.0.js"],
    ["of another publisher", "modules/other/blink-1.0.0.js"],
  ])("%s is objected to", (_what, path) => {
    expect(judge(brought({ path }))).toEqual([
      `its manifest makes it modules/acme/blink-1.0.0.js, and it is ${path}`,
    ]);
  });
});

describe("a manifest", () => {
  test.each([
    ["that is not there", undefined],
    ["without a version", { manifest: { id: "blink" } }],
    ["whose id leads elsewhere", { manifest: { ...manifest, id: "../blink" } }],
    ["whose version leads elsewhere", { manifest: { ...manifest, version: "1.0.0/../x" } }],
    ["with a permission that there is not", { manifest: { ...manifest, permissions: [{ kind: "root" }] } }],
  ])("%s is objected to", (_what, custom) => {
    expect(judge(brought({ custom }))).toEqual([expect.stringMatching(/^its manifest is wrong: /)]);
  });
});

test("size, permissions and licences are what the site allows", () => {
  const policy = { bytesMax: 10, permissions: ["serial"], licences: ["MIT", "Apache-2.0"] } as const;

  expect(judge(brought({ manifest: { license: "GPL-3.0-only" } }), policy)).toEqual([
    "it has 23 bytes, and 10 are allowed",
    'it asks for the permission "pin"',
    "its licence is GPL-3.0-only, and allowed are MIT, Apache-2.0",
  ]);
});

test.each([
  ["MIT", true],
  ["(MIT OR GPL-3.0-only)", true],
  ["MIT AND Apache-2.0", true],
  ["MIT AND GPL-3.0-only", false],
  [undefined, false],
])("the licence %s is among MIT and Apache-2.0: %s", (license, isAllowed) => {
  const found = judge(brought({ manifest: { license } }), { licences: ["MIT", "Apache-2.0"] });

  expect(found.length === 0).toBe(isAllowed);
});

describe("imports", () => {
  test.each([
    'import { spawn } from "node:child_process";',
    "import{spawn}from'child_process';",
    'import "net";',
    'export * from "node:fs";',
    'const net = require("net");',
    'const net = await import("node:net");',
    "const net = await import(`node:net`);",
    'import\n  net,\n  { connect }\nfrom\n"net";',
    'import lodash from "lodash";',
    'var a=1;import"node:sqlite";',
    'import x from "./other.js";',
    'import * as net from "net";',
    'import net, { connect as c } from "net";',
    'export{a as b}from"./b.js";',
  ])("%s is objected to", (text) => {
    expect(judge(brought({ text }))).toEqual([expect.stringMatching(/^it imports "/)]);
  });

  test.each([
    'import { Buffer } from "node:buffer";',
    'import * as z from "@interactor/shared/sdk/schemas";',
    'const words = "taken from nowhere";',
    "const words = 'taken from \"a file\"';",
    "const url = import.meta.url;",
    'registry.require("net");',
    'function important(a) { return a.import("net"); }',
  ])("%s is none", (text) => {
    expect(judge(brought({ text }))).toEqual([]);
  });

  test.each(["await import(name)", "require(`${a}`+b)", 'import(("net"))', "require ( f() )"])(
    "%s is objected to",
    (text) => {
      expect(judge(brought({ text })).join()).toMatch(/imports/);
    },
  );

  test("a large bundle is read in no time that anybody would notice", () => {
    for (const part of [
      "import ",
      "import export from (((((",
      "} ",
      "require(",
      "as a ",
      "from '",
      "import   ",
    ]) {
      const text = part.repeat(4_000_000 / part.length);
      const began = performance.now();

      judge(brought({ text, bytes: 1000 }));

      expect(performance.now() - began).toBeLessThan(5000);
    }
  });
});
