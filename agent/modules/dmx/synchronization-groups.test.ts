import { instant } from "@interactor/shared/sdk/define-module";
import { expect, test } from "vitest";
import { sacnLossTimeout } from "./engine/network-sources.ts";
import { sacnGroup } from "./sacn.ts";
import { SynchronizationGroups, synchronizationsMax } from "./synchronization-groups.ts";

function groupsOf(universe: number) {
  const joined = new Set<string>([sacnGroup(universe)]);
  const groups = new SynchronizationGroups(
    { join: (group) => void joined.add(group), leave: (group) => void joined.delete(group) },
    universe,
  );
  return { groups, joined };
}

test("a universe that is synchronized by itself is never left", () => {
  const { groups, joined } = groupsOf(1);

  groups.named(1, instant(0));
  groups.named(7962, instant(0));
  groups.expire(instant(sacnLossTimeout));

  expect([groups.has(1), groups.has(7962)]).toEqual([false, false]);
  expect([...joined]).toEqual([sacnGroup(1)]);
});

test("two desks keep each their own for as long as they name it", () => {
  const { groups, joined } = groupsOf(1);

  for (let time = 0; time < 10_000; time += 20) {
    groups.named(time % 40 === 0 ? 7001 : 7002, instant(time));
    groups.expire(instant(time));
    expect(joined.size).toBe(time === 0 ? 2 : 3);
  }
});

test("who names another every time has us in no more groups than the bound, and others have room again", () => {
  const { groups, joined } = groupsOf(1);

  for (let universe = 100; universe < 1000; universe += 1) groups.named(universe, instant(0));
  expect(joined.size).toBe(1 + synchronizationsMax);

  groups.expire(instant(sacnLossTimeout));
  groups.named(42, instant(sacnLossTimeout));
  expect([...joined]).toEqual([sacnGroup(1), sacnGroup(42)]);
});
