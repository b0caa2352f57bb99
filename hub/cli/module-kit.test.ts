import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { buildModule } from "./module-build.ts";
import { createModule } from "./module-create.ts";
import { moduleProblems } from "./module-lint.ts";
import { moduleTemplates, type TemplateName } from "./module-templates.ts";
import { tryContract } from "./module-test.ts";

const templates = Object.keys(moduleTemplates) as TemplateName[];

/** A folder of its own with a new module in it. */
function created(template: TemplateName = "sensor"): string {
  const folder = mkdtempSync(join(tmpdir(), "module-kit-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return createModule("blink", { template, into: join(folder, "somewhere", "blink") });
}

function change(folder: string, file: string, from: string, to: string): void {
  const path = join(folder, file);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

/** What of the contract does not hold. */
async function brokenOf(folder: string, silence?: number): Promise<readonly string[]> {
  const tried = await tryContract(await buildModule(folder), undefined, silence);
  return tried.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`));
}

test.for(templates)(
  "a new %s builds, keeps the contract, and a hub has nothing against it",
  async (template) => {
    const built = await buildModule(created(template));

    const tried = await tryContract(built);

    expect(tried.filter(({ problems }) => problems.length > 0)).toEqual([]);
    expect(tried.length).toBeGreaterThan(5);
    expect(moduleProblems(built)).toEqual([]);
  },
);

test("the same sources give the same bytes, wherever they lie", async () => {
  const here = await buildModule(created());
  const there = await buildModule(created());
  const again = await buildModule(here.module.folder);

  expect(there.text).toBe(here.text);
  expect([there.sha256, again.sha256]).toEqual([here.sha256, here.sha256]);
  expect(here.text).not.toContain(here.module.folder);
});

test("a module is not made where something is", () => {
  const folder = created();

  expect(() => createModule("blink", { template: "logic", into: folder })).toThrow("is there already");
});

test.for([
  ["a port of no type", `"type": "float"`, `"type": "flaot"`, "interactor.outputs.level.type"],
  ["a misspelt field", `"label": "Level"`, `"lable": "Level"`, "interactor.outputs.level"],
  ["no title", `"title":`, `"titel":`, "interactor.title"],
  ["a version that is none", `"0.1.0"`, `"one"`, "not a version such as 1.2.0"],
  ["no JSON", `"name":`, `name:`, "package.json: "],
] as const)("a package.json with %s is refused with its place", async ([, from, to, words]) => {
  const folder = created();
  change(folder, "package.json", from, to);

  await expect(buildModule(folder)).rejects.toThrow(words);
});

test("what does not compile is told with file and line", async () => {
  const folder = created();
  change(folder, "src/module.ts", "read();", "read(;");

  await expect(buildModule(folder)).rejects.toThrow(/src\/module\.ts:\d+:\d+/);
});

test("what is no part of the SDK is not bundled", async () => {
  const folder = created();
  change(folder, "src/module.ts", "sdk/define-module", "wire/topics");

  await expect(buildModule(folder)).rejects.toThrow("is no part of the SDK");
});

test("imports that a sandbox denies are told before they are brought anywhere", async () => {
  const folder = created("actuator");
  change(
    folder,
    "src/module.ts",
    "export const",
    'import { spawn } from "node:child_process";\nexport { spawn };\nexport const',
  );
  change(folder, "package.json", `"license": "MIT",`, "");

  expect(moduleProblems(await buildModule(folder))).toEqual([
    'it imports "node:child_process"',
    "it has no licence: `license` in package.json",
  ]);
});

test.for([
  ["takes any settings", "sensor", "z.strictObject(", "z.looseObject(", "a setting that it does not have"],
  ["goes on after its stop", "sensor", "cancel();\n", "\n", "after it had stopped"],
  ["gives what it does not declare", "actuator", '"shown"', '"seen"', 'no output "seen"'],
  ["gives more than it declares", "actuator", "level * gain", "level * 9", "it declares 0 to 1"],
  ["has other settings than its example", "sensor", "every: z", "pace: z", "example: it has no every"],
  ["does not stop", "logic", "async stop() {}", "stop: () => new Promise(() => {})", "has not stopped"],
] as const)("a module that %s does not keep the contract", async ([, template, from, to, words]) => {
  const folder = created(template);
  change(folder, "src/module.ts", from, to);

  expect((await brokenOf(folder)).join("\n")).toContain(words);
});

test("a module that hangs is ended, and the command goes on", { timeout: 60_000 }, async () => {
  const folder = created();
  change(folder, "src/module.ts", "read();\n    context", "for (;;);\n    context");

  expect(await brokenOf(folder, 6000)).toEqual([
    "it takes what it declares, and gives nothing else: it hangs: it was ended",
  ]);
});
