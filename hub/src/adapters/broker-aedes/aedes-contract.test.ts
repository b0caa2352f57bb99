/**
 * What we rely on of the Aedes that is pinned, asked of it directly, so that a new version says by itself what it does
 * otherwise. And the second way into the same intake: a stock Aedes that is asked only whether a message may be
 * published has to give our rules the same messages, and clients the same answers, as our front does.
 */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { Aedes, type AedesOptions } from "aedes";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import { noBrokerStore } from "../../ports/broker-store.ts";
import { brokerLimits, type BrokerRules } from "../../ports/broker.ts";
import { AedesLink } from "./aedes-link.ts";
import { openBroker } from "./broker-aedes.ts";

const text = (words: string): number[] => {
  const bytes = Buffer.from(words);
  return [bytes.length >> 8, bytes.length & 255, ...bytes];
};
const packet = (first: number, body: readonly number[]): Buffer => Buffer.from([first, body.length, ...body]);

function hello(id: string, { isClean = true, will = "" } = {}): Buffer {
  const flags = (isClean ? 2 : 0) | (will === "" ? 0 : 4);
  const last = will === "" ? [] : [...text(will), ...text("gone")];
  return packet(0x10, [...text("MQTT"), 4, flags, 0, 0, ...text(id), ...last]);
}

function publish(qos: 0 | 1 | 2, topic: string, payload: string, { id = 0, first = 0 } = {}): Buffer {
  const packetId = qos === 0 ? [] : [id >> 8, id & 255];
  return packet(0x30 | (qos << 1) | first, [...text(topic), ...packetId, ...Buffer.from(payload)]);
}
const pubrel = (id: number): Buffer => Buffer.from([0x62, 2, id >> 8, id & 255]);
const pingreq = Buffer.from([0xc0, 0]);
const disconnect = Buffer.from([0xe0, 0]);
const connack = [0x20, 2, 0, 0];

/** A link with a client behind it: what Aedes wrote, and what it did to it. */
function linkTo(
  aedes: Aedes,
  events: string[] = [],
  name = "link",
  written: (bytes: Buffer) => void = () => undefined,
) {
  let bytes = Buffer.alloc(0);
  const link = new AedesLink({
    write(chunk) {
      bytes = Buffer.concat([bytes, chunk]);
      written(bytes);
    },
    end: () => void events.push(`${name} is closed`),
  });
  Reflect.apply(aedes.handle, aedes, [link]);
  return { link, got: () => [...bytes] };
}

async function openAedes(options: AedesOptions = {}) {
  const aedes = new Aedes(options);
  await aedes.listen();
  return {
    aedes,
    [Symbol.asyncDispose]: async () => new Promise<void>((resolve) => aedes.close(() => resolve())),
  };
}

/** Long enough for Aedes to do a second time what it must do only once. */
const aWhile = async () => wait(50);

