import { micros } from "@interactor/shared/kernel/units";
import { expect, test } from "vitest";
import { sessionNumber } from "@interactor/shared/testing/builders";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { ChangeFold, type ChangeGroup } from "./change-fold.ts";
import { GroupCommit } from "./group-commit.ts";
import { JournalGather } from "./journal-group.ts";

/** A disk that finishes a write when told to, and says what it was given. */
function slowDisk(whoWaits: "is told" | "goes on waiting" = "is told") {
  const clock = new VirtualClock();
  const fold = new ChangeFold();
  const begun: (readonly string[])[] = [];
  const said: string[] = [];
  let settle = (_error?: Error): void => undefined;
  const say = (message: string): void => void said.push(message);
  const write = (group: ChangeGroup): Promise<void> => {
    begun.push([...group.retained.keys()]);
    return new Promise((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve() : reject(error));
    });
  };
  const commit = new GroupCommit(fold, {
    write,
    what: "sessions",
    whoWaits,
    clock,
    log: { info: say, warn: say, error: say },
  });
  return {
    clock,
    commit,
    /** Topics of each group, in the order in which writes began. */
    begun,
    said,
    async finish(error?: Error) {
      settle(error);
      await turn();
    },
    retain(topic: string) {
      fold.add({
        kind: "retained",
        message: { topic, payload: Buffer.of(1), qos: 0, owner: "ana", at: micros(1) },
      });
      commit.changed();
    },
  };
}

