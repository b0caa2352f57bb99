/** The settings of an instance: one chip on a bus, and which of its values are outputs. */
import { deliveries } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import { everyMax, everyMin } from "./limits.ts";

const address = z.string().check(z.regex(/^\d{1,3}\/0x[0-7][0-9a-f]$/u, "bus and address, such as 1/0x76"));
const every = z.number().check(z.gte(everyMin), z.lte(everyMax));

const shared = {
  label: z.optional(z.string().check(z.maxLength(100))),
  deliver: z.optional(z.enum(deliveries)),
  urgent: z.optional(z.boolean()),
};
const float = <const Unit extends string>(unit: Unit) =>
  z.optional(
    z.strictObject({
      ...shared,
      type: z._default(z.literal("float"), "float"),
      unit: z._default(z.literal(unit), unit),
    }),
  );
const bool = z.optional(z.strictObject({ ...shared, type: z._default(z.literal("bool"), "bool") }));

// Those that are not named are not given; when none is, all are.
const bme280 = z.strictObject({
  chip: z.literal("bme280"),
  address: z._default(address, "1/0x76"),
  every: z._default(every, 5),
  outputs: z.prefault(
    z.strictObject({ temperature: float("Cel"), humidity: float("%"), pressure: float("hPa") }),
    { temperature: {}, humidity: {}, pressure: {} },
  ),
});

const fullScales = [6.144, 4.096, 2.048, 1.024, 0.512, 0.256] as const;
const volts = float("V");
const ads1115 = z.strictObject({
  chip: z.literal("ads1115"),
  address: z._default(address, "1/0x48"),
  every: z._default(every, 0.1),
  fullScale: z._default(z.literal(fullScales), 4.096),
  outputs: z.strictObject({
    a0: volts,
    a1: volts,
    a2: volts,
    a3: volts,
    "a0-a1": volts,
    "a0-a3": volts,
    "a1-a3": volts,
    "a2-a3": volts,
  }),
});

const vl53l0x = z.strictObject({
  chip: z.literal("vl53l0x"),
  address: z._default(address, "1/0x29"),
  every: z._default(every, 0.1),
  outputs: z.prefault(z.strictObject({ distance: float("mm"), "in-range": bool }), {
    distance: {},
    "in-range": {},
  }),
});

const mpu6050 = z.strictObject({
  chip: z.literal("mpu6050"),
  address: z._default(address, "1/0x68"),
  every: z._default(every, 0.02),
  acceleration: z._default(z.literal([2, 4, 8, 16]), 4),
  rotation: z._default(z.literal([250, 500, 1000, 2000]), 500),
  outputs: z.prefault(
    z.strictObject({
      "acceleration-x": float("[g]"),
      "acceleration-y": float("[g]"),
      "acceleration-z": float("[g]"),
      "rotation-x": float("deg/s"),
      "rotation-y": float("deg/s"),
      "rotation-z": float("deg/s"),
      temperature: float("Cel"),
    }),
    {
      "acceleration-x": {},
      "acceleration-y": {},
      "acceleration-z": {},
      "rotation-x": {},
      "rotation-y": {},
      "rotation-z": {},
      temperature: {},
    },
  ),
});

export const settings = z.discriminatedUnion("chip", [bme280, ads1115, vl53l0x, mpu6050]);
export type Settings = z.infer<typeof settings>;
