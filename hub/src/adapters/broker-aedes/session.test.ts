import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import fc from "fast-check";
import { Message } from "./message.ts";
import { Outlet } from "./outlet.ts";
import { type Pending, Session, type SessionLedger, weightOf } from "./session.ts";

const wide = {
  inFlightMax: 1000,
  sessionMessagesMax: 1000,
  outgoingBytesMax: 1_000_000,
  sessionBytesMax: 1_000_000_000,
  outgoingAgeMax: 5000,
};

function message(text: string, qos: 0 | 1 | 2 = 2): Message {
  return new Message({ topic: "t", payload: Buffer.from(text), qos, retain: false });
}

/** Cuts what was written into packets; all of them are short. */
function packetsOf(bytes: Buffer): string[] {
  const packets: string[] = [];
  for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt8(at + 1)) {
    const packet = bytes.subarray(at, at + 2 + bytes.readUInt8(at + 1));
    const first = packet.readUInt8(0);
    if (first === 0x62) packets.push(`release ${packet.readUInt16BE(2)}`);
    else if ((first & 6) === 0) packets.push(`qos 0: ${packet.subarray(5)}`);
    else {
      const again = (first & 8) === 0 ? "" : "again ";
      packets.push(`${again}${packet.readUInt16BE(5)}: ${packet.subarray(7)}`);
    }
  }
  return packets;
}

/** A client that is here: the packets it got since it was last asked. */
function clientOf() {
  let bytes = Buffer.alloc(0);
  const stream = new Duplex({
    read() {
      // Nothing comes.
    },
    write(chunk: Buffer, _encoding, done) {
      bytes = Buffer.concat([bytes, chunk]);
      done();
    },
  });
  const outlet = new Outlet(
    stream,
    { outgoingBytesMax: 100_000_000 },
    { dirty: () => undefined, behind: () => undefined, drained: () => undefined },
  );
  const got = () => {
    outlet.flush();
    const packets = packetsOf(bytes);
    bytes = Buffer.alloc(0);
    return packets;
  };
  return { outlet, got };
}

function sessionOf(isKept: boolean, limits = wide) {
  const told: string[] = [];
  const here = { bytes: 0 };
  const ledger: SessionLedger = {
    queued: (_session, { number }) => void told.push(`queued ${number}`),
    sent: (_session, { number, packetId }) => void told.push(`sent ${number} as ${packetId}`),
    received: (_session, { number }) => void told.push(`received ${number}`),
    done: (_session, { number }) => void told.push(`done ${number}`),
    evicted: (_session, { number }) => void told.push(`evicted ${number}`),
    overfull: (session) => void session.evictOldest(),
    weighed: (bytes) => void (here.bytes += bytes),
  };
  const session = new Session("client", isKept, limits, ledger);
  const cuts: string[] = [];
  const attach = () => {
    const { outlet, got } = clientOf();
    session.attach(outlet, (words) => {
      cuts.push(words);
      session.detach();
    });
    return got;
  };
  return { session, told, cuts, attach, here };
}

test("only so many messages are on their way, and each acknowledgement lets one more go", () => {
  const { session, attach } = sessionOf(true, { ...wide, inFlightMax: 2 });
  const got = attach();

  for (const text of ["a", "b", "c", "d"]) session.deliver(message(text), 1);
  expect(got()).toEqual(["1: a", "2: b"]);
  expect(session.hasRoom).toBe(false);

  expect(session.acknowledged(2)).toBe(true);
  expect(got()).toEqual(["3: c"]);
  expect(session.acknowledged(1)).toBe(true);
  expect(got()).toEqual(["4: d"]);
  session.acknowledged(3);
  session.acknowledged(4);
  expect({ bytes: session.bytes, messages: session.messages }).toEqual({ bytes: 0, messages: 0 });
});

test("a message of QoS 0 goes to whoever is here, waits for nobody and weighs nothing", () => {
  const { session, attach } = sessionOf(true, { ...wide, inFlightMax: 1 });
  session.deliver(message("lost"), 0);
  const got = attach();
  for (const text of ["a", "b"]) session.deliver(message(text), 1);

  session.deliver(message("now"), 0);

  expect(got()).toEqual(["1: a", "qos 0: now"]);
  expect(session.messages).toBe(2);
});

test("an acknowledgement of another kind, or for nothing, changes nothing", () => {
  const { session, attach } = sessionOf(true);
  const got = attach();
  session.deliver(message("once"), 1);
  session.deliver(message("twice"), 2);
  got();
  const { bytes } = session;

  session.completed(1);
  session.completed(2);
  expect([0, 2, 3, 65_535].map((id) => session.acknowledged(id))).toEqual([false, false, false, false]);
  expect({ bytes: session.bytes, messages: session.messages }).toEqual({ bytes, messages: 2 });
});

