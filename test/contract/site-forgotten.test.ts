// A node that died and was taken out of the site: nobody waits for it, once it is forgotten.

import { expect, test } from "vitest";
import { emptyFolder } from "./folders.ts";
import { SiteLife, siteText } from "./hub-site/site-life.ts";

const siteOf = (levels: Readonly<Record<string, number>>): string => siteText(levels, "");

const stateOf = (life: SiteLife, revision: number) => {
  const view = life.site.rolloutView(revision);
  return view.ok ? view.value.kind : view.error.kind;
};

test("it is in the way of no rollout any more, not after a restart either, and runs nothing if it comes back", async () => {
  const folder = emptyFolder();
  const life = await SiteLife.begin({ folder, there: ["a", "dead"] });
  const first = await life.apply(siteOf({ a: 1, dead: 1 }));
  await expect.poll(() => life.told.size).toBe(2);
  for (const node of ["a", "dead"]) life.says(node, "applied");
  expect(stateOf(life, first)).toBe("complete");
  life.presence("dead", false);
  const second = await life.apply(siteOf({ a: 1 }));
  expect(stateOf(life, second)).toBe("running");

  life.site.forgotten("dead");

  expect(stateOf(life, second)).toBe("complete");
  await life.end();
  await using again = await SiteLife.begin({ folder, there: ["a"] });
  const third = await again.apply(siteOf({ a: 2 }), { group: "all" });
  const view = again.site.rolloutView(third);
  expect(view.ok && view.value.nodes.map(({ node }) => node)).toEqual(["a"]);
  again.presence("dead", true);
  await expect.poll(() => again.told.get("dead")?.digest).toBe(again.site.wants("dead"));
  // It has nothing already: the revision's number is all that is new to it.
  await expect.poll(() => again.told.get("dead")?.revision).toBe(third);
  expect(again.told.get("dead")?.digest).toBe(again.site.wants("dead"));
});

test("before that a group changes over without it, though it is a part of the fleet still", async () => {
  await using life = await SiteLife.begin({ folder: emptyFolder(), there: ["a", "dead"] });
  await life.apply(siteOf({ a: 1, dead: 1 }));
  await expect.poll(() => life.told.size).toBe(2);
  for (const node of ["a", "dead"]) life.says(node, "applied");
  life.presence("dead", false);
  await life.apply(siteOf({ a: 1 }));

  const group = await life.apply(siteOf({ a: 2 }), { group: "all" });
  const view = life.site.rolloutView(group);
  expect(view.ok && view.value.nodes.map(({ node }) => node)).toEqual(["a"]);

  const all = await life.apply(siteOf({ a: 3 }));
  const next = life.site.rolloutView(all);
  expect(next.ok && next.value.nodes.map(({ node }) => node)).toEqual(["a", "dead"]);
});
