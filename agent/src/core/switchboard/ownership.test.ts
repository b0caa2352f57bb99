import { expect, test } from "vitest";
import fc from "fast-check";
import { instant, type Micros } from "@interactor/shared/kernel/units";
import { type OwnerKind, ownerKinds } from "@interactor/shared/wire/messages/owners";
import { nowAt } from "@interactor/shared/testing/builders";
import { type Claim, OwnershipStack } from "./ownership.ts";

const wall = (after: number): Micros => nowAt(after).wall;
const claimOf = (value: Claim["value"], given: Partial<Claim> = {}): Claim => ({
  value,
  at: wall(0),
  by: "someone",
  ...given,
});
const until = (after: number) => ({ due: instant(after), at: wall(after) });

test("nobody owns an input that nobody has claimed", () => {
  expect(new OwnershipStack().owner).toBeUndefined();
});

test("the more powerful claim owns it, whichever came first", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...ownerKinds], { minLength: 1 }), (kinds) => {
      const stack = new OwnershipStack();
      for (const kind of kinds) stack.claim(kind, claimOf(kind), wall(0));

      expect(stack.owner?.kind).toBe(ownerKinds.find((kind) => kinds.includes(kind)));
    }),
  );
});

test("when the owner lets go, the next one's value of by now comes up", () => {
  const stack = new OwnershipStack();
  stack.claim("route", claimOf(1, { by: "follow" }), wall(0));
  stack.claim("manual", claimOf(9), wall(1));
  stack.claim("route", claimOf(2, { by: "follow" }), wall(2));

  stack.release("manual", wall(3));

  expect(stack.owner).toMatchObject({ kind: "route", claim: { value: 2 }, since: wall(3) });
});

test("a claim renewed by the same one keeps its beginning, by another one it begins anew", () => {
  const stack = new OwnershipStack();
  stack.claim("manual", claimOf(1), wall(1));
  stack.claim("manual", claimOf(2), wall(2));
  expect(stack.owner?.since).toBe(wall(1));

  stack.claim("manual", claimOf(3, { by: "another" }), wall(3));

  expect(stack.owner?.since).toBe(wall(3));
});

test("what runs out is let go, and the next time something does is said", () => {
  const stack = new OwnershipStack();
  stack.claim("manual", claimOf(1, { until: until(100) }), wall(0));
  stack.claim("cue", claimOf(2, { until: until(200) }), wall(0));

  expect(stack.expire(instant(99), wall(99))).toBe(100);
  expect(stack.expire(instant(100), wall(100))).toBe(200);
  expect(stack.owner?.kind).toBe("cue");
  expect(stack.expire(instant(200), wall(200))).toBeUndefined();
  expect(stack.owner).toBeUndefined();
});

const kind = fc.constantFrom<OwnerKind>(...ownerKinds);
const step = fc.oneof(
  fc.record({ kind: fc.constant("claim" as const), of: kind, value: fc.nat(9), span: fc.option(fc.nat(20)) }),
  fc.record({ kind: fc.constant("release" as const), of: kind }),
  fc.record({ kind: fc.constant("wait" as const), span: fc.nat(10) }),
);

test("the owner is always the most powerful of those who hold a claim that has not run out", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const stack = new OwnershipStack();
      const model = new Map<OwnerKind, { value: number; due: number }>();
      let at = 0;
      for (const each of steps) {
        if (each.kind === "claim") {
          const due = each.span === null ? Number.POSITIVE_INFINITY : at + each.span;
          stack.claim(
            each.of,
            claimOf(each.value, each.span === null ? {} : { until: until(due) }),
            wall(at),
          );
          model.set(each.of, { value: each.value, due });
        } else if (each.kind === "release") {
          stack.release(each.of, wall(at));
          model.delete(each.of);
        } else {
          at += each.span;
        }
        stack.expire(instant(at), wall(at));
        for (const [kind, { due }] of model) if (due <= at) model.delete(kind);
        const expected = ownerKinds.find((kind) => model.has(kind));
        expect(stack.owner?.kind).toBe(expected);
        expect(stack.owner?.claim.value).toBe(
          expected === undefined ? undefined : model.get(expected)?.value,
        );
      }
    }),
  );
});
