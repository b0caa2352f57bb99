import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Instant, instant, later, micros, millis, seconds } from "@interactor/shared/kernel/units";
import type { Target } from "@interactor/shared/wire/messages/plan";
import { applyAtStart, stepApply } from "./apply.ts";
import {
  applyDueAt,
  type ApplyEffect,
  type ApplyEvent,
  type ApplyState,
  fetchStallMax,
  type Kept,
  nothingKept,
  probationStartsMax,
  retryAfter,
} from "./apply-state.ts";

const digestOf = (letter: string): string => letter.repeat(64);
const targetOf = (revision: number, given: Partial<Target> = {}): Target => ({
  v: 1,
  revision,
  digest: digestOf(String(revision % 10)),
  bytes: 100,
  hold: { kind: "none" },
  probation: millis(500),
  ...given,
});

/** A shell that answers nothing by itself. */
class Node {
  state: ApplyState = applyAtStart;
  effects: ApplyEffect[] = [];
  at: Instant = instant(1000);

  constructor(kept: Kept = nothingKept) {
    this.step({ kind: "started", kept, at: this.at });
  }

  step(event: ApplyEvent): this {
    const { state, effects } = stepApply(this.state, event);
    this.state = state;
    this.effects.push(...effects);
    return this;
  }

  target(target: Target | undefined): this {
    return this.step({ kind: "target", target, at: this.at });
  }

  done(times = 1): this {
    for (let time = 0; time < times; time += 1)
      this.step({ kind: "done", attempt: this.state.attempt, at: this.at });
    return this;
  }

  failed(reason: string, given: Partial<Extract<ApplyEvent, { kind: "failed" }>> = {}): this {
    const { attempt } = this.state;
    return this.step({
      kind: "failed",
      attempt,
      code: "UNHEALTHY",
      reason,
      isPassing: false,
      at: this.at,
      ...given,
    });
  }

  /** Time passes until something is due. */
  wait(): this {
    this.at = applyDueAt(this.state) ?? this.at;
    return this.step({ kind: "tick", at: this.at });
  }

  propose(id: number, revision: number): this {
    const clock = { wall: micros(this.at * 1000), error: millis(5) };
    const tick = micros((this.at + 3000) * 1000);
    const round = { id, group: "stage", revision, digest: "", tick };
    return this.step({ kind: "word", word: { kind: "propose", round }, clock, at: this.at });
  }

  voteWritten(): this {
    const vote = this.state.kept.vote;
    const clock = { wall: micros(this.at * 1000), error: millis(5) };
    return vote === undefined ? this : this.step({ kind: "vote-written", vote, clock, at: this.at });
  }

  told(kind: "commit" | "abort", id: number): this {
    return this.step({ kind: "word", word: { kind, id }, clock: undefined, at: this.at }).voteWritten();
  }

  get way(): readonly string[] {
    return this.effects.map(({ kind }) => kind);
  }

  clear(): this {
    this.effects = [];
    return this;
  }
}

/** From nothing to a confirmed revision takes this many answers. */
const whole = 6;
const running = (revision: number): Node => new Node().target(targetOf(revision)).done(whole).clear();
const group = { hold: { kind: "group", group: "stage" } } as const;

test("a revision is fetched, verified, prepared, written, switched to, watched, and then applied", () => {
  const node = new Node().target(targetOf(1)).done(whole);

  expect(node.way).toEqual(["fetch", "verify", "prepare", "write", "switch", "probe", "keep"]);
  expect(node.state.phase).toEqual({ kind: "applied", target: { revision: 1, digest: digestOf("1") } });
  expect(node.state.kept).toMatchObject({ current: { revision: 1 }, starts: undefined });
});

