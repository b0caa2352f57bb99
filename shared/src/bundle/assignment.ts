/**
 * What the hub has signed that a node shall run: which of the modules that publishers signed, and nothing else. A hub whose
 * keys were stolen can choose among those, and never add one.
 */
import * as z from "zod/mini";
import { failed, ok, type Result } from "../kernel/result.ts";
import { instancesMax } from "../wire/limits.ts";
import { count, name } from "../wire/messages/schema.ts";

/** Twice what one with `instancesMax` modules of the longest paths has. Larger: refuse. */
export const assignmentBytesMax = 64 * 1024;

const digest = z.string().check(z.regex(/^[0-9a-f]{64}$/));

const assignment = z.object({
  v: z.literal(1),
  /** The node's own name: what was meant for another one is nothing. */
  node: name,
  modules: z
    .array(z.object({ path: z.string().check(z.maxLength(256)), digest, bytes: count }))
    .check(z.maxLength(instancesMax)),
});

export type Assignment = z.infer<typeof assignment>;
export type AssignedModule = Assignment["modules"][number];

export const assignmentPath = (node: string): string => `assign/${node}.json`;

export const encodeAssignment = (given: Assignment): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(given));

export function decodeAssignment(bytes: Uint8Array): Result<Assignment, "not-json" | "wrong-shape"> {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return failed("not-json");
  }
  const parsed = assignment.safeParse(document);
  return parsed.success ? ok(parsed.data) : failed("wrong-shape");
}
