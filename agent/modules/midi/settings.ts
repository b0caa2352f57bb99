/** The settings of an instance: a port by its name, and which message stands for which output or input. */
import { deliveries } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import { portsMax } from "./limits.ts";
import { dataMax, noteOf } from "./message.ts";

const dataByte = z.int(`a whole number from 0 to ${dataMax}`).check(z.gte(0), z.lte(dataMax));
const note = z.union([
  dataByte,
  z.string().check(z.refine((text) => noteOf(text) !== undefined, "a note such as C4, F#2 or 60")),
]);
const channel = z.int("a channel is a whole number from 1 to 16").check(z.gte(1), z.lte(16));

const shared = { label: z.optional(z.string().check(z.maxLength(100))) };
const given = {
  ...shared,
  /** Without one, every channel. */
  channel: z.optional(channel),
  deliver: z.optional(z.enum(deliveries)),
  urgent: z.optional(z.boolean()),
};
const taken = {
  ...shared,
  channel: z._default(channel, 1),
  actuator: z.optional(z.boolean()),
  stop: z.optional(z.union([z.boolean(), z.number()])),
  released: z.optional(z.union([z.boolean(), z.number()])),
};

/** What a message is, and what its value may be read as; the first is what it is read as when nothing is said. */
const meanings = {
  note: { note, type: z._default(z.enum(["bool", "float"]), "bool") },
  controller: { controller: dataByte, type: z._default(z.enum(["float", "int", "bool"]), "float") },
  program: { program: z.literal(true), type: z._default(z.literal("int"), "int") },
  bend: { bend: z.literal(true), type: z._default(z.literal("float"), "float") },
};
const words = "a port is { note: … }, { controller: … }, { program: true } or { bend: true }";

const output = z.union(
  [
    z.strictObject({ ...given, ...meanings.note }),
    z.strictObject({ ...given, ...meanings.controller }),
    z.strictObject({ ...given, ...meanings.program }),
    z.strictObject({ ...given, ...meanings.bend }),
  ],
  words,
);
const input = z.union(
  [
    z.strictObject({ ...taken, ...meanings.note }),
    z.strictObject({ ...taken, ...meanings.controller }),
    z.strictObject({ ...taken, ...meanings.program }),
    z.strictObject({ ...taken, ...meanings.bend }),
  ],
  words,
);

const mapOf = <Port extends z.ZodMiniType>(port: Port) =>
  z._default(
    z
      .record(z.string(), port)
      .check(z.refine((ports) => Object.keys(ports).length <= portsMax, `at most ${portsMax}`)),
    {},
  );

export const settings = z
  .strictObject({
    /** Part of the port's name is enough, as long as no other has it. */
    port: z.string().check(z.minLength(1), z.maxLength(100)),
    outputs: mapOf(output),
    inputs: mapOf(input),
  })
  .check(({ value, issues }) => {
    if (Object.keys(value.outputs).length + Object.keys(value.inputs).length > 0) return;
    issues.push({ code: "custom", message: "outputs or inputs are needed", path: [], input: value });
  });

export type Settings = z.infer<typeof settings>;
export type Meaning = z.infer<typeof output> | z.infer<typeof input>;
