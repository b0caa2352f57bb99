import { defineManifest } from "@interactor/shared/sdk/define-module";

export const manifest = defineManifest({
  apiVersion: 1,
  id: "midi",
  version: "0.1.0",
  title: "MIDI, both ways: keys, knobs, faders",
  // Native code that may wait for the sound system.
  worker: "own",
  alone: true,
  inputs: {},
  inputsFrom: "/inputs",
  inputsLike: { type: "float" },
  outputs: {
    rejected: { type: "int", unit: "1", min: 0, label: "Messages that nobody takes, or too many" },
  },
  outputsFrom: "/outputs",
  outputsLike: { type: "float" },
});
