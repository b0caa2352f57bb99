/** `interactor module create`: a folder with a module that runs, to be changed. */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { commandFault } from "./exit.ts";
import { moduleTemplates, type TemplateName } from "./module-templates.ts";
import { version } from "./version.ts";

export interface CreateOptions {
  readonly template: TemplateName;
  /** The folder to make; default: named as the module is. */
  readonly into?: string;
  readonly json?: boolean;
}

export function runModuleCreate(name: string, options: CreateOptions): void {
  const folder = createModule(name, options);
  const here = relative("", folder) || folder;
  const failsafe = options.template === "actuator" ? ` --failsafe "hold 5s -> fade 3s -> 0"` : "";
  const words = `made ${here}, which ${moduleTemplates[options.template].title}
next: cd ${here} && npm test && npx interactor module publish --dev
then: npx interactor module run ${name}${failsafe}`;
  process.stdout.write(options.json === true ? `${JSON.stringify({ folder })}\n` : `${words}\n`);
}

/** Fails when there is something already: nothing of anybody is written over. */
export function createModule(name: string, { template, into = name }: CreateOptions): string {
  const folder = resolve(into);
  try {
    mkdirSync(dirname(folder), { recursive: true });
    mkdirSync(folder);
    mkdirSync(join(folder, "src"));
    for (const [file, text] of filesOf(name, template))
      writeFileSync(join(folder, file), text, { flag: "wx" });
    linkCommand(folder);
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    const words = isThere
      ? `${folder} is there already; name another folder with --into`
      : `${folder} cannot be made: ${messageOf(error)}`;
    throw commandFault("FAILED", words, error);
  }
  return folder;
}

/** `npm test` and `npx` look there first: so the folder may lie anywhere, and nothing has to be installed. */
function linkCommand(folder: string): void {
  // As it is written and as it is built, we lie two folders below the clone.
  const command = join(import.meta.dirname, "..", "..", "hub", "cli", "interactor.mjs");
  if (!existsSync(command)) return;
  const links = join(folder, "node_modules", ".bin");
  mkdirSync(links, { recursive: true });
  symlinkSync(command, join(links, "interactor"));
}

function filesOf(name: string, template: TemplateName): readonly (readonly [file: string, text: string])[] {
  const { block, title, source } = moduleTemplates[template];
  const packageJson = {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    license: "MIT",
    engines: { interactor: `^${version}` },
    scripts: {
      test: "interactor module test",
      build: "interactor module build",
      lint: "interactor module lint",
      dev: "interactor module dev",
    },
    interactor: { title: `${name}: ${title}`, ...block },
  };
  return [
    ["package.json", json(packageJson)],
    ["tsconfig.json", json(compilerOptions())],
    ["interactor-env.d.ts", manifestTypes],
    ["README.md", readme(name)],
    [".gitignore", "node_modules/\ndist/\n"],
    ["src/module.ts", source],
  ];
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** For editors: the SDK lies where this command does, so that nothing has to be installed. */
function compilerOptions(): object {
  const sdk = createRequire(import.meta.url).resolve("@interactor/shared/sdk/define-module");
  const sources = join(dirname(sdk), "..");
  return {
    compilerOptions: {
      target: "esnext",
      lib: ["esnext"],
      module: "nodenext",
      types: [],
      noEmit: true,
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      paths: { "@interactor/shared/*": [`${sources}/*.ts`] },
    },
    include: ["src", "interactor-env.d.ts", join(sources, "kernel/ambient.d.ts")],
  };
}

const manifestTypes = `/** What package.json says of this module, as \`interactor module build\` brings it in. */
declare module "interactor:manifest" {
  export const manifest: import("@interactor/shared/sdk/define-module").Manifest;
}
`;

const readme = (name: string): string => `# ${name}

A module for Interactor. What it is, and its inputs and outputs, stand in package.json under \`interactor\`; what it does,
in src/module.ts.

- \`npm test\` tries what every module has to keep: its ports, its settings, its end.
- \`npm run lint\` says what a hub would have against it.
- \`npm run dev\` runs it on an agent here, anew each time it is saved.
- \`npx interactor module publish --dev\` builds it and brings it to the hub, \`npx interactor module run ${name}\` puts it on a
  node, in a sandbox.

What it can use is told by \`npx interactor module reference\`. The command is the one this folder was made with
(node_modules/.bin/interactor leads there). Where it is not, as in a clone of this folder, put the command's own
node_modules/.bin into PATH.
`;
