import { defineManifest } from "@interactor/shared/sdk/define-module";

export const manifest = defineManifest({
  apiVersion: 1,
  id: "serial",
  version: "0.1.0",
  title: "Serial line that speaks in lines of text",
  worker: "shared",
  inputs: {
    line: { type: "text", label: "Line to send" },
  },
  outputs: {
    lines: { type: "int", unit: "1", min: 0, label: "Lines received" },
    rejected: { type: "int", unit: "1", min: 0, label: "Lines and values that could not be read" },
  },
  outputsFrom: "/outputs",
  permissions: [
    { kind: "serial", from: "/path" },
    { kind: "serial", from: "/usb" },
  ],
});
