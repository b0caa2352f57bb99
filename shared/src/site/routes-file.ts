/**
 * `routes.yaml`: the routes of a site as people write them. Every problem is reported at once, each with its
 * line and column, what is wrong and, where we know, what would be right. A site file has the same routes beside
 * everything else.
 */
import * as z from "zod";
import { failed, ok, type Result } from "../kernel/result.ts";
import { payloadBytesMax, routesMax } from "../wire/limits.ts";
import { type CompiledRoute, encodeDesired } from "../wire/messages/desired.ts";
import { operatorProblems } from "./operator-problems.ts";
import { compiledRoute, routeSchema } from "./route-schema.ts";
import { sourceProblems } from "./route-source.ts";
import { groupProblems, groupsField, targetProblems } from "./route-target.ts";
import { readBySchema } from "./schema-problems.ts";
import { type Problem, YamlText } from "./yaml-text.ts";

const fileWords = "the file begins with `routes:` and a list of routes under it";

const routesFile = z.strictObject(
  {
    groups: groupsField.optional(),
    routes: z.array(routeSchema, fileWords).max(routesMax, `at most ${routesMax} routes`).nullable(),
  },
  fileWords,
);

/** The routes of `text`, ready to be placed, or everything that is wrong with it. */
export function parseRoutesFile(text: string): Result<readonly CompiledRoute[], readonly Problem[]> {
  const yaml = new YamlText(text);
  if (yaml.problems.length > 0) return failed(yaml.problems);
  const parsed = readBySchema(yaml, [], routesFile, yaml.value);
  if (!parsed.ok) return parsed;
  const { groups = {}, routes: written } = parsed.value;
  // Scenes are a site file's.
  const goals = { groups, scenes: {} };
  const routes = (written ?? []).map((each) => compiledRoute(each, goals));
  const targets = (written ?? []).flatMap(({ to }, index) =>
    targetProblems(yaml, ["routes", index, "to"], to, goals),
  );
  const problems = [
    ...groupProblems(yaml, groups),
    ...targets,
    ...twiceNamed(yaml, routes),
    ...operatorProblems(yaml, pathed(routes)),
    ...sourceProblems(yaml, pathed(routes)),
    ...tooLarge(yaml, routes),
  ];
  return problems.length > 0 ? failed(problems) : ok(routes);
}

/** They are kept, and sent to a node, as one document: one that nobody could read again must not be taken over. */
function tooLarge(yaml: YamlText, routes: readonly CompiledRoute[]): Problem[] {
  const bytes = encodeDesired({
    v: 1,
    revision: Number.MAX_SAFE_INTEGER,
    digest: "0".repeat(64),
    routes,
  }).length;
  const words = `all routes together take ${bytes} bytes of the ${payloadBytesMax} that a document may have`;
  return bytes > payloadBytesMax ? [yaml.problemAt(["routes"], words)] : [];
}

const pathed = (routes: readonly CompiledRoute[]) =>
  routes.map((route, index) => ({ route, path: ["routes", index] }));

function twiceNamed(yaml: YamlText, routes: readonly CompiledRoute[]): Problem[] {
  const first = new Map<string, number>();
  return routes.flatMap((each, index) => {
    const earlier = first.get(each.name);
    if (earlier === undefined) {
      first.set(each.name, index);
      return [];
    }
    const { line } = yaml.positionOf(["routes", earlier, "name"]);
    return [
      yaml.problemAt(
        ["routes", index, "name"],
        `"${each.name}" is already the name of the route at line ${line}`,
      ),
    ];
  });
}
