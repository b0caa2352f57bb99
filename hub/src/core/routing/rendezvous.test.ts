import fc from "fast-check";
import { expect, test } from "vitest";
import { rendezvous } from "./rendezvous.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const nodes = fc.uniqueArray(name, { minLength: 1, maxLength: 12 });
const keys = Array.from({ length: 200 }, (_, index) => `pi-${index % 20}/sim/out${index}`);

test("when a node comes, a key stays where it is or goes to the one that came", () => {
  fc.assert(
    fc.property(nodes, name, (before, comes) => {
      for (const key of keys) {
        const after = rendezvous(key, [...before, comes]);
        expect([rendezvous(key, before), comes]).toContain(after);
      }
    }),
    { numRuns: 50 },
  );
});

test("when a node goes, only its keys move", () => {
  fc.assert(
    fc.property(nodes, fc.nat(), (before, index) => {
      const goes = before[index % before.length];
      const after = before.filter((node) => node !== goes);
      for (const key of keys) {
        const holder = rendezvous(key, before);
        if (holder !== goes) expect(rendezvous(key, after)).toBe(holder);
      }
    }),
    { numRuns: 50 },
  );
});

test("the order of the nodes says nothing, and nobody is chosen of none", () => {
  fc.assert(
    fc.property(nodes, (all) => {
      for (const key of keys) expect(rendezvous(key, all.toReversed())).toBe(rendezvous(key, all));
    }),
    { numRuns: 20 },
  );
  expect(rendezvous("key", [])).toBeUndefined();
});

test("keys spread evenly, also over names that are much alike", () => {
  const lamps = Array.from({ length: 8 }, (_, index) => `lamp-${index + 1}`);
  const counts = new Map(lamps.map((lamp) => [lamp, 0]));
  const many = 8000;
  for (let key = 0; key < many; key++) {
    const lamp = rendezvous(String(key), lamps) ?? "";
    counts.set(lamp, (counts.get(lamp) ?? 0) + 1);
  }

  for (const count of counts.values()) expect(Math.abs(count - many / 8)).toBeLessThan(0.12 * (many / 8));
});
