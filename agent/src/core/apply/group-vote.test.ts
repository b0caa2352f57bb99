import { describe, expect, test } from "vitest";
import { type Instant, instant, later, micros, millis, seconds } from "@interactor/shared/kernel/units";
import {
  groupClockErrorMax,
  groupLeadMax,
  type MemberWord,
  type Round,
} from "@interactor/shared/wire/messages/group-round";
import {
  type KnownClock,
  stepVote,
  voteAtStart,
  voteDueAt,
  type VoteEffect,
  type VoteEvent,
  type VoteState,
} from "./group-vote.ts";

const noon = 1_800_000_000_000_000;

class Member {
  state: VoteState = voteAtStart;
  effects: VoteEffect[] = [];
  at: Instant = instant(1000);
  error = millis(5);

  get clock(): KnownClock {
    return { wall: micros(noon + this.at * 1000), error: this.error };
  }

  step(event: VoteEvent): this {
    const { state, effects } = stepVote(this.state, event);
    this.state = state;
    this.effects.push(...effects);
    return this;
  }

  propose(given: Partial<Round> & { ahead?: number; isPrepared?: boolean; clock?: undefined } = {}): this {
    const { ahead = 3000, isPrepared = true, ...rest } = given;
    const tick = micros(noon + (this.at + ahead) * 1000);
    const round = { id: 1, group: "stage", revision: 2, digest: "", tick, ...rest };
    const clock = "clock" in given ? undefined : this.clock;
    return this.step({ kind: "word", word: { kind: "propose", round }, isPrepared, clock, at: this.at });
  }

  told(kind: "commit" | "abort", id = 1): this {
    return this.step({ kind: "word", word: { kind, id }, isPrepared: true, clock: this.clock, at: this.at });
  }

  written(outcome?: "commit" | "abort", id = 1): this {
    return this.step({ kind: "written", id, outcome, clock: this.clock, at: this.at });
  }

  notWritten(id = 1): this {
    return this.step({ kind: "not-written", id, at: this.at });
  }

  wait(): this {
    this.at = voteDueAt(this.state) ?? this.at;
    return this.step({ kind: "tick", at: this.at });
  }

  get said(): MemberWord | undefined {
    return this.effects.flatMap((effect) => (effect.kind === "say" ? [effect.word] : [])).at(-1);
  }

  get way(): readonly string[] {
    return this.effects.map(({ kind }) => kind);
  }

  clear(): this {
    this.effects = [];
    return this;
  }
}

const promised = (given: Parameters<Member["propose"]>[0] = {}) => new Member().propose(given).written();

describe("a member does not promise", () => {
  test.each<readonly [string, Parameters<Member["propose"]>[0], string]>([
    ["what it has not prepared", { isPrepared: false }, "NOT_PREPARED"],
    ["without the site's clock", { clock: undefined }, "CLOCK_UNSYNCHRONISED"],
    ["a tick that is there before its promise could be written", { ahead: 10 }, "TICK_TOO_NEAR"],
    ["a tick that has passed", { ahead: -5000 }, "TICK_TOO_NEAR"],
    [
      "a tick that it would wait for too long after a restart",
      { ahead: groupLeadMax + 1000 },
      "TICK_TOO_FAR",
    ],
  ])("%s", (_what, given, code) => {
    expect(new Member().propose(given).said).toEqual({ kind: "refused", id: 1, code });
  });

  test("by a clock that may be far off", () => {
    const member = new Member();
    member.error = millis(groupClockErrorMax + 1);

    expect(member.propose().said).toMatchObject({ code: "CLOCK_UNSURE" });
  });

  test("two rounds at a time", () => {
    expect(promised().propose({ id: 2 }).said).toEqual({ kind: "refused", id: 2, code: "BUSY" });
  });

  test("what its disk does not take", () => {
    const member = new Member().propose().notWritten();

    expect(member.said).toEqual({ kind: "refused", id: 1, code: "DISK" });
    expect(member.way).toContain("resume");
  });

  test("when its disk was so slow that the old revision should have been stopped", () => {
    const member = new Member().propose();
    member.at = later(member.at, seconds(3));

    expect(member.written().way).toEqual(["write", "resume"]);
    expect(member.clear().propose().said).toEqual({ kind: "settled", id: 1, outcome: "abort" });
  });
});

