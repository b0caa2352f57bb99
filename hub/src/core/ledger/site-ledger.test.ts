import { expect, test } from "vitest";
import { instant, seconds } from "@interactor/shared/kernel/units";
import { lane } from "@interactor/shared/wire/lanes";
import { perLane } from "@interactor/shared/wire/messages/node-ledger";
import { noon, routeOf, sessionNumber } from "@interactor/shared/testing/builders";
import { NodeQueue } from "../queue/node-queue.ts";
import { SiteLedger } from "./site-ledger.ts";

const nothing = { produced: 0, delivered: 0, queued: 0, losses: {} };
const session = sessionNumber(1);

/** A ledger with a node that made ten messages, of which the hub took six, and a queue with one for it. */
function bench(node: string) {
  const ledger = new SiteLedger();
  const queue = new NodeQueue(sessionNumber(2));
  const tell = (name: string) => {
    ledger.took(name, {
      session,
      lane: lane.telemetry,
      firstSeq: 0,
      fresh: 6,
      late: 0,
      wrong: 0,
      repeated: 0,
      missed: 0,
      expected: 0,
    });
    ledger.told(name, {
      v: 1,
      kind: "ledger",
      session,
      up: perLane((of) =>
        of === lane.telemetry
          ? { produced: 10, delivered: 6, queued: 3, losses: { "expired ttl": 1 } }
          : nothing,
      ),
      down: perLane(() => ({ taken: 0, repeated: 0, missed: 0, losses: {} })),
      before: [],
    });
  };
  tell(node);
  queue.routed(routeOf({ ttl: seconds(60) }), "lights/front", { value: 1, at: noon, quality: 0 }, instant(0));
  return { ledger, queue, tell };
}

test("what was counted of a node that is forgotten stays counted, and what it had is unaccounted for", () => {
  const { ledger, queue, tell } = bench("a");
  queue.clear();
  ledger.forget("a", queue);
  tell("b");
  ledger.forget("b", undefined);

  const { nodes, balanced } = ledger.view("demo", new Map()) ?? { nodes: [] };

  expect(balanced).toBe(true);
  expect(nodes.map(({ node }) => node)).toEqual(["(forgotten)"]);
  expect(nodes[0]?.up[lane.telemetry]).toMatchObject({
    produced: 20,
    delivered: 12,
    queued: 0,
    losses: { "expired ttl": 2 },
    unaccounted: 6,
    taken: 12,
  });
  expect(nodes[0]?.down[lane.telemetry]).toMatchObject({
    produced: 1,
    losses: { "evicted node-forgotten": 1 },
    difference: 0,
  });
  expect(ledger.view("demo", new Map(), "a")).toBeUndefined();
});