describe("nothing is touched", () => {
  test("by the same revision again", () => {
    expect(running(1).target(targetOf(1)).way).toEqual([]);
  });

  test("by a hub that does not say what it desires", () => {
    expect(running(1).target(undefined).way).toEqual([]);
  });

  test("by another number of the same content, which is only noted", () => {
    const node = running(1).target(targetOf(2, { digest: digestOf("1") }));

    expect(node.way).toEqual(["keep"]);
    expect(node.state.phase).toMatchObject({ kind: "applied", target: { revision: 2 } });
  });

  test("by what an earlier attempt still answers", () => {
    const node = running(1).target(targetOf(2));
    const { attempt } = node.state;
    node.target(targetOf(3)).clear();

    node.step({ kind: "done", attempt, at: node.at });
    node.step({ kind: "failed", attempt, code: "VETO", reason: "late", isPassing: false, at: node.at });

    expect(node.way).toEqual([]);
    expect(node.state.phase).toMatchObject({ kind: "fetching", target: { revision: 3 } });
  });
});

describe("an instance that ends again and again", () => {
  const escalated = (node: Node, revision: number): Node =>
    node.step({
      kind: "escalated",
      current: { revision, digest: digestOf(String(revision)) },
      reason: "lamp fell",
      at: node.at,
    });

  test("takes its revision back to the one before, for good", () => {
    const node = escalated(running(1).target(targetOf(2)).done(whole).clear(), 2).done(2);

    expect(node.way).toEqual(["write", "switch"]);
    expect(node.state.phase).toMatchObject({ kind: "rolled-back", code: "CRASH_LOOP", reason: "lamp fell" });
    expect(node.state.kept).toMatchObject({ current: { revision: 1 }, previous: undefined });
    expect(escalated(node.clear(), 1).way).toEqual([]);
  });

  test("does so too while a newer one was rejected, which is not what is broken", () => {
    const rejected = running(1).target(targetOf(2)).done(whole).target(targetOf(3)).done(2).failed("vetoed");
    expect(rejected.state.phase).toMatchObject({ kind: "rejected", target: { revision: 3 } });

    const node = escalated(rejected.clear(), 2).done(2);

    expect(node.way).toEqual(["write", "switch"]);
    expect(node.state.phase).toMatchObject({
      kind: "rolled-back",
      code: "CRASH_LOOP",
      target: { revision: 2 },
    });
    expect(node.state.kept).toMatchObject({ current: { revision: 1 }, broken: { revision: 2 } });
    expect(node.clear().target(targetOf(3)).done(whole).state.phase).toMatchObject({ kind: "applied" });
  });

  test("does so too while a newer one waits, which then waits again", () => {
    const closed = { hold: { kind: "mode", why: "the mode is open" } } as const;
    const held = running(1).target(targetOf(2)).done(whole).target(targetOf(3, closed)).done(2).clear();
    const node = escalated(held, 2).done(4);

    expect(node.way).toEqual(["drop", "write", "switch", "fetch", "verify"]);
    expect(node.state.phase).toMatchObject({ kind: "held", why: "mode", target: { revision: 3 } });
    expect(node.state.kept).toMatchObject({ current: { revision: 1 }, broken: { revision: 2 } });

    const passing = running(1).target(targetOf(2)).done(whole).target(targetOf(3));
    passing.failed("the hub is away", { isPassing: true }).clear();
    const again = escalated(passing, 2).done(2);
    expect(again.way).toEqual(["write", "switch", "fetch"]);
    expect(again.state.phase).toMatchObject({ kind: "fetching", target: { revision: 3 } });
  });

  test("leaves what runs where there is nothing before it, another one comes, or its group runs it", () => {
    expect(escalated(running(1), 1).way).toEqual([]);
    const busy = running(1).target(targetOf(2)).done(whole).target(targetOf(3)).clear();
    expect(escalated(busy, 2).way).toEqual([]);
    const stale = running(1).target(targetOf(2)).done(whole).clear();
    expect(escalated(stale, 1).way).toEqual([]);
    const contentOf = (revision: number) => ({ revision, digest: digestOf(String(revision)) });
    const current = { ...contentOf(2), group: "stage" };
    const member = new Node({ ...nothingKept, current, previous: contentOf(1) }).done().clear();
    expect(escalated(member, 2).way).toEqual([]);
  });
});

