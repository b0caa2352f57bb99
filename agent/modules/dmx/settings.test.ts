import { inputSpec } from "@interactor/shared/sdk/define-module";
import { describe, expect, test } from "vitest";
import { manifest } from "./manifest.ts";
import { settings } from "./settings.ts";

/** The problems of these settings, as `path: message`. */
function problems(given: unknown): string[] {
  const parsed = settings.safeParse(given);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

const valid = { universe: 1, sacn: {} };

describe("settings", () => {
  test("need no more than a universe and one protocol", () => {
    expect(settings.parse(valid)).toMatchObject({
      universe: 1,
      sacn: { to: "multicast", port: 5568, priority: 100 },
      dimmers: {},
      priorities: { channels: 201, dimmers: 100 },
      latest: new Set(),
      stored: { scenes: {}, cueLists: {}, failsafe: { hold: 0, fade: 0 } },
    });
  });

  test("leave out a protocol that is not enabled", () => {
    const parsed = settings.parse({ ...valid, artnet: { enabled: false, to: ["10.0.0.2"] } });

    expect(parsed.artnet).toBeUndefined();
  });

  test.each([
    [{ to: ["10.0.0.2"] }, 0],
    [{ to: ["10.0.0.2"], portAddress: 77 }, 77],
    [{ to: ["10.0.0.2"], net: 1, subnet: 2, universe: 3 }, 0x123],
    [{ to: ["10.0.0.2"], universe: 3 }, 3],
  ])("turn %j into a port address", (artnet, portAddress) => {
    expect(settings.parse({ universe: 1, artnet }).artnet?.portAddress).toBe(portAddress);
  });

  test.each([
    ["no protocol", { universe: 1 }, ": sacn, artnet, usb or openDmx is needed: there is nowhere to send to"],
    [
      "both disabled",
      { universe: 1, sacn: { enabled: false } },
      ": sacn, artnet, usb or openDmx is needed: there is nowhere to send to",
    ],
    ["no universe", { sacn: {} }, "universe: must be a whole number from 1 to 63999"],
    ["universe 0", { universe: 0, sacn: {} }, "universe: must be a whole number from 1 to 63999"],
    ["universe 64000", { universe: 64_000, sacn: {} }, "universe: must be a whole number from 1 to 63999"],
    [
      "a misspelt key",
      { ...valid, univers: 2 },
      ": unknown setting univers; there are universe, sacn, artnet, usb, openDmx, receive, dimmers, placed, fixtures, ltpChannels, steppedChannels, scenes, cueLists, failsafe, remember, priorities",
    ],
    [
      "a misspelt key further in",
      { universe: 1, sacn: { prio: 1 } },
      "sacn: unknown setting prio; there are enabled, to, port, interface, priority, slotPriorities, synchronization, sourceName",
    ],
    [
      "a priority past 200",
      { universe: 1, sacn: { priority: 201 } },
      "sacn.priority: must be a whole number from 0 to 200",
    ],
    [
      "a host name",
      { universe: 1, sacn: { to: ["node.local"] } },
      "sacn.to.0: must be an IPv4 address, such as 192.168.1.20",
    ],
    [
      "a group as an address",
      { universe: 1, sacn: { to: ["239.255.0.1"] } },
      "sacn.to.0: must be an IPv4 address, such as 192.168.1.20",
    ],
    ["no address", { universe: 1, sacn: { to: [] } }, "sacn.to: must name at least one address"],
    [
      "an address twice",
      { universe: 1, artnet: { to: ["10.0.0.2", "10.0.0.2"] } },
      "artnet.to: an address stands twice",
    ],
    [
      "another word than multicast",
      { universe: 1, sacn: { to: "all" } },
      'sacn.to: must be "multicast" or a list of IPv4 addresses',
    ],
    [
      "Art-Net to a word that is none",
      { universe: 1, artnet: { to: "all" } },
      'artnet.to: must be "subscribers" or a list of IPv4 addresses',
    ],
    [
      "an interface by its name",
      { universe: 1, sacn: { interface: "eth0" } },
      "sacn.interface: must be an IPv4 address of this node, such as 192.168.1.5",
    ],
    [
      "a long source name",
      { universe: 1, sacn: { sourceName: "ü".repeat(32) } },
      "sacn.sourceName: must be 1 to 63 bytes of text",
    ],
    [
      "two port addresses",
      { universe: 1, artnet: { to: ["10.0.0.2"], portAddress: 1, universe: 1 } },
      "artnet: give portAddress, or net, subnet and universe, not both",
    ],
    [
      "a net alone",
      { universe: 1, artnet: { to: ["10.0.0.2"], net: 1 } },
      "artnet.universe: net and subnet need universe, 0 to 15, beside them",
    ],
    [
      "a universe that Art-Net has not",
      { universe: 40_000, artnet: { to: ["10.0.0.2"] } },
      "artnet.portAddress: is needed: universe 40000 has no port address of its own in Art-Net, which ends at 32767",
    ],
    [
      "channel 0",
      { ...valid, dimmers: { wash: { channel: 0 } } },
      "dimmers.wash.channel: must be a whole number from 1 to 512",
    ],
    [
      "a dimmer that is a raw channel",
      { ...valid, dimmers: { ch7: { channel: 1 } } },
      'dimmers.ch7: the name "ch7" is taken by a port of every dmx instance',
    ],
    [
      "a dimmer that is an output",
      { ...valid, dimmers: { frames: { channel: 1 } } },
      'dimmers.frames: the name "frames" is taken by a port of every dmx instance',
    ],
    [
      "an address to ask at that is none",
      { universe: 1, artnet: { poll: ["router"] } },
      "artnet.poll.0: must be an IPv4 address, such as 10.0.1.255",
    ],
    [
      "a priority of no channel",
      { universe: 1, sacn: { slotPriorities: { "0-3": 100 } } },
      "sacn.slotPriorities.0-3: 0-3 is no range of channels from 1 to 512",
    ],
    [
      "a widget without a path",
      { universe: 1, usb: { path: "ttyUSB0" } },
      "usb.path: must be a path such as /dev/ttyUSB0",
    ],
    ["a list of dimmers", { ...valid, dimmers: [] }, "dimmers: must be a map of name: {channel: …}"],
    [
      "nothing",
      undefined,
      ": must be a map of universe, sacn, artnet, usb, openDmx, receive, dimmers, placed, fixtures, ltpChannels, steppedChannels, scenes, cueLists, failsafe, remember, priorities",
    ],
  ])("with %s are refused in words that help", (_, given, problem) => {
    expect(problems(given)).toContain(problem);
  });

  test("report every problem at once", () => {
    expect(
      problems({ universe: 0, sacn: { priority: -1 }, dimmers: { wash: { channel: 513 } } }),
    ).toHaveLength(3);
  });
});

test("what fades has a unit, is an intensity or says so: other whole numbers jump, and the channels that are named", () => {
  const number = { min: 0, max: 255, raw: [0, 255] };
  const parsed = settings.parse({
    ...valid,
    placed: {
      "head-pan": { type: "float", unit: "deg", min: 0, max: 540, slots: [1, 2], raw: [0, 65_535] },
      "head-shutter": { ...number, type: "int", slots: [3] },
      "head-gobo": { ...number, type: "int", slots: [5, 4] },
      "head-rgb": { type: "text", colour: "rgb", slots: [[6], [7], [8]] },
      "fan-speed": { ...number, type: "int", unit: "rpm", slots: [9] },
      "head-zoom": { ...number, type: "int", stepped: false, slots: [10] },
      "head-reset": { ...number, type: "float", unit: "1", stepped: true, slots: [11] },
      lamp: { ...number, type: "int", intensity: true, slots: [12] },
    },
    steppedChannels: [20, "30-31"],
    ltpChannels: [20],
  });

  expect([...parsed.stepped].toSorted((a, b) => a - b)).toEqual([2, 3, 4, 10, 19, 29, 30]);
  expect(parsed.latest.has(29)).toBe(false);
  expect(problems({ ...valid, steppedChannels: ["9-8"] })).toContain(
    "steppedChannels.0: 9-8 is no range of channels from 1 to 512",
  );
});

describe("the inputs of an instance", () => {
  test("are 512 raw channels and one for each dimmer, which its settings declare", () => {
    const parsed = settings.parse({ ...valid, dimmers: { wash: { channel: 10, label: "Wash" } } });

    expect(manifest.inputs.ch).toMatchObject({
      type: "int",
      min: 0,
      max: 255,
      count: 512,
      actuator: true,
      stop: 0,
    });
    expect(manifest.inputsFrom).toContain("/dimmers");
    expect(inputSpec.parse(parsed.dimmers["wash"])).toEqual({
      type: "float",
      unit: "1",
      min: 0,
      max: 1,
      actuator: true,
      stop: 0,
      label: "Wash",
    });
  });
});

test.each([
  [
    { path: "/dev/ttyACM0", flash: "mega2560" },
    "usb.flash: only a board that is named by its serial number (serial) is flashed: a path may be another board tomorrow",
  ],
  [{ serial: "75834353930351F0D1E2", flash: "uno" }, "usb.flash: the kind of board: mega2560"],
  [
    { serial: "75834353930351F0D1E2", flash: "mega2560", mute: true },
    "usb.mute: cannot be beside flash: our firmware answers",
  ],
])("a widget as %j is refused in words that help", (usb, problem) => {
  expect(problems({ universe: 1, usb })).toContain(problem);
});