test("PUBREC is answered by PUBREL, known or not, and PUBCOMP ends the message", () => {
  const { session, attach, told } = sessionOf(true);
  const got = attach();
  session.deliver(message("a"), 2);
  got();

  session.received(1);
  session.received(1);
  session.received(77);
  expect(got()).toEqual(["release 1", "release 1", "release 77"]);
  expect(session.acknowledged(1)).toBe(false);
  session.completed(1);

  expect({ bytes: session.bytes, messages: session.messages }).toEqual({ bytes: 0, messages: 0 });
  expect(told).toEqual(["queued 1", "sent 1 as 1", "received 1", "done 1"]);
});

test("packet ids go round after 65,535, and those that are in use are left out", () => {
  const { session, attach } = sessionOf(true);
  const got = attach();
  session.deliver(message("stays 1"), 1);
  session.deliver(message("goes 2"), 1);
  session.deliver(message("stays 3"), 2);
  session.received(3);
  session.acknowledged(2);
  got();

  for (let id = 4; id <= 65_535; id += 1) {
    session.deliver(message("x"), 1);
    if (!session.acknowledged(id)) throw new Error(`${id} was not the next one`);
  }
  got();
  for (const text of ["next", "after"]) session.deliver(message(text), 1);

  expect(got()).toEqual(["2: next", "4: after"]);
});

test("who comes again gets what it did not acknowledge in the order it was sent, marked, then what waits", () => {
  const { session, attach } = sessionOf(true, { ...wide, inFlightMax: 3 });
  const first = attach();
  for (const text of ["a", "b", "c", "d", "e"]) session.deliver(message(text), text === "b" ? 2 : 1);
  first();
  session.received(2);
  session.acknowledged(1);
  expect(first()).toEqual(["release 2", "4: d"]);
  session.detach();
  session.deliver(message("f"), 1);
  expect(first()).toEqual([]);

  const second = attach();

  expect(second()).toEqual(["release 2", "again 3: c", "again 4: d"]);
  session.completed(2);
  expect(second()).toEqual(["5: e"]);
  session.acknowledged(3);
  expect(second()).toEqual(["6: f"]);
});

test("what was not sent before goes without a mark", () => {
  const { session, attach } = sessionOf(true);
  session.deliver(message("while away"), 1);

  expect(attach()()).toEqual(["1: while away"]);
});

test("a clean session keeps nothing for a client that is not here, and tells nobody", () => {
  const { session, told } = sessionOf(false);

  for (const qos of [0, 1, 2] as const) session.deliver(message("a"), qos);

  expect({ bytes: session.bytes, messages: session.messages, told }).toEqual({
    bytes: 0,
    messages: 0,
    told: [],
  });
});

test("a clean session that acknowledges nothing is cut when too many bytes wait, and not before", () => {
  const weight = message("x".repeat(100)).packet(1, false).length + 256;
  const { session, attach, cuts, told } = sessionOf(false, {
    ...wide,
    inFlightMax: 2,
    outgoingBytesMax: 10 * weight,
    outgoingAgeMax: 0,
  });
  attach();

  for (let count = 0; count < 10; count += 1) session.deliver(message("x".repeat(100)), 1);
  expect(cuts).toEqual([]);
  session.deliver(message("x".repeat(100)), 1);

  expect(cuts).toEqual([`11 messages of ${11 * weight} bytes wait for its acknowledgement`]);
  expect(told).toEqual([]);
});

test("one that acknowledges what comes, but too slowly, loses its oldest messages and is not cut", () => {
  const weight = message("x").packet(1, false).length + 256;
  const { session, attach, cuts, here } = sessionOf(false, {
    ...wide,
    inFlightMax: 2,
    outgoingBytesMax: 5 * weight,
  });
  const got = attach();

  for (const text of ["a", "b", "c", "d", "e", "f", "g"]) session.deliver(message(text), 1);
  expect(got()).toEqual(["1: a", "2: b"]);
  for (const id of [1, 2]) session.acknowledged(id);

  expect(got()).toEqual(["3: e", "4: f"]);
  expect(cuts).toEqual([]);
  expect(here.bytes).toBe(session.bytes);
  session.detach();
  expect(here.bytes).toBe(0);
});

test("a backlog larger than its client may leave in its socket goes out bit by bit", () => {
  const { session, attach, cuts, told } = sessionOf(true, { ...wide, sessionBytesMax: 8_000_000 });
  for (let number = 1; number <= 900; number++) session.deliver(message("x".repeat(7000)), 1);

  const got = attach();
  let count = 0;
  for (let sent = idsSent(told); sent.length > 0; sent = idsSent(told)) {
    // What is on its way is bounded in bytes.
    expect(sent.length).toBeLessThan(160);
    got();
    for (const id of sent) session.acknowledged(id);
    count += sent.length;
  }

  expect(count).toBe(900);
  expect(cuts).toEqual([]);
});

/** Of the messages sent since it was asked last. */
function idsSent(told: string[]): readonly number[] {
  return told
    .splice(0)
    .flatMap((words) => /^sent \d+ as (\d+)$/.exec(words)?.[1] ?? [])
    .map(Number);
}

test("a kept session holds so many messages that wait; then the oldest of them goes", () => {
  const { session, attach, told } = sessionOf(true, { ...wide, sessionMessagesMax: 2 });

  for (const text of ["a", "b", "c", "d"]) session.deliver(message(text), 1);

  expect(told.filter((words) => words.startsWith("evicted"))).toEqual(["evicted 1", "evicted 2"]);
  expect(attach()()).toEqual(["1: c", "2: d"]);
});

