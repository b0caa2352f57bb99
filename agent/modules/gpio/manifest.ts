import { defineManifest } from "@interactor/shared/sdk/define-module";

export const manifest = defineManifest({
  apiVersion: 1,
  id: "gpio",
  version: "0.1.0",
  title: "Pins of the header: buttons, contacts, relays, lamps",
  // A wait for edges cannot be broken off, and nobody else shall stop the later for it.
  worker: "own",
  inputs: {},
  inputsFrom: "/inputs",
  inputsLike: { type: "bool", actuator: true },
  outputs: {
    "edges-lost": { type: "int", unit: "1", min: 0, label: "Edges that came too fast to be read" },
  },
  outputsFrom: "/outputs",
  outputsLike: { type: "bool", level: true },
  permissions: [
    { kind: "pin", from: "/outputs/*/pin" },
    { kind: "pin", from: "/inputs/*/pin" },
    { kind: "pin", from: "/inputs/*/pwm" },
  ],
});
