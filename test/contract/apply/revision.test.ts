// What a node does with the plan of a revision: instances, routes, secrets, and standing still for its group.

import { setTimeout as after } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { micros, millis, seconds } from "@interactor/shared/kernel/units";
import { routeOf } from "@interactor/shared/testing/builders";
import { instanceOf } from "@interactor/shared/testing/plans";
import { decodeMemberWord } from "@interactor/shared/wire/messages/group-words";
import type { Plan } from "@interactor/shared/wire/messages/plan";
import type { StopLatch, ZoneLatch } from "@interactor/shared/wire/messages/stop";
import { memoryApplyStore } from "./memory-apply-store.ts";
import { type Given, revisionBench, targetOf } from "./revision-bench.ts";

type Bench = ReturnType<typeof revisionBench>;

const route = routeOf({ name: "follow", from: "pi/sim/level", to: "pi/lamp/level" });
const planWith = (
  sim: Partial<Plan["instances"][string]> = {},
  more: Plan["instances"] = {},
): Partial<Plan> => ({
  instances: { sim: instanceOf(sim), lamp: instanceOf(), ...more },
  routes: [route],
});

async function apply(bench: Bench, revision: number, plan: Partial<Plan>): Promise<void> {
  bench.target(targetOf(revision, plan));
  await bench.live("it is applied", () => {
    const { phase } = bench.revision;
    return phase.kind === "applied" && phase.target.revision === revision;
  });
}

async function running(given: Partial<Given> = {}): Promise<Bench> {
  const bench = revisionBench(given);
  await bench.revision.start();
  await apply(bench, 1, planWith());
  bench.host.did.splice(0);
  return bench;
}

describe("a revision touches only what it changes", () => {
  test("nothing, when there is nothing", async () => {
    const bench = await running();
    bench.host.emit("sim", 5);
    bench.told();

    await apply(bench, 2, { ...planWith(), inputs: { "lamp/level": { stop: 3 } } });

    expect(bench.host.did).toEqual([]);
    expect(bench.told()).toEqual([]);
  });

  test("one whose module takes settings goes on with them, and one that then refuses starts anew", async () => {
    const bench = await running();
    await apply(bench, 2, planWith({ takesSettings: true, settings: { a: 2 } }));
    expect(bench.host.did.splice(0)).toEqual(["reconfigure sim"]);
    expect(bench.host.running.get("sim")?.settings).toEqual({ a: 2 });

    bench.host.verdicts.reconfigure = "not while it moves";
    await apply(bench, 3, planWith({ takesSettings: true, settings: { a: 3 } }));

    expect(bench.host.did).toEqual(["reconfigure sim", "stop sim", "start sim"]);
    expect(bench.host.running.get("sim")?.settings).toEqual({ a: 3 });
  });

  test("what goes lets go before what comes takes hold", async () => {
    const bench = await running();

    await apply(bench, 2, { instances: { lamp: instanceOf({ settings: {} }), new: instanceOf() } });

    expect(bench.host.did.slice(0, 2).toSorted()).toEqual(["stop lamp", "stop sim"]);
    expect(bench.host.did.slice(2).toSorted()).toEqual(["start lamp", "start new"]);
  });

  test("what stops is told what it starts again with, and takes leave for good only without", async () => {
    const bench = await running();

    await apply(bench, 2, { instances: { lamp: instanceOf({ settings: { b: 2 } }) } });

    const told = new Map(bench.host.stoppedFor);
    expect(told).toEqual(
      new Map<string, unknown>([
        ["sim", undefined],
        ["lamp", { b: 2 }],
      ]),
    );
  });

  test("an input keeps what it holds while its instance is exchanged", async () => {
    const bench = await running();
    bench.host.emit("sim", 5);
    bench.told();

    await apply(bench, 2, {
      ...planWith(),
      instances: { ...planWith().instances, lamp: instanceOf({ settings: {} }) },
    });

    expect(bench.host.did).toEqual(["stop lamp", "start lamp"]);
    expect(bench.told()).toEqual(["lamp/level 5"]);
  });
});

