import { expect, test } from "vitest";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import { SaidByGuest } from "./said-by-guest.ts";

const declares = (instance: string): readonly unknown[] => [
  "declared",
  instance,
  { inputs: {}, outputs: { level: { type: "int" } } },
  { module: "own", version: "1" },
];

/** What is read of it, after an instance "own" with an output "level" was started and has declared itself. */
function read(message: readonly unknown[]): unknown {
  const said = new SaidByGuest();
  said.expect("own");
  said.read(encodeCbor(declares("own")));
  const heard = said.read(encodeCbor(message));
  return heard.ok ? heard.value : heard.error;
}

const stamped = (at: unknown): readonly unknown[] => ["output", "own", "level", 1, at, 0, false];

test("an instance declares itself once each time it is started", () => {
  const said = new SaidByGuest();
  const declare = (): unknown => {
    const heard = said.read(encodeCbor(declares("own")));
    return heard.ok ? heard.value[0] : heard.error;
  };
  expect(declare()).toBe("it speaks for an instance that is not its own");

  said.expect("own");
  said.expect("own");

  expect([declare(), declare(), declare()]).toEqual(["declared", "declared", "it declares itself again"]);
  said.expect("own");
  expect(declare()).toBe("declared");
});

test("what it declares beyond what its publisher signed is a breach", () => {
  const signed = { id: "own", version: "1", inputs: {}, outputs: { other: { type: "int" } } } as const;
  const said = new SaidByGuest(signed);
  said.expect("own", {});

  const heard = said.read(encodeCbor(declares("own")));

  expect(heard).toEqual({
    ok: false,
    error: 'its publisher did not sign the output "level" as it declares it',
  });
});

test("its log is heard for its own instances, and none of another", () => {
  const line = (instance: string): readonly unknown[] => ["log", instance, "info", "all is well", null];

  expect(read(line("own"))).toEqual(["log", "own", "info", "all is well", undefined]);
  expect(read(line("alarm"))).toBe("it speaks for an instance that is not its own");
});

test("what it says in words is heard for longer than it is told, so that no secret is cut in two before", () => {
  expect(read(["failed", "own", "x".repeat(5000), "y".repeat(20_000)])).toEqual([
    "failed",
    "own",
    "x".repeat(4096),
    "y".repeat(16_384),
  ]);
});

test("a value with its stamp is heard", () => {
  expect(read(stamped(1_800_000_000_000_000))).toEqual(stamped(1_800_000_000_000_000));
});

test.each([2 ** 53, 2 ** 60, 1e300, 1.5, -1])(
  "a value with the stamp %d is a breach: no batch could carry it",
  (at) => {
    expect(read(stamped(at))).toBe('a value for "level" has a stamp that is no time');
  },
);
