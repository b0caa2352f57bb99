/** What could drive a thing that is plugged in, with the lines for a site file. Pure. */
import type { PluggedIn, SerialDevice } from "./plugged-in.ts";

export interface Suggestion {
  /** What it is, as far as it says. */
  readonly what: string;
  readonly path: string;
  readonly serial: string;
  /** The likeliest first. */
  readonly drivers: readonly Driver[];
}

export interface Driver {
  readonly module: string;
  readonly why: string;
  /** One line of YAML, below `instances:` of a node. */
  readonly line: string;
}

export function suggestionsFor({ serial, gpioChips, i2cBuses, midi }: PluggedIn): readonly Suggestion[] {
  return [
    ...serial.map(forSerial),
    ...(gpioChips.length === 0 ? [] : [header(gpioChips)]),
    ...i2cBuses.map(forBus),
    ...midi.map(forMidi),
  ];
}

function forSerial(device: SerialDevice): Suggestion {
  const { path, byId, usb } = device;
  const best = byId ?? path;
  const named = [usb?.manufacturer, usb?.name].filter((text) => text !== undefined && text !== "").join(" ");
  const id = usb === undefined ? "serial line of this computer" : `USB ${usb.vendor}:${usb.product}`;
  const kinds = kindsOf(device);
  return {
    what: named === "" ? id : `${named} (${id})`,
    path: best,
    serial: usb?.serial ?? "",
    drivers: kinds.map((kind) => driverOf[kind](best)),
  };
}

type Kind = "dmx" | "firmata" | "serial";

/** FTDI, which is in most DMX interfaces, and whom Enttec's are made by. */
const ftdi = "0403";
/** Arduino, Arduino's second company, Teensy. */
const boardVendors = ["2341", "2a03", "16c0"];
/** Chips of cheap boards, and of much else. */
const bridgeVendors = ["1a86", "10c4", "2e8a"];

function kindsOf({ usb }: SerialDevice): readonly Kind[] {
  if (usb === undefined) return ["serial"];
  const isDmx = /dmx|enttec/iu.test(`${usb.manufacturer} ${usb.name}`);
  if (isDmx) return ["dmx"];
  if (boardVendors.includes(usb.vendor)) return ["firmata", "serial"];
  if (usb.vendor === ftdi) return ["serial", "dmx", "firmata"];
  return bridgeVendors.includes(usb.vendor) ? ["serial", "firmata"] : ["serial"];
}

const driverOf: Readonly<Record<Kind, (path: string) => Driver>> = {
  dmx: (path) => ({
    module: "dmx",
    why: "a widget that speaks as an Enttec DMX USB Pro does",
    line: `stage: { module: dmx, settings: { universe: 1, usb: { path: ${path} } }, failsafe: hold 5s -> fade 3s -> 0 }`,
  }),
  firmata: (path) => ({
    module: "firmata",
    why: "a board that runs Firmata",
    line: `board: { module: firmata, settings: { path: ${path}, outputs: { dial: { device: sensor, pin: A0 } } } }`,
  }),
  serial: (path) => ({
    module: "serial",
    why: "a device that speaks in lines of text",
    line: `line: { module: serial, settings: { path: ${path}, format: csv, outputs: { value: { type: float, column: 1 } } } }`,
  }),
};

const header = (chips: readonly string[]): Suggestion => ({
  what: "pins of the header",
  path: chips.join(", "),
  serial: "",
  drivers: [
    {
      module: "gpio",
      why: "buttons, contacts, relays",
      line: "header: { module: gpio, settings: { outputs: { button: { pin: 17 } } } }",
    },
  ],
});

function forBus(path: string): Suggestion {
  const bus = path.slice("/dev/i2c-".length);
  return {
    what: "I²C bus",
    path,
    serial: "",
    drivers: [
      {
        module: "i2c",
        why: `a sensor; i2cdetect -y ${bus} shows who answers`,
        line: `air: { module: i2c, settings: { chip: bme280, address: ${bus}/0x76 } }`,
      },
    ],
  };
}

const forMidi = (name: string): Suggestion => ({
  what: "MIDI",
  path: name,
  serial: "",
  drivers: [
    {
      module: "midi",
      why: "keys, knobs, faders",
      line: `keys: { module: midi, settings: { port: ${JSON.stringify(name)}, outputs: { fader: { controller: 7 } } } }`,
    },
  ],
});
