/** The settings of a board: its serial line, and what hangs on its pins. */
import { deliveries } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import { boards } from "../../flashing/boards.ts";
import { flashProblems, flashSettings } from "../../flashing/settings.ts";
import { oneOfThese, serialNumber } from "../../serial-line/serial-number.ts";
import { firmataQuestion } from "./firmware.ts";
import { freqMax, freqMin, portsMax, pulseWrittenLeast, pulseWrittenMost } from "./limits.ts";

const path = z.string().check(
  z.maxLength(255),
  z.refine((text) => text.startsWith("/") && !text.includes("\0"), "a path such as /dev/serial/by-id/…"),
);
const pin = z.union(
  [z.int().check(z.gte(0), z.lte(127)), z.string().check(z.regex(/^A\d{1,2}$/u, "a pin such as 9 or A0"))],
  "a pin such as 9 or A0",
);
const freq = z._default(z.number().check(z.gte(freqMin), z.lte(freqMax)), 50);

const given = {
  label: z.optional(z.string().check(z.maxLength(100))),
  deliver: z.optional(z.enum(deliveries)),
  urgent: z.optional(z.boolean()),
};
/** No press of a contact is replaced by its release. */
const edges = { ...given, deliver: z._default(z.enum(deliveries), "every") };
const taken = { label: z.optional(z.string().check(z.maxLength(100))) };
const fixed = <const Text extends string>(text: Text) => z._default(z.literal(text), text);

/** What an IMU measures, in g, degrees a second and °C. */
const readings = [
  "acceleration-x",
  "acceleration-y",
  "acceleration-z",
  "rotation-x",
  "rotation-y",
  "rotation-z",
  "temperature",
] as const;

const output = z.discriminatedUnion("device", [
  z.strictObject({
    ...given,
    device: z.literal("sensor"),
    pin,
    freq,
    type: fixed("float"),
    unit: fixed("1"),
  }),
  z.strictObject({
    ...given,
    device: z.literal("proximity"),
    pin,
    freq,
    controller: z.string().check(z.maxLength(40)),
    type: fixed("float"),
    unit: fixed("cm"),
  }),
  z.strictObject({
    ...given,
    device: z.literal("thermometer"),
    pin,
    freq,
    controller: z._default(z.string().check(z.maxLength(40)), "TMP36"),
    type: fixed("float"),
    unit: fixed("Cel"),
  }),
  z.strictObject({ ...edges, device: z.literal("motion"), pin, type: fixed("bool") }),
  z.strictObject({
    ...edges,
    device: z.literal("button"),
    pin,
    /** To ground, by the board's own resistor. */
    pullup: z._default(z.boolean(), true),
    debounce: z._default(z.number().check(z.gte(0), z.lte(1000)), 7),
    type: fixed("bool"),
  }),
  z.strictObject({
    ...edges,
    device: z.literal("switch"),
    pin,
    invert: z._default(z.boolean(), true),
    type: fixed("bool"),
  }),
  z.strictObject({
    ...given,
    device: z.literal("imu"),
    reading: z.enum(readings),
    controller: fixed("MPU6050"),
    freq,
    type: fixed("float"),
  }),
]);