describe("one that may run beside itself", () => {
  const overlapping = (a: number): Partial<Plan> => planWith({ overlaps: true, settings: { a } });

  test("is started beside before anything is touched, and takes over after it", async () => {
    const bench = await running();
    await apply(bench, 2, overlapping(2));
    bench.host.did.splice(0);

    await apply(bench, 3, {
      instances: { ...overlapping(3).instances, lamp: instanceOf({ settings: { b: 1 } }) },
    });

    expect(bench.host.did).toEqual(["start beside sim", "stop lamp", "take over sim", "start lamp"]);
    expect(bench.host.running.get("sim")?.settings).toEqual({ a: 3 });
    expect(bench.report()?.instances["sim"]).toEqual({ state: "running" });
  });

  test("and cannot be brought up keeps everything as it is, and says why", async () => {
    const bench = await running();
    await apply(bench, 2, overlapping(2));
    bench.host.did.splice(0);
    bench.host.verdicts.beside.set("lamp", "no power");

    bench.target(
      targetOf(3, {
        instances: {
          sim: instanceOf({ overlaps: true, settings: { a: 3 } }),
          lamp: instanceOf({ overlaps: true, settings: { b: 1 } }),
        },
      }),
    );
    // The lamp of before may not: only where both may does one take over.
    await bench.live("it is applied", () => bench.revision.phase.kind === "applied");
    bench.host.did.splice(0);
    bench.target(
      targetOf(4, {
        instances: {
          sim: instanceOf({ overlaps: true, settings: { a: 4 } }),
          lamp: instanceOf({ overlaps: true, settings: { b: 2 } }),
          new: instanceOf(),
        },
      }),
    );
    await bench.live("it goes back", () => bench.revision.phase.kind === "rolled-back");

    expect(bench.revision.phase).toMatchObject({
      code: "SWITCH_FAILED",
      reason: "lamp cannot take over: no power",
      target: { revision: 4 },
    });
    expect(bench.host.did.toSorted()).toEqual(["end beside sim", "start beside lamp", "start beside sim"]);
    expect(bench.host.running.get("sim")?.settings).toEqual({ a: 3 });
  });

  test("and does not take over in the end is taken back with all that did", async () => {
    const bench = await running();
    await apply(bench, 2, overlapping(2));
    bench.host.did.splice(0);
    bench.host.verdicts.takeOver.set("sim", "it fell");

    bench.target(targetOf(3, { instances: { ...overlapping(3).instances, new: instanceOf() } }));
    await bench.live("it goes back", () => bench.revision.phase.kind === "rolled-back");

    expect(bench.revision.phase).toMatchObject({ reason: "sim did not take over: it fell" });
    expect(bench.host.did).toEqual(["start beside sim", "take over sim"]);
    expect(bench.host.running.get("sim")?.settings).toEqual({ a: 2 });
  });

  test("and was stopped for one that did not take over is known as what runs", async () => {
    const bench = await running();
    await apply(bench, 2, overlapping(2));
    bench.host.did.splice(0);
    bench.host.keeping.add("sim");
    bench.host.verdicts.takeOver.set("sim", "it fell");

    bench.target(targetOf(3, overlapping(3)));
    await bench.live("it goes back", () => bench.revision.phase.kind === "rolled-back");

    // It is there already: nothing is brought up for the way back.
    expect(bench.host.did).toEqual(["start beside sim", "take over sim"]);
    expect(bench.instances.running("sim")?.settings).toEqual({ a: 2 });
  });

  test("takes over as well when a probation takes it back", async () => {
    const bench = await running();
    await apply(bench, 2, overlapping(2));
    bench.host.did.splice(0);

    bench.target(targetOf(3, overlapping(3), { probation: seconds(60) }));
    await bench.live("it is watched", () => bench.revision.phase.kind === "probing");
    bench.host.events.stateChanged("sim", { state: "failed", reason: "it fell" });
    await bench.live("it goes back", () => bench.revision.phase.kind === "rolled-back");

    expect(bench.revision.phase).toMatchObject({ code: "UNHEALTHY", reason: "sim has failed: it fell" });
    expect(bench.host.did).toEqual([
      "start beside sim",
      "take over sim",
      "start beside sim",
      "take over sim",
    ]);
    expect(bench.host.running.get("sim")?.settings).toEqual({ a: 2 });
  });
});

describe("one that cannot take over on the way back", () => {
  const overlapping = (a: number): Partial<Plan> => planWith({ overlaps: true, settings: { a } });

  test.each([
    ["because it cannot be brought up beside", "beside", ["start beside sim", "stop sim", "start sim"]],
    ["in the end", "takeOver", ["start beside sim", "take over sim", "stop sim", "start sim"]],
  ] as const)("%s is restarted, and the agent is not", async (_why, step, did) => {
    const bench = await running();
    await apply(bench, 2, overlapping(2));
    bench.target(targetOf(3, overlapping(3), { probation: seconds(60) }));
    await bench.live("it is watched", () => bench.revision.phase.kind === "probing");
    bench.host.did.splice(0);
    bench.host.verdicts[step].set("sim", "no power");

    bench.host.events.stateChanged("sim", { state: "failed", reason: "it fell" });
    await bench.live("it goes back", () => bench.revision.phase.kind === "rolled-back");

    expect(bench.host.did).toEqual(did);
    expect(bench.host.running.get("sim")?.settings).toEqual({ a: 2 });
  });
});