test("what a way that was left, or has ended, still answers does not undo what runs", () => {
  const node = running(1).target(targetOf(2)).done(whole);
  const failAs = (attempt: number) =>
    node.step({ kind: "failed", attempt, code: "UNHEALTHY", reason: "late", isPassing: true, at: node.at });
  failAs(node.state.attempt - 1);

  node.target(targetOf(3));
  const { attempt } = node.state;
  node.target(targetOf(2));
  failAs(attempt);

  expect(node.state.phase).toMatchObject({ kind: "applied", target: { revision: 2 } });
});

describe("a newer revision", () => {
  test.each([
    ["fetched", 0],
    ["verified", 1],
    ["prepared", 2],
  ])("takes the place of one that is being %s", (_what, answers) => {
    const node = running(1).target(targetOf(2)).done(answers).clear().target(targetOf(3));

    expect(node.way).toEqual(["drop", "fetch"]);
    expect(node.done(whole).state.phase).toMatchObject({ kind: "applied", target: { revision: 3 } });
  });

  test.each([
    ["written", 3],
    ["switched to", 4],
    ["watched", 5],
  ])("waits for one that is being %s, and of several only the newest", (_what, answers) => {
    const node = running(1).target(targetOf(2)).done(answers).target(targetOf(3)).target(targetOf(4));

    expect(node.state.phase).toMatchObject({ target: { revision: 2 } });
    node.done(whole - answers).clear();
    expect(node.state.phase).toMatchObject({ kind: "fetching", target: { revision: 4 } });
    expect(node.done(whole).state.phase).toMatchObject({ kind: "applied", target: { revision: 4 } });
  });

  test("is begun after one that went back", () => {
    const node = running(1).target(targetOf(2)).done(5).target(targetOf(3)).failed("sim crashed").done(2);

    expect(node.state.phase).toMatchObject({ kind: "fetching", target: { revision: 3 } });
    expect(node.state.kept).toMatchObject({ current: { revision: 1 }, broken: { revision: 2 } });
    expect(node.done(whole).state.phase).toMatchObject({ kind: "applied", target: { revision: 3 } });
  });
});

describe("a revision that fails", () => {
  test("its checks is rejected with the reason, and is not tried again by itself", () => {
    const node = running(1)
      .target(targetOf(2))
      .done(2)
      .failed("dmx: universe 9 is not there", { code: "VETO" });

    expect(node.state.phase).toMatchObject({
      kind: "rejected",
      code: "VETO",
      reason: "dmx: universe 9 is not there",
    });
    expect(node.clear().target(targetOf(2)).way).toEqual([]);
    expect(applyDueAt(node.state)).toBeUndefined();
  });

  test("to be fetched is tried again, also when the hub names it again", () => {
    const stalled = running(1).target(targetOf(2));
    const began = stalled.at;
    stalled.wait();

    expect(stalled.state.phase).toMatchObject({ kind: "rejected", code: "FETCH_STALLED" });
    expect(stalled.at).toBe(later(began, fetchStallMax));
    expect(applyDueAt(stalled.state)).toBe(later(stalled.at, retryAfter));
    expect(stalled.clear().wait().way).toEqual(["fetch"]);
    expect(stalled.wait().clear().target(targetOf(2)).way).toEqual(["fetch"]);
  });

  test("while it is watched goes back to the last one that was well, with the reason, and stays known as broken", () => {
    const node = running(1).target(targetOf(2)).done(5).clear().failed("sim: no heartbeat for 3 s").done(2);

    expect(node.way).toEqual(["write", "switch"]);
    expect(node.effects[1]).toMatchObject({ to: { revision: 1 } });
    expect(node.state.phase).toMatchObject({
      kind: "rolled-back",
      code: "UNHEALTHY",
      reason: "sim: no heartbeat for 3 s",
    });
    expect(node.clear().target(targetOf(2)).way).toEqual([]);

    const restarted = new Node(node.state.kept);
    expect(restarted.effects).toEqual([
      { kind: "switch", attempt: 1, to: { revision: 1, digest: digestOf("1") } },
    ]);
    expect(restarted.clear().target(targetOf(2)).way).toEqual([]);
    expect(restarted.target(targetOf(3)).done(whole).state.phase).toMatchObject({ kind: "applied" });
  });

  test("and is the first there was leads back to nothing, and the next one is applied", () => {
    const node = new Node().target(targetOf(1)).done(4).failed("a thread ended").done(2);

    expect(node.effects.at(-1)).toMatchObject({ kind: "switch", to: undefined });
    expect(node.target(targetOf(2)).done(whole).state.phase).toMatchObject({ kind: "applied" });
  });

  test("and from which there is no way back ends the process, whose next start reads what is on disk", () => {
    const node = running(1).target(targetOf(2)).done(5).failed("bad").done().clear().wait();

    expect(node.way).toEqual(["restart"]);
    expect(node.state.kept).toMatchObject({ current: { revision: 1 } });
  });
});

