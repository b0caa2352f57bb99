import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Instant, instant, later, type Millis, millis, seconds } from "@interactor/shared/kernel/units";
import { rolloutDueAt } from "./rollout-advance.ts";
import { rolloutView } from "./rollout-progress.ts";
import {
  answerMax,
  awayMax,
  type Rollout,
  type RolloutEffect,
  type RolloutEvent,
  type RolloutPlan,
  stuckMax,
  type WaveSize,
  wavesOf,
} from "./rollout-state.ts";
import { rolloutAgain, rolloutOf, stepRollout } from "./rollout.ts";

const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `pi-${index}`);
const canary: readonly WaveSize[] = [
  { kind: "count", count: 1 },
  { kind: "share", share: 0.1 },
  { kind: "share", share: 0.5 },
];
const by = { by: "anna", reason: "I looked" };

/** A fleet that does what it is told: each node applies at once, or fails with its code. */
class Fleet {
  state: Rollout;
  at: Instant = instant(0);
  /** In order. */
  told: string[] = [];
  effects: RolloutEffect[] = [];
  readonly #codes: Readonly<Record<string, string>>;
  isSilent = false;

  constructor(
    count: number,
    given: Partial<RolloutPlan> & { codes?: Record<string, string>; away?: string[] } = {},
  ) {
    const { codes = {}, away = [], ...plan } = given;
    this.#codes = codes;
    const nodes = names(count);
    this.state = rolloutOf(
      {
        revision: 7,
        digests: Object.fromEntries(nodes.map((node) => [node, `digest of ${node}`])),
        waves: wavesOf(nodes, canary),
        threshold: { kind: "share", share: 0.02 },
        settle: millis(0),
        ...plan,
      },
      { there: nodes.filter((node) => !away.includes(node)), closed: {}, at: this.at },
    );
  }

  begin(): this {
    return this.step({ kind: "begin", at: this.at });
  }

