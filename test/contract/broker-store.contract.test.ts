// What every store of the broker does, held against each adapter: after any changes, with commits anywhere among
// them, what a store keeps is what a plain model of the same changes holds.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { micros } from "@interactor/shared/kernel/units";

import { type MemoryBrokerStore, memoryBrokerStore } from "../../hub/src/adapters/broker-store-memory.ts";
import { systemClock } from "../../hub/src/adapters/clock-system.ts";
import { openBrokerStore } from "../../hub/src/adapters/store-sqlite/store-sqlite.ts";
import type { BrokerStore, StoreChange } from "../../hub/src/ports/broker-store.ts";
import { brokerLimits } from "../../hub/src/ports/broker.ts";

interface Adapter {
  readonly name: string;
  /** A place of its own for one life after another. */
  readonly place: () => { readonly open: () => Promise<BrokerStore>; readonly remove: () => void };
}

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

const adapters: readonly Adapter[] = [
  {
    name: "in memory",
    place() {
      let last: MemoryBrokerStore | undefined;
      return { open: async () => (last = memoryBrokerStore(last?.contents())), remove: () => undefined };
    },
  },
  {
    name: "on SQLite",
    place() {
      const folder = mkdtempSync(join(tmpdir(), "broker-store-"));
      return {
        open: () => openBrokerStore({ folder, limits: brokerLimits, clock: systemClock(), log: quiet }),
        remove: () => rmSync(folder, { recursive: true }),
      };
    },
  },
];

function written(store: BrokerStore): Promise<boolean> {
  return new Promise((resolve) => store.whenWritten(resolve));
}

/** How the payload is held does not matter. */
function plain({ sessions, retained }: BrokerStore["kept"]): unknown {
  const bytes = (payload: Uint8Array): string => Buffer.from(payload).toString("hex");
  return {
    sessions: sessions.map((session) => ({
      ...session,
      messages: session.messages.map((message) => ({ ...message, payload: bytes(message.payload) })),
    })),
    retained: retained.map((message) => ({ ...message, payload: bytes(message.payload) })),
  };
}

// Few clients, topics and numbers, so that changes meet.
const client = fc.constantFrom("ana", "Ωmega/1");
const topic = fc.constantFrom("a", "a/b", "", `"quoted'\\`, "ü/€/😀");
const payload = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(new Uint8Array()));
const number = fc.integer({ min: 1, max: 3 });
const packetId = fc.integer({ min: 1, max: 2 });
const qos = fc.constantFrom(0, 1, 2);
const at = fc.integer({ min: 1, max: 2 ** 51 }).map(micros);
const message = fc.record({ number, topic, payload, qos: fc.constantFrom(1, 2), at });

const changes: fc.Arbitrary<StoreChange> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("session-opened"), client }) },
  fc.record({ kind: fc.constant("session-ended"), client }),
  fc.record({ kind: fc.constant("session-away"), client, since: fc.option(at, { nil: undefined }) }),
  fc.record({ kind: fc.constant("subscribed"), client, filter: topic, qos }),
  fc.record({ kind: fc.constant("unsubscribed"), client, filter: topic }),
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("queued"), client, message }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("sent"), client, number, packetId }) },
  fc.record({ kind: fc.constant("received"), client, number }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("done"), client, number }) },
  fc.record({ kind: fc.constant("incoming"), client, packetId }),
  fc.record({ kind: fc.constant("incoming-released"), client, packetId }),
  fc.record({
    kind: fc.constant("retained"),
    message: fc.record({ topic, payload, qos, owner: client, at }),
  }),
  fc.record({ kind: fc.constant("retained-gone"), topic }),
);

const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: changes },
    fc.record({ kind: fc.constant("commit") }),
    fc.record({ kind: fc.constant("reopen") }),
  ),
  // Long enough for changes to meet on both sides of a commit.
  { minLength: 60, maxLength: 120, size: "max" },
);