test("a full disk does not keep a bad revision running, and the record is written when there is space", () => {
  const node = running(1).target(targetOf(2)).done(5).failed("bad").failed("ENOSPC").done();

  expect(node.state.phase).toMatchObject({ kind: "rolled-back", target: { revision: 2 } });
  node.clear().wait();
  expect(node.effects).toMatchObject([{ kind: "keep", kept: { current: { revision: 1 } } }]);
});

describe("a node that is started", () => {
  test("while a revision is under probation tries it again, and counts that before it does", () => {
    const node = running(1).target(targetOf(2)).done(4);
    let kept = node.state.kept;

    for (let start = 1; start < probationStartsMax; start += 1) {
      const again = new Node(kept);
      expect(again.effects).toMatchObject([
        { kind: "write", kept: { starts: start + 1, current: { revision: 2 } } },
      ]);
      ({ kept } = again.state);
    }
    const last = new Node(kept).done(2);

    expect(last.state.phase).toMatchObject({ kind: "rolled-back", code: "START_LOOP" });
    expect(last.state.kept).toMatchObject({ current: { revision: 1 }, broken: { revision: 2 } });
  });

  test("with files that are damaged goes back to the one before", () => {
    const { kept } = running(1).target(targetOf(2)).done(whole).state;
    const node = new Node(kept).failed("the plan is damaged").done(2);

    expect(node.state.phase).toMatchObject({ kind: "rolled-back", code: "DAMAGED", target: { revision: 2 } });
    expect(node.state.kept.current).toMatchObject({ revision: 1 });
  });
});

