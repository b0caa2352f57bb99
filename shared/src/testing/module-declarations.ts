/** Modules for tests, some of others and of several versions, beside the built-in ones: with pins, a bus, an actuator that declares nothing, and needs of their own. */
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
  ...[
    // Versions that require each other's.
    manifestOf({ id: "tempo", version: "1.4.0" }),
    manifestOf({ id: "tempo", version: "2.1.0" }),
    manifestOf({ id: "visuals", version: "1.0.0", requires: { tempo: "^1.0" } }),
    manifestOf({ id: "visuals", version: "2.0.0", requires: { tempo: "^2.0" } }),
    manifestOf({ id: "vumeter", requires: { tempo: "^1.2" } }),
    manifestOf({ id: "wave", requires: { "wave-table": "^1", tide: "*" } }),
    // In a circle.
    manifestOf({ id: "tick", requires: { tock: "*" } }),
    manifestOf({ id: "tock", requires: { toll: "*" } }),
    manifestOf({ id: "toll", requires: { tick: "*" } }),
    // For an Interactor that is not there yet.
    manifestOf({ id: "theremin", version: "3.0.0", engines: { interactor: "^9.0" } }),
    manifestOf({ id: "theremin", version: "2.0.0", engines: { interactor: "^0.1" } }),
    manifestOf({ id: "zither", engines: { interactor: ">=9" } }),
  ].map((manifest) => ({ manifest, settings: settingsOf({}) })),
  {
    manifest: manifestOf({
      id: "tide",
      permissions: [
        { kind: "host", from: "/host" },
        { kind: "file", names: ["/etc/tide.csv"] },
      ],
      limits: { memoryMb: 256, handlerMs: 20_000, handles: 64 },
    }),
    settings: settingsOf({ host: { type: "string", default: "tides.example:443" } }),
    bundle: { digest: "d".repeat(64), bytes: 7 },
  },
];
