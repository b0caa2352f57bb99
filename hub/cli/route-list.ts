/** `interactor route list` and `route where`: which routes there are, how they do, where they run and why. */
import { nearest } from "@interactor/shared/kernel/nearest";
import type { RouteView, RoutesResponse } from "@interactor/shared/wire/api";
import { commandFault } from "./exit.ts";
import { fetchRoutes, findHub, type HubOptions } from "./hub-client.ts";
import { painterFor, type Painter, printable, tableLines } from "./output.ts";

export interface RouteListOptions extends HubOptions {
  readonly json?: boolean;
  readonly color: boolean;
}

export async function runRouteList(options: RouteListOptions): Promise<void> {
  const answer = await fetchRoutes(await findHub(options, process.env));
  const painter = painterFor(process.stdout, options.color, process.env);
  print(options.json === true ? [JSON.stringify(answer)] : listLines(answer, painter));
}

export async function runRouteWhere(name: string | undefined, options: RouteListOptions): Promise<void> {
  const answer = await fetchRoutes(await findHub(options, process.env));
  const routes = name === undefined ? answer.routes : [routeNamed(answer.routes, name)];
  const painter = painterFor(process.stdout, options.color, process.env);
  const json = { ...answer, routes: routes.map(({ name, place, reason }) => ({ name, place, reason })) };
  print(options.json === true ? [JSON.stringify(json)] : whereLines({ ...answer, routes }, painter));
}

const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join("\n")}\n`);

/** The route, or a Fault that says which there are. */
export function routeNamed<Named extends { readonly name: string }>(
  routes: readonly Named[],
  name: string,
): Named {
  const found = routes.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = routes.map((each) => each.name);
  const hint =
    nearest(name, names) ?? (names.length === 0 ? "there are none" : `there are ${names.join(", ")}`);
  throw commandFault("NOT_FOUND", `there is no route "${printable(name)}"; ${printable(hint)}`);
}

const noRoutes = ({ site }: RoutesResponse): readonly string[] => [
  `site ${printable(site)} has no routes yet: write them into the site file, and apply it`,
];

export function listLines(answer: RoutesResponse, painter: Painter): readonly string[] {
  if (answer.routes.length === 0) return noRoutes(answer);
  const headings = ["ROUTE", "FROM", "THROUGH", "TO", "RUNS ON", "PASSED", "FAILED", "WHAT IS WRONG"];
  const failedColumn = headings.indexOf("FAILED");
  const wrongColumn = headings.indexOf("WHAT IS WRONG");
  const rows = answer.routes.map((route) => {
    const { name, from, through, place, runs } = route;
    const cells = [name, from, through.join(", ") || "–", targetOf(route), place ?? "hub"];
    const counts = runs === undefined ? ["–", "–"] : [`${runs.passed}`, `${runs.failed}`];
    return [...cells, ...counts, wrongWith(route)].map(printable);
  });
  return tableLines(headings, rows, (text, column, row) => {
    if (row < 0) return painter.faint(text);
    const isBad = column === wrongColumn || (column === failedColumn && !/^(0|–)\s*$/.test(text));
    return isBad ? painter.bad(text) : text;
  });
}

const targetOf = ({ to, group }: RouteView): string =>
  group === undefined ? to : `${to} (${group.strategy})`;

function wrongWith({ runs, place }: RouteView): string {
  if (runs === undefined) return place === null ? "" : `${place} has not said`;
  const { error, budget } = runs;
  const late =
    budget === undefined || budget.over === 0
      ? undefined
      : `${budget.over} over the budget of ${budget.budget_ms} ms (p99 ${Number(budget.p99_ms.toPrecision(3))} ms)`;
  return [error, late].filter((words) => words !== undefined).join("; ");
}

export function whereLines(answer: RoutesResponse, painter: Painter): readonly string[] {
  if (answer.routes.length === 0) return noRoutes(answer);
  const rows = answer.routes.map(({ name, place, reason }) => [name, place ?? "hub", reason].map(printable));
  return tableLines(["ROUTE", "RUNS ON", "BECAUSE"], rows, (text, _column, row) =>
    row < 0 ? painter.faint(text) : text,
  );
}
