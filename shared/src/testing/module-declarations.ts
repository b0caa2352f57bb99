/** Modules for tests, beside the built-in ones: with pins, a bus, an actuator that declares nothing, and needs of their own. */
import type { Manifest } from "../bundle/manifest.ts";
import type { ModuleDeclaration } from "../site/catalogue.ts";

const manifestOf = (given: Partial<Manifest> & Pick<Manifest, "id">): Manifest => ({
  apiVersion: 1,
  version: "1.0.0",
  title: given.id,
  worker: "shared",
  inputs: {},
  outputs: {},
  ...given,
});

const settingsOf = (properties: Readonly<Record<string, unknown>>) => ({
  type: "object",
  properties,
  additionalProperties: false,
});

export const testModules: readonly ModuleDeclaration[] = [
  {
    manifest: manifestOf({
      id: "pins",
      inputs: {},
      outputs: { level: { type: "bool" } },
      permissions: [{ kind: "pin", from: "/pin" }],
    }),
    settings: settingsOf({ pin: { type: "integer", minimum: 0, maximum: 27 } }),
  },
  {
    manifest: manifestOf({
      id: "sensor",
      outputs: { lux: { type: "float", unit: "lx" } },
      permissions: [{ kind: "bus", from: "/address" }],
    }),
    settings: settingsOf({ address: { type: "string" } }),
  },
  {
    manifest: manifestOf({ id: "lamp", inputs: { lit: { type: "bool", actuator: true } } }),
    settings: settingsOf({}),
  },
  {
    manifest: manifestOf({
      id: "weather",
      outputs: { outside: { type: "float", unit: "Cel" } },
      permissions: [{ kind: "host", names: ["api.weather.example"] }],
    }),
    settings: settingsOf({ key: { type: "string" } }),
  },
];
