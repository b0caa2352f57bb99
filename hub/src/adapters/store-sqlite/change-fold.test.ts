import fc from "fast-check";
import { expect, test } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import { ChangeFold } from "./change-fold.ts";
import type { StoreChange } from "../../ports/broker-store.ts";

const client = "ana";

function queued(number: number, bytes = 150): StoreChange {
  const message = {
    number,
    topic: "a/b",
    payload: new Uint8Array(bytes),
    qos: 1,
    at: micros(number),
  } as const;
  return { kind: "queued", client, message };
}

/** A fold with a session that is on disk already. */
function foldWithSession(): ChangeFold {
  return new ChangeFold([{ id: 1, client, lastNumber: 0, incoming: new Set() }]);
}

test("a message that is queued, sent and done between two commits leaves nothing to write", () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1 });
  const leavesNothing = fc.property(numbers, fc.infiniteStream(fc.boolean()), (numbers, isSent) => {
    const fold = foldWithSession();

    const ascending = numbers.toSorted((left, right) => left - right);
    for (const number of ascending) fold.add(queued(number));
    for (const number of numbers) {
      if (isSent.next().value === true) fold.add({ kind: "sent", client, number, packetId: number });
      fold.add({ kind: "done", client, number });
    }

    return fold.isEmpty && fold.bytes === 0;
  });

  fc.assert(leavesNothing);
});

test("a message that was queued before the last commit is to be removed when it is done", () => {
  const fold = foldWithSession();
  fold.add(queued(1));
  fold.take();

  fold.add({ kind: "done", client, number: 1 });

  expect(fold.take().bySession.get(1)?.messages.get(1)).toEqual({ kind: "done" });
});

test("a packet identifier that is taken in and released between two commits leaves nothing to write", () => {
  const fold = foldWithSession();

  fold.add({ kind: "incoming", client, packetId: 7 });
  fold.add({ kind: "incoming-released", client, packetId: 7 });

  expect(fold.isEmpty).toBe(true);
});

test("of a topic retained many times between two commits the last message is written", () => {
  const fold = new ChangeFold();

  for (const level of [1, 2, 3]) {
    const message = {
      topic: "level",
      payload: Buffer.of(level),
      qos: 0,
      owner: client,
      at: micros(level),
    } as const;
    fold.add({ kind: "retained", message });
  }

  expect(fold.take().retained.get("level")?.payload).toEqual(Buffer.of(3));
});

test("a session that ends takes with it what waits for it", () => {
  const fold = foldWithSession();

  fold.add(queued(1));
  fold.add({ kind: "subscribed", client, filter: "#", qos: 1 });
  fold.add({ kind: "session-ended", client });

  const group = fold.take();
  expect([...group.endedSessions]).toEqual([1]);
  expect(group.bySession.size).toBe(0);
});

test("a change for a client without a session is none", () => {
  const fold = new ChangeFold();

  fold.add(queued(1));

  expect(fold.isEmpty).toBe(true);
});

const number = fc.integer({ min: 1, max: 4 });
const change: fc.Arbitrary<StoreChange> = fc
  .oneof(
    fc.record({ kind: fc.constantFrom("session-opened", "session-ended"), client: fc.constant(client) }),
    fc.record({
      kind: fc.constant("subscribed"),
      client: fc.constant(client),
      filter: fc.string(),
      qos: number,
    }),
    fc.tuple(number, number).map(([number, bytes]) => queued(number, bytes)),
    fc.record({
      kind: fc.constantFrom("sent", "received", "done", "incoming", "incoming-released"),
      client: fc.constant(client),
      number,
      packetId: number,
    }),
    fc.record({ kind: fc.constant("retained-gone"), topic: fc.string() }),
  )
  .map((change) => change as StoreChange);

test("what waits is counted as long as there is something, and never below nothing", () => {
  const isCounted = fc.property(fc.array(change, { size: "large" }), (changes) => {
    const fold = foldWithSession();
    return changes.every((change) => {
      fold.add(change);
      return fold.isEmpty ? fold.bytes === 0 : fold.bytes > 0;
    });
  });

  fc.assert(isCounted);
});
