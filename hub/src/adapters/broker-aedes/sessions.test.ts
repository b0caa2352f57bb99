import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import { noBrokerStore } from "../../ports/broker-store.ts";
import { type BrokerLimits, brokerLimits } from "../../ports/broker.ts";
import { Emitter } from "./emitter.ts";
import { Message } from "./message.ts";
import { Outlet } from "./outlet.ts";
import { Sessions } from "./sessions.ts";

function sessionsOf(limits: Partial<BrokerLimits>) {
  const emitter = new Emitter();
  const faults: string[] = [];
  const counts = { evicted: 0 };
  const sessions = new Sessions(
    { ...brokerLimits, ...limits },
    {
      store: noBrokerStore,
      emitter,
      wall: () => micros(0),
      faulted(reason, words, { outcome = "cut", count = 1 } = {}) {
        faults.push(`${outcome} ${reason} ${words}`);
        if (outcome === "evicted") counts.evicted += count;
      },
      grew: () => undefined,
      overfull: () => void faults.push("overfull"),
    },
  );
  return { emitter, sessions, faults, counts };
}

/** The way to a client that takes nothing; `behind` when it is too much. */
function stalledOutlet(outgoingBytesMax: number, behind: () => void): Outlet {
  const stream = new Duplex({
    read() {
      // Nothing comes.
    },
    write() {
      // It takes nothing.
    },
  });
  const outlet = new Outlet(
    stream,
    { outgoingBytesMax },
    { dirty: () => undefined, behind, drained: () => undefined },
  );
  outlet.send(Buffer.from([0xd0, 0]));
  outlet.flush();
  return outlet;
}

const message = (bytes: number): Message =>
  new Message({ topic: "a", payload: Buffer.alloc(bytes), qos: 1, retain: false });

test("sessions that are away hold so many bytes together; the oldest of the largest go, and a fault says so", () => {
  const { emitter, sessions, counts } = sessionsOf({ sessionBytesMax: 100_000 });
  const [large, small] = ["large", "small"].map((client) => sessions.open(client, true));
  if (!large || !small) throw new Error("there are two");
  sessions.subscribe(large, "#", 1);
  sessions.subscribe(small, "b", 1);
  for (const session of [large, small]) sessions.leave(session);
  emitter.deliver(new Message({ topic: "b", payload: Buffer.alloc(100), qos: 1, retain: false }));

  for (let count = 0; count < 100; count += 1) emitter.deliver(message(10_000));

  expect(sessions.usage).toMatchObject({ sessions: 2, away: 2 });
  expect(sessions.usage.bytes).toBeLessThanOrEqual(100_000);
  expect(sessions.usage.bytes).toBe(large.bytes + small.bytes);
  expect(small.messages).toBe(1);
  expect(sessions.evicted).toBe(100 - large.messages + 1);
  expect(counts.evicted).toBeGreaterThan(0);
  expect(counts.evicted).toBe(sessions.evicted);
  for (const session of [large, small]) sessions.end(session.client);
  expect(sessions.usage).toEqual({ sessions: 0, away: 0, bytes: 0 });
});

// Only what waits is evicted. A kept session whose client is here and acknowledges nothing has up to `inFlightMax`
// messages of any size on their way, is never cut for it, and as the largest session it also keeps the others' from
// giving way: 100 times the bound here, 256 MB for one client with the bounds as they are.
test("a client that is here and acknowledges nothing does not take the bytes of all sessions beyond their bound", () => {
  const { emitter, sessions } = sessionsOf({ sessionBytesMax: 100_000 });
  const session = sessions.open("here", true);
  sessions.subscribe(session, "a", 1);
  session.attach(
    stalledOutlet(100_000_000, () => undefined),
    () => sessions.leave(session),
  );

  for (let count = 0; count < 1000; count += 1) emitter.deliver(message(10_000));

  expect(sessions.usage.bytes).toBeLessThanOrEqual(100_000);
});

// A delivery goes on to those who had subscribed when it began. One of them is cut by it, leaves, and the session
// away longest ends for it: it still takes the message, whose bytes are counted for ever.
test("a session that ends while a message is delivered takes nothing more, and all bytes are given back", () => {
  const { emitter, sessions } = sessionsOf({ sessionsMax: 1 });
  const [behind, away] = ["behind", "away"].map((client) => sessions.open(client, true));
  if (!behind || !away) throw new Error("there are two");
  for (const session of [behind, away]) sessions.subscribe(session, "a", 1);
  sessions.leave(away);
  behind.attach(
    stalledOutlet(1000, () => sessions.leave(behind)),
    () => undefined,
  );

  emitter.deliver(message(2000));

  expect(sessions.has("away")).toBe(false);
  for (const client of ["behind", "away"]) sessions.end(client);
  expect(sessions.usage).toEqual({ sessions: 0, away: 0, bytes: 0 });
});

test("messages that give way in one session are told together, and each is counted", () => {
  const { emitter, sessions, faults, counts } = sessionsOf({ sessionMessagesMax: 10 });
  const session = sessions.open("away", true);
  sessions.subscribe(session, "a", 1);
  sessions.leave(session);
  for (let count = 0; count < 423; count += 1) emitter.deliver(message(10));

  sessions.tellEvicted();
  sessions.tellEvicted();

  expect(counts.evicted).toBe(413);
  expect(faults).toEqual(["evicted session-quota 413 messages for away are evicted: too many wait for it"]);
});
