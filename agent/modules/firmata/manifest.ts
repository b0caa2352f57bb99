import { defineManifest } from "@interactor/shared/sdk/define-module";

export const manifest = defineManifest({
  apiVersion: 1,
  id: "firmata",
  version: "0.1.0",
  title: "An Arduino with Firmata, and what hangs on its pins",
  // The board has a process of its own; what is left here is light.
  worker: "shared",
  inputs: {},
  inputsFrom: "/inputs",
  inputsLike: { actuator: true },
  outputs: {
    rejected: { type: "int", unit: "1", min: 0, label: "Values that were too many, or none" },
  },
  outputsFrom: "/outputs",
  outputsLike: { level: true },
  permissions: [
    { kind: "serial", from: "/path" },
    { kind: "serial", from: "/usb" },
  ],
});
