import fc from "fast-check";
import { expect, test } from "vitest";
import { fits, isOutputFilter, nodeOfFilter } from "./output-filter.ts";

test.each(["demo/sim/distance", "+/sim/distance", "demo/+/+", "+/+/+", "demo/#", "demo/sim/#", "+/#", "#"])(
  "%s is an output or a filter over outputs",
  (text) => expect(isOutputFilter(text)).toBe(true),
);

test.each([
  "",
  "demo",
  "demo/sim",
  "demo/sim/distance/x",
  "demo/sim/distance/#",
  "#/sim",
  "de+/sim/a",
  "demo/#/a",
  "Demo/+/a",
  "/+/a",
  "+/+",
])("%j is none", (text) => expect(isOutputFilter(text)).toBe(false));

test.each([
  ["+/panel/visitor", "lobby/panel/visitor", true],
  ["+/panel/visitor", "lobby/panel/knob", false],
  ["demo/+/distance", "demo/sim/distance", true],
  ["demo/+/distance", "pi/sim/distance", false],
  ["demo/#", "demo/sim/distance", true],
  ["demo/sim/#", "demo/simulated/distance", false],
  ["#", "demo/sim/distance", true],
  ["demo/sim/distance", "demo/sim/distance", true],
  ["demo/sim/distance", "demo/sim/motion", false],
])("%s and %s: %j", (filter, address, isFitting) => expect(fits(filter, address)).toBe(isFitting));

test.each([
  ["demo/sim/distance", "demo"],
  ["demo/+/distance", "demo"],
  ["demo/#", "demo"],
  ["+/sim/distance", undefined],
  ["#", undefined],
])("of the outputs of %s the node is %j", (filter, node) => expect(nodeOfFilter(filter)).toBe(node));

test("a filter still fits when one of its levels becomes any", () => {
  const level = fc.constantFrom("a", "b", "c1");
  const address = fc.tuple(level, level, level);

  fc.assert(
    fc.property(address, address, fc.nat(2), (filter, address, index) => {
      const wider = filter.map((level, place) => (place === index ? "+" : level)).join("/");

      if (fits(filter.join("/"), address.join("/"))) expect(fits(wider, address.join("/"))).toBe(true);
      expect(fits(wider, address.join("/"))).toBe(
        filter.every((level, place) => place === index || level === address[place]),
      );
    }),
  );
});
