// A hub's site with all its cores on real stores: what nodes are told and the hub itself serves, over modes and restarts.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { copyOfFolder, emptyFolder } from "../folders.ts";
import { type Cut, route, SiteLife, siteText } from "./site-life.ts";

const both = ["a", "b"] as const;
const bright = siteText({ a: 1, b: 1 });

test("a route that moves to a node of a zone with an audience stays with the hub until the node has it", async () => {
  const life = await SiteLife.begin({ folder: emptyFolder(), there: both });
  await life.applied(bright, ...both);
  await life.mode("hall", "open");

  const second = await life.apply(siteText({ a: 1, b: 1 }, route("cross", "a", "a/stage/ch1")));
  await life.reports(second, "held", "a");
  expect(life.serving).toEqual(["cross to b/stage/ch1"]);

  await life.mode("hall", "closed");
  await life.until(() => life.site.revision === second);
  expect(life.serving).toEqual(["cross to b/stage/ch1"]);
  await life.reports(second, "applied", "a");
  expect(life.serving).toEqual([]);
  await life.end();
});

test("a route of the hub between nodes with an audience is not changed under their eyes", async () => {
  const life = await SiteLife.begin({ folder: emptyFolder(), there: both });
  await life.applied(bright, ...both);
  await life.mode("hall", "open");

  const second = await life.apply(siteText({ a: 1, b: 1 }, route("cross", "a", "b/stage/ch2")));
  expect(life.serving).toEqual(["cross to b/stage/ch1"]);

  const step = life.site.act(second, "override", { by: "anna", reason: "it is dark" });
  expect(step.ok).toBe(true);
  expect(life.serving).toEqual(["cross to b/stage/ch2"]);
  await life.end();
});

test("a hub that was started again goes on with the route that a node has not taken over", async () => {
  const folder = emptyFolder();
  const life = await SiteLife.begin({ folder, there: both });
  await life.applied(bright, ...both);
  const second = await life.apply(siteText({ a: 1, b: 1 }, route("cross", "a", "a/stage/ch1")));
  expect([life.site.revision, life.serving]).toEqual([second, ["cross to b/stage/ch1"]]);
  await life.end();

  const again = await SiteLife.begin({ folder, there: both });
  expect([again.site.revision, again.serving]).toEqual([second, ["cross to b/stage/ch1"]]);
  again.presence("a", true);
  await again.reports(second, "applied", "a");
  expect(again.serving).toEqual([]);
  await again.end();
});

const dark = siteText({ a: 2, b: 2 });
const darker = siteText({ a: 3, b: 3 });
const oneByOne = { waves: [{ count: 1 }] };

test("what a mode held is held by the next hub too, when another revision has taken its place", async () => {
  const folder = emptyFolder();
  const life = await SiteLife.begin({ folder, there: both });
  const first = await life.applied(bright, ...both);
  await life.mode("site", "open");
  const second = await life.apply(dark);
  await life.reports(second, "held", ...both);
  const third = await life.apply(darker, oneByOne);
  await life.end();

  const again = await SiteLife.begin({ folder });
  await again.until(() => again.said.length >= 2);
  expect(again.said).toMatchObject([
    { node: "a", revision: third, hold: "mode" },
    { node: "b", revision: second, hold: "mode" },
  ]);
  // What it never ran, nobody gives it back.
  for (const node of both) again.presence(node, true);
  const aborted = again.site.act(third, "abort", { by: "anna", reason: "no", take_back: true });
  expect(aborted.ok).toBe(true);
  await again.until(() => again.said.at(-1)?.revision === first);
  expect(again.said.at(-1)).toMatchObject({ node: "a", hold: "none" });
  await again.end();
});

test("what waits for its group goes on waiting when another revision has taken its place", async () => {
  const folder = emptyFolder();
  const life = await SiteLife.begin({ folder, there: both });
  await life.applied(bright, ...both);
  const second = await life.apply(dark, { group: "all" });
  await life.reports(second, "held", "a");
  const third = await life.apply(darker, oneByOne);
  await life.end();

  const again = await SiteLife.begin({ folder });
  await again.until(() => again.said.length >= 2);
  expect(again.said).toMatchObject([
    { node: "a", revision: third, hold: "none" },
    { node: "b", revision: second, hold: "group" },
  ]);
  await again.end();
});

