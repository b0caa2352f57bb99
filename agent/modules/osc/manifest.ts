import { defineManifest } from "@interactor/shared/sdk/define-module";

export const manifest = defineManifest({
  apiVersion: 1,
  id: "osc",
  version: "0.1.0",
  title: "Open Sound Control over UDP, both ways",
  worker: "shared",
  alone: true,
  inputs: {},
  inputsFrom: "/inputs",
  outputs: {
    received: { type: "int", unit: "1", min: 0, label: "Messages received" },
    rejected: { type: "int", unit: "1", min: 0, label: "Packets and values that could not be read" },
    unsent: { type: "int", unit: "1", min: 0, label: "Values that could not be sent" },
  },
  outputsFrom: "/outputs",
  permissions: [
    { kind: "host", from: "/send/to" },
    { kind: "host", from: "/listen/group" },
  ],
});
