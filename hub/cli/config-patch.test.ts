import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ok } from "@interactor/shared/kernel/result";
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { DeclaredModules } from "@interactor/shared/site/catalogue";
import { compileSite } from "@interactor/shared/site/compile-site";
import { patchWords } from "./config-patch.ts";

const sample = join(import.meta.dirname, "../../shared/src/site/fixtures/samples/head.json");

function patchOf(settings: string): string {
  const site = `nodes: { hall: { instances: { stage: { module: dmx, settings: ${settings}, failsafe: hold } } } }`;
  const read = (path: string) => ok(path === "site.yaml" ? site : readFileSync(sample, "utf8"));
  const compiled = compileSite(
    { root: "site.yaml", site: "demo", read },
    new DeclaredModules(builtInModules),
  );
  return compiled.ok ? patchWords(compiled.value) : JSON.stringify(compiled.error.problems);
}

test("fixtures are listed by channel, with the universe as each protocol counts it", () => {
  const fixtures =
    "{ b: { file: head.json, mode: 8ch, channel: 9 }, a: { file: head.json, mode: 8ch, channel: 1 } }";

  expect(patchOf(`{ universe: 18, sacn: {}, fixtures: ${fixtures} }`)).toBe(
    `hall/stage, universe 18 (Art-Net 0:1:1, port address 17)
    1–  8  a  head.json 8ch  pan, tilt, shutter, intensity, gobo-wheel, rgb
    9– 16  b  head.json 8ch  pan, tilt, shutter, intensity, gobo-wheel, rgb
`,
  );
});

test("a fixture whose name begins as another's keeps its inputs to itself", () => {
  const words = patchOf(
    "{ universe: 1, sacn: {}, fixtures: { left: { file: h, mode: 8ch, channel: 1 }, left-two: { file: h, mode: 8ch, channel: 9 } } }",
  );

  expect(words).toMatch(/1– {2}8 {2}left +h 8ch {2}pan, tilt, shutter, intensity, gobo-wheel, rgb\n/u);
});

test("dimmers stand among the fixtures, and alone", () => {
  const dimmers = "dimmers: { spot: { channel: 20 }, wash: { channel: 3, label: Front wash } }";
  const head = "hall/stage, universe 1 (Art-Net 0:0:0, port address 0)\n";

  expect(patchOf(`{ universe: 1, sacn: {}, ${dimmers} }`)).toBe(
    `${head}    3–  3  wash  dimmer\n   20– 20  spot  dimmer\n`,
  );
  expect(
    patchOf(`{ universe: 1, sacn: {}, ${dimmers}, fixtures: { a: { file: h, mode: 8ch, channel: 9 } } }`),
  ).toMatch(/ wash {2}dimmer\n.* a {2}h 8ch .*\n.* spot {2}dimmer\n$/u);
});

test("a port address that was set is the one that is told", () => {
  const artnet = "{ to: [10.0.0.2], net: 1, subnet: 2, universe: 3 }";
  const words = patchOf(
    `{ universe: 1, artnet: ${artnet}, fixtures: { a: { file: h, mode: 8ch, channel: 1 } } }`,
  );

  expect(words).toContain("universe 1 (Art-Net 1:2:3, port address 291)");
});

test("a site without fixtures and dimmers says so", () => {
  expect(patchOf("{ universe: 1, sacn: {} }")).toBe("no instance names fixtures or dimmers\n");
});
