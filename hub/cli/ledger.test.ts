import { expect, test } from "vitest";
import { ledgerLaneOf } from "@interactor/shared/testing/builders";
import type { LedgerLane, LedgerResponse } from "@interactor/shared/wire/api";
import { ledgerLines } from "./ledger.ts";
import { painterFor } from "./output.ts";

const painter = painterFor({ isTTY: true }, true, {});
const ledger = (up: readonly Partial<LedgerLane>[], given: Partial<LedgerResponse> = {}): LedgerResponse => ({
  site: "demo",
  balanced: true,
  nodes: [{ node: "pi", up: up.map(ledgerLaneOf), down: [] }],
  nowhere: [],
  ...given,
});
const columnsOf = (lines: readonly string[], row: number) =>
  // oxlint-disable-next-line no-control-regex -- takes the colours away
  (lines[row] ?? "").replaceAll(/\u001b\[\d+m/g, "").split(/ {2,}/);

test("each end has its column", () => {
  const losses = { "expired ttl": 4, "evicted conflated": 3, "evicted overflow": 2, "refused full": 1 };
  const counts = {
    produced: 20,
    delivered: 5,
    queued: 3,
    losses,
    unaccounted: 1,
    unaccounted_at_most: 1,
    difference: 1,
    missed: 6,
    repeated: 7,
  };

  const lines = ledgerLines(ledger([counts]), painter);

  expect(columnsOf(lines, 0)).toEqual(
    "NODE WAY LANE MADE ARRIVED WAITING,TOO LATE,REPLACED OVERFLOW REFUSED CRASHED MISSING GAPS TWICE"
      .split(",")
      .flatMap((words, index) => (index === 1 ? [words] : words.split(" "))),
  );
  expect(columnsOf(lines, 1)).toEqual(
    ["pi", "to hub", "telemetry", 20, 5, 3, 4, 3, 2, 1, 1, 1, 6, 7].map(String),
  );
});

test("what is missing stands out, and the last line says so", () => {
  const lines = ledgerLines(
    ledger([{ produced: 5, delivered: 3, difference: 2 }], { balanced: false }),
    painter,
  );

  expect(lines[1]).toContain("\u001b[31m2");
  expect(lines.at(-1)).toContain("messages are missing that nobody accounts for");
});

test("lanes that nothing used are left out, and an empty site says so", () => {
  expect(ledgerLines(ledger([{}]), painter)).toEqual(["site demo: no message has passed yet"]);
});

test("what nobody could count is said in words", () => {
  const lines = ledgerLines(ledger([{ produced: 5, delivered: 5, unaccounted_at_most: 64 }]), painter);

  expect(lines.at(-1)).toBe("pi ended suddenly: up to 64 messages of lane telemetry may be lost");
});
