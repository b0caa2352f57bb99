/** The settings of a serial line. One union by `format`, so that what makes no sense together cannot be written. */
import { deliveries } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import { oneOfThese, serialNumber } from "../../serial-line/serial-number.ts";
import { lineBytesMost, outputsMax, patternLengthMax } from "./limits.ts";
import { patternProblem } from "./pattern.ts";

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

const lineFields = {
  /** The serial number of its USB adapter: the device, whichever socket it is in. */
  usb: z.optional(serialNumber),
  path: z.optional(
    z.string().check(
      z.maxLength(255),
      z.refine((path) => path.startsWith("/") && !path.includes("\0"), "a path such as /dev/ttyUSB0"),
    ),
  ),
  baudRate: z._default(z.int().check(z.gte(50), z.lte(4_000_000)), 115_200),
  dataBits: z._default(z.union([z.literal(5), z.literal(6), z.literal(7), z.literal(8)]), 8),
  stopBits: z._default(z.union([z.literal(1), z.literal(2)]), 1),
  parity: z._default(z.enum(["none", "even", "odd"]), "none"),
  delimiter: z._default(
    z.string().check(z.refine((text) => text !== "" && bytesOf(text) <= 8, "1 to 8 bytes")),
    "\n",
  ),
  lineBytesMax: z._default(z.int().check(z.gte(16), z.lte(lineBytesMost)), 1024),
  discardFirst: z._default(z.boolean(), true),
};

const outputFields = {
  type: z.enum(["bool", "int", "float", "text"]),
  unit: z.optional(z.string().check(z.maxLength(40))),
  label: z.optional(z.string().check(z.maxLength(100))),
  min: z.optional(z.number()),
  max: z.optional(z.number()),
  deliver: z.optional(z.enum(deliveries)),
  urgent: z.optional(z.boolean()),
};

const reference = z.string().check(z.minLength(1), z.maxLength(200));
const patternOutput = z.strictObject({ ...outputFields, group: z.optional(reference) });
const csvOutput = z.strictObject({
  ...outputFields,
  column: z.union([z.int().check(z.gte(1), z.lte(1000)), reference]),
});
const jsonOutput = z.strictObject({
  ...outputFields,
  pointer: z.optional(
    z.string().check(
      z.maxLength(200),
      z.refine((text) => text === "" || text.startsWith("/"), "a JSON pointer such as /sensors/0/t"),
    ),
  ),
});

const outputsOf = <Output extends z.ZodMiniType>(output: Output) =>
  z
    .record(z.string(), output)
    .check(z.refine((outputs) => Object.keys(outputs).length <= outputsMax, `at most ${outputsMax} outputs`));

const isOneLine = z.refine<{ readonly usb?: string | undefined; readonly path?: string | undefined }>(
  ({ usb, path }) => (usb === undefined) !== (path === undefined),
  "usb or path is needed, and not both",
);

const patternSettings = z
  .strictObject({
    ...lineFields,
    format: z.literal("pattern"),
    pattern: z.string().check(z.minLength(1), z.maxLength(patternLengthMax)),
    outputs: outputsOf(patternOutput),
  })
  .check(oneOfThese("usb", "path"), isOneLine, ({ value, issues }) => {
    const groups = Object.entries(value.outputs).map(([name, output]) => output.group ?? name);
    const message = patternProblem(value.pattern, { lineBytesMax: value.lineBytesMax, groups });
    if (message !== undefined) {
      issues.push({ code: "custom", message, path: ["pattern"], input: value.pattern });
    }
  });

const csvSettings = z
  .strictObject({
    ...lineFields,
    format: z.literal("csv"),
    separator: z._default(z.string().check(z.minLength(1), z.maxLength(8)), ","),
    header: z._default(z.boolean(), false),
    outputs: outputsOf(csvOutput),
  })
  .check(oneOfThese("usb", "path"), isOneLine, ({ value, issues }) => {
    const columns = Object.values(value.outputs).map(({ column }) => column);
    if (value.header && columns.every((column) => typeof column === "number")) {
      const message = "a header serves to find columns by name, and no output names one: set header to false";
      issues.push({ code: "custom", message, path: ["header"], input: value.header });
    }
    for (const [name, { column }] of Object.entries(value.outputs)) {
      if (typeof column === "number" || value.header) continue;
      const message = `the column "${column}" has a name, so the lines need a header: set header to true`;
      issues.push({ code: "custom", message, path: ["outputs", name, "column"], input: column });
    }
  });

const jsonSettings = z
  .strictObject({ ...lineFields, format: z.literal("json"), outputs: outputsOf(jsonOutput) })
  .check(oneOfThese("usb", "path"), isOneLine);

export const settings = z.discriminatedUnion("format", [patternSettings, csvSettings, jsonSettings]);

export type Settings = z.infer<typeof settings>;
export type PatternSettings = z.infer<typeof patternSettings>;
export type CsvSettings = z.infer<typeof csvSettings>;
export type JsonSettings = z.infer<typeof jsonSettings>;
