import { expect, test } from "vitest";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import { SaidByGuest } from "./said-by-guest.ts";

/** What is read of it, after an instance "own" with an output "level" was started and has declared itself. */
function read(message: readonly unknown[]): unknown {
  const said = new SaidByGuest();
  said.expect("own");
  const ports = { inputs: {}, outputs: { level: { type: "int" } } };
  said.read(encodeCbor(["declared", "own", ports, { module: "own", version: "1" }]));
  const heard = said.read(encodeCbor(message));
  return heard.ok ? heard.value : heard.error;
}

const stamped = (at: unknown): readonly unknown[] => ["output", "own", "level", 1, at, 0, false];

test("a value with its stamp is heard", () => {
  expect(read(stamped(1_800_000_000_000_000))).toEqual(stamped(1_800_000_000_000_000));
});

test.each([2 ** 53, 2 ** 60, 1e300, 1.5, -1])(
  "a value with the stamp %d is a breach: no batch could carry it",
  (at) => {
    expect(read(stamped(at))).toBe('a value for "level" has a stamp that is no time');
  },
);
