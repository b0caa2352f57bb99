import { defineManifest } from "@interactor/shared/sdk/define-module";
import { channelInput, levelMax, slotCount } from "./engine/slots.ts";

export const manifest = defineManifest({
  apiVersion: 1,
  id: "dmx",
  version: "0.1.0",
  title: "DMX universe: sACN, Art-Net and USB",
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
    // What works on all that shows is no actuator and has no failsafe of its own: those who drive the channels have.
    "grand-master": { type: "float", unit: "1", min: 0, max: 1, released: 1, label: "Grand master" },
    blackout: { type: "bool", released: false, label: "Blackout: intensity to 0" },
    "cue-go": { type: "text", once: true, label: "GO: a cue list, or list/cue by name or number" },
    "cue-back": { type: "text", once: true, label: "One cue back in a cue list" },
    "cue-pause": { type: "text", once: true, label: "A cue list stands still; empty: all" },
    "cue-resume": { type: "text", once: true, label: "A paused cue list goes on; empty: all" },
    "cue-release": { type: "text", once: true, label: "Let a cue list go; empty: all" },
    scene: { type: "text", label: "Fade to a scene; empty: let it go" },
  },
  inputsFrom: ["/dimmers", "/placed"],
  fixturesInto: "placed",
  inputsLike: { type: "float", unit: "1", min: 0, max: 1, actuator: true, stop: 0 },
  permissions: [
    // Receivers obey the source with the highest priority: two with different ones are a primary and its backup.
    { kind: "universe", from: "/universe", within: "/sacn/to", rank: "/sacn/priority" },
    {
      kind: "universe",
      over: "Art-Net",
      from: "/universe",
      within: "/artnet/to",
      // Port addresses count from 0: what is universe 1 elsewhere is port address 0.
      rather: [
        { from: "/artnet/universe", plus: 1, parts: { "/artnet/subnet": 16, "/artnet/net": 256 } },
        { from: "/artnet/portAddress", plus: 1 },
      ],
    },
    { kind: "host", from: "/sacn/to" },
    { kind: "host", from: "/artnet/to" },
    { kind: "serial", from: "/usb/path" },
    { kind: "serial", from: "/usb/serial" },
    { kind: "serial", from: "/openDmx/path" },
    { kind: "serial", from: "/openDmx/serial" },
    { kind: "serial", from: "/receive/usb/path" },
    { kind: "serial", from: "/receive/usb/serial" },
    { kind: "file", from: "/remember" },
    { kind: "file", from: "/cueLists/*/csv" },
  ],
  outputs: {
    universe: { type: "bytes", label: "Universe as sent" },
    monitor: { type: "record", label: "What was sent, and the source of each slot" },
    ways: { type: "record", label: "Ways out and in: whom they reach, and what is wrong" },
    cue: { type: "text", label: "The cue that is on, as list/cue" },
    "cue-paused": { type: "text", label: "Cues that stand still, as list/cue" },
    "cue-lists": { type: "record", label: "Cue lists: what is on, and what GO and back play" },
    "cue-refused": { type: "text", label: "The cue that could not be played last; empty: none" },
    frames: { type: "int", label: "Frames sent" },
    latency: { type: "float", unit: "ms", label: "Reading to frame, worst" },
    errors: { type: "int", label: "Failed sends" },
    received: { type: "bytes", label: "Universe as received" },
    desks: { type: "int", min: 0, label: "Sources that are received" },
    "desk-list": { type: "record", label: "Sources that are received, with address and priority" },
    patch: { type: "record", label: "The channels of each dimmer and fixture input" },
  },
  outputsFrom: "/receive/channels",
  outputsLike: { type: "float", unit: "1", min: 0, max: 1 },
});
