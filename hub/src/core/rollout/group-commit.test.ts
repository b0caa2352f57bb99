import { describe, expect, test } from "vitest";
import { instant, micros, millis, seconds } from "@interactor/shared/kernel/units";
import type { MemberWord } from "@interactor/shared/wire/messages/group-round";
import {
  answerToUnknown,
  beginGroup,
  type GroupCommit,
  type GroupEffect,
  type GroupEvent,
  groupDueAt,
  type GroupStep,
  isClockCalm,
  leftAfter,
  resumeGroup,
  stepGroup,
} from "./group-commit.ts";

const noon = 1_800_000_000_000_000;
const members = ["a", "b"];

class Hub {
  at = 1000;
  /** By how much its clock was set, in ms. */
  set = 0;
  state: GroupCommit;
  effects: GroupEffect[] = [];

  constructor(
    begin: (hub: Hub) => GroupStep = (hub) =>
      beginGroup({ id: 4, group: "stage", revision: 7, digest: "", members }, hub.now),
  ) {
    const { state, effects } = begin(this);
    this.state = state;
    this.effects.push(...effects);
  }

  get now() {
    return { at: instant(this.at), wall: micros(noon + (this.at + this.set) * 1000) };
  }

  step(event: GroupEvent): this {
    const { state, effects } = stepGroup(this.state, event);
    this.state = state;
    this.effects.push(...effects);
    return this;
  }

  written(): this {
    return this.step({ kind: "written", now: this.now });
  }

  notWritten(): this {
    return this.step({ kind: "not-written", now: this.now });
  }

  said(node: string, word: MemberWord): this {
    return this.step({ kind: "said", node, word, now: this.now });
  }

  promised(node: string): this {
    return this.said(node, { kind: "promised", id: 4, says: this.now.wall, error: millis(5) });
  }

  settled(node: string, outcome: "commit" | "abort" = "commit"): this {
    return this.said(node, { kind: "settled", id: 4, outcome });
  }

  wait(span: number): this {
    this.at += span;
    return this.step({ kind: "tick", now: this.now });
  }

  clear(): this {
    this.effects = [];
    return this;
  }

  get told(): readonly string[] {
    return this.effects.flatMap((effect) =>
      effect.kind === "say" ? [`${effect.node} ${effect.word.kind}`] : [],
    );
  }
}

const proposed = (): Hub => new Hub().written().clear();

test("a round is written, proposed, decided by all promises, written, said, and over when all have it on disk", () => {
  const hub = new Hub();
  expect(hub.effects).toMatchObject([{ kind: "write", kept: { members } }]);
  expect(hub.clear().written().told).toEqual(["a propose", "b propose"]);

  hub.clear().promised("a");
  expect(hub.effects).toEqual([]);
  hub.promised("b");
  expect(hub.effects).toMatchObject([{ kind: "write", kept: { outcome: "commit" } }]);
  expect(hub.clear().written().told).toEqual(["a commit", "b commit"]);

  hub.clear().settled("a").wait(300);
  expect(hub.told).toEqual(["b commit"]);
  expect(hub.settled("b").effects.at(-1)).toEqual({ kind: "over" });
  expect(groupDueAt(hub.state)).toBeUndefined();
});

test("a member that is forgotten while the decision is on its way to the disk is written as gone", () => {
  const hub = proposed().promised("a").promised("b").clear();
  hub.step({ kind: "forgotten", node: "a", now: hub.now });
  expect(hub.effects).toEqual([]);

  hub.written();

  expect(hub.told).toEqual(["b commit"]);
  expect(hub.effects.at(-1)).toMatchObject({ kind: "write", kept: { members: ["b"], gone: ["a"] } });
  expect(hub.clear().written().effects).toEqual([]);
});

describe("it is an abort", () => {
  const whyOf = (hub: Hub): unknown => hub.state.kept.why;

  test("when a member refuses, with its reason", () => {
    const hub = proposed().promised("a").said("b", { kind: "refused", id: 4, code: "CLOCK_UNSURE" });

    expect([hub.state.kept.outcome, whyOf(hub)]).toEqual(["abort", "b: CLOCK_UNSURE"]);
  });

  test("when a promise is missing while there is still time to say so, naming who is", () => {
    const hub = proposed().promised("a");
    for (let turn = 0; turn < 12; turn += 1) hub.wait(200);

    expect([hub.state.kept.outcome, whyOf(hub)]).toEqual(["abort", "the last promise came too late: b"]);
  });

  test("when the hub's clock was set between proposal and decision", () => {
    const hub = proposed().promised("a");
    hub.set = 40;

    expect(whyOf(hub.promised("b"))).toBe("the hub's clock was set meanwhile");
  });

  test("when a member's clock is wrong without knowing it", () => {
    const says = micros(noon + 60_000_000);
    const hub = proposed().said("a", { kind: "promised", id: 4, says, error: millis(5) });

    expect(whyOf(hub)).toBe("a: its clock is wrong");
  });

  test("when somebody takes a member out of the site, or stops it", () => {
    expect(whyOf(proposed().step({ kind: "forgotten", node: "b", now: proposed().now }))).toBe(
      "b was taken out of the site",
    );
    expect(whyOf(proposed().step({ kind: "abort", why: "anna paused it", now: proposed().now }))).toBe(
      "anna paused it",
    );
  });

  test("when the hub was restarted before it was decided", () => {
    const { kept } = proposed().state;
    const hub = new Hub((each) => resumeGroup(kept, each.now));

    expect([hub.state.kept.outcome, whyOf(hub)]).toEqual([
      "abort",
      "the hub was restarted before it was decided",
    ]);
  });
});

