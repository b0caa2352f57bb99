/** What could drive a thing that is plugged in, with the lines for a site file. Pure. */
import type { PluggedIn, SerialDevice } from "@interactor/shared/wire/plugged-in";

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

export function suggestionsFor({ serial, gpio, i2c, midi }: PluggedIn): readonly Suggestion[] {
  return [
    ...serial.map((device) => forSerial(withOwnNumber(device, serial))),
    ...(gpio.length === 0 ? [] : [header(gpio)]),
    ...i2c.map(forBus),
    ...midi.map(forMidi),
  ];
}

/** As makers write them into all that they sell: CP210x of Silicon Labs have 0001. */
const sharedNumbers = /^(?:0+1?|1?2345678?9?|0?123456789(?:ABCDEF)?)$/iu;

/** What `lines` of a site file name it by. */
interface Named extends SerialDevice {
  /** Why its serial number does not name it. `undefined`: it does, or it has none. */
  readonly shared: string | undefined;
}

/** A serial number names a device only when no other has it. */
function withOwnNumber(device: SerialDevice, all: readonly SerialDevice[]): Named {
  const number = device.usb?.serial ?? "";
  const others = all.filter((each) => each.path !== device.path && each.usb?.serial === number);
  const isOther = others.some(({ usb, link }) => makeOf({ usb, link }) !== makeOf(device));
  if (number === "" || (!isOther && !sharedNumbers.test(number))) return { ...device, shared: undefined };
  const who = isOther ? "another device that is plugged in has" : "many devices have";
  return { ...device, shared: `named by its path, because ${who} the serial number ${number} too` };
}

const makeOf = ({ usb, link }: Pick<SerialDevice, "usb" | "link">): string =>
  link?.replace(/-if[\da-f]{2}(?:-port\d+)?$/u, "") ?? `${usb?.vendor}:${usb?.product}`;

function forSerial(device: Named): Suggestion {
  const { path, link, usb, shared } = device;
  const best = link ?? path;
  const named = [usb?.manufacturer, usb?.name].filter((text) => text !== undefined && text !== "").join(" ");
  const id = usb === undefined ? "serial line of this computer" : `USB ${usb.vendor}:${usb.product}`;
  const kinds = kindsOf(device);
  return {
    what: named === "" ? id : `${named} (${id})`,
    path: best,
    serial: usb?.serial ?? "",
    drivers: kinds.map((kind) => {
      const driver = driverOf[kind](best, device);
      return shared === undefined ? driver : { ...driver, why: `${driver.why}; ${shared}` };
    }),
  };
}

type Kind = "dmx" | "openDmx" | "bridge" | "firmata" | "serial";

/** FTDI, which is in most DMX interfaces, and whom Enttec's are made by. */
const ftdi = "0403";
/** Arduino, Arduino's second company. */
const arduinos = ["2341", "2a03"];
/** Their boards that a bridge runs on, by the chip beside the one for USB. */
const unos = ["0001", "0043", "0243"];
const megas = ["0010", "0042", "0242"];
/** Teensy. */
const teensy = "16c0";
/** Raspberry Pi's own chip, on which no bridge runs. */
const pico = "2e8a";
/** Chips of cheap Unos and Nanos, and of much else. */
const bridgeVendors = ["1a86", "10c4"];

/** What a name says comes before what a chip says: the same chip is in a lamp's interface and in a scale. */
function kindsOf({ usb }: SerialDevice): readonly Kind[] {
  if (usb === undefined) return ["serial"];
  const { vendor, product } = usb;
  const words = `${usb.manufacturer} ${usb.name}`;
  if (/open[ _-]?dmx/iu.test(words)) return ["openDmx"];
  if (/dmx|enttec/iu.test(words)) return ["dmx"];
  if (arduinos.includes(vendor)) {
    if (megas.includes(product)) return ["bridge", "firmata", "dmx", "serial"];
    return unos.includes(product) ? ["bridge", "firmata", "serial"] : ["firmata", "serial"];
  }
  if (vendor === teensy) return ["firmata", "serial"];
  // A widget with a processor says so in its name.
  if (vendor === ftdi) return ["serial", "openDmx", "bridge", "firmata"];
  if (vendor === pico) return ["serial", "firmata"];
  return bridgeVendors.includes(vendor) ? ["serial", "bridge", "firmata"] : ["serial"];
}

const driverOf: Readonly<Record<Kind, (path: string, device: Named) => Driver>> = {
  dmx: (path, device) => ({
    module: "dmx",
    why: "a widget that speaks as an Enttec DMX USB Pro does, or a Mega with our firmware dmx-pro",
    line: `stage: { module: dmx, settings: { universe: 1, usb: { ${lineOf(path, device, "serial")} } }, failsafe: hold 5s -> fade 3s -> 0 }`,
  }),
  openDmx: (path, device) => ({
    module: "dmx",
    why: "an adapter without a processor, such as Open DMX USB: best effort",
    line: `stage: { module: dmx, settings: { universe: 1, openDmx: { ${lineOf(path, device, "serial")} } }, failsafe: hold 5s -> fade 3s -> 0 }`,
  }),
  bridge: (path, device) => ({
    module: "bridge",
    why: "an Uno, Nano or Mega with our firmware bridge",
    line: `board: { module: bridge, settings: { ${lineOf(path, device, "usb")}, outputs: { dial: { pin: A0 } } } }`,
  }),
  firmata: (path, device) => ({
    module: "firmata",
    why: "a board that runs Firmata",
    line: `board: { module: firmata, settings: { ${lineOf(path, device, "usb")}, outputs: { dial: { device: sensor, pin: A0 } } } }`,
  }),
  serial: (path, device) => ({
    module: "serial",
    why: "a device that speaks in lines of text",
    line: `line: { module: serial, settings: { ${lineOf(path, device, "usb")}, format: csv, outputs: { value: { type: float, column: 1 } } } }`,
  }),
};

/** By its serial number where the agent can find it by that: it looks into the names of udev's links. */
function lineOf(path: string, { link, usb, shared }: Named, key: "usb" | "serial"): string {
  const serial = usb?.serial ?? "";
  const isFindable =
    shared === undefined && /^[\w.:-]{4,64}$/u.test(serial) && link?.includes(`_${serial}-`) === true;
  // In quotes: one of digits alone would be a number.
  return isFindable ? `${key}: "${serial}"` : `path: ${path}`;
}

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
