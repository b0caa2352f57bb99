import { defineManifest } from "@interactor/shared/sdk/define-module";

export const manifest = defineManifest({
  apiVersion: 1,
  id: "bridge",
  version: "0.1.0",
  title: "Sensors and actuators on a microcontroller with our bridge firmware",
  worker: "shared",
  inputs: {},
  inputsFrom: "/inputs",
  inputsLike: { type: "bool", actuator: true },
  outputs: {
    "samples-lost": { type: "int", unit: "1", min: 0, label: "Samples that did not arrive" },
  },
  outputsFrom: "/outputs",
  outputsLike: { type: "float", level: true },
  permissions: [
    { kind: "serial", from: "/path" },
    { kind: "serial", from: "/usb" },
  ],
});
