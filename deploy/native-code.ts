// What to do with the five packages that bring native code.
//
// serialport needs its own: @serialport/bindings-cpp asks node-gyp-build for the file in `prebuilds/` that fits the
// machine, seen from its package folder, which is gone once it is bundled. We let the real node-gyp-build choose
// (it knows libc and ARM versions) but point it at the folder the bundle lies in, and put `prebuilds/` there.
//
// sqlite3 is built or fetched for the machine when it is installed, into its package folder. The hub runs where it was
// built, so that one file goes beside its bundle.
//
// koffi has a package for each machine, of which npm installs the one it runs on, and other-machines.mjs the others. What is
// there goes beside the bundle; the build, and an agent that meets such a machine, say what is not. Only the pins and the bus
// of the header need it.
//
// @julusian/midi looks for its file in `prebuilds/` beside the code that asks, as serialport does.
//
// cbor-x only goes faster with cbor-extract, on long strings that our messages do not have. It is left out.

import { createRequire } from "node:module";
import type { Plugin } from "esbuild";
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";

import { root } from "./layout.ts";

const prebuildsFolder = "node_modules/@serialport/bindings-cpp/prebuilds";

/** Platforms the agent runs on: the Pi, the PC that stands in for one, a developer's Mac. */
const prebuildPlatforms = ["linux-arm64", "linux-x64", "darwin-x64+arm64"] as const;

/** The native files an agent needs beside its bundle. Throws when a platform has none. */
export function serialPrebuilds(): readonly { readonly from: string; readonly to: string }[] {
  return prebuildPlatforms.flatMap((platform) => {
    const files = globSync(`${platform}/*.node`, { cwd: join(root, prebuildsFolder) });
    if (files.length === 0) throw new Error(`${prebuildsFolder} has nothing for ${platform}`);
    return files.map((file) => ({ from: join(prebuildsFolder, file), to: join("prebuilds", file) }));
  });
}

export const loadPrebuildsBesideBundle: Plugin = {
  name: "load-prebuilds-beside-bundle",
  setup(build) {
    build.onResolve({ filter: /^node-gyp-build$/ }, () => ({
      path: "node-gyp-build",
      namespace: "beside-bundle",
    }));
    build.onLoad({ filter: /.*/, namespace: "beside-bundle" }, () => {
      const original = createRequire(import.meta.url).resolve("node-gyp-build");
      return {
        contents: `import load from ${JSON.stringify(original)}; export default () => load(import.meta.dirname);`,
        resolveDir: root,
      };
    });
  },
};

/** What the agent finds a native file of koffi by, beside its bundle. */
const koffiFolder = "koffi";

const koffiFiles = ["arm64", "x64"].map((processor) => ({
  machine: `linux-${processor}`,
  from: `node_modules/@koromix/koffi-linux-${processor}/linux_${processor}/koffi.node`,
}));
const isInstalled = ({ from }: { readonly from: string }): boolean => existsSync(join(root, from));

/** The native files for pins and buses, of the machines that koffi was installed for. */
export function koffiNativeCode(): readonly { readonly from: string; readonly to: string }[] {
  return koffiFiles
    .filter(isInstalled)
    .map(({ machine, from }) => ({ from, to: join(koffiFolder, `${machine}.node`) }));
}

/** Machines on which the agent that is built has no pins and no bus. */
export const machinesWithoutPins = (): readonly string[] =>
  koffiFiles.filter((each) => !isInstalled(each)).map(({ machine }) => machine);

/** Without koffi's own script, which looks for packages. What it adds to its native code, nothing of ours needs. */
export const loadKoffiBesideBundle: Plugin = {
  name: "load-koffi-beside-bundle",
  setup(build) {
    build.onResolve({ filter: /^koffi$/ }, () => ({ path: "koffi", namespace: "koffi-beside-bundle" }));
    build.onLoad({ filter: /.*/, namespace: "koffi-beside-bundle" }, () => ({
      contents: `module.exports = require(require("node:path").join(__dirname, "${koffiFolder}", process.platform + "-" + process.arch + ".node"));`,
    }));
  },
};

/** The native files for MIDI. Throws when a platform has none. */
export function midiPrebuilds(): readonly { readonly from: string; readonly to: string }[] {
  return ["midi-linux-arm64", "midi-linux-x64", "midi-darwin-arm64", "midi-darwin-x64"].map((platform) => {
    const file = join("prebuilds", platform, "node-napi-v7.node");
    const from = join("node_modules/@julusian/midi", file);
    if (!existsSync(join(root, from))) throw new Error(`${from} is missing`);
    return { from, to: file };
  });
}

const sqliteAddon = "node_sqlite3.node";

/** The native file a hub needs beside its bundle. Throws when sqlite3 was installed without it. */
export function sqliteNativeCode(): readonly { readonly from: string; readonly to: string }[] {
  const from = join("node_modules/sqlite3/build/Release", sqliteAddon);
  if (!existsSync(join(root, from))) throw new Error(`${from} is missing: npm rebuild sqlite3`);
  return [{ from, to: sqliteAddon }];
}

/** sqlite3 finds its file by the package `bindings`, which walks the stack to the caller's folder: gone in a bundle. */
export const loadSqliteBesideBundle: Plugin = {
  name: "load-sqlite-beside-bundle",
  setup(build) {
    build.onResolve({ filter: /^bindings$/ }, () => ({
      path: "bindings",
      namespace: "sqlite-beside-bundle",
    }));
    build.onLoad({ filter: /.*/, namespace: "sqlite-beside-bundle" }, () => ({
      contents: `module.exports = (name) => require(require("node:path").join(__dirname, name));`,
    }));
  },
};

export const leaveOutCborExtract: Plugin = {
  name: "leave-out-cbor-extract",
  setup(build) {
    build.onResolve({ filter: /^cbor-extract$/ }, () => ({ path: "cbor-extract", namespace: "left-out" }));
    build.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "module.exports = null;" }));
  },
};
