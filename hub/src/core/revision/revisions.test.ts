import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import type { RevisionHead } from "./revision-head.ts";
import {
  confirmedKept,
  messageLengthMax,
  revisionAgeMax,
  revisionBytesMax,
  Revisions,
  revisionsMax,
} from "./revisions.ts";

const noon = 1_800_000_000_000_000;
const draftOf = (digest: string, given: object = {}) => ({
  digest,
  bytes: 100,
  author: "anna",
  message: "brighter",
  at: micros(noon),
  ...given,
});

function made(...digests: readonly string[]): Revisions {
  const revisions = new Revisions([]);
  for (const digest of digests) make(revisions, draftOf(digest));
  return revisions;
}

function make(revisions: Revisions, draft: Parameters<Revisions["draft"]>[0]): RevisionHead | string {
  const head = revisions.draft(draft);
  if (head.ok) revisions.added(head.value);
  return head.ok ? head.value : head.error;
}

test("revisions are numbered, and the history has the newest first", () => {
  expect(made("a", "b", "a").history(2)).toMatchObject([
    { number: 3, digest: "a" },
    { number: 2, digest: "b" },
  ]);
});

test("the content that is newest already makes no revision", () => {
  expect(make(made("a", "b"), draftOf("b"))).toBe("unchanged");
});

test("going back makes a new revision with the old content, and says whose it is", () => {
  const revisions = made("a", "b");

  const back = revisions.rollback(1, draftOf(""));

  expect(back).toMatchObject({ ok: true, value: { number: 3, digest: "a", rollbackOf: 1 } });
  expect(revisions.rollback(2, draftOf(""))).toEqual({
    ok: false,
    error: "revision 2 has the content of revision 2 already",
  });
  expect(revisions.rollback(9, draftOf(""))).toEqual({
    ok: false,
    error: "there is no revision 9: there are 1 to 2",
  });
});

test("two revisions are laid side by side, and the same content is known as the same", () => {
  const revisions = made("a", "b", "a");

  expect(revisions.pair(1, 2)).toMatchObject({ ok: true, value: { before: { number: 1 }, isSame: false } });
  expect(revisions.pair(1, 3)).toMatchObject({ ok: true, value: { isSame: true } });
  expect(revisions.pair(1, 9)).toEqual({ ok: false, error: "there is no revision 9: there are 1 to 3" });
});

test("a number that nodes know of is not used again when the file was lost", () => {
  const revisions = new Revisions([]);
  revisions.learn(41);

  expect(make(revisions, draftOf("a"))).toMatchObject({ number: 42 });
});

test("what is too large is refused, and words that are too long are cut", () => {
  expect(make(made(), draftOf("a", { bytes: revisionBytesMax + 1 }))).toBe("too-large");
  expect(make(made(), draftOf("a", { message: "x".repeat(5000) }))).toMatchObject({
    message: `${"x".repeat(messageLengthMax - 1)}…`,
  });
});

describe("eviction", () => {
  test("takes the oldest above the count, but not what is in use", () => {
    const revisions = made(...Array.from({ length: revisionsMax + 3 }, (_, index) => `${index}`));

    expect(revisions.evictable(micros(noon), new Set([2]))).toEqual([1, 3]);
    revisions.evicted([1, 3]);
    expect(revisions.show(1)).toEqual({
      ok: false,
      error: `revision 1 is not kept any more: there are 2 to ${revisionsMax + 3}`,
    });
  });

  test("takes what is too old, but never the newest", () => {
    const revisions = made("a", "b");

    expect(revisions.evictable(micros(noon + revisionAgeMax + 1), new Set())).toEqual([1]);
  });

  test("never takes the last ten that were confirmed, nor the newest", () => {
    const flags = fc.array(fc.record({ isConfirmed: fc.boolean(), age: fc.nat(10) }), { maxLength: 60 });
    fc.assert(
      fc.property(flags, (all) => {
        const heads = all.map(({ isConfirmed, age }, index) => ({
          number: index + 1,
          digest: `${index}`,
          bytes: 1,
          author: "",
          message: "",
          at: micros(noon - age * revisionAgeMax),
          isConfirmed,
          rollbackOf: undefined,
        }));
        const revisions = new Revisions(heads);

        const gone = revisions.evictable(micros(noon), new Set());

        const confirmed = heads.filter(({ isConfirmed }) => isConfirmed).slice(-confirmedKept);
        for (const { number } of [...confirmed, ...heads.slice(-1)]) expect(gone).not.toContain(number);
      }),
    );
  });
});
