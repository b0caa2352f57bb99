import { expect, test } from "vitest";
import { micros, millis } from "@interactor/shared/kernel/units";
import type { Reading } from "@interactor/shared/routing/replay";
import type { CompiledSite } from "@interactor/shared/site/compiled-site";
import { noon, routeOf } from "@interactor/shared/testing/builders";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import { dryRunLines, playedOnBoth } from "./dry-run.ts";
import { painterFor } from "./output.ts";

const plain = painterFor({}, false, {});
const second = (at: number) => micros(noon + at * 1e6);

function siteOf(onNode: readonly CompiledRoute[], onHub: readonly CompiledRoute[] = []): CompiledSite {
  const byName = (routes: readonly CompiledRoute[]) =>
    Object.fromEntries(routes.map((each) => [each.name, each]));
  return {
    v: 1,
    site: "demo",
    nodes: { pi: { zones: [], instances: {}, scenes: {}, routes: byName(onNode) } },
    hub: { routes: byName(onHub), groups: {}, zones: {}, exhibits: {}, scenes: {}, modes: {}, secrets: {} },
  };
}

const readingsOf = (count: number): readonly Reading[] =>
  Array.from({ length: count }, (_each, index) => ({
    at: second(index),
    from: "pi/sim/distance",
    sample: { value: index, unit: "m", quality: 0 as const, at: second(index) },
  }));

const recordingOf = (count: number) => ({
  site: "demo",
  from: noon,
  readings: readingsOf(count),
  isCutOff: false,
  isLeftOut: false,
});

const same = routeOf({ name: "same", to: "pi/lights/back" });

test("what would have been told otherwise is told with its first moment, and what is the same is counted", () => {
  const before = siteOf([routeOf(), same]);
  const after = siteOf([routeOf({ map: "value < 3 ? value : value * 10" }), same]);

  const played = playedOnBoth(recordingOf(5), before, after);

  expect(played.compared.inputs).toEqual([
    {
      to: "pi/lights/front",
      before: 5,
      after: 5,
      moments: 2,
      first: { at: second(3), before: { at: second(3), value: 3 }, after: { at: second(3), value: 30 } },
    },
  ]);
  const lines = dryRunLines(recordingOf(5), played, plain);
  expect(lines[0]).toMatch(/^played 5 values of 4 s from /);
  expect(lines[1]).toMatch(/^~ pi\/lights\/front {2}differs 2 times, first at .*: 3 => 30 \(5 values\)$/);
  expect(lines[2]).toBe("1 other input told the same");
});

test("a route under another name that does the same is no difference, one that is late is one", () => {
  const before = siteOf([routeOf(), same]);
  const renamed = siteOf([routeOf({ name: "other" }), same]);
  const late = siteOf([routeOf({ through: [{ kind: "delay", span: millis(300) }] }), same]);

  expect(playedOnBoth(recordingOf(5), before, renamed).compared.inputs).toEqual([]);
  const { compared, slower } = playedOnBoth(recordingOf(5), before, late);
  expect(compared.inputs).toMatchObject([{ to: "pi/lights/front", before: 5, after: 5 }]);
  expect(slower).toEqual([{ route: "follow", words: "its steps keep each value 300 ms longer" }]);
});

test("a route that would leave its node, and one that would take longer, are slower", () => {
  const heavy = Array.from({ length: 40 }, () => "curve(value, 2.2)").join(" + ");
  const before = siteOf([routeOf(), same]);

  const moved = playedOnBoth(recordingOf(3), before, siteOf([same], [routeOf()]));
  const costly = playedOnBoth(recordingOf(600), before, siteOf([routeOf({ map: heavy }), same]));

  expect(moved.slower[0]?.words).toContain("ran on pi and would go through the hub");
  expect(moved.compared.inputs).toEqual([]);
  expect(costly.slower[0]?.words).toMatch(/^takes .* µs a value here, .* µs before$/);
});

test("the same recording and the same routes have the same hash, others another one", () => {
  const [site, other] = [siteOf([routeOf()]), siteOf([routeOf({ map: "value + 1" })])];
  const hashes = [site, site, other].map((after) => playedOnBoth(recordingOf(50), undefined, after).hash);

  expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(hashes[1]).toBe(hashes[0]);
  expect(hashes[2]).not.toBe(hashes[0]);
});

test("a route that begins to fail is told with its words", () => {
  const after = siteOf([routeOf({ map: 'value.contains("a")' }), same]);

  const played = playedOnBoth(recordingOf(5), siteOf([routeOf(), same]), after);

  expect(dryRunLines(recordingOf(5), played, plain).join("\n")).toMatch(/route follow fails: map: /);
});

test("what would come out later than a minute after the last value is a difference too", () => {
  const delayed = (minutes: number) =>
    siteOf([routeOf({ through: [{ kind: "delay", span: millis(minutes * 60_000) }] })]);

  const { compared } = playedOnBoth(recordingOf(5), delayed(2), delayed(10));

  expect(compared.inputs).toMatchObject([{ to: "pi/lights/front", before: 5, after: 5 }]);
  expect(compared.inputs[0]?.first.at).toBe(second(120));
});

test("routes that nothing in the recording feeds are told as not played", () => {
  const ofMode = routeOf({ name: "mode", from: "hub/mode/hall" });
  const site = siteOf([routeOf(), routeOf({ name: "open", from: "+/sim/#" })], [ofMode]);

  const played = playedOnBoth(recordingOf(5), site, site);

  expect(played.notPlayed).toEqual(["mode"]);
  expect(dryRunLines(recordingOf(5), played, plain)).toContain(
    "not played, for nothing in the recording feeds them: mode",
  );
  const many = Array.from({ length: 12 }, (_, index) =>
    routeOf({ name: `m${index}`, from: "hub/mode/hall" }),
  );
  expect(dryRunLines(recordingOf(5), playedOnBoth(recordingOf(5), site, siteOf(many)), plain)).toContainEqual(
    expect.stringMatching(/: m0, m1, m10, .* and 2 routes more$/),
  );
});
