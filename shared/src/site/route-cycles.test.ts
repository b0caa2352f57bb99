import fc from "fast-check";
import { expect, test } from "vitest";
import { type Ends, routeCycles } from "./route-cycles.ts";

const route = (name: string, from: string, ...to: readonly string[]): Ends => ({ name, from, to });
const named = (routes: readonly Ends[]) =>
  routeCycles(routes).map((cycle) => cycle.map((index) => routes[index]?.name).join(" -> "));

test("routes that lead on and on feed nobody twice", () => {
  expect(named([route("a", "1", "2"), route("b", "2", "3"), route("c", "1", "3")])).toEqual([]);
});

test("a circle is told once, from its first route on, however it is entered", () => {
  const circle = [route("b", "2", "3"), route("c", "3", "1"), route("a", "1", "2")];

  expect(named(circle)).toEqual(["b -> c -> a"]);
  expect(named([route("in", "0", "3"), ...circle])).toEqual(["b -> c -> a"]);
});

test("a group closes a circle by any of its nodes, and two circles are two", () => {
  expect(named([route("a", "1", "8", "2"), route("b", "2", "1"), route("self", "5", "5")])).toEqual([
    "a -> b",
    "self",
  ]);
});

test("a filter takes part wherever it fits", () => {
  expect(named([route("a", "x/y/z", "n/m/o"), route("b", "n/+/o", "x/y/z")])).toEqual(["a -> b"]);
  expect(named([route("a", "x/y/z", "n/m/o"), route("b", "n/+/p", "x/y/z")])).toEqual([]);
});

test("a chain as long as there may be routes is walked", () => {
  const chain = Array.from({ length: 5000 }, (_, index) => route(`r${index}`, `${index}`, `${index + 1}`));

  expect(named(chain)).toEqual([]);
  expect(named([...chain, route("back", "5000", "0")])).toHaveLength(1);
});

test("there is a circle exactly when a value could come back to where it was", () => {
  const place = fc.nat({ max: 6 }).map(String);
  fc.assert(
    fc.property(fc.array(fc.tuple(place, place), { maxLength: 12 }), (pairs) => {
      const routes = pairs.map(([from, to], index) => route(`r${index}`, from, to));
      const reached = (from: string): ReadonlySet<string> => {
        const seen = new Set<string>();
        const todo = [from];
        for (let at = todo.pop(); at !== undefined; at = todo.pop())
          for (const { to } of routes.filter((each) => each.from === at))
            for (const next of to.filter((each) => !seen.has(each))) {
              todo.push(next);
              seen.add(next);
            }
        return seen;
      };

      const cycles = routeCycles(routes);

      expect(cycles.length > 0).toBe(pairs.some(([from]) => reached(from).has(from)));
      for (const cycle of cycles)
        for (const [position, index] of cycle.entries()) {
          const next = routes[cycle[(position + 1) % cycle.length] ?? 0];
          expect(routes[index]?.to).toContain(next?.from);
        }
    }),
  );
});
