/** The settings of an instance: a chip, and which line of it is what. */
import { deliveries } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import { debounceMillisMax, lineNumberMax, linesMax } from "./limits.ts";

const pin = z
  .int(`a pin is a whole number from 0 to ${lineNumberMax}: 17 is GPIO17, on header pin 11`)
  .check(z.gte(0), z.lte(lineNumberMax));
const label = z.optional(z.string().check(z.maxLength(100)));

const output = z.strictObject({
  pin,
  label,
  pull: z._default(z.enum(["up", "down", "none", "as-is"]), "up"),
  /** A button to ground is pressed when its line is low. */
  activeLow: z._default(z.boolean(), true),
  debounce: z._default(z.number().check(z.gte(0), z.lte(debounceMillisMax)), 10),
  deliver: z._default(z.enum(deliveries), "every"),
  urgent: z.optional(z.boolean()),
});

const switched = z.strictObject({
  type: z._default(z.literal("bool"), "bool"),
  pin,
  label,
  activeLow: z._default(z.boolean(), false),
  openDrain: z._default(z.boolean(), false),
  /** Where it goes on a show stop, and what it has until somebody drives it. */
  stop: z._default(z.boolean(), false),
});

const dimmed = z.strictObject({
  type: z.literal("float"),
  /** `0/1`: channel 1 of /sys/class/pwm/pwmchip0. */
  pwm: z.string().check(z.regex(/^\d{1,2}\/\d{1,2}$/u, "a chip and a channel of it, such as 0/1")),
  label,
  min: z._default(z.literal(0), 0),
  max: z._default(z.literal(1), 1),
  frequency: z._default(z.number().check(z.gte(1), z.lte(1_000_000)), 1000),
  stop: z._default(z.number().check(z.gte(0), z.lte(1)), 0),
});

const mapOf = <Port extends z.ZodMiniType>(port: Port) =>
  z._default(
    z
      .record(z.string(), port)
      .check(z.refine((ports) => Object.keys(ports).length <= linesMax, `at most ${linesMax}`)),
    {},
  );

const written = z
  .strictObject({
    /** A label such as `pinctrl-rp1`, or a path. `auto`: the header of whichever Pi this is. */
    chip: z._default(z.string().check(z.minLength(1), z.maxLength(100)), "auto"),
    outputs: mapOf(output),
    inputs: mapOf(
      z.union([switched, dimmed], "an input is { pin: … }, or { type: float, pwm: chip/channel }"),
    ),
  })
  .check(({ value, issues }) => {
    const owners = new Map<number | string, string>();
    for (const map of ["outputs", "inputs"] as const) {
      for (const [name, port] of Object.entries(value[map])) {
        const place = "pin" in port ? port.pin : port.pwm;
        const other = owners.get(place);
        owners.set(place, name);
        if (other === undefined) continue;
        const [key, message] = ["pin" in port ? "pin" : "pwm", `${place} is already ${other}`];
        issues.push({ code: "custom", message, path: [map, name, key], input: place });
      }
    }
    if (owners.size === 0) {
      issues.push({ code: "custom", message: "outputs or inputs are needed", path: [], input: value });
    }
  });

export const settings = written;
export type Settings = z.infer<typeof written>;
export type SwitchedSettings = z.infer<typeof switched>;
export type DimmedSettings = z.infer<typeof dimmed>;
