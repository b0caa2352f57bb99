/**
 * `routes.yaml`: the routes of a site as people write them. Every problem is reported at once, each with its
 * line and column, what is wrong and, where we know, what would be right. The site file will replace this
 * list and use the same compile step.
 */
import * as z from "zod";
import { parseDuration } from "../kernel/duration.ts";
import { nearest } from "../kernel/nearest.ts";
import { failed, ok, type Result } from "../kernel/result.ts";
import type { Millis } from "../kernel/units.ts";
import { compileExpression } from "../routing/expression.ts";
import { laneOfName, lane as laneNumber, lanes } from "../wire/lanes.ts";
import {
  durationMax,
  expressionLengthMax,
  payloadBytesMax,
  rememberingOperatorsMax,
  routesMax,
  ttlDefault,
} from "../wire/limits.ts";
import { type CompiledRoute, encodeDesired } from "../wire/messages/desired.ts";
import { isName } from "../wire/names.ts";
import { isOutputFilter } from "../wire/output-filter.ts";
import { operatorKeys, operatorsOf, throughField } from "./route-operators.ts";
import {
  compiledTarget,
  groupProblems,
  type Groups,
  groupsField,
  groupTarget,
  groupTargetKeys,
  targetAddress,
  targetProblems,
} from "./route-target.ts";
import { sourceProblems } from "./route-source.ts";
import { type Path, type Problem, YamlText } from "./yaml-text.ts";

const nameWords = "a name is a-z, 0-9, - and _, at most 63 characters";
const sourceWords =
  "an address is node/instance/port, such as demo/sim/distance; a filter over several has + or #, as +/sim/distance or demo/#";
const durationWords = "a duration has a unit, such as 50ms, 2s or 1m";
const fileWords = "the file begins with `routes:` and a list of routes under it";

const name = z.string(nameWords).refine(isName, nameWords);
const source = z.string(sourceWords).refine(isOutputFilter, sourceWords);
const expression = z.coerce
  .string()
  .max(expressionLengthMax)
  .superRefine((source, context) => {
    const compiled = source.length > expressionLengthMax ? undefined : compileExpression(source);
    if (compiled === undefined || compiled.ok) return;
    const { message, ...params } = compiled.error;
    context.addIssue({ code: "custom", message, params });
  });
const duration = z.string(durationWords).transform((text, context): Millis => {
  const parsed = parseDuration(text);
  if (parsed.ok && parsed.value <= durationMax) return parsed.value;
  context.addIssue(parsed.ok ? "at most 24h" : durationWords);
  return z.NEVER;
});

const route = z.strictObject(
  {
    name,
    from: source,
    to: z.union([targetAddress, groupTarget(expression)]),
    when: expression.optional(),
    map: expression.optional(),
    ttl: duration.optional(),
    lane: z.enum(lanes).optional(),
    throttle: duration.optional(),
    budget: duration.refine((span) => span > 0, "more than nothing, such as 20ms").optional(),
    through: throughField({ duration, expression }).optional(),
  },
  "a route is a map with at least name, from and to",
);

/** Where in an expression something is wrong, as the issue carries it. */
const placeInExpression = z.object({ offset: z.number(), hint: z.string().optional() });

const routesFile = z.strictObject(
  {
    groups: groupsField.optional(),
    routes: z.array(route, fileWords).max(routesMax, `at most ${routesMax} routes`).nullable(),
  },
  fileWords,
);
const knownKeys = Object.keys(route.shape);

/** The routes of `text`, ready to be placed, or everything that is wrong with it. */
export function parseRoutesFile(text: string): Result<readonly CompiledRoute[], readonly Problem[]> {
  const yaml = new YamlText(text);
  if (yaml.problems.length > 0) return failed(yaml.problems);
  const parsed = routesFile.safeParse(yaml.value, { reportInput: true });
  if (!parsed.success) return failed(parsed.error.issues.flatMap((issue) => problemsOf(yaml, issue)));
  const { groups = {}, routes: written } = parsed.data;
  const routes = (written ?? []).map((each) => compiled(each, groups));
  const targets = (written ?? []).flatMap(({ to }, index) =>
    targetProblems(yaml, ["routes", index, "to"], to, groups),
  );
  const problems = [
    ...groupProblems(yaml, groups),
    ...targets,
    ...twiceNamed(yaml, routes),
    ...operatorProblems(yaml, routes),
    ...sourceProblems(yaml, routes),
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

function compiled(written: z.infer<typeof route>, groups: Groups): CompiledRoute {
  return {
    name: written.name,
    from: written.from,
    ...compiledTarget(written.to, groups),
    ttl: written.ttl ?? ttlDefault,
    lane: (written.lane === undefined ? undefined : laneOfName(written.lane)) ?? laneNumber.telemetry,
    ...(written.when === undefined ? {} : { when: written.when }),
    ...(written.map === undefined ? {} : { map: written.map }),
    ...(written.throttle === undefined ? {} : { throttle: written.throttle }),
    ...(written.budget === undefined ? {} : { budget: written.budget }),
    ...(written.through === undefined || written.through.length === 0
      ? {}
      : { through: operatorsOf(written.through) }),
  };
}

function problemsOf(yaml: YamlText, issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.filter((step) => typeof step !== "symbol");
  if (issue.code === "custom" && issue.params !== undefined) {
    const { offset, hint } = placeInExpression.parse(issue.params);
    return [yaml.problemInside(path, offset, issue.message, hint)];
  }
  // What is written as a map is meant to be a group.
  if (issue.code === "invalid_union") {
    const meant = issue.errors[isMapping(issue.input) ? 1 : 0] ?? [];
    return meant.flatMap((each) => problemsOf(yaml, { ...each, path: [...issue.path, ...each.path] }));
  }
  if (issue.code !== "unrecognized_keys") return [yaml.problemAt(path, wordsFor(issue, path))];
  return issue.keys.map((key) => {
    const known = keysAt(path);
    const hint = nearest(key, known) ?? `there are ${known.join(", ")}`;
    return yaml.problemAtKey(path, key, `"${key}" is unknown here`, hint);
  });
}

const isMapping = (value: unknown): boolean => typeof value === "object" && value !== null;

function keysAt(path: Path): readonly string[] {
  if (path.length === 0) return ["routes", "groups"];
  const [, , part, , operator] = path;
  if (part === "through")
    return operatorKeys[operator === "window" || operator === "hysteresis" ? operator : "step"];
  return part === "to" ? groupTargetKeys : knownKeys;
}

function wordsFor(issue: z.core.$ZodIssue, path: Path): string {
  const isMissing = issue.code === "invalid_type" && issue.input === undefined && path.length > 0;
  return isMissing ? `${path.at(-1)} is missing: ${issue.message}` : issue.message;
}

/** What is wrong with operators that are well-formed by themselves. */
function operatorProblems(yaml: YamlText, routes: readonly CompiledRoute[]): Problem[] {
  const problems = routes.flatMap(({ throttle, through }, index) =>
    throttle === undefined || through === undefined
      ? []
      : [
          yaml.problemAtKey(
            ["routes", index],
            "throttle",
            "beside through it is not clear when it takes place",
            "make it a step of through: `- throttle: 50ms`",
          ),
        ],
  );
  let remembering = 0;
  for (const [index, { through = [] }] of routes.entries()) {
    remembering += through.filter(({ kind }) => kind === "window" || kind === "delay").length;
    if (remembering <= rememberingOperatorsMax) continue;
    const words = `more than ${rememberingOperatorsMax} windows and delays in all routes, which remember many values`;
    return [...problems, yaml.problemAt(["routes", index, "through"], words)];
  }
  return problems;
}

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
