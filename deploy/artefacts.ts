// What a build makes, as data: one row a program, with the entry point it grows from.

import type { BuildOptions } from "esbuild";

import { buildTime } from "./build-time.ts";
import { firmwareImages } from "./firmware-images.ts";
import { leaveOutUnreached } from "./left-out.ts";
import {
  koffiNativeCode,
  leaveOutCborExtract,
  loadKoffiBesideBundle,
  loadPrebuildsBesideBundle,
  loadSqliteBesideBundle,
  midiPrebuilds,
  serialPrebuilds,
  sqliteNativeCode,
} from "./native-code.ts";

export interface Artefact {
  readonly name: string;
  /** The first source, relative to the repository. */
  readonly entry: string;
  /** Where it goes, relative to `dist`. */
  readonly folder: string;
  /** The main file in `folder`. */
  readonly output: string;
  readonly options: BuildOptions;
  /** Files that go beside it as they are: `from` relative to the repository, `to` to `folder`. */
  readonly copies: readonly { readonly from: string; readonly to: string }[];
}

/** With its content in it: parts of two builds may lie side by side. */
const partName = "part-[name]-[hash]";
export const isPart = (file: string): boolean => /(^|\/)part-[\w.-]+-[0-9A-Z]{8}\.mjs(\.map)?$/.test(file);

const nodeProgram = {
  platform: "node",
  target: "node26",
  outExtension: { ".js": ".mjs" },
  // Names stay: a stack trace from the field must be readable without its map.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  // CommonJS packages ask for these; an ES module has none of them. The odd name cannot meet one of ours.
  banner: {
    js: 'import{createRequire as __bundleRequire}from"node:module";const require=__bundleRequire(import.meta.url);',
  },
  define: { __dirname: "import.meta.dirname", __filename: "import.meta.filename" },
} as const satisfies BuildOptions;

const browserProgram = {
  platform: "browser",
  target: ["chrome120", "firefox121", "safari17"],
  // The main entry of cbor-x compiles readers with `new Function`, which our Content-Security-Policy forbids.
  alias: { "cbor-x": "cbor-x/index-no-eval" },
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
} as const satisfies BuildOptions;

export const artefacts: readonly Artefact[] = [
  {
    name: "agent",
    entry: "agent/src/main.ts",
    folder: "agent",
    output: "agent.mjs",
    options: {
      ...nodeProgram,
      // In parts, which are loaded when they are needed: each worker thread keeps the source of all that it loads, and the
      // whole agent is 9 MB of memory more than one module.
      splitting: true,
      chunkNames: partName,
      define: {
        ...nodeProgram.define,
        // No signature that is still good had expired by then: what a Pi knows of the time before anybody tells it.
        "process.env.INTERACTOR_BUILT_AT": JSON.stringify(`${buildTime()}`),
      },
      plugins: [leaveOutCborExtract, leaveOutUnreached, loadPrebuildsBesideBundle, loadKoffiBesideBundle],
    },
    copies: [...serialPrebuilds(), ...firmwareImages(), ...koffiNativeCode(), ...midiPrebuilds()],
  },
  {
    // A process for each board, so that johnny-five is in none of the agent's threads.
    name: "firmata-board",
    entry: "agent/modules/firmata/board.ts",
    folder: "agent",
    output: "firmata-board.mjs",
    options: { ...nodeProgram, plugins: [leaveOutUnreached, loadPrebuildsBesideBundle] },
    copies: [],
  },
  {
    // Beside the agent, which runs it in the sandboxes of modules that others have written.
    name: "sandbox",
    entry: "agent/src/main/sandbox.ts",
    folder: "agent",
    output: "sandbox.mjs",
    options: { ...nodeProgram, plugins: [leaveOutCborExtract] },
    copies: [],
  },
  {
    name: "hub",
    entry: "hub/src/main.ts",
    folder: "hub",
    output: "hub.mjs",
    options: { ...nodeProgram, plugins: [leaveOutCborExtract, loadSqliteBesideBundle] },
    copies: sqliteNativeCode(),
  },
  {
    name: "dashboard",
    entry: "hub/dashboard/main.tsx",
    folder: "hub/dashboard",
    output: "app.js",
    options: browserProgram,
    copies: [{ from: "hub/dashboard/index.html", to: "index.html" }],
  },
  {
    name: "interactor",
    entry: "hub/cli/main.ts",
    folder: "cli",
    output: "interactor.mjs",
    // It has a program of its own for each kind of machine, and is asked for only by who builds a module.
    options: { ...nodeProgram, plugins: [leaveOutCborExtract], external: ["esbuild"] },
    copies: [{ from: "shared/src/sdk/REFERENCE.md", to: "sdk-reference.md" }],
  },
  {
    // Tries a module that is being written, in a process of its own.
    name: "module-contract",
    entry: "hub/cli/module-contract.ts",
    folder: "cli",
    output: "module-contract.mjs",
    options: { ...nodeProgram, plugins: [leaveOutCborExtract] },
    copies: [],
  },
];