/** Until what was started has run: a commit begins in the second turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

const full = new Error("disk full");

test("after a pause a group goes at once, with all that came in the same turn", async () => {
  const { begun, retain } = slowDisk();

  retain("a");
  retain("b");
  await turn();

  expect(begun).toEqual([["a", "b"]]);
});

test("what goes out in the same turn goes before a group is prepared", async () => {
  const { begun, retain } = slowDisk();
  const before: unknown[] = [];

  retain("a");
  setImmediate(() => before.push(...begun, "out"));
  await turn();

  expect(before).toEqual(["out"]);
  expect(begun).toEqual([["a"]]);
});

test("the next group begins 5 ms after the one before began, and only when that has arrived", async () => {
  const { clock, begun, finish, retain } = slowDisk();
  retain("a");
  await turn();
  retain("b");
  await finish();

  clock.advance(millis(4));
  await turn();
  expect(begun).toEqual([["a"]]);
  clock.advance(millis(1));
  expect(begun).toEqual([["a"], ["b"]]);

  retain("c");
  clock.advance(millis(50));
  await turn();
  expect(begun).toHaveLength(2);
  await finish();
  await turn();
  expect(begun).toEqual([["a"], ["b"], ["c"]]);
});

test("an answer waits for the group that holds what came before it, and no longer", async () => {
  const { commit, clock, finish, retain } = slowDisk();
  const answers: string[] = [];
  const ask = (name: string): void => commit.whenWritten((isWritten) => answers.push(`${name} ${isWritten}`));
  retain("a");
  ask("a");
  await turn();
  ask("still a");
  retain("b");
  ask("b");

  await finish();
  expect(answers).toEqual(["a true", "still a true"]);
  clock.advance(millis(5));
  await finish();

  expect(answers).toEqual(["a true", "still a true", "b true"]);
  expect(commit.waitingBytes).toBe(0);
});

test("its number tells whether what is taken now goes to disk with what was asked about", async () => {
  const { commit, clock, finish, retain } = slowDisk();
  const empty = commit.group;
  retain("a");
  const first = commit.group;
  retain("b");
  expect(commit.group).toBe(first);
  expect(first).not.toBe(empty);

  await turn();
  expect(commit.group).toBe(first);
  retain("c");
  expect(commit.group).not.toBe(first);

  await finish();
  clock.advance(millis(5));
  await finish();
  const last = commit.group;
  retain("d");
  expect(commit.group).not.toBe(last);
});

/** A journal's gather with the same disk: it closes its groups. */
function slowJournal() {
  const clock = new VirtualClock();
  const gather = new JournalGather(1);
  const begun: string[] = [];
  let settle = (): void => undefined;
  const commit = new GroupCommit(gather, {
    write: ({ id, batches }) => {
      begun.push(`${id}: ${batches.length}`);
      return new Promise((resolve) => (settle = resolve));
    },
    what: "batches",
    whoWaits: "goes on waiting",
    clock,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  const append = (bytes: number, next: number) => {
    const payload = Buffer.alloc(bytes);
    gather.add({ node: "pi", session: sessionNumber(1), lane: 2, next, payload });
    commit.changed();
  };
  const finish = async () => {
    settle();
    await turn();
    clock.advance(millis(5));
    await turn();
  };
  return { commit, begun, append, finish };
}

test("what waited for long goes in groups that one write can bear, each answered when it is there", async () => {
  const { commit, begun, append, finish } = slowJournal();
  const answers: number[] = [];
  for (let number = 1; number <= 10; number++) {
    append(700_000, number);
    commit.whenWritten(() => answers.push(number));
    if (number === 1) await turn();
  }
  expect(commit.waitingBytes).toBeGreaterThan(7_000_000);

  await finish();
  expect(answers).toEqual([1]);
  await finish();
  expect(answers).toEqual([1, 2, 3, 4]);
  await finish();
  await finish();

  expect(answers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(begun).toEqual(["1: 700000", "2: 2100000", "3: 2100000", "4: 2100000"]);
  expect(commit.waitingBytes).toBe(0);
  let isAtOnce = false;
  commit.whenWritten((isWritten) => (isAtOnce = isWritten));
  expect(isAtOnce).toBe(true);
});

test("closing writes also the groups that wait", async () => {
  const { commit, begun, append, finish } = slowJournal();
  for (let number = 1; number <= 7; number++) append(700_000, number);
  await turn();

  const closed = commit.close(seconds(3));
  for (let write = 0; write < 3; write++) await finish();
  await closed;

  expect(begun.map((each) => each.split(":")[0])).toEqual(["1", "2", "3"]);
});

test("a group that fails is kept and tried again before anything newer", async () => {
  const { commit, clock, begun, finish, retain } = slowDisk();
  const answers: string[] = [];
  const ask = (name: string): void => commit.whenWritten((isWritten) => answers.push(`${name} ${isWritten}`));
  retain("a");
  ask("a");
  await turn();
  retain("b");
  ask("b");
  await finish(full);
  expect(answers).toEqual(["a false", "b false"]);
  expect(commit.waitingBytes).toBeGreaterThan(0);

  ask("later");
  clock.advance(seconds(1));
  await finish();
  clock.advance(millis(5));
  await turn();
  await finish();

  expect(begun).toEqual([["a"], ["a"], ["b"]]);
  expect(answers).toEqual(["a false", "b false", "later true"]);
  expect(commit.waitingBytes).toBe(0);
});

test("who goes on waiting hears nothing while the disk fails, and why is known", async () => {
  const { commit, clock, finish, retain } = slowDisk("goes on waiting");
  const answers: string[] = [];
  const ask = (name: string): void => commit.whenWritten((isWritten) => answers.push(`${name} ${isWritten}`));
  retain("a");
  ask("a");
  await turn();
  await finish(full);
  ask("later");
  expect(answers).toEqual([]);
  expect(commit.problem).toContain("cannot be written");

  clock.advance(seconds(1));
  await finish();

  expect(answers).toEqual(["a true", "later true"]);
  expect(commit.problem).toBeUndefined();
});

test("a disk that fails is tried less and less often, and reported once until it works again", async () => {
  const { clock, begun, said, finish, retain } = slowDisk();
  retain("a");
  await turn();
  await finish(full);

  for (let second = 0; second < 60; second++) {
    clock.advance(seconds(1));
    await finish(full);
  }
  expect(begun.length).toBeGreaterThan(10);
  expect(begun.length).toBeLessThan(16);
  expect(said).toHaveLength(1);

  clock.advance(seconds(5));
  await finish();
  retain("b");
  await turn();
  await finish(full);

  expect(said).toEqual([
    expect.stringContaining("cannot be written"),
    expect.stringContaining("written again"),
    expect.stringContaining("cannot be written"),
  ]);
});

test("closing writes what waits, and gives up on a disk that does not answer", async () => {
  const { commit, clock, begun, said, finish, retain } = slowDisk();
  const answers: boolean[] = [];
  retain("a");
  await turn();
  retain("b");
  commit.whenWritten((isWritten) => answers.push(isWritten));

  const closed = commit.close(seconds(3));
  await finish();
  expect(begun).toEqual([["a"], ["b"]]);
  clock.advance(seconds(3));
  await closed;

  expect(answers).toEqual([false]);
  expect(said).toEqual([expect.stringContaining("lost at the end")]);
  await finish();
  expect(answers).toEqual([false]);
});

test("closing while the disk fails makes one more attempt", async () => {
  const { commit, begun, said, finish, retain } = slowDisk();
  retain("a");
  await turn();
  await finish(full);

  const closed = commit.close(seconds(3));
  await finish(full);
  await closed;

  expect(begun).toEqual([["a"], ["a"]]);
  expect(said.at(-1)).toContain("lost at the end");
});