test("what a store kept goes on where it was: same ids, same order, numbers that grow", () => {
  const { session, attach, told } = sessionOf(true);
  const kept = (number: number, packetId: number | undefined, isReceived = false): Pending => {
    const packet = message(`kept ${number}`).packet(2, false);
    if (packetId !== undefined) packet.writeUInt16BE(packetId, 5);
    return { number, qos: 2, packet, packetId, isReceived };
  };
  const pendings = [kept(5, 9, true), kept(6, 10), kept(7, undefined)];
  for (const pending of pendings) session.restore(pending);
  expect(session.bytes).toBe(pendings.reduce((sum, pending) => sum + weightOf(pending), 0));

  const got = attach();
  session.deliver(message("new"), 1);

  expect(got()).toEqual(["release 9", "again 10: kept 6", "11: kept 7", "12: new"]);
  expect(told).toEqual(["sent 7 as 11", "queued 8", "sent 8 as 12"]);
});

type Step =
  | { readonly kind: "attach" | "detach" }
  | { readonly kind: "deliver"; readonly qos: 1 | 2 }
  | { readonly kind: "acknowledge" | "receive" | "complete"; readonly which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("attach" as const, "detach" as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("deliver" as const), qos: fc.constantFrom(1, 2) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("acknowledge" as const, "receive" as const, "complete" as const),
      which: fc.nat(5),
    }),
  },
);

interface Kept {
  readonly text: string;
  readonly qos: 1 | 2;
  id: number;
  isReceived: boolean;
}

/** Section 4.3 with two lists: what is on its way and what waits. It says what the client is to be sent. */
class Model {
  readonly sent: Kept[] = [];
  readonly waiting: Kept[] = [];
  isHere = false;
  #id = 0;
  #count = 0;
  readonly #inFlightMax: number;

  constructor(inFlightMax: number) {
    this.#inFlightMax = inFlightMax;
  }

  take(step: Step, isKept: boolean): string[] {
    const one = "which" in step ? this.sent[step.which] : undefined;
    switch (step.kind) {
      case "attach":
        this.isHere = true;
        return [
          ...this.sent.map(({ id, text, isReceived }) =>
            isReceived ? `release ${id}` : `again ${id}: ${text}`,
          ),
          ...this.#pump(),
        ];
      case "detach":
        this.isHere = false;
        return [];
      case "deliver":
        if (!this.isHere && !isKept) return [];
        this.waiting.push({ text: `m${this.#count++}`, qos: step.qos, id: 0, isReceived: false });
        return this.#pump();
      case "acknowledge":
        return one?.qos === 1 ? this.#end(one) : [];
      case "receive":
        if (one?.qos === 2) one.isReceived = true;
        return [`release ${one?.id ?? 40_000}`];
      case "complete":
        return one?.isReceived === true ? this.#end(one) : [];
      default:
        return step satisfies never;
    }
  }

  #end(one: Kept): string[] {
    this.sent.splice(this.sent.indexOf(one), 1);
    return this.#pump();
  }

  #pump(): string[] {
    const packets: string[] = [];
    while (this.isHere && this.sent.length < this.#inFlightMax) {
      const next = this.waiting.shift();
      if (next === undefined) break;
      next.id = ++this.#id;
      this.sent.push(next);
      packets.push(`${next.id}: ${next.text}`);
    }
    return packets;
  }
}

test.each([true, false])(
  "whatever comes in whatever order, it does what two lists would (kept: %s)",
  (isKept) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 4 }), (steps, inFlightMax) => {
        const { session, attach } = sessionOf(isKept, { ...wide, inFlightMax });
        const model = new Model(inFlightMax);
        let got: () => string[] = () => [];
        let count = 0;
        for (const step of steps) {
          // A client that is away says nothing, and a clean session ends where its client goes.
          if ("which" in step && !model.isHere) continue;
          if (step.kind === "detach" && !isKept) continue;
          const id = "which" in step ? (model.sent[step.which]?.id ?? 40_000) : 0;
          const expected = model.take(step, isKept);
          if (step.kind === "attach") got = attach();
          else if (step.kind === "detach") session.detach();
          else if (step.kind === "deliver") {
            session.deliver(message(`m${count}`), step.qos);
            if (model.isHere || isKept) count += 1;
          } else if (step.kind === "acknowledge") session.acknowledged(id);
          else if (step.kind === "receive") session.received(id);
          else session.completed(id);
          expect(got()).toEqual(expected);
          const kept = [...model.sent, ...model.waiting];
          expect(session.messages).toBe(kept.length);
          expect(session.bytes).toBe(
            kept.reduce((sum, { text, qos }) => sum + message(text).packet(qos, false).length + 256, 0),
          );
          expect(session.hasRoom).toBe(model.waiting.length === 0 && model.sent.length < inFlightMax);
        }
      }),
      { numRuns: 500 },
    );
  },
);