test("a promise is said once it is written, and again as often as it is asked", () => {
  const member = new Member().propose();
  expect(member.said).toBeUndefined();

  expect(member.written().said).toMatchObject({ kind: "promised", id: 1 });
  expect(member.clear().propose({ ahead: 2500 }).way).toEqual(["say"]);
});

test("the old revision stops before the tick by the error of the clock, and the new one begins after it by as much", () => {
  const member = promised().told("commit").written("commit");

  member.wait();
  expect(member.way.at(-1)).toBe("suspend");
  const stopped = member.at;
  member.wait();
  expect(member.way.at(-1)).toBe("switch");

  // The tick is at 4000. 5 ms of error and 0.75 ms of drift on either side; 20 ms to act in before it.
  expect(stopped).toBeCloseTo(4000 - 5.75 - 20, 5);
  expect(member.at).toBeCloseTo(4000 + 5.75, 5);
});

describe("a member in doubt", () => {
  test("runs neither, and says so", () => {
    expect(promised().clear().wait().effects).toEqual([{ kind: "suspend", isInDoubt: true }]);
  });

  test("waits for the hub for as long as it takes", () => {
    expect(voteDueAt(promised().wait().state)).toBeUndefined();
  });

  test("asks when the hub is there again, without promising once more", () => {
    const member = promised().wait().clear();

    member.step({ kind: "connected", clock: member.clock, at: member.at });

    expect(member.said).toEqual({ kind: "promised", id: 1, says: 0, error: 0 });
  });

  test("goes back by itself only when its round says after how long, and says that it did", () => {
    const member = promised({ doubt: seconds(600) })
      .wait()
      .clear()
      .wait();

    expect(member.effects[0]).toMatchObject({ kind: "resume", why: "gave-up" });
    expect(member.said).toEqual({ kind: "settled", id: 1, outcome: "gave-up" });
    expect(member.clear().told("commit").said).toEqual({ kind: "settled", id: 1, outcome: "gave-up" });
  });

  test("changes over as soon as it hears that the others have", () => {
    const member = promised().wait();
    member.at = later(member.at, seconds(60));

    expect(member.clear().told("commit").written("commit").way).toEqual(["write", "say", "switch"]);
  });
});

test("a commit that is not on disk is not confirmed, and is written again", () => {
  const member = promised().told("commit").clear().notWritten();
  expect(member.way).toEqual([]);

  expect(member.wait().effects).toMatchObject([{ kind: "write", kept: { outcome: "commit" } }]);
  expect(member.written("commit").said).toEqual({ kind: "settled", id: 1, outcome: "commit" });
});

test("an abort of a round that it never heard of is confirmed, and its proposal comes too late then", () => {
  const member = new Member().told("abort", 3);

  expect(member.said).toEqual({ kind: "settled", id: 3, outcome: "abort" });
  expect(member.clear().propose({ id: 3 }).effects).toEqual([
    { kind: "say", word: { kind: "settled", id: 3, outcome: "abort" } },
  ]);
});

test("a commit of a round that it never promised is none", () => {
  expect(new Member().told("commit", 3).effects).toEqual([]);
});

test("after a restart a commit is acted on once its tick has surely passed, whatever the clocks say", () => {
  const member = promised();
  const { vote } = member.state;
  const round = vote.kind === "free" ? undefined : vote.round;
  const again = new Member();
  again.at = instant(0);
  if (round !== undefined)
    again.step({ kind: "booted", kept: { round, outcome: "commit" }, over: undefined, at: again.at });

  expect(again.effects).toEqual([{ kind: "suspend", isInDoubt: false }]);
  expect(again.wait().way).toEqual(["suspend", "switch"]);
  expect(again.at).toBeGreaterThan(groupLeadMax);
});
