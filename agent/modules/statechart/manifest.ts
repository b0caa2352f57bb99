import { defineManifest } from "@interactor/shared/sdk/define-module";

export const manifest = defineManifest({
  apiVersion: 1,
  id: "statechart",
  version: "0.1.0",
  title: "States with transitions: behaviour that routes cannot say",
  worker: "shared",
  inputs: {},
  outputs: {
    state: { type: "text", label: "State" },
    failures: { type: "int", min: 0, label: "Expressions that failed" },
  },
  inputsFrom: "/inputs",
  outputsFrom: "/outputs",
});
