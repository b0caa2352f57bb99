// The worked example of the dmx module's README is a site that compiles, and its route does what is said of it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failed, ok } from "@interactor/shared/kernel/result";
import { traceRoute } from "@interactor/shared/routing/trace-route";
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { DeclaredModules } from "@interactor/shared/site/catalogue";
import { compileSite } from "@interactor/shared/site/compile-site";
import { problemReport } from "@interactor/shared/site/site-problem";

const readme = join(import.meta.dirname, "../../agent/modules/dmx/README.md");

/** The example as it stands there, `instead` of a part of it. */
function compiled(...instead: readonly (readonly [from: string, to: string])[]) {
  const [, section = ""] = readFileSync(readme, "utf8").split("### A sensor above a desk");
  const [, example = ""] = /```yaml\n(.*?)```/s.exec(section) ?? [];
  const text = instead.reduce((all, [from, to]) => {
    expect(all).toContain(from);
    return all.replace(from, to);
  }, example);
  const read = (path: string) => (path === "site.yaml" ? ok(text) : failed("there is no such file"));
  return compileSite({ root: "site.yaml", site: "demo", read }, new DeclaredModules(builtInModules, "0.1.0"));
}

test("the example of a sensor above a desk compiles, and its route holds the light and lets it go", () => {
  const site = compiled();
  if (!site.ok) throw new Error(site.error.problems.map(({ message }) => message).join("\n"));
  const route = site.value.nodes["hall"]?.routes["visitor"];
  if (route === undefined) throw new Error("no route");

  const trace = traceRoute(
    route,
    [
      { at: 0, value: true },
      { at: 1000, value: false },
    ],
    60_000,
  );

  expect(site.value.nodes["hall"]?.instances["stage"]?.failsafes["wash"]).toEqual({ hold: 5000, fade: 0 });
  const arrived = trace.ok ? trace.value.filter(({ part }) => part === "to") : [];
  expect(arrived).toEqual([
    { at: 0, part: "to", kind: "arrived", value: 0.6 },
    { at: 21_000, part: "to", kind: "let-go" },
  ]);
});

test("led to what has nothing to let go of it is refused with what to write", () => {
  const site = compiled(
    ["hall/stage/wash", "hall/stage/cue-go"],
    ['"value ? 0.6 : null"', `'value ? "show" : null'`],
  );

  const told = site.ok
    ? []
    : site.error.problems.flatMap((problem) => problemReport(problem, site.error.lineOf));
  expect(told.join("\n")).toMatch(
    /hall\/stage\/cue-go keeps nothing: .*\n.*\n.*\n.*let through by when: only what it is to take/,
  );
});
