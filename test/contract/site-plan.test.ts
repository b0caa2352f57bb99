// What a plan says a site would change, where the newest revision is not what runs.

import { expect, test } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import { systemClock } from "../../hub/src/adapters/clock-system.ts";
import { compilerHere } from "../../hub/src/adapters/site-compiler/compiling.ts";
import { openRevisionLog } from "../../hub/src/adapters/store-sqlite/revision-log.ts";
import type { HubSite } from "../../hub/src/hub-site.ts";
import { emptyFolder } from "./folders.ts";
import { SiteLife, siteText } from "./hub-site/site-life.ts";

async function planned(site: HubSite, text: string) {
  const plan = await site.revisions.plan({ root: "site.yaml", files: { "site.yaml": text } });
  if (!plan.ok) return expect.fail(JSON.stringify(plan.error));
  const { isUnchanged, nodes, untouched } = plan.value;
  return {
    isUnchanged,
    nodes: nodes.map(({ node, restart, takeOver }) => [node, ...restart, ...takeOver]),
    untouched,
  };
}

/** Revision 2 on disk, and nothing after that: the hub's power was cut. */
async function writtenOnly(folder: string, text: string): Promise<void> {
  const ignore = (): void => undefined;
  const log = { info: ignore, warn: ignore, error: ignore };
  await using revisions = await openRevisionLog({ folder, clock: systemClock(), log });
  const site = await compilerHere("demo").compile({ root: "site.yaml", files: { "site.yaml": text } });
  if (!site.ok) return expect.fail(JSON.stringify(site.error));
  const { digest, content } = site.value;
  const made = { author: "anna", message: "", at: micros(Date.now() * 1000), isConfirmed: false };
  await revisions.add({ number: 2, digest, bytes: content.length, ...made, rollbackOf: undefined }, content);
}

const siteOf = (levels: Readonly<Record<string, number>>): string => siteText(levels, "");

/** Two nodes at revision 1. */
async function begun() {
  const life = await SiteLife.begin({ folder: emptyFolder(), there: ["a", "b"] });
  await life.apply(siteOf({ a: 1, b: 1 }));
  await expect.poll(() => life.told.size).toBe(2);
  for (const node of ["a", "b"]) life.says(node, "applied");
  return life;
}

test("after an abort that took everything back it is told against what the nodes have again", async () => {
  await using life = await begun();
  const aborted = await life.apply(siteOf({ a: 2, b: 1 }));
  life.site.act(aborted, "abort", { by: "anna", reason: "too bright", take_back: true });

  expect(await planned(life.site, siteOf({ a: 2, b: 1 }))).toEqual({
    isUnchanged: false,
    nodes: [["a", "lamp"]],
    untouched: 1,
  });
  const { nodes } = await planned(life.site, siteOf({ a: 2, b: 2 }));
  expect(nodes).toEqual([
    ["a", "lamp"],
    ["b", "lamp"],
  ]);
});

test("a node that went back to what it had before is tried again, and is told against that", async () => {
  await using life = await begun();
  await life.apply(siteOf({ a: 2, b: 1 }));
  await expect.poll(() => life.told.get("a")?.revision).toBe(2);
  life.says("a", "rolled-back", "CRASHED");

  const again = await planned(life.site, siteOf({ a: 2, b: 1 }));

  expect(again).toEqual({ isUnchanged: false, nodes: [["a", "lamp"]], untouched: 1 });
});

test("what is on its way, or is there, is unchanged", async () => {
  await using life = await begun();
  const nothing = { isUnchanged: true, nodes: [], untouched: 2 };
  expect(await planned(life.site, siteOf({ a: 1, b: 1 }))).toEqual(nothing);

  await life.apply(siteOf({ a: 2, b: 1 }));

  expect(await planned(life.site, siteOf({ a: 2, b: 1 }))).toEqual(nothing);
});

test("a hub that was killed before a revision began its way says so, and begins it when it is applied again", async () => {
  const folder = emptyFolder();
  const life = await SiteLife.begin({ folder, there: ["a"] });
  await life.apply(siteOf({ a: 1 }));
  await expect.poll(() => life.told.size).toBe(1);
  life.says("a", "applied");
  expect(life.site.problems()).toEqual([]);
  await life.end();
  await writtenOnly(folder, siteOf({ a: 2 }));

  await using again = await SiteLife.begin({ folder, there: ["a"] });

  expect(again.site.problems().join()).toContain("revision 2");
  expect((await planned(again.site, siteOf({ a: 2 }))).nodes).toEqual([["a", "lamp"]]);
  expect(await again.apply(siteOf({ a: 2 }))).toBe(3);
  expect(again.site.problems()).toEqual([]);
});
