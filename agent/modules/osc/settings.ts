/** The settings of an instance: where to listen, whom to send to, and which address stands for which port. */
import { isIPv4 } from "node:net";
import { deliveries } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import { isPattern } from "./address-pattern.ts";
import { addressesMax, addressLengthMax, argumentsMax, portsMax } from "./limits.ts";

const port = z.int("a UDP port is a whole number from 1 to 65535").check(z.gte(1), z.lte(65_535));
const internetAddress = z.string().check(z.refine(isIPv4, "an IPv4 address, such as 192.168.1.20"));
const isMulticast = (address: string): boolean => /^(22[4-9]|23\d)\./.test(address);

const listen = z.strictObject({
  port,
  /** Local address to listen on. Default: all of this node's. */
  interface: z.optional(internetAddress),
  /** A multicast group to take part in. */
  group: z.optional(
    internetAddress.check(z.refine(isMulticast, "a multicast address, 224.0.0.0 to 239.255.255.255")),
  ),
  /** Whoever else sends is not listened to. Default: everybody is. */
  from: z.optional(z.array(internetAddress).check(z.minLength(1), z.maxLength(addressesMax))),
});

const send = z.strictObject({
  to: z.array(internetAddress).check(z.minLength(1), z.maxLength(addressesMax)),
  port,
});

const address = z.string().check(
  z.refine(
    (text) => text.length <= addressLengthMax && /^\/[\x21-\x7e]*$/.test(text) && !/[#,]/.test(text),
    "an OSC address, such as /1/fader1",
  ),
  z.refine((text) => !isPattern(text), "an address without * ? [ ] { }: each port has one address"),
);

const shared = {
  address,
  unit: z.optional(z.string().check(z.maxLength(40))),
  label: z.optional(z.string().check(z.maxLength(100))),
  min: z.optional(z.number()),
  max: z.optional(z.number()),
};

const output = z
  .strictObject({
    ...shared,
    type: z.enum(["bool", "int", "float", "text", "bytes", "record"]),
    /** Which one of the message, from 1; `none`: the message itself is what happened, unless its first says "let go". */
    argument: z.optional(z.union([z.int().check(z.gte(1), z.lte(argumentsMax)), z.literal("none")])),
    deliver: z.optional(z.enum(deliveries)),
    urgent: z.optional(z.boolean()),
  })
  .check(({ value, issues }) => {
    const { type, argument } = value;
    const message =
      argument === "none" && type !== "bool"
        ? "a message without an argument that counts is true: its type is bool"
        : type === "record" && argument !== undefined
          ? "a record is all arguments in a list: leave argument out"
          : undefined;
    if (message !== undefined) issues.push({ code: "custom", message, path: ["argument"], input: argument });
  });

/** Which tags a value of a type may be sent with; the first is what it gets when nothing is said. */
export const tagsOf = {
  bool: ["T", "i", "f"],
  int: ["i", "h", "f", "d"],
  float: ["f", "d", "i"],
  text: ["s"],
  bytes: ["b"],
} as const;

const input = z
  .strictObject({
    ...shared,
    type: z.enum(["bool", "int", "float", "text", "bytes"]),
    /** The OSC type to send as. Default: T or F, i, f, s, b. */
    tag: z.optional(z.enum(["T", "i", "h", "f", "d", "s", "b"])),
    /** `none`: `true` is the address alone, and `false` is nothing. */
    argument: z.optional(z.literal("none")),
    actuator: z.optional(z.boolean()),
    stop: z.optional(z.union([z.boolean(), z.number(), z.string()])),
    released: z.optional(z.union([z.boolean(), z.number(), z.string()])),
    /** It takes what happens, and not what is told to those who come late. */
    once: z.optional(z.boolean()),
  })
  .check(({ value, issues }) => {
    if (value.argument === "none" && (value.type !== "bool" || value.tag !== undefined)) {
      const message = "a message without an argument is sent for true: its type is bool, and it has no tag";
      issues.push({ code: "custom", message, path: ["argument"], input: value.argument });
    }
    const allowed: readonly string[] = tagsOf[value.type];
    if (value.tag === undefined || allowed.includes(value.tag)) return;
    const message = `a ${value.type} is sent as ${allowed.join(" or ")}`;
    issues.push({ code: "custom", message, path: ["tag"], input: value.tag });
  });

const portsOf = <Port extends z.ZodMiniType>(port: Port) =>
  z._default(
    z
      .record(z.string(), port)
      .check(z.refine((ports) => Object.keys(ports).length <= portsMax, `at most ${portsMax}`)),
    {},
  );

export const settings = z
  .strictObject({
    listen: z.optional(listen),
    send: z.optional(send),
    outputs: portsOf(output),
    inputs: portsOf(input),
  })
  .check(({ value, issues }) => {
    const pairs = [
      ["outputs", "listen", Object.keys(value.outputs).length > 0, value.listen !== undefined],
      ["inputs", "send", Object.keys(value.inputs).length > 0, value.send !== undefined],
    ] as const;
    for (const [ports, needed, hasPorts, hasNeeded] of pairs) {
      if (!hasPorts || hasNeeded) continue;
      issues.push({ code: "custom", message: `${ports} need "${needed}"`, path: [needed], input: value });
    }
    if (pairs.every(([, , , hasNeeded]) => !hasNeeded)) {
      issues.push({ code: "custom", message: "listen or send is needed", path: [], input: value });
    }
  });

export type Settings = z.infer<typeof settings>;
export type OutputSettings = z.infer<typeof output>;
export type InputSettings = z.infer<typeof input>;
