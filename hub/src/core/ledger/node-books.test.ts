import { describe, expect, test } from "vitest";
import { sessionNumber } from "@interactor/shared/testing/builders";
import { lane } from "@interactor/shared/wire/lanes";
import type { NodeLedger, UpLane } from "@interactor/shared/wire/messages/node-ledger";
import { perLane } from "@interactor/shared/wire/messages/node-ledger";
import { NodeBooks } from "./node-books.ts";

const nothing: UpLane = { produced: 0, delivered: 0, queued: 0, losses: {} };
const said = (
  session: number,
  telemetry: Partial<UpLane>,
  before: NodeLedger["before"] = [],
): NodeLedger => ({
  v: 1,
  kind: "ledger",
  session: sessionNumber(session),
  up: perLane((of) => (of === lane.telemetry ? { ...nothing, ...telemetry } : nothing)),
  down: perLane((of) => ({ taken: of === lane.control ? 2 : 0, repeated: 0, missed: 0, losses: {} })),
  before,
});

function bench() {
  const books = new NodeBooks();
  return {
    books,
    take: (
      session: number,
      firstSeq: number,
      fresh: number,
      given: { late?: number; wrong?: number; missed?: number } = {},
    ) =>
      books.took({
        session: sessionNumber(session),
        lane: lane.telemetry,
        firstSeq,
        fresh,
        late: given.late ?? 0,
        wrong: given.wrong ?? 0,
        repeated: 0,
        missed: given.missed ?? 0,
        expected: firstSeq - (given.missed ?? 0),
      }),
    up: () => books.up(lane.telemetry),
  };
}

test("what a life had waiting when it ended without a word is unaccounted for", () => {
  const { books, take, up } = bench();
  take(1, 0, 60);
  books.told(said(1, { produced: 100, delivered: 60, queued: 30, losses: { "expired ttl": 10 } }));

  books.told(said(2, { produced: 5, delivered: 5 }, [{ session: sessionNumber(1), held: [0, 0, 64, 0] }]));

  expect(up()).toMatchObject({
    produced: 105,
    delivered: 65,
    queued: 0,
    unaccounted: 30,
    unaccountedAtMost: 64,
    difference: 0,
  });
  expect(books.down(lane.control).taken).toBe(4);
});

test("what the hub took after a life's last word is delivered, and counts never fall", () => {
  const { books, take, up } = bench();
  take(1, 0, 60);
  books.told(said(1, { produced: 100, delivered: 60, queued: 40 }));
  take(1, 60, 55, { late: 5 });

  take(2, 0, 1);

  const losses = { "expired ttl": 5 };
  expect(up()).toMatchObject({ produced: 115, delivered: 110, losses, unaccounted: 0, taken: 116 });
});

test("what came too late to have an effect has expired here, from when its node holds it for delivered", () => {
  const { books, take, up } = bench();
  take(1, 0, 60);
  take(1, 60, 5, { late: 3 });
  books.told(said(1, { produced: 70, delivered: 60, queued: 10 }));
  expect(up()).toMatchObject({ delivered: 60, queued: 10, losses: {}, difference: 0 });

  take(1, 65, 5, { late: 1 });
  books.told(said(1, { produced: 70, delivered: 65, queued: 5 }));
  expect(up()).toMatchObject({ delivered: 62, queued: 5, losses: { "expired ttl": 3 }, difference: 0 });

  books.told(said(1, { produced: 71, delivered: 70, losses: { "expired ttl": 1 } }));
  expect(up()).toMatchObject({ produced: 71, delivered: 66, losses: { "expired ttl": 5 }, difference: 0 });
});

test("what is no entry was refused here, also when its life is over", () => {
  const { books, take, up } = bench();
  take(1, 0, 10, { wrong: 2, late: 1 });
  books.told(said(1, { produced: 10, delivered: 10 }));
  const losses = { "refused wrong-shape": 2, "expired ttl": 1 };
  expect(up()).toMatchObject({ produced: 10, delivered: 7, losses, difference: 0 });

  books.told(said(2, {}));

  expect(up()).toMatchObject({ produced: 10, delivered: 7, losses, difference: 0 });
});

test("a mark counts once, however often it is told", () => {
  const { books, up } = bench();
  const before = [{ session: sessionNumber(1), held: [0, 0, 8, 0] as [number, number, number, number] }];

  for (let time = 0; time < 3; time++) books.told(said(2, {}, before));

  expect(up().unaccountedAtMost).toBe(8);
});

