import { expect, test } from "vitest";
import { lane } from "./lanes.ts";
import { Ledger } from "./ledger.ts";

test("each lane has its own books, and losses are summed by how they ended", () => {
  const ledger = new Ledger();

  ledger.produced(lane.control, 3);
  ledger.delivered(lane.control);
  ledger.lost(lane.control, { end: "expired", reason: "ttl" });
  ledger.lost(lane.control, { end: "expired", reason: "ttl" });
  ledger.lost(lane.bulk, { end: "evicted", reason: "overflow" }, 5);

  expect(ledger.read(lane.control)).toEqual({
    produced: 3,
    delivered: 1,
    losses: [{ end: "expired", reason: "ttl", count: 2 }],
  });
  expect(ledger.read(lane.bulk).losses).toEqual([{ end: "evicted", reason: "overflow", count: 5 }]);
  expect(ledger.read(lane.critical)).toEqual({ produced: 0, delivered: 0, losses: [] });
});
