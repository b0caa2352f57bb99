import { expect, test } from "vitest";
import { readModulePackage } from "./module-block.ts";

const packageWith = (given: { readonly interactor?: object; readonly engines?: object }) => ({
  name: "@acme/tide",
  version: "1.2.0",
  license: "MIT",
  ...(given.engines && { engines: given.engines }),
  interactor: { title: "The tide", ...given.interactor },
});

test("what a module requires, uses and is for comes into its manifest", () => {
  const limits = { memoryMb: 256, handlerMs: 20_000 };
  const read = readModulePackage(
    packageWith({
      interactor: { requires: { clock: "^1.2" }, limits },
      engines: { interactor: "^0.1", node: ">=26" },
    }),
  );

  expect(read).toMatchObject({
    ok: true,
    value: {
      manifest: { id: "tide", requires: { clock: "^1.2" }, limits, engines: { interactor: "^0.1" } },
      engines: "^0.1",
    },
  });
});

test.each<readonly [string, Parameters<typeof packageWith>[0], string]>([
  ["a range that is none", { interactor: { requires: { clock: "latest" } } }, "interactor.requires.clock"],
  [
    "a module that is no name",
    { interactor: { requires: { "The Clock": "^1" } } },
    "interactor.requires.The Clock",
  ],
  ["an Interactor of no version", { engines: { interactor: "newest" } }, "engines.interactor"],
  ["too little memory", { interactor: { limits: { memoryMb: 4 } } }, "interactor.limits.memoryMb"],
  ["a limit that is none", { interactor: { limits: { seconds: 4 } } }, "interactor.limits"],
])("%s is told with its place", (_what, given, place) => {
  const read = readModulePackage(packageWith(given));

  expect(read.ok ? [] : read.error).toEqual([expect.stringContaining(`${place}: `)]);
});