describe("what ends again and again after it had proved itself", () => {
  const fall = (bench: Bench, name: string): void => bench.host.events.escalated?.(name, "no memory");
  const overlapping = (a: number): Partial<Plan> => planWith({ overlaps: true, settings: { a } });

  test("is taken back, and the node says why", async () => {
    const bench = await running();
    await apply(bench, 2, overlapping(2));
    await apply(bench, 3, overlapping(3));

    fall(bench, "sim");
    await bench.live("it goes back", () => bench.revision.phase.kind === "rolled-back");

    expect(bench.revision.phase).toMatchObject({
      code: "CRASH_LOOP",
      reason: "sim ended again and again: no memory",
      target: { revision: 3 },
    });
    expect(bench.revision.runs?.revision).toBe(2);
    expect(bench.host.running.get("sim")?.settings).toEqual({ a: 2 });
    expect(bench.report()?.problems).toEqual([
      "revision 3 was taken back: sim ended again and again: no memory",
    ]);
    // The hub still desires it: it is not tried again.
    bench.target(targetOf(3, overlapping(3)));
    expect(bench.revision.phase.kind).toBe("rolled-back");
    await apply(bench, 4, overlapping(4));
    expect(bench.report()?.problems ?? []).toEqual([]);
  });

  test("stays where the revision before had it just so", async () => {
    const bench = await running();
    await apply(bench, 2, overlapping(2));

    fall(bench, "lamp");
    // What a file is read for takes its turns; a newer revision takes many more.
    await apply(bench, 3, overlapping(3));

    expect(bench.revision.phase).toMatchObject({ kind: "applied", target: { revision: 3 } });
  });
});

test("what an instance that was exchanged still says is not its successor's", async () => {
  const bench = await running();
  const stopping = Promise.withResolvers<void>();
  bench.host.stopping = stopping.promise;
  bench.target(targetOf(2, planWith({ settings: { a: 2 } })));
  await bench.until("it is stopped", () => bench.host.did.includes("stop sim"));

  bench.host.emit("sim", 99);
  bench.host.events.stateChanged("sim", { state: "failed", reason: "it was stopped" });
  stopping.resolve();
  await bench.live("it is applied", () => bench.revision.phase.kind === "applied");

  expect(bench.told()).not.toContain("lamp/level 99");
});

test("a node that is ended while it watches a revision has not confirmed it", async () => {
  const kept = memoryApplyStore();
  const bench = await running({ kept });
  bench.host.slow.add("sim");
  bench.target(targetOf(2, planWith({ settings: { a: 2 } }), { probation: seconds(60) }));
  await bench.until("it is watched", () => bench.revision.phase.kind === "probing");

  bench.revision.end();
  // What is asked after the end is answered before anything of it could reach the disk.
  for (let turn = 0; turn < 5; turn += 1) await after(1);

  expect(await kept.load()).toMatchObject({ current: { revision: 2 }, starts: 1, awaited: { revision: 2 } });
});

