/** Where a route of the file leads: to one input, or to the same input of a group of nodes. */
import * as z from "zod";
import { nodesMax } from "../wire/limits.ts";
import { type CompiledRoute, type RouteGroup, strategies } from "../wire/messages/desired.ts";
import { isName, parsePortAddress, parseSiteAddress } from "../wire/names.ts";
import { nearest } from "../kernel/nearest.ts";
import type { Places } from "./schema-problems.ts";
import type { Path, Problem } from "./yaml-text.ts";

export const targetWords =
  "to is node/instance/input, such as demo/dmx/front, or a map with group, input and strategy";
const inputWords = "an input of a group is instance/input, such as dmx/front";
const memberWords = "a group is a list of nodes, such as [pi-1, pi-2]";
const nameWords = "a name is a-z, 0-9, - and _, at most 63 characters";

const nodeName = z.string(memberWords).refine(isName, nameWords);

export const groupSchema = z
  .array(nodeName, memberWords)
  .min(1, "a group has at least one node")
  .max(nodesMax, `at most ${nodesMax} nodes`);

/** By the group's name. */
export const groupsField = z.record(
  z.string(),
  groupSchema,
  "groups is a map of a name and a list of nodes each",
);

export const targetAddress = z.string(targetWords).refine((text) => parseSiteAddress(text).ok, targetWords);

export const groupTarget = (key: z.ZodType<string>) =>
  z.strictObject({
    group: z.string("the name of one of the groups"),
    input: z.string(inputWords).refine((text) => parsePortAddress(text).ok, inputWords),
    strategy: z.enum(strategies, `there are ${strategies.join(", ")}`).optional(),
    key: key.optional(),
  });

export type Target = string | z.infer<ReturnType<typeof groupTarget>>;
export type Groups = z.infer<typeof groupsField>;

/** The ends of a compiled route. A group that there is not has no nodes; `targetProblems` tells of it. */
export function compiledTarget(to: Target, groups: Groups): Pick<CompiledRoute, "to" | "group"> {
  if (typeof to === "string") return { to };
  const group: RouteGroup = {
    nodes: Object.hasOwn(groups, to.group) ? (groups[to.group] ?? []) : [],
    strategy: to.strategy ?? "broadcast",
    ...(to.key === undefined ? {} : { key: to.key }),
  };
  return { to: `${to.group}/${to.input}`, group };
}

/** What is wrong with a target that is well-formed by itself; `path` is that of the target. */
export function targetProblems<Told extends Problem>(
  places: Places<Told>,
  path: Path,
  to: Target,
  groups: Groups,
): Told[] {
  if (typeof to === "string") return [];
  const names = Object.keys(groups);
  const problems: Told[] = [];
  if (!names.includes(to.group)) {
    const hint =
      nearest(to.group, names) ?? (names.length === 0 ? "there are none" : `there is ${names.join(", ")}`);
    problems.push(places.problemAt([...path, "group"], `there is no group "${to.group}"`, hint));
  }
  if (to.key !== undefined && to.strategy !== "consistent-hash")
    problems.push(places.problemAt([...path, "key"], "only consistent-hash has a key"));
  return problems;
}

export function groupProblems<Told extends Problem>(places: Places<Told>, groups: Groups): Told[] {
  const wrong = Object.keys(groups).filter((name) => !isName(name));
  return [
    ...wrong.map((name) => places.problemAtKey(["groups"], name, nameWords)),
    ...memberProblems(places, groups),
  ];
}

export function memberProblems<Told extends Problem>(places: Places<Told>, groups: Groups): Told[] {
  return Object.entries(groups).flatMap(([name, nodes]) =>
    nodes.flatMap((node, index) =>
      nodes.indexOf(node) === index
        ? []
        : [places.problemAt(["groups", name, index], `"${node}" stands here twice`)],
    ),
  );
}