describe("what a start could not bring up", () => {
  const { kept } = running(1).state;
  const damaged = (): Node => new Node(kept).failed("the plan is damaged").clear();

  test("is not said to run after a fetch of it was rejected, but fetched again", () => {
    const node = damaged().target(targetOf(1)).failed("the hub is away", { isPassing: true });
    expect(node.state.phase).toMatchObject({ kind: "rejected" });

    expect(node.clear().wait().way).toEqual(["fetch"]);
    expect(node.done(whole).way).toContain("switch");
    expect(node.state.phase).toMatchObject({ kind: "applied", target: { revision: 1 } });
    expect(node.clear().target(targetOf(2, { digest: digestOf("1") })).way).toEqual(["keep"]);
  });

  test("after a revision was taken back is told, and the bytes of it are fetched under any number", () => {
    const back = running(1).target(targetOf(2)).done(5).failed("sim crashed").done(2);
    const node = new Node(back.state.kept).failed("the plan is damaged").clear();

    expect(node.state.phase).toMatchObject({
      kind: "rolled-back",
      code: "UNHEALTHY",
      reason: "sim crashed; and what ran before it cannot be brought up: the plan is damaged",
    });
    expect(node.target(targetOf(2)).way).toEqual([]);
    expect(node.target(targetOf(3, { digest: digestOf("1") })).way).toEqual(["fetch"]);
    expect(node.done(whole).way).toContain("switch");
  });

  test("is heard of also when another revision came meanwhile: the one before runs, then the other", () => {
    const second = running(1).target(targetOf(2)).done(whole);
    const node = new Node(second.state.kept);
    const { attempt } = node.state;
    node.target(targetOf(3)).clear();

    node.failed("the plan is damaged", { attempt }).done(2);

    expect(node.way).toEqual(["drop", "write", "switch", "fetch"]);
    expect(node.state.kept).toMatchObject({ current: { revision: 1 }, broken: { revision: 2 } });
    expect(node.done(whole).state.phase).toMatchObject({ kind: "applied", target: { revision: 3 } });
  });

  test("does not run when what came meanwhile was rejected, and is desired again", () => {
    const node = new Node(kept);
    const { attempt } = node.state;
    node
      .target(targetOf(2))
      .failed("the plan is damaged", { attempt })
      .done(2)
      .failed("no", { code: "VETO" });

    expect(node.clear().target(targetOf(1)).way).toEqual(["fetch"]);
  });
});

test("a start whose files are damaged is noticed also when the hub has renamed the revision meanwhile", () => {
  const { kept } = running(1).target(targetOf(2)).done(whole).state;
  const node = new Node(kept)
    .target(targetOf(3, { digest: digestOf("2") }))
    .failed("the plan is damaged")
    .done(2);

  expect(node.state.phase).toMatchObject({ kind: "rolled-back", code: "DAMAGED", target: { revision: 3 } });
});

describe("a revision that the mode does not allow yet", () => {
  const closed = { hold: { kind: "mode", why: "the mode is open" } } as const;

  test("is fetched and verified, then held until the hub releases it", () => {
    const node = running(1).target(targetOf(2, closed)).done(2);

    expect(node.state.phase).toMatchObject({ kind: "held", why: "mode" });
    expect(node.clear().target(targetOf(2, closed)).way).toEqual([]);
    expect(node.target(targetOf(2)).done(4).state.phase).toMatchObject({
      kind: "applied",
      target: { revision: 2 },
    });
  });

  test("is held again when the mode changes back before it is applied", () => {
    const node = running(1)
      .target(targetOf(2, closed))
      .done(2)
      .target(targetOf(2))
      .target(targetOf(2, closed));

    expect(node.state.phase).toMatchObject({ kind: "held", why: "mode" });
  });

  test("is cancelled by the hub that desires again what runs", () => {
    const node = running(1).target(targetOf(2, closed)).done(2).clear().target(targetOf(1));

    expect(node.way).toEqual(["drop", "keep"]);
    expect(node.state.phase).toMatchObject({ kind: "applied", target: { revision: 1 } });
  });

  test("is given up when nobody releases it for weeks", () => {
    const node = running(1).target(targetOf(2, closed)).done(2).wait();

    expect(node.state.phase).toMatchObject({ kind: "rejected", code: "HELD_TOO_LONG" });
  });
});