  step(event: RolloutEvent): this {
    const { state, effects } = stepRollout(this.state, event);
    this.state = state;
    this.effects.push(...effects);
    for (const effect of effects) {
      if (effect.kind !== "tell") continue;
      if (!this.told.includes(effect.node)) this.told.push(effect.node);
      if (!this.isSilent && effect.held === undefined) this.report(effect.node, this.#codes[effect.node]);
    }
    return this;
  }

  report(
    node: string,
    code?: string,
    phase = code === undefined ? "applied" : "rolled-back",
    digest = `digest of ${node}`,
  ): this {
    const failed = code === undefined ? {} : { code, reason: "it did not work" };
    return this.step({ kind: "reported", node, revision: 7, digest, phase, ...failed, at: this.at });
  }

  wait(span: Millis): this {
    this.at = later(this.at, span);
    return this.step({ kind: "tick", at: this.at });
  }

  presence(node: string, isThere: boolean): this {
    return this.step({ kind: "presence", node, isThere, at: this.at });
  }

  stateOf(node: string) {
    return this.state.nodes[node];
  }
}

describe("waves", () => {
  test("are by count, share and group, and whoever is left is in the last one", () => {
    expect(wavesOf(names(100), canary).map(({ length }) => length)).toEqual([1, 9, 40, 50]);
    expect(wavesOf(names(3), [{ kind: "group", name: "foyer", nodes: ["pi-2"] }])).toEqual([
      ["pi-2"],
      ["pi-0", "pi-1"],
    ]);
    expect(wavesOf(names(2), canary)).toEqual([["pi-0"], ["pi-1"]]);
  });

  test("have every node exactly once, whatever their sizes", () => {
    const size = fc.oneof(
      fc.nat(30).map((count): WaveSize => ({ kind: "count", count })),
      fc.double({ min: 0, max: 2, noNaN: true }).map((share): WaveSize => ({ kind: "share", share })),
      fc
        .array(fc.nat(30))
        .map((all): WaveSize => ({ kind: "group", name: "g", nodes: all.map((each) => `pi-${each}`) })),
    );
    fc.assert(
      fc.property(fc.nat(25), fc.array(size), (count, sizes) => {
        expect(wavesOf(names(count), sizes).flat().toSorted()).toEqual(names(count).toSorted());
      }),
    );
  });

  test("follow each other when all of one are well, and the revision is confirmed at the end", () => {
    const fleet = new Fleet(100).begin();

    expect(fleet.told).toEqual(names(100));
    expect(fleet.state.kind).toBe("complete");
    expect(fleet.effects.at(-1)).toEqual({ kind: "confirmed" });
  });

  test("follow only after one has stayed well for the time that it has to", () => {
    const fleet = new Fleet(10, { settle: seconds(60) }).begin();
    expect(fleet.told).toEqual(["pi-0"]);
    expect(rolloutDueAt(fleet.state)).toBe(seconds(60));

    fleet.wait(seconds(59));
    fleet.report("pi-0", "UNHEALTHY").wait(seconds(2));

    expect(fleet.told).toEqual(["pi-0"]);
    expect(fleet.state).toMatchObject({ kind: "paused", why: "1 of 1 failed: pi-0 (UNHEALTHY)" });
  });
});

describe("100 nodes of which three fail, and 2 % may", () => {
  const codes = { "pi-20": "UNHEALTHY", "pi-30": "VETO", "pi-40": "FETCH_FAILED" };
  // All of a wave are told before the first of them answers.
  const begun = () => {
    const fleet = new Fleet(100);
    fleet.isSilent = true;
    fleet.begin();
    const answer = () => {
      for (const node of fleet.told.slice()) fleet.report(node, codes[node as keyof typeof codes]);
    };
    answer();
    answer();
    answer();
    return { fleet, answer };
  };

  test("it stops in the third wave, and no node of the fourth is touched", () => {
    const { fleet } = begun();

    expect(fleet.state).toMatchObject({ kind: "paused", wave: 2 });
    expect(fleet.state.why).toMatch(/of 50 failed: pi-20 \(UNHEALTHY\), pi-30 \(VETO\)/);
    expect(fleet.told).toHaveLength(50);
    fleet.presence("pi-60", false).presence("pi-60", true).wait(seconds(3600));
    expect(fleet.told).toHaveLength(50);
  });

  test("resumed by somebody who has seen them it comes to its end, and says who failed", () => {
    const { fleet, answer } = begun();

    fleet.step({ kind: "resume", ...by, at: fleet.at });
    answer();

    expect(fleet.state.kind).toBe("complete");
    const { nodes } = rolloutView(fleet.state, fleet.at);
    expect(nodes.filter(({ state }) => state === "done")).toHaveLength(97);
    const lost = nodes.filter(({ state }) => state === "failed");
    expect(lost.map(({ node, code }) => [node, code])).toEqual(Object.entries(codes));
    expect(fleet.effects).not.toContainEqual({ kind: "confirmed" });
  });

  test("and one of them comes to it after it was resumed: the next one that fails is not taken for it", () => {
    const fleet = new Fleet(3, { waves: [names(3)], threshold: { kind: "count", count: 0 } });
    fleet.isSilent = true;
    fleet
      .begin()
      .report("pi-0", "UNHEALTHY")
      .step({ kind: "resume", ...by, at: fleet.at });

    expect(fleet.report("pi-0").state.kind).toBe("running");
    expect(fleet.report("pi-1", "UNHEALTHY").state.kind).toBe("paused");
  });

  test("resumed it stops again at the next ones that fail", () => {
    const { fleet } = begun();
    fleet.step({ kind: "resume", ...by, at: fleet.at });

    for (const node of ["pi-70", "pi-71", "pi-72"]) fleet.report(node, "UNHEALTHY");

    expect(fleet.state.kind).toBe("paused");
  });

  test("aborted it ends, and takes back where it came to only when it is told so", () => {
    const { fleet } = begun();
    const keep = stepRollout(fleet.state, { kind: "abort", ...by, takeBack: false, at: fleet.at });
    const back = stepRollout(fleet.state, { kind: "abort", ...by, takeBack: true, at: fleet.at });

    expect(keep.state).toMatchObject({ kind: "aborted", why: "anna: I looked" });
    expect(keep.effects).toEqual([]);
    expect(back.effects).toHaveLength(50);
    expect(stepRollout(keep.state, { kind: "resume", ...by, at: fleet.at }).state.kind).toBe("aborted");
  });
});

describe("a first wave that fails", () => {
  test("is gone on with by somebody who has seen it", () => {
    const fleet = new Fleet(20, { codes: { "pi-0": "UNHEALTHY" } }).begin();
    expect(fleet.state).toMatchObject({ kind: "paused", wave: 0 });

    fleet.step({ kind: "resume", ...by, at: fleet.at });

    expect(fleet.told).toEqual(names(20));
    expect(fleet.state.kind).toBe("complete");
  });

  test("altogether is looked at, though more than that may fail", () => {
    const threshold = { kind: "count", count: 3 } as const;
    const fleet = new Fleet(20, { codes: { "pi-0": "UNHEALTHY" }, threshold }).begin();

    expect(fleet.state).toMatchObject({ kind: "paused", why: "1 of 1 failed: pi-0 (UNHEALTHY)" });
    expect(fleet.told).toEqual(["pi-0"]);
  });
});

describe("a node that is not there", () => {
  test("gets it when it comes, and holds up nobody", () => {
    const fleet = new Fleet(10, { away: ["pi-5"] }).begin();
    expect(fleet.state.kind).toBe("trailing");
    expect(fleet.stateOf("pi-5")?.state).toBe("scheduled");

    fleet.wait(seconds(3600 * 24)).presence("pi-5", true);

    expect(fleet.told.at(-1)).toBe("pi-5");
    expect(fleet.state.kind).toBe("complete");
  });

  test("and is the whole first wave keeps the second from being the first to try it", () => {
    const fleet = new Fleet(10, { away: ["pi-0"] }).begin();
    expect(fleet.told).toEqual([]);
    expect(fleet.state.kind).toBe("running");

    expect(fleet.presence("pi-0", true).state.kind).toBe("complete");
  });

  test("nor ever again: one of the second wave tries it, alone, after the time that a restart takes", () => {
    const fleet = new Fleet(20, { away: [...names(20)] }).begin();
    fleet.isSilent = true;
    for (const node of names(20).slice(1)) fleet.presence(node, true);
    expect(rolloutDueAt(fleet.state)).toBe(awayMax);
    expect(fleet.wait(millis(awayMax - 1)).told).toEqual([]);

    expect(fleet.wait(millis(1)).told).toEqual(["pi-1"]);
    expect(rolloutView(fleet.state, fleet.at).log.at(-1)?.words).toContain("pi-1 goes first");
    fleet.isSilent = false;
    fleet.report("pi-1");

    expect(fleet.told).toEqual(names(20).slice(1));
    expect(fleet.state.kind).toBe("trailing");
    expect(fleet.presence("pi-0", true).state.kind).toBe("complete");
  });

  test("any more after it held it until its mode allows it is waited for by nobody", () => {
    const fleet = new Fleet(4, { waves: [names(2), names(4).slice(2)] });
    fleet.state = { ...fleet.state, closed: { "pi-1": "the mode is open" } };
    fleet.begin().report("pi-1", undefined, "held");
    expect(fleet.told).toEqual(["pi-0", "pi-1"]);

    fleet.presence("pi-1", false);

    expect(fleet.told).toEqual(names(4));
    expect(fleet.state.kind).toBe("trailing");
    expect(fleet.presence("pi-1", true).report("pi-1").state.kind).toBe("complete");
  });

  test("and comes while it is paused gets nothing", () => {
    const fleet = new Fleet(10, { away: ["pi-5"] }).begin().step({ kind: "pause", ...by, at: instant(0) });

    expect(fleet.presence("pi-5", true).told).not.toContain("pi-5");
  });

  test("and is forgotten is waited for by nobody", () => {
    const fleet = new Fleet(3, { away: ["pi-2"], waves: [names(3)] }).begin();
    expect(fleet.state.kind).toBe("trailing");

    fleet.step({ kind: "forgotten", node: "pi-2", at: fleet.at });

    expect(fleet.state.kind).toBe("complete");
    expect(fleet.effects.at(-1)).toEqual({ kind: "confirmed" });
    expect(fleet.presence("pi-2", true).told).toEqual(["pi-0", "pi-1"]);
  });

  test("and was the whole first wave, and is forgotten, keeps nobody waiting", () => {
    const fleet = new Fleet(20, { away: ["pi-0"] }).begin();
    expect(fleet.told).toEqual([]);

    fleet.step({ kind: "forgotten", node: "pi-0", at: fleet.at });

    expect(fleet.wait(awayMax).state.kind).toBe("complete");
  });

  test("any more after it was told has failed, unless it comes back in time", () => {
    const lost = new Fleet(1);
    lost.isSilent = true;
    lost.begin().report("pi-0", undefined, "applying").presence("pi-0", false);

    expect(lost.wait(millis(awayMax - 1)).stateOf("pi-0")?.state).toBe("under-way");
    expect(lost.wait(millis(1)).stateOf("pi-0")).toMatchObject({ state: "failed", code: "LOST" });
    expect(lost.presence("pi-0", true).report("pi-0").stateOf("pi-0")?.state).toBe("done");
  });
});

describe("what a node says is believed by what is seen", () => {
  test("it says applied and runs something else", () => {
    const fleet = new Fleet(1);
    fleet.isSilent = true;
    fleet.begin().report("pi-0", undefined, "applied", "another digest");

    expect(fleet.stateOf("pi-0")).toMatchObject({ state: "failed", code: "OTHER_DIGEST" });
  });

  test("it says nothing, or the same for ever", () => {
    const silent = new Fleet(1);
    silent.isSilent = true;
    silent.begin();
    expect(rolloutDueAt(silent.state)).toBe(answerMax);
    expect(silent.wait(answerMax).stateOf("pi-0")).toMatchObject({ state: "failed", code: "NO_ANSWER" });

    const stuck = new Fleet(1);
    stuck.isSilent = true;
    stuck.begin().report("pi-0", undefined, "applying").wait(stuckMax);
    expect(stuck.stateOf("pi-0")).toMatchObject({
      code: "STUCK",
      reason: "it has been applying for too long",
    });
  });

  test("it goes back after it was done", () => {
    const fleet = new Fleet(1).begin();
    expect(fleet.report("pi-0", "START_LOOP").stateOf("pi-0")).toMatchObject({
      state: "failed",
      code: "START_LOOP",
    });
  });

  test("of another revision it says what does not matter", () => {
    const fleet = new Fleet(1);
    fleet.isSilent = true;
    fleet.begin();
    fleet.step({
      kind: "reported",
      node: "pi-0",
      revision: 6,
      digest: "old",
      phase: "applied",
      at: fleet.at,
    });
    fleet.step({
      kind: "reported",
      node: "stranger",
      revision: 7,
      digest: "x",
      phase: "applied",
      at: fleet.at,
    });

    expect(fleet.state.nodes).toMatchObject({ "pi-0": { state: "under-way" } });
    expect(Object.keys(fleet.state.nodes)).toEqual(["pi-0"]);
  });
});

describe("a mode that does not allow updates", () => {
  const closed = { "pi-0": "the mode is open", "pi-1": "the mode is open" };
  const begun = () => {
    const fleet = new Fleet(2, { waves: [names(2)] });
    fleet.isSilent = true;
    fleet.state = { ...fleet.state, closed };
    return fleet.begin();
  };

  test("lets nodes fetch and hold it, and go on when it does", () => {
    const fleet = begun();
    expect(fleet.effects).toEqual(names(2).map((node) => ({ kind: "tell", node, held: "the mode is open" })));
    for (const node of names(2)) fleet.report(node, undefined, "held");
    fleet.wait(seconds(3600 * 10));
    expect(fleet.stateOf("pi-0")?.state).toBe("held");

    fleet.effects = [];
    fleet.step({ kind: "modes", closed: { "pi-1": "the mode is open" }, at: fleet.at });

    expect(fleet.effects).toContainEqual({ kind: "tell", node: "pi-0" });
    expect(fleet.effects).not.toContainEqual({ kind: "tell", node: "pi-1" });
  });

  test("is overridden by somebody with a reason, which is written down", () => {
    const fleet = begun();
    fleet.effects = [];

    fleet.step({ kind: "override", by: "ben", reason: "the lamp flickers", at: fleet.at });

    expect(fleet.effects).toEqual(names(2).map((node) => ({ kind: "tell", node })));
    expect(rolloutView(fleet.state, fleet.at)).toMatchObject({
      override: { by: "ben", reason: "the lamp flickers" },
      log: [{ ago_ms: 0, words: "ben overrides the mode: the lamp flickers" }],
    });
  });
});

describe("a group that changes over together", () => {
  const begun = () => {
    const fleet = new Fleet(2, { waves: [names(2)], group: "stage", threshold: { kind: "count", count: 0 } });
    fleet.isSilent = true;
    fleet.begin().report("pi-0", undefined, "held");
    return fleet;
  };

  test("begins its round when all hold what they have prepared", () => {
    const fleet = begun();
    expect(fleet.effects.some(({ kind }) => kind === "begin-round")).toBe(false);

    fleet.report("pi-1", undefined, "held");
    expect(fleet.effects.at(-1)).toEqual({ kind: "begin-round", members: ["pi-0", "pi-1"] });

    fleet.step({ kind: "round", outcome: "commit", why: "all have promised", at: fleet.at });
    expect(fleet.report("pi-0").report("pi-1").state.kind).toBe("complete");
  });

  test("whose round is aborted is paused with the reason, and tries again when somebody says so", () => {
    const fleet = begun().report("pi-1", undefined, "held");
    fleet.step({ kind: "round", outcome: "abort", why: "pi-1: CLOCK_UNSURE", at: fleet.at });
    expect(fleet.state).toMatchObject({
      kind: "paused",
      why: "the group did not change over: pi-1: CLOCK_UNSURE",
    });

    fleet.effects = [];
    fleet.step({ kind: "resume", ...by, at: fleet.at });
    expect(fleet.effects).toEqual([{ kind: "begin-round", members: ["pi-0", "pi-1"] }]);
  });

  test("of which one fails before the round is decided does not change over", () => {
    const fleet = begun().report("pi-1", undefined, "held");
    fleet.effects = [];

    fleet.report("pi-1", "VETO", "rejected");

    expect(fleet.effects).toMatchObject([{ kind: "abort-round" }]);
  });
});

test("a hub that was restarted goes on where it was, and waits anew for who was under way", () => {
  const fleet = new Fleet(20, { away: ["pi-1"] });
  fleet.isSilent = true;
  fleet.begin().report("pi-0");
  const kept: Rollout = JSON.parse(JSON.stringify(fleet.state));
  const at = instant(5);

  const { state, effects } = rolloutAgain(kept, at);

  expect(state).toMatchObject({
    wave: 1,
    nodes: { "pi-0": { state: "done" }, "pi-1": { state: "scheduled" } },
  });
  expect(effects).toEqual([]);
  const back = stepRollout(state, { kind: "presence", node: "pi-1", isThere: true, at });
  expect(back.effects).toEqual([{ kind: "tell", node: "pi-1" }]);
});

test("past the threshold those of the wave that have not begun are held", () => {
  const fleet = new Fleet(3, { waves: [names(3)] });
  fleet.isSilent = true;
  fleet.begin();
  fleet.report("pi-1", undefined, "preparing").effects = [];

  fleet.report("pi-0", "UNHEALTHY");

  const held = "the rollout is paused: 1 of 3 failed: pi-0 (UNHEALTHY)";
  expect(fleet.effects).toEqual([
    { kind: "tell", node: "pi-1", held },
    { kind: "tell", node: "pi-2", held },
  ]);
  fleet.effects = [];
  fleet.step({ kind: "resume", ...by, at: fleet.at });
  expect(fleet.effects).toEqual([
    { kind: "tell", node: "pi-1" },
    { kind: "tell", node: "pi-2" },
  ]);
});

test("each node is told of with its wave, and since when it is as it is", () => {
  const fleet = new Fleet(3, {
    waves: [names(1), names(3).slice(1)],
    threshold: { kind: "share", share: 1 },
  });
  fleet.isSilent = true;
  fleet.begin().report("pi-0", "VETO");

  const { nodes, wave, waves } = rolloutView(fleet.state, fleet.at);

  expect({ wave, waves }).toEqual({ wave: 0, waves: 2 });
  expect(nodes).toMatchObject([
    { node: "pi-0", wave: 0, state: "failed", code: "VETO", since_ms: 0 },
    { node: "pi-1", wave: 1, state: "waiting" },
    { node: "pi-2", wave: 1, state: "waiting" },
  ]);
});

type Act = (fleet: Fleet) => void;
const node = fc.nat(6).map((index) => `pi-${index}`);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc
    .tuple(node, fc.constantFrom("applied", "held", "fetching", "applying", "rolled-back", "rejected"))
    .map(([each, phase]): Act => (fleet) => {
      if (fleet.told.includes(each)) fleet.report(each, phase.startsWith("r") ? "X" : undefined, phase);
    }),
  fc.tuple(node, fc.boolean()).map(
    ([each, isThere]): Act =>
      (fleet) =>
        void fleet.presence(each, isThere),
  ),
  fc.constantFrom("pause" as const, "resume" as const).map(
    (kind): Act =>
      (fleet) =>
        void fleet.step({ kind, ...by, at: fleet.at }),
  ),
  fc.nat(400_000).map(
    (span): Act =>
      (fleet) =>
        void fleet.wait(millis(span)),
  ),
);

test("whatever happens, nobody is told while it is paused, nobody of a later wave before its turn, and it comes to an end", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 50 }), fc.boolean(), (acts, isSettling) => {
      const fleet = new Fleet(7, {
        settle: millis(isSettling ? 1000 : 0),
        threshold: { kind: "share", share: 0.3 },
      });
      fleet.isSilent = true;
      fleet.begin();
      for (const each of acts) {
        const { told, state } = fleet;
        const before = told.length;
        each(fleet);
        if (state.kind === "paused" && fleet.state.kind === "paused") expect(fleet.told).toHaveLength(before);
        const reached = new Set(fleet.state.plan.waves.slice(0, fleet.state.wave + 1).flat());
        for (const name of fleet.told) expect(reached).toContain(name);
      }

      for (let round = 0; round < 20; round += 1) {
        fleet.step({ kind: "resume", ...by, at: fleet.at });
        for (const name of names(7)) fleet.presence(name, true).report(name);
        fleet.wait(seconds(2));
      }
      expect(fleet.state.kind).toBe("complete");
    }),
    { numRuns: 500 },
  );
});
