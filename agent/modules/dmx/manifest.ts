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
  inputsLike: { type: "float", unit: "1", min: 0, max: 1, actuator: true, stop: 0 },
  permissions: [
    // Receivers obey the source with the highest priority: two with different ones are a primary and its backup.
    { kind: "universe", from: "/universe", within: "/sacn/to", rank: "/sacn/priority" },
    { kind: "host", from: "/sacn/to" },
    { kind: "host", from: "/artnet/to" },
  ],
  outputs: {
    universe: { type: "bytes", label: "Universe as sent" },
    frames: { type: "int", label: "Frames sent" },
    latency: { type: "float", unit: "ms", label: "Reading to frame, worst" },
    errors: { type: "int", label: "Failed sends" },
  },
});