describe("a secret", () => {
  const secret = { settings: { key: { $secret: ["<", { env: "KEY" }, ">"] } } };

  test("is put in its place on the node", async () => {
    const bench = await running({ secrets: { KEY: "abc" } });

    await apply(bench, 2, planWith(secret));

    expect(bench.host.running.get("sim")?.settings).toEqual({ key: "<abc>" });
  });

  test("that is gone at a start is waited for, and the others run", async () => {
    const kept = memoryApplyStore();
    const secrets: Record<string, string> = { KEY: "abc" };
    await apply(await running({ kept, secrets }), 2, planWith(secret));
    delete secrets["KEY"];
    const again = revisionBench({ kept, secrets });
    await again.revision.start();
    await again.until("the lamp runs", () => again.host.running.has("lamp"));
    expect([...again.host.running.keys()]).toEqual(["lamp"]);
    expect(again.beginnings).toEqual(["begin"]);

    secrets["KEY"] = "late";
    again.clock.advance(seconds(10));
    await again.until("sim runs", () => again.host.running.has("sim"));

    expect(again.host.running.get("sim")?.settings).toEqual({ key: "<late>" });
  });

  test("that is missing for a new revision is waited for too", async () => {
    const secrets: Record<string, string> = {};
    const bench = await running({ secrets });
    bench.target(targetOf(2, planWith(secret)));
    await bench.until("it is refused", () => bench.revision.phase.kind === "rejected");
    expect(bench.revision.phase).toMatchObject({ code: "VETO", reason: "sim: it is not there" });

    secrets["KEY"] = "late";
    await bench.live("it is applied", () => bench.revision.phase.kind === "applied");

    expect(bench.host.running.get("sim")?.settings).toEqual({ key: "<late>" });
  });

  describe("that is gone at a start", () => {
    async function started(secrets: Record<string, string | Promise<string>>): Promise<Bench> {
      const kept = memoryApplyStore();
      await apply(await running({ kept, secrets: { KEY: "abc" } }), 2, planWith(secret));
      const bench = revisionBench({ kept, secrets });
      await bench.revision.start();
      await bench.until("the lamp runs", () => bench.host.running.has("lamp"));
      return bench;
    }

    test("is still waited for when a newer revision does not touch its instance", async () => {
      const secrets: Record<string, string> = {};
      const bench = await started(secrets);
      await apply(bench, 3, { ...planWith(secret), routes: [] });

      secrets["KEY"] = "late";
      await bench.live("sim runs", () => bench.host.running.has("sim"));

      expect(bench.host.did.filter((did) => did === "start sim")).toHaveLength(1);
    });

    test("and comes after a newer revision has started its instance, does not start it again", async () => {
      const slow = Promise.withResolvers<string>();
      const secrets: Record<string, string | Promise<string>> = {};
      const bench = await started(secrets);
      secrets["KEY"] = slow.promise;
      bench.clock.advance(seconds(10));
      secrets["KEY"] = "new";
      await apply(bench, 3, planWith({ settings: { ...secret.settings, a: 3 } }));

      slow.resolve("old");
      for (let turn = 0; turn < 5; turn += 1) await after(1);

      expect(bench.host.did.filter((did) => did === "start sim")).toHaveLength(1);
      expect(bench.host.running.get("sim")?.settings).toEqual({ key: "<new>", a: 3 });
    });
  });
});

test("a node that starts tells its hub of the plan's instances at once, as of its own", async () => {
  const kept = memoryApplyStore();
  await running({ kept });
  const again = revisionBench({ kept, fixed: [{ name: "own", module: "own", settings: {} }] });
  again.host.slow.add("sim");

  await again.revision.start();
  await again.until("all are started", () => again.host.running.size === 2);
  again.instances.start({ name: "own", module: "own", settings: {} });
  expect(again.beginnings).toEqual([]);
  again.host.come("sim");

  expect(again.beginnings).toEqual(["begin"]);
});

test("a node whose own file names an instance of its plan runs its own, and says so", async () => {
  const kept = memoryApplyStore();
  await running({ kept });
  const own = { name: "sim", module: "own", settings: {} };
  const again = revisionBench({ kept, fixed: [own] });
  again.instances.start(own);

  await again.revision.start();
  await again.until("the lamp runs", () => again.host.running.has("lamp"));

  expect(again.host.running.get("sim")).toEqual(own);
  expect(again.problems).toContain('instance "sim" of its revision is in its node.json too, which wins');
});

test("a node whose agent was renewed runs the modules that came with it, and says so", async () => {
  const kept = memoryApplyStore();
  await running({ kept });
  const again = revisionBench({ kept });
  again.host.version = "2.0.0";

  await again.begin();
  await again.until("it runs", () => again.host.running.size === 2);
  again.clock.advance(seconds(60));

  expect(again.report()).toMatchObject({
    instances: { sim: { state: "running" }, lamp: { state: "running" } },
    problems: expect.arrayContaining([
      "sim runs simulated 2.0.0, which came with this agent; its revision says 1.0.0",
    ]),
  });
  expect(again.revision.phase).toMatchObject({ kind: "applied", target: { revision: 1 } });
});

