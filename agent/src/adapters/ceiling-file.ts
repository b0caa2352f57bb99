/**
 * The ceiling of a node in a file of whoever set up the machine, with the words of a site file's `grant`. It is read each
 * time, so that it holds from the next start of an instance on. No file is no ceiling; one that is wrong lets nothing run.
 */
import { readFileSync } from "node:fs";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { moduleLimits } from "@interactor/shared/wire/messages/module-limits";
import * as z from "zod/mini";
import type { ReadCeiling } from "../ports/ceiling.ts";

const namesWords = "a list of names";
const names = z.optional(
  z.array(z.pipe(z.union([z.string(), z.number()], namesWords), z.transform(String)), namesWords),
);

const ceiling = z.strictObject({
  modules: names,
  pins: names,
  buses: names,
  serial: names,
  universes: names,
  hosts: names,
  files: names,
  ...moduleLimits.shape,
});

export function ceilingFile(path: string): ReadCeiling {
  return () => {
    const text = textOf(path);
    if (text === undefined) return { place: path, modules: undefined, reach: {}, limits: {} };
    const parsed = ceiling.safeParse(jsonOf(path, text));
    if (!parsed.success) {
      throw invalid(path, parsed.error.issues.map(wordsOf).join("; "));
    }
    const { modules, pins, buses, serial, universes, hosts, files, ...limits } = parsed.data;
    const kinds = { pin: pins, bus: buses, serial, universe: universes, host: hosts, file: files };
    const reach = Object.entries(kinds).filter(([, each]) => each !== undefined);
    return { place: path, modules, reach: Object.fromEntries(reach), limits };
  };
}

function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys")
    return `"${issue.keys.join('", "')}" is unknown there: it may have ${Object.keys(ceiling.shape).join(", ")}`;
  return issue.path.length === 0 ? "it is no map" : `${issue.path.join(".")} is not ${issue.message}`;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw invalid(path, messageOf(error), error);
  }
}

function jsonOf(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(path, `it is not JSON: ${messageOf(error)}`, error);
  }
}

const invalid = (path: string, reason: string, cause?: unknown): Fault =>
  new Fault(
    "CEILING_INVALID",
    `no module of others runs while the ceiling of this node (${path}) is wrong: ${reason}`,
    {
      cause,
    },
  );
