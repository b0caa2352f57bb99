import { expect, test } from "vitest";
import type { Written } from "../../ports/written.ts";
import { Unwritten, type Waiting } from "./unwritten.ts";

/** A store that answers when told to, in the order of the questions. */
function slowStore() {
  const questions: ((isWritten: boolean) => void)[] = [];
  let changes = 0;
  let group: number | undefined;
  const written: Written = {
    whenWritten: (done) => void questions.push(done),
    waitingBytes: 1,
    get changes() {
      return changes;
    },
    get group() {
      return group ?? changes;
    },
  };
  const told: string[] = [];
  const waiting = (name: string): Waiting => ({
    told: ({ answered }) => void told.push(`${name} ${answered}`),
  });
  return {
    unwritten: new Unwritten(written),
    questions,
    told,
    waiting,
    change: () => (changes += 1),
    /** Every change goes into a group of its own, or into this one. */
    groupIs: (number: number) => (group = number),
    async answer(count: number, isWritten = true) {
      for (const done of questions.splice(0, count)) done(isWritten);
      await Promise.resolve();
    },
  };
}

test("who adds nothing asks what was asked before, and costs the store nothing", () => {
  const { unwritten, questions, change, waiting } = slowStore();
  change();
  const [one, other] = [waiting("one"), waiting("other")];
  expect(unwritten.ask(one, "one", 100)).toBe(1);
  for (let again = 0; again < 1000; again++) expect(unwritten.ask(other, "other", 100)).toBe(1);

  expect(questions).toHaveLength(1);
  expect([unwritten.bytesOf("one"), unwritten.bytesOf("other")]).toEqual([100, 0]);
});

test("everybody who waits is told once of all that was answered together", async () => {
  const { unwritten, told, change, waiting, answer } = slowStore();
  for (const name of ["a", "b", "c"]) {
    change();
    unwritten.ask(waiting(name), name, 10);
  }
  await answer(2);
  expect(told).toEqual(["a 2", "b 2", "c 2"]);

  await answer(1);
  expect(told).toHaveLength(3);
});

test("what a client sent stays its own until it is written, also when it has gone", async () => {
  const { unwritten, told, change, waiting, answer } = slowStore();
  for (let time = 0; time < 3; time++) {
    const visit = waiting("visit");
    change();
    unwritten.ask(visit, "me", 100);
    unwritten.forget(visit);
  }
  expect(unwritten.bytesOf("me")).toBe(300);

  await answer(1);
  expect(unwritten.bytesOf("me")).toBe(200);
  await answer(2);

  expect(unwritten.bytesOf("me")).toBe(0);
  expect(told).toEqual([]);
});

test("what could not be written is known as such, and what is asked afterwards is not", async () => {
  const { unwritten, change, waiting, answer } = slowStore();
  change();
  const first = unwritten.ask(waiting("a"), "a", 1);
  await answer(1, false);
  const second = unwritten.ask(waiting("a"), "a", 1);
  await answer(1);

  expect(first <= unwritten.failed && second > unwritten.failed && second <= unwritten.answered).toBe(true);
});

test("what goes to disk together is asked about once, and is each client's own until then", async () => {
  const { unwritten, questions, change, groupIs, waiting, answer } = slowStore();
  groupIs(1);
  for (const name of ["a", "b", "a"]) {
    change();
    expect(unwritten.ask(waiting(name), name, 100)).toBe(1);
  }
  groupIs(2);
  change();
  expect(unwritten.ask(waiting("b"), "b", 1)).toBe(2);
  expect(questions).toHaveLength(2);
  expect([unwritten.bytesOf("a"), unwritten.bytesOf("b")]).toEqual([200, 101]);

  await answer(1);

  expect([unwritten.bytesOf("a"), unwritten.bytesOf("b")]).toEqual([0, 1]);
});