describe("a member of a group", () => {
  const promised = () => running(1).target(targetOf(2, group)).done(3).propose(1, 2).voteWritten();

  test("prepares, promises, stops just before the tick, and changes over just after it", () => {
    const node = promised().told("commit", 1).clear();

    node.wait();
    expect(node.way).toEqual(["suspend"]);
    node.wait();
    expect(node.way).toEqual(["suspend", "write"]);
    expect(node.state.kept).toMatchObject({ current: { revision: 2 }, vote: undefined, over: { id: 1 } });
    expect(node.done(3).state.phase).toMatchObject({ kind: "applied", target: { revision: 2 } });
  });

  test("that hears of an abort goes on, and is ready for the next round", () => {
    const node = promised().clear().told("abort", 1);

    expect(node.way).toContain("resume");
    expect(node.state.phase).toMatchObject({ kind: "held", why: "group" });
    expect(node.propose(2, 2).voteWritten().effects.at(-1)).toMatchObject({
      word: { kind: "promised", id: 2 },
    });
  });

  test("does not promise what it has not prepared", () => {
    const node = running(1).target(targetOf(2, group)).done(1).clear().propose(1, 2);

    expect(node.effects).toEqual([{ kind: "say", word: { kind: "refused", id: 1, code: "NOT_PREPARED" } }]);
  });

  test("that has promised lets a newer revision wait for the decision", () => {
    const node = promised().clear().target(targetOf(3));

    expect(node.way).toEqual([]);
    expect(node.told("abort", 1).state.phase).toMatchObject({ kind: "fetching", target: { revision: 3 } });
  });

  test("that was killed after its promise runs neither until it hears, and then the right one", () => {
    const { kept } = promised().state;

    const node = new Node(kept);
    expect(node.way).toEqual(["suspend"]);
    node.clear().told("abort", 1);
    expect(node.way).toContain("resume");
    expect(node.state.kept).toMatchObject({ current: { revision: 1 }, vote: undefined });

    const other = new Node(kept).told("commit", 1).wait();
    expect(other.done(3).state.phase).toMatchObject({ kind: "applied", target: { revision: 2 } });
  });

  test("whose confirmed revision is damaged runs nothing beside the others, until it has it again", () => {
    const confirmed = promised().told("commit", 1).wait().wait().done(3);
    expect(confirmed.state.kept.awaited).toBeUndefined();

    const node = new Node(confirmed.state.kept).clear().failed("the plan is damaged").done(2);
    expect(node.way).toEqual(["suspend", "write", "switch"]);
    expect(node.effects.at(-1)).toMatchObject({ to: undefined });
    expect(new Node(node.state.kept).way).toEqual([]);

    expect(node.target(targetOf(2)).done(whole).state.phase).toMatchObject({ kind: "applied" });
    expect(node.effects.findLast(({ kind }) => kind === "switch")).toMatchObject({ to: { revision: 2 } });
    expect(new Node(node.state.kept).failed("again").state.kept.isWithdrawn).toBe(true);
  });

  test("goes back to what its group runs when it gets one of its own that is damaged", () => {
    const confirmed = promised().told("commit", 1).wait().wait().done(3);
    const own = confirmed.target(targetOf(3)).done(whole);

    const node = new Node(own.state.kept).failed("the plan is damaged").done(2);

    expect(node.state.kept).toMatchObject({ current: { revision: 2, group: "stage" }, isWithdrawn: false });
    expect(new Node(node.state.kept).failed("this too").state.kept.current).toMatchObject({ revision: 2 });
  });

  test("that fails where the others run runs nothing, also after a restart, until it gets another revision", () => {
    const node = promised().told("commit", 1).wait().wait().done(2).clear().failed("sim crashed").done(2);

    expect(node.way).toEqual(["suspend", "write", "switch"]);
    expect(node.effects.at(-1)).toMatchObject({ to: undefined });
    const restarted = new Node(node.state.kept);
    expect(restarted.way).toEqual([]);
    expect(restarted.state.phase).toMatchObject({ kind: "rolled-back", code: "UNHEALTHY" });
    restarted.target(targetOf(3, { digest: digestOf("1") })).done(whole);
    expect(restarted.way).toContain("switch");
    expect(restarted.state.phase).toMatchObject({ kind: "applied", target: { revision: 3 } });
  });
});