test("a decision is not changed by anything that is said after it", () => {
  const hub = proposed().promised("a").promised("b").written();

  hub.said("a", { kind: "refused", id: 4, code: "BUSY" }).step({ kind: "abort", why: "anna", now: hub.now });

  expect(hub.state.kept.outcome).toBe("commit");
});

test("a hub that was restarted after its decision says it to all again", () => {
  const { kept } = proposed().promised("a").promised("b").state;

  expect(new Hub((hub) => resumeGroup(kept, hub.now)).told).toEqual(["a commit", "b commit"]);
});

test("a commit that the disk may have taken is not followed by an abort before that is surely there", () => {
  const hub = proposed().promised("a").promised("b").clear().notWritten();
  expect(hub.effects).toMatchObject([{ kind: "write", kept: { outcome: "abort" } }]);

  hub.clear().notWritten();
  expect(hub.told).toEqual([]);
  expect(hub.wait(250).effects).toMatchObject([{ kind: "write", kept: { outcome: "abort" } }]);
  expect(hub.clear().written().told).toEqual(["a abort", "b abort"]);
});

test("a round that the disk does not take is never begun", () => {
  const hub = new Hub().clear().notWritten();

  expect(hub.effects).toMatchObject([{ kind: "decided", outcome: "abort" }, { kind: "over" }]);
});

test("who asks about a round that is forgotten is told that it was aborted, but not about one of a book that was lost", () => {
  expect(answerToUnknown(3, 4)).toEqual({ kind: "abort", id: 3 });
  expect(answerToUnknown(5, 4)).toBeUndefined();
});

test("nobody waits for a member that was taken out of the site after the decision", () => {
  const hub = proposed().promised("a").promised("b").written().settled("a");

  expect(hub.step({ kind: "forgotten", node: "b", now: hub.now }).effects.at(-1)).toEqual({ kind: "over" });
});

describe("a member that is forgotten with its promise, after the decision to commit", () => {
  const promised = () => proposed().promised("a").promised("b").written();
  const forgotten = () => {
    const hub = promised();
    return hub.clear().step({ kind: "forgotten", node: "b", now: hub.now });
  };

  test("is written down, and told of it when it asks while others have not confirmed", () => {
    const hub = forgotten();
    expect(hub.effects).toMatchObject([{ kind: "write", kept: { members: ["a"], gone: ["b"] } }]);
    expect(hub.clear().wait(300).told).toEqual(["a commit"]);

    expect(hub.clear().promised("b").told).toEqual(["b commit"]);
    expect(hub.settled("b").settled("a").state).toMatchObject({ phase: "over", kept: { gone: [] } });
  });

  test("is told of it when it asks after the round is over", () => {
    const left = leftAfter({ c: 2 }, forgotten().settled("a").state.kept);

    expect(left).toEqual({ b: 4, c: 2 });
    expect(answerToUnknown(4, 9, left["b"])).toEqual({ kind: "commit", id: 4 });
    expect(answerToUnknown(3, 9, left["b"])).toEqual({ kind: "abort", id: 3 });
  });

  test("is owed nothing when it had confirmed, or when the round was aborted", () => {
    const confirmed = promised().settled("b");
    confirmed.step({ kind: "forgotten", node: "b", now: confirmed.now }).settled("a");
    expect(leftAfter({}, confirmed.state.kept)).toEqual({});

    const aborted = proposed().promised("a").said("b", { kind: "refused", id: 4, code: "BUSY" }).written();
    aborted.step({ kind: "forgotten", node: "a", now: aborted.now });
    expect(leftAfter({}, aborted.state.kept)).toEqual({});
  });
});

test("words of strangers and of other rounds mean nothing", () => {
  const hub = proposed().promised("stranger").said("a", { kind: "refused", id: 3, code: "BUSY" });

  expect([hub.effects, hub.state.phase]).toEqual([[], "proposing"]);
});

test("after the hub's clock was set, nodes have time to learn of it", () => {
  expect(isClockCalm(undefined, instant(0))).toBe(true);
  expect(isClockCalm(instant(0), instant(seconds(29)))).toBe(false);
  expect(isClockCalm(instant(0), instant(seconds(30)))).toBe(true);
});