describe("in a zone that the plan names", () => {
  const latches = [{ id: "a", by: "anna", at: 1 }];
  const stopped: StopLatch = { v: 1, latched: true, by: "anna", at: 1, latches };

  test("a node is held by the show stop of that zone, also one that came before", async () => {
    const bench = await running();
    bench.host.emit("sim", 5);
    bench.stop("hall", stopped);
    bench.told();

    await apply(bench, 2, { ...planWith(), zones: ["hall"] });

    expect(bench.told().toSorted()).toEqual(["lamp/level 0", "sim/level 0"]);
    expect(bench.zones).toEqual(["hall"]);
  });

  test("that the next plan leaves, it is held until nothing of the old plan runs", async () => {
    const bench = await running();
    await apply(bench, 2, { ...planWith(), zones: ["hall"] });
    bench.stop("hall", stopped);
    bench.host.emit("sim", 5);
    bench.told();
    const stopping = Promise.withResolvers<void>();
    bench.host.stopping = stopping.promise;
    bench.host.did.splice(0);
    bench.target(targetOf(3, { ...planWith({ settings: { a: 3 } }), zones: ["foyer"] }));
    await bench.until("it stops what goes", () => bench.host.did.includes("stop sim"));

    expect(bench.told()).toEqual([]);
    expect(bench.zones).toEqual(["foyer"]);
    stopping.resolve();
    await bench.live("it is applied", () => bench.revision.phase.kind === "applied");
    bench.host.emit("sim", 6);
    expect(bench.told()).toContain("lamp/level 6");
  });

  test("it is held by the stop of the zone that it goes back from, until that has ended", async () => {
    const bench = await running();
    bench.stop("hall", stopped);
    bench.target(targetOf(2, { ...planWith({ settings: { a: 2 } }), zones: ["hall"] }));
    await bench.until("it is watched", () => bench.revision.phase.kind === "probing");
    bench.host.emit("sim", 5);
    bench.told();
    const stopping = Promise.withResolvers<void>();
    bench.host.stopping = stopping.promise;
    bench.host.did.splice(0);

    bench.host.events.stateChanged("sim", { state: "failed", reason: "it crashed" });
    await bench.until("it stops what goes", () => bench.host.did.includes("stop sim"));

    expect(bench.told()).toEqual([]);
    stopping.resolve();
    await bench.live("it has gone back", () => bench.revision.phase.kind === "rolled-back");
    bench.host.emit("sim", 6);
    expect(bench.told()).toContain("lamp/level 6");
  });

  test("it is held after a cold start, before anything runs", async () => {
    const kept = memoryApplyStore();
    const stops: ZoneLatch[] = [{ zone: "hall", id: "a", by: "anna", at: 1 }];
    await apply(await running({ kept }), 2, { ...planWith(), zones: ["hall"] });
    const again = revisionBench({ kept, stops });
    await again.begin();

    await again.until("the lamp runs", () => again.host.running.has("lamp"));
    again.host.emit("sim", 5);

    expect(new Set(again.told())).toEqual(new Set(["lamp/level 0", "sim/level 0"]));
  });
});

describe("with its group", () => {
  const proposal = (bench: Bench) => ({
    kind: "propose" as const,
    round: {
      id: 7,
      group: "stage",
      revision: 2,
      digest: "",
      tick: micros(bench.clock.wall() + 3_000_000),
    },
  });
  const votesOf = ({ votes }: Bench) =>
    votes.flatMap((vote) => {
      const word = decodeMemberWord(vote);
      return word.ok ? [word.value] : [];
    });

  async function promised(): Promise<Bench> {
    const bench = await running();
    bench.knows(millis(5));
    bench.host.emit("sim", 5);
    bench.target(targetOf(2, planWith({ settings: { a: 2 } }), { hold: { kind: "group", group: "stage" } }));
    await bench.until("it is held", () => bench.revision.phase.kind === "held");
    bench.word(proposal(bench));
    await bench.until("it promises", () => votesOf(bench).some(({ kind }) => kind === "promised"));
    bench.told();
    return bench;
  }

  test("it changes over at the tick when the hub has said so", async () => {
    const bench = await promised();

    bench.word({ kind: "commit", id: 7 });
    await bench.until("it settles", () => votesOf(bench).find(({ kind }) => kind === "settled"));
    expect(bench.host.did).toEqual([]);
    await bench.live("it is applied", () => bench.revision.phase.kind === "applied");

    expect(bench.host.did).toEqual(["stop sim", "start sim"]);
    bench.host.emit("sim", 6);
    expect(bench.told()).toContain("lamp/level 6");
  });

  test("in doubt it stands still, and goes on with the old one when the hub has given up", async () => {
    const bench = await promised();
    await bench.live("the tick has passed", () => bench.clock.now() > seconds(10));

    bench.host.emit("sim", 6);
    expect(bench.told()).toEqual([]);
    bench.word({ kind: "abort", id: 7 });
    await bench.until("it goes on", () => votesOf(bench).some(({ kind }) => kind === "settled"));
    await bench.until("the light follows", () => bench.told().includes("lamp/level 6"));

    expect(bench.host.did).toEqual([]);
  });

  test("what is no word of a round is refused and counted", async () => {
    const bench = await running();

    bench.revision.round(new Uint8Array([1, 2, 3]));
    bench.revision.desired(new Uint8Array([1, 2, 3]));

    expect(bench.refused).toEqual([expect.stringContaining("round"), expect.stringContaining("desired")]);
  });
});
