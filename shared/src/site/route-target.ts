/**
 * Where a route of the file leads: to one input, to the same input of a group of nodes, or to a scene. Every node has an
 * instance of its own, `scene`, with an input for each scene that sets something there: true recalls it, false lets it go.
 */
import * as z from "zod";
import { nodesMax } from "../wire/limits.ts";
import { type CompiledRoute, type RouteGroup, strategies } from "../wire/messages/desired.ts";
import { isName, parsePortAddress, parseSiteAddress, sceneInstance } from "../wire/names.ts";
import { nearest } from "../kernel/nearest.ts";
import { inputAddressOf } from "./fixtures/fixture-names.ts";
import type { Places } from "./schema-problems.ts";
import type { Path, Problem } from "./yaml-text.ts";

export const targetWords =
  "to is node/instance/input, such as demo/dmx/front, or a map: group, input and strategy, or scene";
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

export const targetAddress = z.string(targetWords).superRefine((text, context) => {
  if (parseSiteAddress(text).ok) return;
  // A fixture's input as scenes may name it.
  const address = inputAddressOf(text);
  const params = parseSiteAddress(address).ok ? { hint: `a route names it ${address}` } : {};
  context.addIssue({ code: "custom", message: targetWords, params });
});

export const groupTarget = (key: z.ZodType<string>) =>
  z.strictObject({
    group: z.string("the name of one of the groups"),
    input: z.string(inputWords).refine((text) => parsePortAddress(text).ok, inputWords),
    strategy: z.enum(strategies, `there are ${strategies.join(", ")}`).optional(),
    key: key.optional(),
  });

export const sceneTarget = z.strictObject({ scene: z.string("the name of one of the scenes") });

type GroupTarget = z.infer<ReturnType<typeof groupTarget>>;
export type Target = string | GroupTarget | z.infer<typeof sceneTarget>;
export type Groups = z.infer<typeof groupsField>;
/** By name: the inputs that they set, `node/instance/input`. */
export type Scenes = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Group and scene that routes may lead to. */
export interface Goals {
  readonly groups: Groups;
  readonly scenes: Scenes;
}

/** The nodes on which a scene sets something, in alphabetical order. */
const nodesOfScene = (scene: Readonly<Record<string, unknown>>): readonly string[] =>
  [...new Set(Object.keys(scene).map((address) => address.slice(0, address.indexOf("/"))))].toSorted();

/** The ends of a compiled route. A group or scene that there is not has no nodes; `targetProblems` tells of it. */
export function compiledTarget(to: Target, goals: Goals): Pick<CompiledRoute, "to" | "group"> {
  if (typeof to === "string") return { to };
  if ("scene" in to) return sceneEnds(to.scene, goals.scenes);
  const { groups } = goals;
  const group: RouteGroup = {
    nodes: Object.hasOwn(groups, to.group) ? (groups[to.group] ?? []) : [],
    strategy: to.strategy ?? "broadcast",
    ...(to.key === undefined ? {} : { key: to.key }),
  };
  return { to: `${to.group}/${to.input}`, group };
}

/** One on a single node is set there, and needs no hub when the route begins there too. */
function sceneEnds(name: string, scenes: Scenes): Pick<CompiledRoute, "to" | "group"> {
  const nodes = nodesOfScene((Object.hasOwn(scenes, name) ? scenes[name] : undefined) ?? {});
  const [first, ...others] = nodes;
  if (first !== undefined && others.length === 0) return { to: `${first}/${sceneInstance}/${name}` };
  return { to: `${name}/${sceneInstance}/${name}`, group: { nodes: [...nodes], strategy: "broadcast" } };
}

/** What is wrong with a target that is well-formed by itself; `path` is that of the target. */
export function targetProblems<Told extends Problem>(
  places: Places<Told>,
  path: Path,
  to: Target,
  { groups, scenes }: Goals,
): Told[] {
  if (typeof to === "string") return [];
  const problems: Told[] = [];
  const find = (what: "group" | "scene", name: string, names: readonly string[]): void => {
    if (names.includes(name)) return;
    const hint =
      nearest(name, names) ?? (names.length === 0 ? "there are none" : `there is ${names.join(", ")}`);
    problems.push(places.problemAt([...path, what], `there is no ${what} "${name}"`, hint));
  };
  if ("scene" in to) {
    find("scene", to.scene, Object.keys(scenes));
    return problems;
  }
  find("group", to.group, Object.keys(groups));
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