describe("Aedes as it is pinned", () => {
  test("is version 1.2.0, of which all of this was found out", async () => {
    await using opened = await openAedes();

    expect(Reflect.get(opened.aedes, "version")).toBe("1.2.0");
  });

  test("takes a link that is no Duplex, answers CONNECT by one CONNACK, and says 'client' before", async () => {
    const events: string[] = [];
    await using opened = await openAedes();
    opened.aedes.on("client", ({ id }) => void events.push(`client ${id}`));
    opened.aedes.on("connackSent", (_packet, { id }) => void events.push(`connackSent ${id}`));
    const { link, got } = linkTo(opened.aedes);

    link.feed(hello("me"));
    expect(events).toEqual([]);
    await vi.waitFor(() => expect(events).toEqual(["client me", "connackSent me"]));
    await aWhile();

    expect(got()).toEqual(connack);
    expect(events.length).toBe(2);
    link.gone();
  });

  test("takes packets that are fed one by one in one turn", async () => {
    await using opened = await openAedes();
    const { link, got } = linkTo(opened.aedes);
    link.feed(hello("me"));
    await vi.waitFor(() => expect(got()).toEqual(connack));
    await aWhile();

    for (let count = 0; count < 100; count += 1) link.feed(pingreq);

    await vi.waitFor(() => expect(got().length).toBe(4 + 200));
    link.gone();
  });

  test("closes the old link before it says 'client' of the new one of the same id", async () => {
    const events: string[] = [];
    await using opened = await openAedes();
    opened.aedes.on("client", () => void events.push("client"));
    const first = linkTo(opened.aedes, events, "first");
    first.link.feed(hello("me"));
    await vi.waitFor(() => expect(first.got()).toEqual(connack));
    const second = linkTo(opened.aedes, events, "second");

    second.link.feed(hello("me"));

    await vi.waitFor(() => expect(second.got()).toEqual(connack));
    expect(events).toEqual(["client", "first is closed", "client"]);
    expect(opened.aedes.connectedClients).toBe(1);
    second.link.gone();
  });

  test("asks whether a will may be published when a link is gone, and says who was it", async () => {
    const asked: string[] = [];
    await using opened = await openAedes({
      authorizePublish(client, { topic, payload }, done) {
        asked.push(`${client?.id} ${topic} ${payload.toString()}`);
        done(null);
      },
    });
    const heard: string[] = [];
    opened.aedes.on("publish", ({ topic, payload }) => void heard.push(`${topic} ${payload.toString()}`));
    const { link, got } = linkTo(opened.aedes);
    link.feed(hello("me", { will: "a/will" }));
    await vi.waitFor(() => expect(got()).toEqual(connack));

    link.gone();

    await vi.waitFor(() => expect(heard).toContain("a/will gone"));
    expect(asked).toEqual(["me a/will gone"]);
    expect(opened.aedes.connectedClients).toBe(0);
  });

  test("asks for no will after a DISCONNECT, and then closes the link", async () => {
    const asked: string[] = [];
    const events: string[] = [];
    await using opened = await openAedes({
      authorizePublish(_client, { topic }, done) {
        asked.push(topic);
        done(null);
      },
    });
    const { link, got } = linkTo(opened.aedes, events);
    link.feed(hello("me", { will: "a/will" }));
    await vi.waitFor(() => expect(got()).toEqual(connack));
    await aWhile();

    link.feed(disconnect);
    await vi.waitFor(() => expect(events).toEqual(["link is closed"]));
    await aWhile();

    expect(asked).toEqual([]);
    // It forgets the client only when the link says, as a stream does, that it is closed.
    expect(opened.aedes.connectedClients).toBe(0);
  });
});

describe("Aedes as it is pinned, of what a client keeps", () => {
  test("stores a message of QoS 2, then publishes it, then sends PUBREC, and answers PUBREL by PUBCOMP", async () => {
    const events: string[] = [];
    await using opened = await openAedes();
    const { aedes } = opened;
    const persistence: object = Reflect.get(aedes, "persistence");
    for (const method of ["incomingStorePacket", "incomingDelPacket"]) {
      const call: (...given: unknown[]) => unknown = Reflect.get(persistence, method).bind(persistence);
      Reflect.set(persistence, method, async (...given: unknown[]) => {
        events.push(method);
        return call(...given);
      });
    }
    const { promise: isSubscribed, resolve } = Promise.withResolvers<void>();
    const takePublished = (_packet: unknown, done: () => void) => {
      events.push("publish");
      done();
    };
    aedes.subscribe("a", takePublished, resolve);
    await isSubscribed;
    const { link, got } = linkTo(aedes, [], "link", (bytes) => {
      if (bytes.length === 8) events.push("PUBREC");
      if (bytes.length === 12) events.push("PUBCOMP");
    });
    link.feed(hello("me", { isClean: false }));
    await vi.waitFor(() => expect(got()).toEqual(connack));
    await aWhile();

    link.feed(publish(2, "a", "x", { id: 7 }));
    await vi.waitFor(() => expect(got().slice(4)).toEqual([0x50, 2, 0, 7]));
    link.feed(pubrel(7));
    await vi.waitFor(() => expect(got().slice(8)).toEqual([0x70, 2, 0, 7]));

    expect(events).toEqual(["incomingStorePacket", "publish", "PUBREC", "incomingDelPacket", "PUBCOMP"]);
    link.gone();
  });

  test("answers PUBREC again, and publishes nothing, when a message of QoS 2 comes again unreleased", async () => {
    let published = 0;
    await using opened = await openAedes();
    opened.aedes.on("publish", ({ topic }) => void (topic === "a" && (published += 1)));
    const { link, got } = linkTo(opened.aedes);
    link.feed(hello("me"));
    await vi.waitFor(() => expect(got()).toEqual(connack));
    await aWhile();

    link.feed(publish(2, "a", "x", { id: 7 }));
    await vi.waitFor(() => expect(got().length).toBe(8));
    link.feed(publish(2, "a", "x", { id: 7, first: 8 }));
    await vi.waitFor(() => expect(got().slice(8)).toEqual([0x50, 2, 0, 7]));

    expect(published).toBe(1);
    link.gone();
  });

  test.each([
    ["a subscription", [{ topic: "$session", qos: 0 }], 1],
    ["no subscription", [], 0],
  ])(
    "says in its one CONNACK that a session is there when the store names %s",
    async (_words, kept, isPresent) => {
      const asked: string[] = [];
      await using opened = await openAedes({
        authorizeSubscribe: (_client, _subscription, done) => done(null, null),
      });
      Reflect.set(
        Reflect.get(opened.aedes, "persistence"),
        "subscriptionsByClient",
        async ({ id }: { id: string }) => {
          asked.push(id);
          return kept;
        },
      );
      const { link, got } = linkTo(opened.aedes);

      link.feed(hello("me", { isClean: false }));
      await vi.waitFor(() => expect(got()).toEqual([0x20, 2, isPresent, 0]));
      await aWhile();

      expect(asked).toEqual(["me"]);
      expect(got().length).toBe(4);
      link.gone();
    },
  );
});

