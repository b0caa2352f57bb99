// From a fixture's file to the bytes on the wire: what the site's compiler makes of it is what the dmx module runs.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { decodeSacn } from "@interactor/agent/modules/dmx/sacn.ts";
import { definition } from "@interactor/agent/modules/dmx/module.ts";
import { newSteering, systemClock } from "@interactor/agent/src/adapters/clock-system.ts";
import { failed, ok } from "@interactor/shared/kernel/result";
import { startOnBench } from "@interactor/shared/sdk/testing";
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { DeclaredModules } from "@interactor/shared/site/catalogue";
import { compileSite } from "@interactor/shared/site/compile-site";
import type { CompiledSite } from "@interactor/shared/site/compiled-site";
import { problemLine } from "@interactor/shared/site/yaml-text";
import { expect, onTestFinished, test, vi } from "vitest";

const folder = join(import.meta.dirname, "../../shared/src/site/fixtures/samples");

const settingsOf = (port: number): unknown => compiled(port).nodes["hall"]?.instances["stage"]?.settings;

function compiled(port: number): CompiledSite {
  const site = `nodes:
  hall:
    instances:
      stage:
        module: dmx
        settings:
          universe: 1
          sacn: { to: [127.0.0.1], port: ${port} }
          dimmers: { wash: { channel: 500 } }
          fixtures:
            left: { file: head.json, mode: 10ch, channel: 1 }
            right: { file: head.json, mode: 8ch, channel: 11, colour: parts }
        failsafe:
          left-pan: hold 5s -> fade 2s -> scene night
          "*": hold
scenes:
  night:
    hall/stage/left.pan: 45
    hall/stage/left.rgb: "#102030"
    hall/stage/left-intensity: 0.2
    hall/stage/wash: 0.1
`;
  const read = (path: string) =>
    path === "site.yaml"
      ? ok(site)
      : path === "head.json"
        ? ok(readFileSync(join(folder, path), "utf8"))
        : failed("none");
  const compiled = compileSite(
    { root: "site.yaml", site: "demo", read },
    new DeclaredModules(builtInModules),
  );
  if (!compiled.ok)
    throw new Error(compiled.error.problems.map((each) => problemLine(each.file, each)).join("\n"));
  return compiled.value;
}

test("a scene of the site names a fixture as a universe's own scenes do, and nodes know its inputs alone", () => {
  const site = compiled(5568);

  const levels = { "left-pan": 45, "left-rgb": "#102030", "left-intensity": 0.2, wash: 0.1 };
  const onNode = Object.entries(levels).map(([input, level]) => [`stage/${input}`, level]);
  expect(site.nodes["hall"]?.scenes).toEqual({ night: Object.fromEntries(onNode) });
  expect(site.hub.scenes["night"]).toHaveProperty(["hall/stage/left-pan"], 45);
  expect(site.nodes["hall"]?.instances["stage"]?.failsafes).toMatchObject({
    "left-pan": { hold: 5000, fade: 2000, to: 45 },
  });
});

test("a head turns, dims and colours by names, over the slots of its mode", async () => {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  let levels: Uint8Array = new Uint8Array(512);
  socket.on("message", (bytes) => (levels = decodeSacn(bytes)?.levels ?? levels));
  const bench = await startOnBench(definition, settingsOf(socket.address().port), {
    clock: systemClock(newSteering()),
  });
  onTestFinished(() => bench.stop());
  // At rest: pan and tilt ahead, shutters open.
  await vi.waitFor(() => expect(Array.from(levels.slice(0, 5))).toEqual([128, 128, 0, 0, 255]), {
    timeout: 10_000,
  });

  bench.apply("left-pan", 540);
  bench.apply("left-intensity", 1);
  bench.apply("left-rgb", "#ff0000");
  bench.apply("right-tilt", -135);
  bench.apply("right-intensity", 0.5);
  bench.apply("right-cyan", 1);
  bench.apply("wash", 1);
  bench.apply("left-rgb", "a nice red");

  await vi.waitFor(() => expect(levels[499]).toBe(255), { timeout: 10_000 });
  expect(Array.from(levels.slice(0, 18))).toEqual([
    255, 128, 255, 0, 255, 255, 0, 0, 255, 255, 128, 255, 255, 132, 255, 0, 0, 0,
  ]);
  expect(bench.logged.join()).toContain('not shown: no-colour 1×; such as "left-rgb: \\"a nice red\\""');
});

test("fixtures that no compiler has placed are refused, with words", () => {
  const parsed = definition.settings.safeParse({
    universe: 1,
    sacn: {},
    fixtures: { left: { file: "head.json", mode: "8ch", channel: 1 } },
  });

  expect(JSON.stringify(parsed.error?.issues)).toContain("fixtures work from a site file only");
});
