import { expect, test } from "vitest";
import { ok } from "@interactor/shared/kernel/result";
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { DeclaredModules } from "@interactor/shared/site/catalogue";
import { compileSite } from "@interactor/shared/site/compile-site";
import type { PluggedIn } from "@interactor/shared/wire/plugged-in";
import { suggestionsFor } from "./device-drivers.ts";
import { devicesInWords } from "./devices.ts";
import { painterFor } from "./output.ts";

const usb = { vendor: "0403", product: "6001", manufacturer: "FTDI", name: "FT232R", serial: "A1" };
const plugged = (more: Partial<PluggedIn>): PluggedIn => ({
  serial: [],
  gpio: [],
  i2c: [],
  midi: [],
  ...more,
});
const line = (more: object) => ({ path: "/dev/ttyUSB0", link: undefined, usb: { ...usb, ...more } });
const modulesFor = (more: object) =>
  suggestionsFor(plugged({ serial: [line(more)] })).flatMap(({ drivers }) =>
    drivers.map(({ module, line: text }) =>
      [module, ...(/\b(?:usb|openDmx)(?=: \{)/u.exec(text) ?? [])].join(" "),
    ),
  );

test.each([
  [{ vendor: "2341" }, ["firmata", "serial"]],
  [{ vendor: "2341", product: "0043" }, ["bridge", "firmata", "serial"]],
  [{ vendor: "2341", product: "0042" }, ["bridge", "firmata", "dmx usb", "serial"]],
  [{ vendor: "2e8a", product: "000a" }, ["serial", "firmata"]],
  [{ vendor: "1a86", product: "7523" }, ["serial", "bridge", "firmata"]],
  [{ manufacturer: "ENTTEC", name: "DMX USB PRO" }, ["dmx usb"]],
  [{ manufacturer: "ENTTEC", name: "Open DMX USB" }, ["dmx openDmx"]],
  [{}, ["serial", "dmx openDmx", "bridge", "firmata"]],
  [{ vendor: "067b" }, ["serial"]],
])("a line with %j may be driven by %j", (more, modules) => {
  expect(modulesFor(more)).toEqual(modules);
});

test("each line is one that a site file takes", () => {
  const all = suggestionsFor(
    plugged({
      serial: [
        line({}),
        line({ name: "DMX USB PRO" }),
        {
          ...line({ name: "DMX USB PRO", serial: "EN264168" }),
          link: "/dev/serial/by-id/usb-ENTTEC_DMX_USB_PRO_EN264168-if00-port0",
        },
        { ...line({ serial: "12345" }), link: "/dev/serial/by-id/usb-FTDI_12345-if00" },
      ],
      gpio: ["/dev/gpiochip0"],
      i2c: ["/dev/i2c-1"],
      midi: ['nano "K" #1: a'],
    }),
  );
  const drivers = all.flatMap(({ drivers: each }) => each);
  expect(new Set(drivers.map(({ module }) => module))).toEqual(
    new Set(["serial", "dmx", "bridge", "firmata", "gpio", "i2c", "midi"]),
  );

  for (const { line: text } of drivers) {
    const site = `nodes:\n  hall:\n    instances:\n      ${text}\n`;
    const compiled = compileSite(
      { root: "site.yaml", site: "demo", read: () => ok(site) },
      new DeclaredModules(builtInModules),
    );

    expect(compiled.ok ? "" : `${text}: ${JSON.stringify(compiled.error.problems)}`).toBe("");
  }
});

test.each([
  [
    "75834353930351F0D1E2",
    "/dev/serial/by-id/usb-Arduino_0043_75834353930351F0D1E2-if00",
    'usb: "75834353930351F0D1E2"',
  ],
  [
    "",
    "/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0",
    "path: /dev/serial/by-id/usb-1a86_USB_Serial-if00-port0",
  ],
  ["5", "/dev/serial/by-id/usb-x_5-if00", "path: /dev/serial/by-id/usb-x_5-if00"],
  ["7583", undefined, "path: /dev/ttyUSB0"],
])("a board with the serial number %j at %j is named by %j", (serial, link, words) => {
  const all = suggestionsFor(plugged({ serial: [{ ...line({ serial }), link }] })).flatMap(
    ({ drivers }) => drivers,
  );

  for (const name of ["bridge", "firmata", "serial"]) {
    expect(all.find(({ module }) => module === name)?.line).toContain(`{ ${words}, `);
  }
  const dmx = all.find(({ module }) => module === "dmx")?.line;
  expect(dmx).toContain(`openDmx: { ${words.replace(/^usb/u, "serial")} }`);
});

test("a serial number that others have too does not name a board, and it is said why", () => {
  const link = (name: string): string => `/dev/serial/by-id/usb-${name}-if00-port0`;
  const first = { ...line({ serial: "0001", vendor: "10c4" }), link: link("Silicon_Labs_CP2102_0001") };
  const second = { ...line({ serial: "A7701" }), path: "/dev/ttyUSB1", link: link("FTDI_A7701") };
  const third = {
    ...line({ serial: "A7701", vendor: "10c4" }),
    path: "/dev/ttyUSB2",
    link: link("Acme_A7701"),
  };
  const alone = suggestionsFor(plugged({ serial: [first, second] }));
  const beside = suggestionsFor(plugged({ serial: [second, third] }));

  expect(alone[0]?.drivers[0]?.line).toContain(`path: ${first.link}`);
  expect(alone[0]?.drivers[0]?.why).toContain("many devices have the serial number 0001 too");
  expect(alone[1]?.drivers[0]?.line).toContain('usb: "A7701"');
  for (const [index, { link }] of [second, third].entries()) {
    expect(beside[index]?.drivers[0]?.line).toContain(`path: ${link}`);
    expect(beside[index]?.drivers[0]?.why).toContain(
      "another device that is plugged in has the serial number A7701",
    );
  }
});

test("nothing is told as nothing", () => {
  expect(devicesInWords(suggestionsFor(plugged({})), painterFor({}, false, {}))).toBe(
    "nothing is plugged in that a module could drive\n",
  );
});

test("a name from a plug moves no cursor", () => {
  const words = devicesInWords(
    suggestionsFor(plugged({ serial: [line({ name: "evil\x1b[2J" })] })),
    painterFor({}, false, {}),
  );

  expect(words).not.toContain("\x1b");
});
