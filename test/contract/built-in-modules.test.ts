import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { manifest as dmx } from "@interactor/agent/modules/dmx/manifest.ts";
import { settings as dmxSettings } from "@interactor/agent/modules/dmx/settings.ts";
import { manifest as firmata } from "@interactor/agent/modules/firmata/manifest.ts";
import { settings as firmataSettings } from "@interactor/agent/modules/firmata/settings.ts";
import { manifest as gpio } from "@interactor/agent/modules/gpio/manifest.ts";
import { settings as gpioSettings } from "@interactor/agent/modules/gpio/settings.ts";
import { manifest as host } from "@interactor/agent/modules/host/manifest.ts";
import { settings as hostSettings } from "@interactor/agent/modules/host/settings.ts";
import { manifest as i2c } from "@interactor/agent/modules/i2c/manifest.ts";
import { settings as i2cSettings } from "@interactor/agent/modules/i2c/settings.ts";
import { manifest as midi } from "@interactor/agent/modules/midi/manifest.ts";
import { settings as midiSettings } from "@interactor/agent/modules/midi/settings.ts";
import { manifest as osc } from "@interactor/agent/modules/osc/manifest.ts";
import { settings as oscSettings } from "@interactor/agent/modules/osc/settings.ts";
import { manifest as serial } from "@interactor/agent/modules/serial/manifest.ts";
import { settings as serialSettings } from "@interactor/agent/modules/serial/settings.ts";
import { manifest as simulated } from "@interactor/agent/modules/simulated/manifest.ts";
import { settings as simulatedSettings } from "@interactor/agent/modules/simulated/settings.ts";
import { manifest as statechart } from "@interactor/agent/modules/statechart/manifest.ts";
import { settings as statechartSettings } from "@interactor/agent/modules/statechart/settings.ts";
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { siteJsonSchema } from "@interactor/shared/site/site-json-schema";

// Whoever has a site before them has none of the modules' code: their declarations are written down, for the hub and
// for editors. UPDATE=1 writes both files anew; oxfmt sets them.

const folder = join(import.meta.dirname, "..", "..", "shared", "src", "site");
const declared = [
  { manifest: dmx, settings: dmxSettings },
  { manifest: firmata, settings: firmataSettings },
  { manifest: gpio, settings: gpioSettings },
  { manifest: host, settings: hostSettings },
  { manifest: i2c, settings: i2cSettings },
  { manifest: midi, settings: midiSettings },
  { manifest: osc, settings: oscSettings },
  { manifest: serial, settings: serialSettings },
  { manifest: simulated, settings: simulatedSettings },
  { manifest: statechart, settings: statechartSettings },
].map(({ manifest, settings }) => ({
  manifest,
  settings: z.toJSONSchema(settings, { io: "input", unrepresentable: "any" }),
}));

function held(file: string, content: unknown): unknown {
  const path = join(folder, file);
  if (process.env["UPDATE"] === "1") writeFileSync(path, `${JSON.stringify(content, undefined, 2)}\n`);
  return JSON.parse(readFileSync(path, "utf8"));
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test("what is written down of the built-in modules is what they declare", () => {
  expect(held("built-in-modules.json", declared)).toEqual(plain(declared));
});

test("the schema for editors is what a site file is read by", () => {
  const schema = siteJsonSchema(builtInModules);

  expect(held("site-file.schema.json", schema)).toEqual(plain(schema));
});
