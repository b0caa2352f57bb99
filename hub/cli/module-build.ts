/** `interactor module build`: one file of a module and of all that it needs, the same from the same sources. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import type { BuildFailure, BuildOptions, Plugin } from "esbuild";
import { messageOf } from "@interactor/shared/kernel/fault";
import { moduleBytesMax } from "@interactor/shared/bundle/trust-api";
import { commandFault } from "./exit.ts";
import { type ModuleFolder, readModuleFolder } from "./module-folder.ts";

export interface BuiltModule {
  readonly module: ModuleFolder;
  /** The bundle, and beside it its manifest as a publisher signs it. */
  readonly file: string;
  readonly manifestFile: string;
  readonly text: string;
  readonly bytes: number;
  readonly sha256: string;
}

export async function runModuleBuild(folder: string, options: { readonly json?: boolean }): Promise<void> {
  process.stderr.write("building …\n");
  const { file, manifestFile, bytes, sha256 } = await buildModule(folder);
  const said = { file, manifest: manifestFile, bytes, sha256 };
  const words = `${relative("", file)}  ${(bytes / 1000).toFixed(1)} kB  sha256 ${sha256}\n`;
  process.stdout.write(options.json === true ? `${JSON.stringify(said)}\n` : words);
}

export async function buildModule(folder: string): Promise<BuiltModule> {
  const module = await readModuleFolder(folder);
  const bundle = await bundleOf(module);
  const { id } = module.manifest;
  const file = join(module.folder, "dist", `${id}.mjs`);
  const manifestFile = join(module.folder, "dist", `${id}.manifest.json`);
  await mkdir(join(module.folder, "dist"), { recursive: true });
  await replace(manifestFile, `${JSON.stringify(module.manifest, undefined, 2)}\n`);
  await replace(file, bundle);
  const sha256 = createHash("sha256").update(bundle).digest("hex");
  const text = new TextDecoder().decode(bundle);
  return { module, file, manifestFile, text, bytes: bundle.length, sha256 };
}

/** An agent may be reading it: it finds the old file or the new one, whole. */
async function replace(file: string, contents: Uint8Array | string): Promise<void> {
  const fresh = `${file}.${process.pid}.new`;
  await writeFile(fresh, contents);
  await rename(fresh, file);
}

async function bundleOf(module: ModuleFolder): Promise<Uint8Array> {
  const entry = join(module.folder, module.entry);
  if (!existsSync(entry))
    throw commandFault("NOT_FOUND", `${entry} is missing: interactor.entry in package.json names it`);
  const { build } = await import("esbuild");
  const built = await build(bundleOptions(module)).catch((error: unknown) => {
    throw commandFault("VALIDATION", `it does not build: ${wordsOf(error)}`, error);
  });
  const [output] = built.outputFiles ?? [];
  if (output === undefined) throw commandFault("FAILED", "the build gave no file");
  if (output.contents.length > moduleBytesMax)
    throw commandFault(
      "VALIDATION",
      `it has ${output.contents.length} bytes, and no node takes more than ${moduleBytesMax}`,
    );
  return output.contents;
}

/** Nothing of the machine or the folder gets into it: no paths, no times, no maps. */
const bundleOptions = (module: ModuleFolder): BuildOptions => ({
  absWorkingDir: module.folder,
  entryPoints: [join(module.folder, module.entry)],
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node26",
  charset: "utf8",
  minify: true,
  legalComments: "inline",
  logLevel: "silent",
  write: false,
  outfile: join(module.folder, "dist", `${module.manifest.id}.mjs`),
  plugins: [manifestOf(module), sdkOfThisVersion],
});

/** `import { manifest } from "interactor:manifest"`: package.json says it once. */
const manifestOf = ({ manifest }: ModuleFolder): Plugin => ({
  name: "manifest",
  setup(build) {
    build.onResolve({ filter: /^interactor:manifest$/ }, () => ({
      path: "manifest",
      namespace: "interactor",
    }));
    build.onLoad({ filter: /.*/, namespace: "interactor" }, () => ({
      contents: `export const manifest = ${JSON.stringify(manifest)};`,
    }));
  },
});

/**
 * The SDK is that of the command which builds: nothing has to be installed for it. Loading a file of ours does nothing,
 * so what a module does not use of it is left out.
 */
const sdkOfThisVersion: Plugin = {
  name: "sdk-of-this-version",
  setup(build) {
    const { resolve } = createRequire(import.meta.url);
    const sources = dirname(dirname(resolve("@interactor/shared/sdk/define-module")));
    const isOurs = (importer: string): boolean => importer.startsWith(sources + sep);
    build.onResolve({ filter: /^@interactor\// }, ({ path }) =>
      path.startsWith("@interactor/shared/sdk/")
        ? { path: resolve(path), sideEffects: false }
        : { errors: [{ text: `${path} is no part of the SDK` }] },
    );
    // Fifty languages of zod's messages, more than half of a small module. What a module says is read by an agent.
    build.onResolve({ filter: /^\.\.\/locales\/index\.js$/ }, ({ importer }) =>
      importer.includes(`${sep}zod${sep}`) ? { path: "locales", namespace: "no-languages" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "no-languages" }, () => ({ contents: "export {};" }));
    build.onResolve({ filter: /^\./ }, ({ path, importer, resolveDir }) =>
      isOurs(importer) ? { path: join(resolveDir, path), sideEffects: false } : undefined,
    );
  },
};

function wordsOf(error: unknown): string {
  if (!isBuildFailure(error)) return messageOf(error);
  return error.errors
    .map(({ text, location }) =>
      location === null ? text : `${location.file}:${location.line}:${location.column + 1}: ${text}`,
    )
    .join("; ");
}

const isBuildFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && "errors" in error && Array.isArray(error.errors);