const anyTarget = fc
  .record({
    revision: fc.integer({ min: 1, max: 4 }),
    hold: fc.constantFrom<Target["hold"]>({ kind: "none" }, { kind: "mode", why: "open" }, group.hold),
  })
  .map(({ revision, hold }) => targetOf(revision, { hold }));

type Act = (node: Node) => void;
const act = fc.oneof<fc.Arbitrary<Act>[]>(
  anyTarget.map((target) => (node) => void node.target(target)),
  fc.constant<Act>((node) => void node.target(undefined)),
  fc.constant<Act>((node) => void node.done()),
  fc.constant<Act>((node) => void node.done()),
  fc.boolean().map((isPassing) => (node) => void node.failed("it failed", { isPassing })),
  fc.constant<Act>((node) => void node.wait()),
  fc.constant<Act>((node) => void node.voteWritten()),
  fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 4 })).map(
    ([id, revision]) =>
      (node) =>
        void node.propose(id, revision),
  ),
  fc.tuple(fc.nat(5), fc.constantFrom("commit" as const, "abort" as const)).map(([id, kind]) => (node) => {
    node.step({ kind: "word", word: { kind, id }, clock: undefined, at: node.at });
  }),
  fc.nat(20).map((attempt) => (node) => void node.step({ kind: "done", attempt, at: node.at })),
  fc
    .constantFrom("kept" as const, "not-kept" as const)
    .map((kind) => (node) => void node.step({ kind, at: node.at })),
  // A power cut: what was asked to be written is there, for the disk answers in order.
  fc.constant<Act>((node) => {
    const { kept } = node.state;
    node.state = applyAtStart;
    node.step({ kind: "started", kept, at: node.at });
  }),
);

describe("whatever happens, in whatever order", () => {
  test("what is current is never what is known as broken, and a node that had a revision keeps one", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const node = running(9);
        for (const each of acts) {
          each(node);
          const { current, broken, starts, previous } = node.state.kept;
          expect(current).toBeDefined();
          if (starts !== undefined) expect(previous).toBeDefined();
          else if (broken?.digest === current?.digest) expect(broken?.revision).not.toBe(current?.revision);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("each state but an end and the doubt of a promise has a deadline that leads out of it", () => {
    const ends = new Set(["idle", "rejected", "applied", "rolled-back"]);
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const node = running(9);
        for (const each of acts) each(node);
        // The disk answers, or says that it cannot; the hub answers what became of a round.
        node.voteWritten();
        const { vote } = node.state.vote;
        if (vote.kind !== "free") node.told("abort", vote.round.id);
        node.voteWritten();

        for (let tries = 0; tries < 12 && !ends.has(node.state.phase.kind); tries += 1) {
          const due = applyDueAt(node.state);
          expect(due).toBeDefined();
          node.wait();
        }

        expect(ends).toContain(node.state.phase.kind);
      }),
      { numRuns: 2000 },
    );
  });

  test("the next revision is applied", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const node = running(9);
        for (const each of acts) each(node);
        const { vote } = node.state.vote;
        node.voteWritten();
        if (vote.kind !== "free") node.told("abort", vote.round.id);
        node.voteWritten().target(targetOf(7)).done(20);
        if (node.state.vote.vote.kind !== "free") node.wait().wait().done(20);

        expect(node.state.phase).toMatchObject({ kind: "applied", target: { revision: 7 } });
        expect(node.state.kept.current).toMatchObject({ revision: 7 });
      }),
      { numRuns: 2000 },
    );
  });
});

test("a deadline that is far away is not taken for one that is near", () => {
  const node = running(1).target(targetOf(2));

  expect(node.step({ kind: "tick", at: later(node.at, seconds(59)) }).state.phase.kind).toBe("fetching");
  expect(
    node.step({ kind: "progress", attempt: node.state.attempt, at: later(node.at, seconds(59)) }).state.phase,
  ).toMatchObject({
    until: later(node.at, seconds(119)),
  });
});