test("a message that the node holds for delivered and the hub never took is a difference", () => {
  const { books, take, up } = bench();
  take(1, 0, 60);

  books.told(said(1, { produced: 100, delivered: 100 }));

  expect(up().difference).toBe(40);
});

test("a message whose end the node did not count is a difference", () => {
  const { books, up } = bench();

  books.told(said(1, { produced: 100, delivered: 60, queued: 39 }));

  expect(up().difference).toBe(1);
});

test("a gap is a gap and no difference; a hub that came later asks for nothing of before", () => {
  const { books, take, up } = bench();
  take(1, 1000, 60);
  take(1, 1065, 5, { missed: 5 });

  books.told(said(1, { produced: 1070, delivered: 1070 }));

  expect(up()).toMatchObject({ difference: 0, missed: 5, taken: 65 });
});

test("what a hub before had taken is no difference, however many batches of it come again", () => {
  const { books, up } = bench();
  const again = (firstSeq: number) =>
    books.took({
      session: sessionNumber(1),
      lane: lane.telemetry,
      firstSeq,
      fresh: 0,
      late: 0,
      wrong: 0,
      repeated: 3,
      missed: 0,
      expected: 106,
    });
  again(100);
  again(103);

  books.told(said(1, { produced: 106, delivered: 106 }));

  expect(up()).toMatchObject({ difference: 0, repeated: 6 });
});

test("what a life had sent and a slow disk took in after its end is that life's", () => {
  const { books, take, up } = bench();
  take(1, 0, 60);
  books.told(said(1, { produced: 100, delivered: 60, queued: 40 }));
  books.told(said(2, { produced: 10, delivered: 10 }));
  take(2, 0, 10);

  take(1, 60, 5);

  books.told(said(2, { produced: 20, delivered: 10, queued: 10 }));
  expect(up()).toMatchObject({ produced: 120, delivered: 75, unaccounted: 35, taken: 75, difference: 0 });
});

describe("the lane of spools", () => {
  const bulk = (session: number, up: Partial<UpLane>): NodeLedger => ({
    ...said(session, {}),
    up: perLane((of) => (of === lane.bulk ? { ...nothing, ...up } : nothing)),
  });
  const take = (books: NodeBooks, session: number, given: { fresh: number; repeated?: number }) =>
    books.took({
      session: sessionNumber(session),
      lane: lane.bulk,
      firstSeq: 1000,
      late: 0,
      wrong: 0,
      repeated: 0,
      missed: 0,
      expected: 1000,
      ...given,
    });

  test("leaves nothing unaccounted for when a life ends: what it had is its next life's", () => {
    const books = new NodeBooks();
    take(books, 1, { fresh: 60 });
    books.told(bulk(1, { produced: 100, delivered: 50, queued: 50 }));

    books.told(bulk(2, { produced: 50, delivered: 0, queued: 50 }));
    take(books, 2, { fresh: 40, repeated: 10 });
    books.told(bulk(2, { produced: 50, delivered: 50, queued: 0 }));

    expect(books.up(lane.bulk)).toMatchObject({ queued: 0, unaccounted: 0, difference: 0, taken: 100 });
  });

  test("asks nothing of what was delivered to a hub before, and shows what is missing since", () => {
    const books = new NodeBooks();
    take(books, 1, { fresh: 1 });
    books.told(bulk(1, { produced: 51, delivered: 51 }));

    expect(books.up(lane.bulk)).toMatchObject({ delivered: 51, difference: 0 });
    take(books, 1, { fresh: 4 });
    books.told(bulk(1, { produced: 56, delivered: 56 }));
    expect(books.up(lane.bulk).difference).toBe(1);
    take(books, 2, { fresh: 1 });
    expect(books.up(lane.bulk).delivered).toBe(55);
  });

  test("does not take for delivered before what came again just before the node's first word", () => {
    const books = new NodeBooks();
    take(books, 1, { fresh: 0, repeated: 1 });
    books.told(bulk(1, { produced: 26, delivered: 19, queued: 7 }));

    take(books, 1, { fresh: 6 });
    books.told(bulk(1, { produced: 26, delivered: 26 }));

    expect(books.up(lane.bulk).difference).toBe(0);
  });

  test("shows a message that was confirmed and never came", () => {
    const books = new NodeBooks();
    books.told(bulk(1, { produced: 1, queued: 1 }));
    take(books, 1, { fresh: 9 });

    books.told(bulk(1, { produced: 10, delivered: 10 }));

    expect(books.up(lane.bulk).difference).toBe(1);
  });
});