describe.each(adapters)("a store $name", ({ place }) => {
  test("keeps what a plain model of the same changes holds, wherever commits and restarts fall", async () => {
    let runs = 0;
    const keepsAsTheModel = fc.asyncProperty(steps, async (steps) => {
      const { open, remove } = place();
      const model = memoryBrokerStore();
      let store = await open();
      for (const client of ["ana", "Ωmega/1"]) {
        store.write({ kind: "session-opened", client });
        model.write({ kind: "session-opened", client });
      }
      for (const step of steps) {
        if (step.kind === "commit") expect(await written(store)).toBe(true);
        else if (step.kind === "reopen") {
          await store[Symbol.asyncDispose]();
          store = await open();
          expect(plain(store.kept)).toEqual(plain(model.contents()));
        } else {
          store.write(step);
          model.write(step);
        }
      }
      await store[Symbol.asyncDispose]();

      await using reopened = await open();

      expect(plain(reopened.kept)).toEqual(plain(model.contents()));
      remove();
      runs += 1;
    });
    await fc.assert(keepsAsTheModel, { numRuns: 40 });

    expect(runs).toBeGreaterThan(0);
  });

  test("calls back in order, each after what was given before", async () => {
    const { open, remove } = place();
    onTestFinished(remove);
    await using store = await open();
    const called: number[] = [];

    const last = Array.from({ length: 50 }, (_, index) => {
      store.write(retained(`topic/${index}`));
      return new Promise<void>((resolve) => {
        store.whenWritten((isWritten) => {
          if (isWritten) called.push(index);
          resolve();
        });
      });
    });
    await Promise.all(last);

    expect(called).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(store.waitingBytes).toBe(0);
    expect(store.changes).toBe(50);
  });

  test("calls back at once when nothing waits", async () => {
    const { open, remove } = place();
    onTestFinished(remove);
    await using store = await open();
    let answer: boolean | undefined;

    store.whenWritten((isWritten) => (answer = isWritten));

    expect(answer).toBe(true);
  });

  test("brings what waits to its place before it closes", async () => {
    const { open, remove } = place();
    onTestFinished(remove);
    const answers: boolean[] = [];
    const store = await open();

    store.write(retained("last/words"));
    store.whenWritten((isWritten) => answers.push(isWritten));
    await store[Symbol.asyncDispose]();
    await using reopened = await open();

    expect(answers).toEqual([true]);
    expect(reopened.kept.retained.map(({ topic }) => topic)).toEqual(["last/words"]);
  });

  test("remembers under which packet identifier a message was sent when it is received later", async () => {
    const { open, remove } = place();
    onTestFinished(remove);
    const store = await open();

    store.write({ kind: "session-opened", client: "ana" });
    const message = { number: 1, topic: "a", payload: Buffer.from("on"), qos: 2, at: micros(1) } as const;
    store.write({ kind: "queued", client: "ana", message });
    store.write({ kind: "sent", client: "ana", number: 1, packetId: 12 });
    await written(store);
    store.write({ kind: "received", client: "ana", number: 1 });
    await store[Symbol.asyncDispose]();
    await using reopened = await open();

    expect(reopened.kept.sessions[0]?.messages).toMatchObject([{ packetId: 12, isReceived: true }]);
  });

  test("forgets what an earlier session of a client left when a new one begins", async () => {
    const { open, remove } = place();
    onTestFinished(remove);
    const store = await open();

    store.write({ kind: "session-opened", client: "ana" });
    store.write({ kind: "subscribed", client: "ana", filter: "#", qos: 1 });
    store.write({ kind: "incoming", client: "ana", packetId: 7 });
    await written(store);
    store.write({ kind: "session-opened", client: "ana" });
    await store[Symbol.asyncDispose]();
    await using reopened = await open();

    expect(reopened.kept.sessions).toEqual([
      { client: "ana", awaySince: undefined, subscriptions: [], messages: [], incoming: [] },
    ]);
  });
});

function retained(topic: string): StoreChange {
  return {
    kind: "retained",
    message: { topic, payload: Buffer.from("on"), qos: 1, owner: "ana", at: micros(1) },
  };
}
