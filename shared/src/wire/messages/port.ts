/** What an instance declares of its inputs and outputs. Stands in manifests and in births. */
import * as z from "zod/mini";
import { portCountMax } from "../limits.ts";
import { isOfType, valueTypes } from "../value.ts";
import { shortText } from "./schema.ts";

const portFields = {
  type: z.enum(valueTypes),
  /** UCUM code, such as `Cel`, `m`, `%`. */
  unit: z.optional(shortText),
  min: z.optional(z.number()),
  max: z.optional(z.number()),
  /** For people. */
  label: z.optional(shortText),
  /** The port stands for `count` ports, named `<name>1` … `<name><count>`. */
  count: z.optional(z.int().check(z.gte(1), z.lte(portCountMax))),
};

export const deliveries = ["latest", "every", "durable"] as const;
export type Delivery = (typeof deliveries)[number];

export const outputSpec = z.object({
  ...portFields,
  /**
   * `latest` (default): a newer value replaces one that still waits. `every`: each one is sent, unless it gets too old.
   * `durable`: each one is kept on the node's disk until the hub has it, whatever happens and however long it takes.
   */
  deliver: z.optional(z.enum(deliveries)),
  /**
   * Goes before everything else the node has to say, and on before the hub has written it: an alarm, an emergency
   * contact. When as many wait as may, the next one is refused. A durable output takes its own way and is not urgent.
   */
  urgent: z.optional(z.boolean()),
  /**
   * What it gives lasts until the next value, however it is delivered: a contact, a door. Whoever comes late is told
   * how it is, beside all that it was. Of one that is on or off, only a change is an edge: what it says first, or again,
   * is how it is, and that is not kept on a disk, where `durable` keeps each change.
   */
  level: z.optional(z.boolean()),
});

export const inputSpec = z.object({
  ...portFields,
  /** Moves or lights something: it has an owner, and a value it goes to on a show stop. */
  actuator: z.optional(z.boolean()),
  /** What the input is set to on a show stop. Default: its `min`, else 0 or false. */
  stop: z.optional(z.union([z.boolean(), z.number(), z.string()])),
  /**
   * It is a state, and this is what it is until somebody sets it and when it is given back: what it holds is shown, kept
   * over restarts of its module, and nobody's once it is at rest. An input that is neither this nor an actuator takes what
   * happens, and keeps nothing.
   */
  released: z.optional(z.union([z.boolean(), z.number(), z.string()])),
  /**
   * What it takes it does, once: a GO. It takes only what happens, and not what is told to those who come late. No
   * actuator, which is told again what it holds.
   */
  once: z.optional(z.boolean()),
});

export type OutputSpec = z.infer<typeof outputSpec>;
export type InputSpec = z.infer<typeof inputSpec>;
export type PortSpec = Pick<InputSpec, "type" | "unit" | "min" | "max" | "label" | "count">;

export type Ports<Spec> = { readonly [name: string]: Spec };

/** What an input that is a state and no actuator is at rest; `undefined`: it is none. */
export const restOf = ({ actuator, released, type }: InputSpec): InputSpec["released"] =>
  actuator !== true && released !== undefined && isOfType(released, type) ? released : undefined;

/** The declaration behind a port's name, counted ports included: `ch12` finds `ch` with `count` ≥ 12. */
export function findPort<Spec extends PortSpec>(ports: Ports<Spec>, name: string): Spec | undefined {
  const exact = Object.hasOwn(ports, name) ? ports[name] : undefined;
  if (exact !== undefined && exact.count === undefined) return exact;
  const match = /^(.*\D)([1-9]\d{0,3})$/.exec(name);
  const base = match?.[1];
  if (base === undefined || !Object.hasOwn(ports, base)) return undefined;
  const counted = ports[base];
  return counted?.count !== undefined && Number(match?.[2]) <= counted.count ? counted : undefined;
}

/** What an instance may give values of: an output, or an input that is a state, which its module remembers. */
export function findGiven(
  { inputs, outputs }: { readonly inputs: Ports<InputSpec>; readonly outputs: Ports<OutputSpec> },
  name: string,
): PortSpec | undefined {
  const input = findPort(inputs, name);
  return findPort(outputs, name) ?? (input && restOf(input) !== undefined ? input : undefined);
}