interface Said {
  readonly received: readonly string[];
  /** Answers in their order, as hex. */
  readonly answers: readonly string[];
}

type Way = (
  rules: BrokerRules,
  talk: (port: number) => Promise<readonly number[]>,
) => Promise<readonly number[]>;

const throughOurs: Way = async (rules, talk) => {
  const options = { host: "127.0.0.1", port: 0, limits: brokerLimits, store: noBrokerStore };
  await using broker = await openBroker({ ...options, wall: () => micros(0) }, rules);
  return await talk(broker.port);
};

const throughStock: Way = async (rules, talk) => {
  await using opened = await openAedes({
    authorizePublish(client, { topic, payload, retain }, done) {
      const who = { id: client?.id ?? "", user: "" };
      const verdict = rules.received(who, topic, Buffer.from(payload), retain);
      done(verdict.kind === "cut" ? new Error(verdict.reason) : null);
    },
  });
  const server = createServer((socket) => void opened.aedes.handle(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("a TCP server has a port");
  const answers = await talk(address.port);
  server.close();
  return answers;
};

/** Packets in pieces of a size, or one by one with its answer awaited; every answer that is due, and what comes beyond. */
async function converse(way: Way, packets: readonly Buffer[], pieceMax: number | "lockstep"): Promise<Said> {
  const received: string[] = [];
  const rules: BrokerRules = {
    admit: () => ({ kind: "welcome" }),
    maySubscribe: () => true,
    received(client, topic, payload, retain) {
      received.push(`${client.id} ${topic} ${Buffer.from(payload).toString()} ${retain}`);
      return topic === "forbidden" ? { kind: "cut", reason: "it is forbidden" } : { kind: "pass" };
    },
    faulted: () => undefined,
  };
  const bytes = await way(rules, async (port) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    const got: number[] = [];
    let isClosed = false;
    let due = 0;
    socket.on("data", (chunk: Buffer) => void got.push(...chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => void (isClosed = true));
    const answered = async () =>
      vi.waitFor(() => expect(isClosed || got.length >= due).toBe(true), { timeout: 3000, interval: 1 });
    // Before CONNACK a stock Aedes takes 42 packets and no more.
    due += connack.length;
    socket.write(hello("me"));
    await answered();
    for (const piece of pieceMax === "lockstep" ? packets : piecesOf(Buffer.concat(packets), pieceMax)) {
      socket.write(piece);
      if (pieceMax === "lockstep") {
        due += answerLength(piece);
        await answered();
      } else await wait(1);
    }
    due = packets.reduce((sum, packet) => sum + answerLength(packet), connack.length);
    await answered();
    await wait(20);
    socket.destroy();
    return got;
  });
  return { received, answers: cut(bytes) };
}

function piecesOf(bytes: Buffer, size: number): Buffer[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

function cut(bytes: readonly number[]): string[] {
  const packets: string[] = [];
  for (let at = 0; at < bytes.length; at += 2 + (bytes[at + 1] ?? 0))
    packets.push(Buffer.from(bytes.slice(at, at + 2 + (bytes[at + 1] ?? 0))).toString("hex"));
  return packets;
}

function answerLength(packet: Buffer): number {
  const first = packet.readUInt8(0);
  if (first === 0xc0) return 2;
  return first === 0x62 || (first & 6) !== 0 ? 4 : 0;
}

/** Aedes answers QoS 2 after some ticks of promises, so its place among other answers is nobody's promise. */
const byKind = ({ received, answers }: Said): Said => ({ received, answers: answers.toSorted() });

describe("the second way into the same intake", () => {
  const many: readonly Buffer[] = Array.from({ length: 60 }, (_, index) => {
    const qos = ([0, 1, 2] as const)[index % 3] ?? 0;
    const message = publish(qos, `a/${index}`, `payload ${index}`, { id: index + 1, first: index % 2 });
    return qos === 2 ? [message, pingreq, pubrel(index + 1)] : [message, pingreq];
  }).flat();

  test("a stock Aedes that is asked only about PUBLISH gives the rules and the client the same, in the same order", async () => {
    const ours = await converse(throughOurs, many, "lockstep");

    expect(ours.received.length).toBe(60);
    expect(ours.answers.length).toBe(1 + 20 + 2 * 20 + 60);
    expect(ours).toEqual(await converse(throughStock, many, "lockstep"));
  });

  test("and so it does when all is said at once", async () => {
    const ours = await converse(throughOurs, many, 100_000);

    expect(ours.received.length).toBe(60);
    expect(byKind(ours)).toEqual(byKind(await converse(throughStock, many, 100_000)));
  });

  test("and whatever is said, in whatever pieces it comes", async () => {
    const said = fc.oneof(
      fc.constant(() => pingreq),
      fc.integer({ min: 1, max: 12 }).map((id) => () => pubrel(id)),
      fc
        .tuple(fc.constantFrom(0, 1, 2), fc.constantFrom("a", "b/c"), fc.string({ maxLength: 5 }), fc.nat(1))
        .map(
          ([qos, topic, payload, first]) =>
            (id: number) =>
              publish(qos, topic, payload, { id, first }),
        ),
    );
    // Each message has an id of its own: see the next test.
    const talk = fc
      .array(said, { maxLength: 12 })
      .map((said) => said.map((packetOf, index) => packetOf(index + 1)));
    const pieces = fc.constantFrom(3, 20, 1000, "lockstep" as const);

    await fc.assert(
      fc.asyncProperty(talk, pieces, async (packets, pieceMax) => {
        const ours = await converse(throughOurs, packets, pieceMax);
        const stock = await converse(throughStock, packets, pieceMax);
        if (pieceMax === "lockstep") expect(ours).toEqual(stock);
        else expect(byKind(ours)).toEqual(byKind(stock));
      }),
      { numRuns: 30 },
    );
  });

  test("a message of QoS 2 that comes again unreleased is answered again and the rules hear of it once, unlike with a stock Aedes", async () => {
    const packets = [publish(2, "a", "x", { id: 7 }), publish(2, "a", "x", { id: 7, first: 8 }), pubrel(7)];

    const ours = await converse(throughOurs, packets, "lockstep");
    const stock = await converse(throughStock, packets, "lockstep");

    expect(ours.answers).toEqual(["20020000", "50020007", "50020007", "70020007"]);
    expect(stock.answers).toEqual(ours.answers);
    expect([ours.received.length, stock.received.length]).toEqual([1, 2]);
  });

  test("a message that the rules cut off is the last one they are asked about, on both ways", async () => {
    const packets = [
      publish(1, "a", "x", { id: 1 }),
      publish(1, "forbidden", "x", { id: 2 }),
      publish(1, "b", "x", { id: 3 }),
    ];

    for (const way of [throughOurs, throughStock]) {
      const { received } = await converse(way, packets, "lockstep");
      expect(received).toEqual(["me a x false", "me forbidden x false"]);
    }
    // A stock Aedes asks about all that came with it; we do not.
    const { received } = await converse(throughOurs, packets, 1000);
    expect(received).toEqual(["me a x false", "me forbidden x false"]);
  });

  test.each([
    [1, "PUBACK", "4002"],
    [2, "PUBREC", "5002"],
  ] as const)(
    "at QoS %i the order of %s is the order of what it answers, retained or not",
    async (qos, _name, head) => {
      const ids = Array.from({ length: 50 }, (_, index) => index + 1);
      const packets = ids.map((id) => publish(qos, "a", "x", { id, first: id % 2 }));

      const { answers } = await converse(throughOurs, packets, 1000);

      expect(answers.slice(1)).toEqual(ids.map((id) => `${head}${id.toString(16).padStart(4, "0")}`));
    },
  );
});
