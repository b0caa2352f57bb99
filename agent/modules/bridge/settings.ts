/** The settings of an instance: a board, and which of its pins is what. */
import { deliveries } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import { boards } from "../../flashing/boards.ts";
import { flashProblems, flashSettings } from "../../flashing/settings.ts";
import { oneOfThese, serialNumber } from "../../serial-line/serial-number.ts";
import {
  guardMillisLeast,
  guardMillisMost,
  periodMillisLeast,
  periodMillisMost,
  portsMax,
} from "./limits.ts";

const pin = z
  .string()
  .check(z.regex(/^[AD]\d{1,2}$/u, "a pin as it is written on the board, such as A0 or D13"));
const label = z.optional(z.string().check(z.maxLength(100)));
const period = z.int().check(z.gte(periodMillisLeast), z.lte(periodMillisMost));
const common = {
  pin,
  label,
  deliver: z._default(z.enum(deliveries), "latest"),
  urgent: z.optional(z.boolean()),
};

const measured = z.strictObject({
  ...common,
  type: z._default(z.literal("float"), "float"),
  unit: z.optional(z.string().check(z.maxLength(40))),
  /** What 0 V and the board's supply stand for. */
  min: z._default(z.number(), 0),
  max: z._default(z.number(), 1),
  every: z._default(period, 20),
});

const contact = z.strictObject({
  ...common,
  /** No press is replaced by its release, or by how it is a second later. */
  deliver: z._default(z.enum(deliveries), "every"),
  type: z.literal("bool"),
  /** A contact to ground is closed when its pin is low. */
  activeLow: z._default(z.boolean(), true),
  debounce: z._default(period, 20),
});

const safe = <Level extends z.ZodMiniType>(level: Level) => z.optional(z.union([level, z.literal("hold")]));

const switched = z.strictObject({
  type: z._default(z.literal("bool"), "bool"),
  pin,
  label,
  /** It is on when its pin is low, as many boards with relays are. */
  activeLow: z._default(z.boolean(), false),
  /** Where it goes on a show stop, and what it has until somebody drives it. */
  stop: z._default(z.boolean(), false),
  /** Where the board takes it by itself when this node is silent. Default: `stop`. */
  safe: safe(z.boolean()),
});

const level = z.number().check(z.gte(0), z.lte(1));
const dimmed = z.strictObject({
  type: z.literal("float"),
  pin,
  label,
  min: z._default(z.literal(0), 0),
  max: z._default(z.literal(1), 1),
  stop: z._default(level, 0),
  safe: safe(level),
});

const pulse = z.int().check(z.gte(500), z.lte(2500));
const turned = z.strictObject({
  type: z.literal("float"),
  pin,
  label,
  unit: z._default(z.literal("deg"), "deg"),
  min: z.number(),
  max: z.number(),
  /** The pulse at `min` and at `max`, in microseconds. */
  pulses: z.tuple([pulse, pulse]),
  stop: z.number(),
  /** A servo without pulses lets go. */
  safe: z.optional(z.union([z.number(), z.literal("hold"), z.literal("free")])),
});

const mapOf = <Port extends z.ZodMiniType>(port: Port) =>
  z._default(
    z
      .record(z.string(), port)
      .check(z.refine((ports) => Object.keys(ports).length <= portsMax, `at most ${portsMax}`)),
    {},
  );

const written = z
  .strictObject({
    /** The serial number of its USB adapter: the board, whichever socket it is in. */
    usb: z.optional(serialNumber),
    path: z.optional(
      z.string().check(z.startsWith("/dev/", "a path such as /dev/ttyACM0"), z.maxLength(200)),
    ),
    /** How long this node may be silent until the board makes itself safe. */
    guard: z._default(z.int().check(z.gte(guardMillisLeast), z.lte(guardMillisMost)), 1000),
    ...flashSettings(boards),
    outputs: mapOf(z.union([contact, measured], "an output is { pin: A0 }, or { type: bool, pin: D7 }")),
    inputs: mapOf(
      z.union(
        [switched, dimmed, turned],
        "an input is { pin: D13 }, { type: float, pin: D3 }, or a servo with min, max, pulses and stop",
      ),
    ),
  })
  .check(oneOfThese("usb", "path"), ({ value, issues }) => {
    if ((value.usb === undefined) === (value.path === undefined)) {
      issues.push({ code: "custom", message: "usb or path is needed, and not both", path: [], input: value });
    }
    for (const { path, message } of flashProblems(value, { number: value.usb, key: "usb" }))
      issues.push({ code: "custom", message, path: [...path], input: value });
    const owners = new Map<string, string>();
    for (const map of ["outputs", "inputs"] as const) {
      for (const [name, port] of Object.entries(value[map])) {
        const other = owners.get(port.pin);
        owners.set(port.pin, name);
        if (other === undefined) continue;
        issues.push({
          code: "custom",
          message: `${port.pin} is already ${other}`,
          path: [map, name, "pin"],
          input: port.pin,
        });
      }
    }
    for (const [name, input] of Object.entries(value.inputs)) {
      if (!("pulses" in input)) continue;
      const isWithin = input.min < input.max && input.stop >= input.min && input.stop <= input.max;
      if (isWithin) continue;
      issues.push({
        code: "custom",
        message: "min, stop and max are in this order",
        path: ["inputs", name, "stop"],
        input,
      });
    }
  });

export const settings = written;
export type Settings = z.infer<typeof written>;
export type OutputSettings = z.infer<typeof measured> | z.infer<typeof contact>;
export type InputSettings = z.infer<typeof switched> | z.infer<typeof dimmed> | z.infer<typeof turned>;
