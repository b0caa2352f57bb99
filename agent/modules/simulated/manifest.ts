import { defineManifest } from "@interactor/shared/sdk/define-module";

export const manifest = defineManifest({
  apiVersion: 1,
  id: "simulated",
  version: "0.1.0",
  title: "Simulated visitor: distance, motion, a button and a count",
  worker: "shared",
  inputs: {},
  outputs: {
    distance: { type: "float", unit: "m", min: 0, label: "Distance" },
    motion: { type: "bool", label: "Motion" },
    button: { type: "bool", deliver: "every", label: "Button" },
    visitors: { type: "int", min: 0, deliver: "durable", label: "Visitors so far" },
  },
});