test("a hub that was started again serves what it served before when a revision is taken back", async () => {
  const folder = emptyFolder();
  const life = await SiteLife.begin({ folder, there: both });
  const first = await life.applied(bright, ...both);
  const second = await life.apply(siteText({ a: 2, b: 1 }, route("cross", "a", "b/stage/ch2")));
  expect([life.site.revision, life.serving]).toEqual([second, ["cross to b/stage/ch2"]]);
  await life.end();

  const again = await SiteLife.begin({ folder });
  for (const node of both) again.presence(node, true);
  again.site.act(second, "abort", { by: "anna", reason: "no", take_back: true });

  expect([again.site.revision, again.serving]).toEqual([first, ["cross to b/stage/ch1"]]);
  expect(again.site.modes.whyClosed([])).toBeUndefined();
  expect(again.site.modes.view().zones).not.toEqual([]);
  await again.end();
});

test("a revision is neither complete nor confirmed while a mode keeps the hub from serving it", async () => {
  const life = await SiteLife.begin({ folder: emptyFolder(), there: both });
  await life.applied(bright, ...both);
  await life.mode("site", "open");

  const second = await life.apply(siteText({ a: 1, b: 1 }, route("cross", "a", "b/stage/ch2")));
  await life.untilKept();
  const held = { state: "held", why: 'the site is in mode "open", with an audience' };
  expect(life.view(second)).toMatchObject({ kind: "running", nodes: [], hub: held });
  expect(life.site.revisions.newest).toMatchObject({ number: second, isConfirmed: false });

  await life.mode("site", "closed");
  await life.until(() => life.site.revisions.newest?.isConfirmed === true);
  expect(life.view(second)).toMatchObject({ kind: "complete", hub: { state: "done" } });
  expect(life.serving).toEqual(["cross to b/stage/ch2"]);
  await life.end();
});

test("a revision that cannot be read is not served: what is served goes on", async () => {
  const folder = emptyFolder();
  const life = await SiteLife.begin({ folder, there: both });
  await life.applied(bright, ...both);
  const second = await life.apply(siteText({ a: 2, b: 1 }, route("cross", "a", "b/stage/ch2")));
  await life.end();
  damageContentOf(1, folder);

  const again = await SiteLife.begin({ folder, there: both });
  again.site.act(second, "abort", { by: "anna", reason: "no", take_back: true });
  await again.untilKept();

  expect(again.lines.join("\n")).toContain("revision 1 cannot be used");
  expect(again.serving).toEqual(["cross to b/stage/ch2"]);
  expect(again.site.modes.view().zones).not.toEqual([]);
  await again.end();
});

test("when the revisions are lost and how far they came is not, no number is used twice", async () => {
  const folder = emptyFolder();
  const life = await SiteLife.begin({ folder, there: both });
  for (const level of [1, 2, 3]) await life.applied(siteText({ a: level, b: level }), ...both);
  await life.end();
  for (const end of ["", "-wal", "-shm"]) rmSync(join(folder, `revisions.sqlite${end}`), { force: true });

  const second = await SiteLife.begin({ folder, there: both });
  expect(second.lines.join("\n")).toContain("revision 3 is not kept any more");
  expect([second.site.revision, second.serving, second.said]).toEqual([0, [], []]);
  const revision = await second.applied(siteText({ a: 9, b: 9 }), ...both);
  expect(revision).toBe(4);
  await second.end();

  const third = await SiteLife.begin({ folder });
  expect([third.site.revision, third.serving]).toEqual([4, ["cross to b/stage/ch1"]]);
  expect(third.site.rollouts.current?.plan.revision).toBe(4);
  await third.end();
});

