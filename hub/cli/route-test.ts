/** `interactor route test`: what a route of a file does with given values, step by step, without a hub. */
import { readFile } from "node:fs/promises";
import { messageOf } from "@interactor/shared/kernel/fault";
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import { traceRoute, type TraceStep } from "@interactor/shared/routing/trace-route";
import { parseRoutesFile } from "@interactor/shared/site/routes-file";
import { problemLine } from "@interactor/shared/site/yaml-text";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import { fits, hasWildcard } from "@interactor/shared/wire/output-filter";
import { checkedSite } from "./config-check.ts";
import { commandFault } from "./exit.ts";
import { formatValue, painterFor, type Painter, printable, tableLines, toJson } from "./output.ts";
import { readInputs } from "./route-input.ts";
import { placesOf } from "./replay-compare.ts";
import { routeNamed } from "./route-list.ts";

export interface RouteTestOptions {
  readonly input: readonly string[];
  readonly for?: Millis;
  readonly json?: boolean;
  readonly color: boolean;
}

const waitDefault = seconds(10);

export async function runRouteTest(file: string, name: string, options: RouteTestOptions): Promise<void> {
  const route = routeNamed(await routesOf(file, options), name);
  const inputs = readInputs(options.input);
  if (!inputs.ok) throw commandFault("USAGE", `--input ${inputs.error}`);
  for (const { from } of inputs.value) checkSource(route, from);
  const until = (inputs.value.at(-1)?.at ?? 0) + (options.for ?? waitDefault);
  const traced = traceRoute(route, inputs.value, until);
  if (!traced.ok) throw commandFault("VALIDATION", `${traced.error.part}: ${traced.error.fault.message}`);
  const painter = painterFor(process.stdout, options.color, process.env);
  const lines =
    options.json === true
      ? traced.value.map((step) => JSON.stringify(toJson(step)))
      : traceLines(route, traced.value, painter);
  process.stdout.write(`${lines.join("\n")}\n`);
  const wrong = traced.value.filter(({ kind }) => kind === "failed").length;
  if (wrong > 0) throw commandFault("FAILED", wrong === 1 ? "a step failed" : `${wrong} steps failed`);
}

/** What tells a site file from a file of routes and groups alone. */
const siteSection = /^(site|include|nodes|zones|variables|modes):/m;

async function routesOf(file: string, options: RouteTestOptions): Promise<readonly CompiledRoute[]> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw commandFault("NOT_FOUND", `cannot read ${printable(file)}: ${messageOf(error)}`);
  });
  if (siteSection.test(text)) return placesOf(checkedSite(file, options)).flat();
  const parsed = parseRoutesFile(text);
  if (parsed.ok) return parsed.value;
  const problems = parsed.error.map((problem) => printable(problemLine(file, problem)));
  throw commandFault("VALIDATION", problems.join("\n"));
}

/** Where a route names several outputs, each value says which one it is of. */
function checkSource(route: CompiledRoute, from: string | undefined): void {
  if (from === undefined && !hasWildcard(route.from)) return;
  if (from === undefined) {
    throw commandFault("USAGE", `${route.name} takes ${route.from}: write --input output=value`);
  }
  if (!fits(route.from, from))
    throw commandFault("USAGE", `${route.name} takes ${route.from}, and not ${from}`);
}

const kindWords = {
  came: "",
  passed: "true",
  stopped: "goes no further",
  held: "kept",
  gave: "",
  failed: "failed:",
  arrived: "",
  "let-go": "lets go",
  lost: "has lost its source: what the route holds goes the way of its failsafe",
} as const satisfies Record<TraceStep["kind"], string>;

export function traceLines(
  { to }: Pick<CompiledRoute, "to">,
  steps: readonly TraceStep[],
  painter: Painter,
): readonly string[] {
  const rows = steps.map(({ at, part, kind, value, error, from }) => {
    const shown = value === undefined ? "" : formatValue(value);
    const told = [kindWords[kind], kind === "failed" ? printable(error ?? "") : shown].filter(
      (text) => text !== "",
    );
    if (part === "throttle" && kind === "gave") told.push("lets the last one out");
    const step =
      part === "to" ? `to ${to}` : `${part}${part === "from" && from !== undefined ? ` ${from}` : ""}`;
    return [`${Number(at.toFixed(3))} ms`, step, told.join(" ")];
  });
  if (rows.length === 0) return ["nothing came"];
  const lines = tableLines(["AT", "STEP", ""], rows, (text, _column, row) => {
    const kind = steps[row]?.kind;
    if (row < 0 || kind === "stopped" || kind === "held") return painter.faint(text);
    if (kind === "failed") return painter.bad(text);
    return kind === "arrived" || kind === "let-go" ? painter.good(text) : text;
  });
  const counted = (kind: TraceStep["kind"]): number => steps.filter((step) => step.kind === kind).length;
  const [arrived, letGo] = [counted("arrived"), counted("let-go")];
  const sum = `${counted("came")} came, ${arrived} arrived${letGo === 0 ? "" : `, ${letGo} let go`}`;
  return [...lines, "", arrived + letGo === 0 ? painter.warn(sum) : sum];
}