const pulse = z.int().check(z.gte(pulseWrittenLeast), z.lte(pulseWrittenMost));
const input = z.discriminatedUnion("device", [
  z.strictObject({
    ...taken,
    device: z.literal("servo"),
    pin,
    type: fixed("float"),
    unit: fixed("deg"),
    min: z._default(z.number().check(z.gte(0), z.lte(180)), 0),
    max: z._default(z.number().check(z.gte(0), z.lte(180)), 180),
    /** Microseconds at 0 and at 180 degrees. The longer first: it turns the other way round. */
    pulses: z._default(
      z
        .tuple([pulse, pulse])
        .check(z.refine(([first, second]) => first !== second, "two pulses that are not the same")),
      [600, 2400],
    ),
    stop: z.optional(z.number()),
  }),
  z.strictObject({
    ...taken,
    device: z.literal("relay"),
    pin,
    /** `NC`: it is closed while it has no current. */
    contact: z._default(z.enum(["NO", "NC"]), "NO"),
    type: fixed("bool"),
    stop: z._default(z.boolean(), false),
  }),
  z.strictObject({
    ...taken,
    device: z.literal("led"),
    pin,
    type: fixed("bool"),
    stop: z._default(z.boolean(), false),
  }),
  /** An LED, or a lamp behind a transistor, on a pin that dims. */
  z.strictObject({
    ...taken,
    device: z.literal("dimmed-led"),
    pin,
    type: fixed("float"),
    min: z._default(z.literal(0), 0),
    max: z._default(z.literal(1), 1),
    stop: z._default(z.number().check(z.gte(0), z.lte(1)), 0),
  }),
  z.strictObject({
    ...taken,
    device: z.literal("stepper"),
    step: pin,
    direction: pin,
    stepsPerTurn: z._default(z.int().check(z.gte(1), z.lte(100_000)), 200),
    // Fourteen bits of 0.01 rad/s carry no more.
    rpm: z._default(z.number().check(z.gt(0), z.lte(1500)), 60),
    // In deg/s²; none: it is at its speed at once. Fourteen bits of 0.01 rad/s² carry no more.
    acceleration: z.optional(z.number().check(z.gte(1), z.lte(9000))),
    deceleration: z.optional(z.number().check(z.gte(1), z.lte(9000))),
    type: fixed("float"),
    unit: fixed("deg"),
    stop: z.optional(z.number()),
  }),
]);

const mapOf = <Port extends z.ZodMiniType>(port: Port) =>
  z._default(
    z
      .record(z.string(), port)
      .check(z.refine((ports) => Object.keys(ports).length <= portsMax, `at most ${portsMax}`)),
    {},
  );

export const settings = z
  .strictObject({
    /** The serial number of its USB adapter: the board, whichever socket it is in. */
    usb: z.optional(serialNumber),
    path: z.optional(path),
    baudRate: z._default(z.int().check(z.gte(9600), z.lte(1_000_000)), firmataQuestion.baudRate),
    ...flashSettings(boards),
    outputs: mapOf(output),
    inputs: mapOf(input),
  })
  .check(oneOfThese("usb", "path"), ({ value, issues }) => {
    if ((value.usb === undefined) === (value.path === undefined)) {
      issues.push({ code: "custom", message: "usb or path is needed, and not both", path: [], input: value });
    }
    for (const { path, message } of flashProblems(value, { number: value.usb, key: "usb" }))
      issues.push({ code: "custom", message, path: [...path], input: value });
    if (value.flash !== undefined && value.baudRate !== firmataQuestion.baudRate) {
      const message = `with flash it is ${firmataQuestion.baudRate}: our firmware speaks no other`;
      issues.push({ code: "custom", message, path: ["baudRate"], input: value });
    }
    const owners = new Map<number | string, string>();
    for (const { map, name, key, place } of placesOf(value)) {
      const other = owners.get(place);
      owners.set(place, name);
      if (other === undefined) continue;
      issues.push({
        code: "custom",
        message: `pin ${place} is already ${other}`,
        path: [map, name, key],
        input: place,
      });
    }
    if (Object.keys(value.outputs).length + Object.keys(value.inputs).length === 0) {
      issues.push({ code: "custom", message: "outputs or inputs are needed", path: [], input: value });
    }
  });

interface Ports {
  readonly outputs: Readonly<Record<string, Output>>;
  readonly inputs: Readonly<Record<string, Input>>;
}

/** Every pin that is named, and where. */
function placesOf({ outputs, inputs }: Ports) {
  const given = Object.entries(outputs).map(([name, port]) => ({ map: "outputs", name, port }));
  const taken = Object.entries(inputs).map(([name, port]) => ({ map: "inputs", name, port }));
  return [...given, ...taken].flatMap(({ map, name, port }) =>
    pinsOf(port).map(([key, place]) => ({ map, name, key, place })),
  );
}

function pinsOf(port: Output | Input): readonly (readonly [string, number | string])[] {
  if (port.device === "stepper")
    return [["step", port.step] as const, ["direction", port.direction] as const];
  return "pin" in port ? [["pin", port.pin] as const] : [];
}

export type Settings = z.infer<typeof settings>;
export type Output = z.infer<typeof output>;
export type Input = z.infer<typeof input>;
