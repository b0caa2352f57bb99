import { defineManifest } from "@interactor/shared/sdk/define-module";
import { channelInput, levelMax, slotCount } from "./universe.ts";

export const manifest = defineManifest({
  apiVersion: 1,
  id: "dmx",
  version: "0.1.0",
  title: "DMX universe over sACN and Art-Net",
  // Frames must go out on time whatever other modules are busy with.
  worker: "own",
  inputs: {
    [channelInput]: {
      type: "int",
      min: 0,
      max: levelMax,
      count: slotCount,
      actuator: true,
      stop: 0,
      label: "Raw channel",
    },
  },
  inputsFrom: "/dimmers",
  outputs: {
    universe: { type: "bytes", label: "Universe as sent" },
    frames: { type: "int", label: "Frames sent" },
    latency: { type: "float", unit: "ms", label: "Reading to frame, worst" },
    errors: { type: "int", label: "Failed sends" },
  },
});
