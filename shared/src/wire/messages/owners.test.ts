import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeCbor } from "../cbor.ts";
import { payloadBytesMax } from "../limits.ts";
import { type OwnerReport, ownersFrom, ownersOnWire } from "./owners.ts";
import { decodeReported, encodeReported } from "./reported.ts";

const stop: OwnerReport = { kind: "stop", by: "cli:anna@desk#1f2e", since: 1_800_000_000_123_456 };
const universes = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count * 512 }, (_, index) => [
      `stage${Math.floor(index / 512)}/ch${(index % 512) + 1}`,
      stop,
    ]),
  );
const reportOf = (owners: Readonly<Record<string, OwnerReport>>) => ({
  v: 1 as const,
  session: "0102030405060708" as never,
  revision: 1,
  digest: "",
  instances: {},
  owners,
  routes: {},
  refused: {},
});

test("a show stop of 64 universes fits into a payload, and into a moment of a slow line", () => {
  const owners = universes(64);

  const bytes = encodeReported(reportOf(owners));

  expect(encodeCbor(owners).length).toBeGreaterThan(payloadBytesMax);
  expect(bytes.length).toBeLessThan(2000);
  expect(decodeReported(bytes)).toEqual({ ok: true, value: reportOf(owners) });
});

test("whatever inputs there are, all owners come back as they were", () => {
  const port = fc.oneof(
    fc.integer({ min: 1, max: 600 }).map((number) => `ch${number}`),
    fc.constantFrom("ch", "ch0", "ch007", "ch10", "1", "99999", "100000", "master", "a1b2"),
  );
  const owner = fc.constantFrom<OwnerReport>(
    stop,
    { ...stop, since: 1 },
    { kind: "route", by: "level", since: 5 },
    { kind: "manual", by: "x", since: 5, until: 9 },
  );
  const instance = fc.constantFrom("a", "b1", "stage");
  const entry = fc
    .tuple(instance, port, owner)
    .map(([name, port, owner]) => [`${name}/${port}`, owner] as const);
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 400 }), (entries) => {
      const owners = Object.fromEntries(entries);
      const decoded = decodeReported(encodeReported(reportOf(owners)));
      expect(decoded).toEqual({ ok: true, value: reportOf(owners) });
    }),
  );
});

test("a few inputs are told one by one, as they always were", () => {
  const owners = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`stage/ch${index + 1}`, stop]));

  expect(ownersOnWire(owners)).not.toHaveProperty("ownedAlike");
});

describe("a report by somebody else", () => {
  const told = (inputs: readonly unknown[]) =>
    encodeCbor({ ...reportOf({}), session: new Uint8Array(8), ownedAlike: [{ ...stop, inputs }] });

  test("with more inputs than anybody has is refused before they are made", () => {
    const runs = Array.from({ length: 65 }, () => ["stage/ch1", 512]);

    expect(ownersFrom({}, [{ ...stop, inputs: [["a/ch1", 512]] }])).toBeDefined();
    expect(decodeReported(told(runs))).toEqual({ ok: false, error: "wrong-shape" });
  });

  test.each([
    [["stage/ch1", 513]],
    [["stage/ch1", 1]],
    [["stage/ch1", 1e12]],
    [["ch1", 2]],
    [["a/b", 2, 3]],
    [7],
  ])("that names a run %j is refused", (run) => {
    expect(decodeReported(told([run]))).toEqual({ ok: false, error: "wrong-shape" });
  });

  test("of a run that has no number to count on from names nothing that is no address", () => {
    const decoded = decodeReported(told([["stage/master", 3]]));

    expect(decoded.ok && Object.keys(decoded.value.owners)).toEqual([]);
  });
});