test("nobody is told what is not on disk yet, also what was decided while the disk was at work", async () => {
  let diskDelay = 0;
  const life = await SiteLife.begin({ folder: emptyFolder(), there: both, diskDelay: () => diskDelay });
  await life.applied(bright, ...both);
  life.presence("b", false);
  await life.untilKept();
  life.said.splice(0);

  diskDelay = 100;
  const second = await life.apply(dark);
  await wait(20);
  life.presence("b", true);
  await life.until(() => life.said.length === 2);

  expect(life.said).toMatchObject([
    { node: "a", revision: second, onDisk: second },
    { node: "b", revision: second, onDisk: second },
  ]);
  diskDelay = 0;
  await life.end();
});

const cuts: readonly Cut[] = ["after-revision", "after-rollout"];
test.each(cuts)("a power cut %s: the next hub sends the revision its way, as it was asked", async (cut) => {
  const folder = emptyFolder();
  const life = await SiteLife.begin({ folder, there: both });
  const first = await life.applied(bright, ...both);
  await life.appliedUntil(cut, siteText({ a: 2, b: 2 }, route("cross", "a", "b/stage/ch2")), {
    ...oneByOne,
    settle_ms: 0,
  });
  const left = copyOfFolder(folder);
  expect(life.said.map(({ revision }) => revision)).not.toContain(first + 1);
  await life.end();

  const again = await SiteLife.begin({ folder: left });
  const second = first + 1;
  expect(again.lines.join("\n")).toContain(`revision ${second} was written down when the hub ended`);
  expect(again.site.problems()).toEqual([]);
  expect(again.view(second)).toMatchObject({ kind: "running", waves: 2 });
  for (const node of both) again.presence(node, true);
  await again.until(() => again.said.some(({ node, revision }) => node === "a" && revision === second));
  expect(again.stateOf(second)).toEqual({ a: "under-way", b: "waiting" });
  expect(again.serving).toEqual(["cross to b/stage/ch2"]);
  await again.reports(second, "applied", "a");
  await again.until(() => again.said.some(({ node, revision }) => node === "b" && revision === second));
  await again.reports(second, "applied", "b");
  await again.until(() => again.site.revisions.newest?.isConfirmed === true);
  await again.end();

  const third = await SiteLife.begin({ folder: left });
  expect(third.lines.join("\n")).not.toContain("was written down when the hub ended");
  expect(third.view(second)).toMatchObject({ kind: "complete" });
  await third.end();
});

test("a power cut before a revision is on disk leaves none, and its number goes to the next", async () => {
  const folder = emptyFolder();
  const life = await SiteLife.begin({ folder, there: both });
  const first = await life.applied(bright, ...both);
  await life.appliedUntil("before-revision", dark, oneByOne);
  const left = copyOfFolder(folder);
  await life.end();

  const again = await SiteLife.begin({ folder: left, there: both });

  expect(again.site.revisions.newest?.number).toBe(first);
  expect(again.lines.join("\n")).not.toContain("was written down when the hub ended");
  expect(await again.applied(darker, ...both)).toBe(first + 1);
  await again.end();
});

test("what the hub would do otherwise, and that a mode would hold it, is told before it is applied", async () => {
  const life = await SiteLife.begin({ folder: emptyFolder(), there: both });
  await life.applied(bright, ...both);
  const moved = siteText(
    { a: 1, b: 1 },
    route("cross", "a", "b/stage/ch2") + route("more", "a", "b/stage/ch3"),
  );
  const planned = async (text: string) => {
    const plan = await life.site.revisions.plan({ root: "site.yaml", files: { "site.yaml": text } });
    if (!plan.ok) throw new Error(JSON.stringify(plan.error));
    return life.site.own.changes(plan.value.site, []);
  };

  const routes = { added: ["more"], removed: [], changed: ["cross"] };
  expect(await planned(moved)).toEqual({ routes });
  // Of the nodes at its ends alone.
  await life.mode("hall", "open");
  expect(await planned(moved)).toEqual({ routes, held: 'zone hall is in mode "open", with an audience' });
  expect(await planned(dark)).toBeUndefined();
  await life.end();
});

function damageContentOf(revision: number, folder: string): void {
  const database = new DatabaseSync(join(folder, "revisions.sqlite"));
  const sql =
    "UPDATE content SET bytes = x'00' WHERE digest = (SELECT digest FROM revision WHERE number = ?)";
  expect(database.prepare(sql).run(revision).changes).toBe(1);
  database.close();
}
