import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RolloutOptions } from "@interactor/shared/wire/api-config";
import { rolloutOrder } from "./rollout-request.ts";

const nodesOf = (count: number) => Array.from({ length: count }, (_, index) => `n${index + 100}`);
const order = (
  nodes: readonly string[],
  options: RolloutOptions = {},
  isThere = (_node: string) => true,
  isBehind = (_node: string) => false,
) =>
  rolloutOrder({
    revision: 2,
    changed: new Map(nodes.map((node) => [node, "digest"])),
    options,
    groups: { lamps: ["n100", "n101"], empty: [] },
    isThere,
    isBehind,
  });
const sizes = (made: ReturnType<typeof order>) =>
  made.ok && made.value.plan.waves.map(({ length }) => length);

describe("when nobody says how", () => {
  test("ten nodes get it at once, more of them in waves of one, a tenth, half and all", () => {
    expect(sizes(order(nodesOf(10)))).toEqual([10]);
    expect(sizes(order(nodesOf(11)))).toEqual([1, 1, 4, 5]);
    expect(sizes(order(nodesOf(100)))).toEqual([1, 9, 40, 50]);
    expect(sizes(order([]))).toEqual([]);
  });

  test("it pauses past two in a hundred, nodes are on probation for ten seconds, and waves settle for five", () => {
    expect(order(nodesOf(100))).toMatchObject({
      value: { plan: { threshold: { kind: "share", share: 0.02 }, settle: 5000 }, probation: 10_000 },
    });
    expect(order(nodesOf(1))).toMatchObject({ value: { plan: { settle: 0 } } });
  });
});

test("who is there gets it before who is away, for those prove nothing", () => {
  const made = order(nodesOf(3), { waves: [{ count: 1 }] }, (node) => node === "n102");

  expect(made).toMatchObject({ value: { plan: { waves: [["n102"], ["n100", "n101"]] } } });
});

test("whatever the waves, every node is in one of them", () => {
  const wave = fc.oneof(
    fc.record({ count: fc.integer({ min: 1, max: 50 }) }),
    fc.record({ share: fc.double({ min: 0.01, max: 1, noNaN: true }) }),
    fc.constant({ group: "lamps" }),
  );
  fc.assert(
    fc.property(fc.nat(40), fc.array(wave, { maxLength: 5 }), (count, waves) => {
      const made = order(nodesOf(count), { waves });
      expect(made.ok && made.value.plan.waves.flat().toSorted()).toEqual(nodesOf(count));
    }),
  );
});

describe("a group", () => {
  test("is one wave of those that change", () => {
    expect(order(["n100"], { group: "lamps" })).toMatchObject({
      value: { plan: { group: "lamps", waves: [["n100"]] } },
    });
    expect(sizes(order([], { group: "lamps" }))).toEqual([]);
  });

  test("is refused with nodes beside it, which would come before or after it", () => {
    expect(order(nodesOf(9), { group: "lamps" })).toEqual({
      ok: false,
      error:
        'this changes nodes that are not in group "lamps" too: n102, n103, n104, n105, n106 and more; apply what concerns them by itself',
    });
  });

  test("does not wait for who is away and only behind; who is there, or changes with it, is still in its way", () => {
    const isThere = (node: string) => node !== "n102";
    const isBehind = (node: string) => node !== "n100";

    const made = order(["n100", "n102"], { group: "lamps" }, isThere, isBehind);

    expect(made).toMatchObject({ value: { plan: { waves: [["n100"]] } } });
    expect(made.ok && Object.keys(made.value.plan.digests)).toEqual(["n100"]);
    expect(order(["n100", "n102"], { group: "lamps" }, () => true, isBehind).ok).toBe(false);
    expect(order(["n100", "n102"], { group: "lamps" }, isThere, () => false).ok).toBe(false);
    expect(sizes(order(["n100", "n102"], {}, isThere, isBehind))).toEqual([2]);
    expect(sizes(order(["n100", "n101"], { group: "lamps" }, () => false, isBehind))).toEqual([2]);
  });

  test("that there is not is told with those that there are", () => {
    const words = 'there is no group "lmps"; there are lamps, empty';
    expect(order(nodesOf(1), { group: "lmps" })).toEqual({ ok: false, error: words });
    expect(order(nodesOf(1), { waves: [{ group: "lmps" }] })).toEqual({ ok: false, error: words });
  });
});
