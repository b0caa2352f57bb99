import { expect, test } from "vitest";
import { figuresIn } from "./generator.ts";
import { argumentsOf, ingestArguments, loads } from "./loads.ts";

test("a spaced load has a rate and a burst has none", () => {
  const shapes = loads
    .filter(({ kind }) => kind === "flow")
    .flatMap((load) => load.shapes.map((shape) => ({ shape, args: argumentsOf(load, shape) })));

  expect(shapes.length).toBeGreaterThan(0);
  for (const { shape, args } of shapes) expect(args.includes("--rate")).toBe(shape === "spaced");
  expect(ingestArguments("spaced")).toContain("--rate");
  expect(ingestArguments("burst")).not.toContain("--rate");
});

test("every load has a name of its own", () => {
  expect(new Set(loads.map(({ name }) => name)).size).toBe(loads.length);
});

test("the generator's line gives its numbers and leaves out words and lists", () => {
  expect(figuresIn('{"mode":"fan-in","qos":1,"rate":20000.5,"per_second":[1,2]}')).toEqual({
    qos: 1,
    rate: 20_000.5,
  });
});

test("what is no line of figures is refused", () => {
  expect(() => figuresIn("null")).toThrow("said null");
});
