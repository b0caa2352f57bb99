import { describe, expect, test } from "vitest";
import { instant, type Millis, millis, seconds } from "@interactor/shared/kernel/units";
import { birthOf, noon, nowAt, sessionNumber } from "@interactor/shared/testing/builders";
import { decodeBatch } from "@interactor/shared/wire/batch";
import { lane } from "@interactor/shared/wire/lanes";
import { nodeQueueMessagesMax } from "@interactor/shared/wire/limits";
import type { Command } from "@interactor/shared/wire/messages/command";
import type { Reply } from "@interactor/shared/wire/messages/reply";
import { requestOf } from "@interactor/shared/wire/request";
import { SiteLedger } from "../ledger/site-ledger.ts";
import { nobody, stepPresence } from "../presence/presence.ts";
import { Router } from "../routing/router.ts";
import { answerGrace, answersMax, CommandDesk, openRequestsMax } from "./command-desk.ts";

const requestNumber = (number: number) => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(0, number);
  return requestOf(bytes);
};
const front = { node: "pi", instance: "lights", port: "front" };
const born = stepPresence(nobody, { kind: "birth", node: "pi", at: noon, birth: birthOf() });
const presence = born.ok ? born.state : nobody;

function bench() {
  const replies: Reply[] = [];
  const ledger = new SiteLedger();
  const router: Router = new Router(sessionNumber(7), { ended: (entry, loss) => desk.ended(entry, loss) });
  const desk: CommandDesk = new CommandDesk(router, ledger, { reply: (reply) => void replies.push(reply) });
  router.connected("pi");
  return {
    desk,
    router,
    ledger,
    replies,
    ask: (
      given: { readonly ttl?: Millis; readonly request?: Command["request"] | undefined } = {},
      to = front,
      at = 0,
    ) => {
      const command = {
        kind: "set",
        value: 1,
        holdFor: seconds(1),
        ttl: millis(100),
        by: "anna",
        request: requestNumber(1),
        ...given,
      };
      return desk.ask(to, command as Command, presence, nowAt(at));
    },
    /** Bodies of the commands that are sent at that time. */
    pump(at: number): number {
      let sent = 0;
      router.pump(instant(at), (_node, of, payload) => {
        const decoded = decodeBatch(payload, of);
        sent += decoded.ok ? decoded.value.entries.length : 0;
      });
      return sent;
    },
  };
}

const request = requestNumber(1);

describe("a request is answered", () => {
  test("by its node, once", () => {
    const { desk, ask, pump, replies } = bench();

    expect(ask()).toBeUndefined();
    expect(pump(0)).toBe(1);
    desk.answered("pi", { request, outcome: "done" });
    desk.answered("pi", { request, outcome: "refused", reason: "wrong-type" });

    expect(replies).toEqual([{ request, outcome: "done" }]);
    expect(desk.flush(instant(10_000), presence)).toBeUndefined();
    expect(replies).toHaveLength(1);
  });

  test("never by another node", () => {
    const { desk, ask, replies } = bench();
    ask();

    desk.answered("pi2", { request, outcome: "done" });

    expect(replies).toEqual([]);
  });

  test.each([
    ["an input that is not there", { ...front, port: "nothing" }],
    ["an instance that is not there", { ...front, instance: "constructor" }],
    ["a node that is not there", { ...front, node: "nobody" }],
  ])("by the hub, for %s", (_what, to) => {
    const { ask, pump, replies, router, ledger } = bench();

    expect(ask({}, to)).toBe("unknown-input");

    expect(pump(0)).toBe(0);
    expect(replies).toEqual([{ request, outcome: "refused", reason: "unknown-input" }]);
    const books = to.node === "pi" ? router.queueOf("pi").ledger : ledger.nowhere;
    expect(books.read(lane.control)).toEqual({
      produced: 1,
      delivered: 0,
      losses: [{ end: "refused", reason: "no-route", count: 1 }],
    });
    expect(router.queues.has("nobody")).toBe(false);
  });

  test("by the hub, when it came with no time left", () => {
    const { ask, replies } = bench();

    ask({ ttl: millis(0) });

    expect(replies).toEqual([{ request, outcome: "expired", reason: "ttl" }]);
  });

  test("by time, when its node is silent", () => {
    const { desk, ask, pump, replies } = bench();
    ask();
    pump(0);

    expect(desk.flush(instant(99), presence)).toBe(100 + answerGrace);
    desk.flush(instant(100 + answerGrace), presence);

    expect(replies).toEqual([{ request, outcome: "expired", reason: "no-answer" }]);
  });

  test("by time, when its node is away", () => {
    const { desk, ask, router, replies } = bench();
    router.disconnected("pi");
    ask();

    desk.flush(instant(100 + answerGrace), nobody);

    expect(replies).toEqual([{ request, outcome: "expired", reason: "node-away" }]);
  });

  test("when it was too late before it was sent", () => {
    const { ask, pump, replies } = bench();
    ask();

    expect(pump(150)).toBe(0);

    expect(replies).toEqual([{ request, outcome: "expired", reason: "not-sent" }]);
  });

  test("when the queue of its node gave it up for another", () => {
    const { ask, replies, router } = bench();
    router.disconnected("pi");
    ask();

    for (let count = 0; count < nodeQueueMessagesMax; count++) ask({ request: undefined });

    expect(replies).toEqual([{ request, outcome: "refused", reason: "overflow" }]);
  });
});

describe("a request that comes twice", () => {
  test("is done once while it is open", () => {
    const { ask, pump } = bench();

    ask();
    ask();

    expect(pump(0)).toBe(1);
  });

  test("is answered again when it was answered", () => {
    const { desk, ask, pump, replies } = bench();
    ask();
    pump(0);
    desk.answered("pi", { request, outcome: "done" });

    ask();

    expect(pump(50)).toBe(0);
    expect(replies).toEqual([
      { request, outcome: "done" },
      { request, outcome: "done" },
    ]);
  });
});

test("requests beyond the bound are refused, and commands that do not ask go on", () => {
  const { desk, ask, replies } = bench();
  for (let number = 1; number <= openRequestsMax; number++) ask({ request: requestNumber(number) });

  expect(ask({ request: requestNumber(5000) })).toBe("too-many-requests");

  expect(desk.open).toBe(openRequestsMax);
  expect(replies).toEqual([
    { request: requestNumber(5000), outcome: "refused", reason: "too-many-requests" },
  ]);
  expect(ask({ request: undefined })).toBeUndefined();
});

test("answers beyond the bound are forgotten, the oldest first", () => {
  const { ask, replies } = bench();
  const away = { ...front, node: "nobody" };
  for (let number = 1; number <= answersMax + 1; number++) ask({ request: requestNumber(number) }, away);
  replies.length = 0;

  ask({ request: requestNumber(2) });
  ask({ request: requestNumber(1) });

  expect(replies.map((reply) => reply.request)).toEqual([requestNumber(2)]);
});
