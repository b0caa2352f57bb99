/**
 * The broker on Aedes 1.2. Every listener hands its byte streams to `accept`; what may happen is asked of the
 * rules, synchronously, before Aedes does it.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Aedes, type AuthenticateError, type Client as AedesClient, type PublishPacket } from "aedes";
import { invariant } from "@interactor/shared/kernel/assert";
import { Fault } from "@interactor/shared/kernel/fault";
import { payloadBytesMax } from "@interactor/shared/wire/limits";
import { topicRoot } from "@interactor/shared/wire/topics";
import { PacketMeter } from "./packet-meter.ts";
import type { Broker, BrokerFault, BrokerRules, Client, Verdict } from "../../ports/broker.ts";

export interface AedesBroker extends Broker {
  /** Serves MQTT on a byte stream that some other listener accepted. */
  accept(stream: Duplex): void;
}

export interface BrokerOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

/** A connection that has not sent its CONNECT by then is cut. */
const connectTimeout = 5000;
/** A client whose socket takes nothing for this long is cut, because stock Aedes lets the others wait for it. */
const drainTimeout = 250;
/** TCP connections at a time. More: refuse. */
const connectionsMax = 2000;
/** Levels of a topic; ours have seven. More: refuse. */
const topicLevelsMax = 10;
/** One MQTT packet: room for the largest payload and for saying that another one is too large. More: cut. */
const packetBytesMax = 2 * payloadBytesMax;
/** Where what was taken in is sent instead of its topic: nobody may subscribe there. */
const keptTopic = `${topicRoot}/kept`;

/** Opens the broker and its TCP listener. Throws a Fault when the port cannot be had. */
export async function openBroker(
  options: BrokerOptions,
  rules: BrokerRules,
): Promise<AedesBroker & { readonly port: number }> {
  const aedes = await Aedes.createBroker({ connectTimeout, drainTimeout, maxTopicLevels: topicLevelsMax });
  bindRules(aedes, rules);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    aedes.handle(metered(socket));
  });
  server.maxConnections = connectionsMax;
  server.on("drop", () => rules.faulted("refused", `more than ${connectionsMax} connections`));
  await listen(server, options);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    get clients() {
      return aedes.connectedClients;
    },
    accept: (stream) => void aedes.handle(metered(stream)),
    publish(topic, payload, { retain, qos }) {
      aedes.publish({ cmd: "publish", topic, payload: asBuffer(payload), retain, qos, dup: false }, ignore);
    },
    send(clientId, topic, payload) {
      const client = clientNamed(aedes, clientId);
      const packet = {
        cmd: "publish",
        topic,
        payload: asBuffer(payload),
        retain: false,
        qos: 1,
        dup: false,
      } as const;
      client?.publish(packet, ignore);
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => aedes.close(() => resolve()));
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** An MQTT client that goes away while we write has its own error event; there is nothing more to do. */
const ignore = (): void => undefined;

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Aedes takes what a client sends by `read`. It expects all that waits; since Node 26 it would get one chunk of
 * it and the rest would stay. And there the lengths of packets are looked at, before they are gathered.
 */
function metered<Stream extends Duplex>(stream: Stream): Stream {
  const meter = new PacketMeter(packetBytesMax);
  const read = stream.read.bind(stream);
  stream.read = (size?: number | null) => {
    const waiting = stream.readableLength === 0 ? undefined : stream.readableLength;
    const chunk: unknown = read(size ?? waiting);
    if (!(chunk instanceof Uint8Array) || meter.accepts(chunk)) return chunk;
    stream.destroy(new Cut("protocol", `a packet of more than ${packetBytesMax} bytes`));
    return null;
  };
  return stream;
}

/** Why a client is cut off, as an error that says which kind of fault it is. */
class Cut extends Error {
  readonly fault: BrokerFault;

  constructor(fault: BrokerFault, reason: string) {
    super(reason);
    this.fault = fault;
  }
}

function bindRules(aedes: Aedes, rules: BrokerRules): void {
  const users = new WeakMap<AedesClient, string>();
  const silent = new WeakSet<AedesClient>();
  const clientOf = (client: AedesClient): Client => ({ id: client.id, user: users.get(client) ?? "" });

  // Aedes would queue in memory, without a bound, for whoever asked for a session and went away. Until there is
  // a bounded store every session is a clean one, and the CONNACK says so: no session is ever present.
  aedes.preConnect = (_client, packet, done) => {
    packet.clean = true;
    done(null, true);
  };
  aedes.authenticate = (client, username, password, done) => {
    users.set(client, username ?? "");
    deliverWhatWasOvertaken(client, aedes.id);
    const admission = rules.admit({ ...clientOf(client), password });
    if (admission.kind === "welcome") done(null, true);
    else done(notAuthorized(admission.reason), false);
  };
  aedes.authorizeSubscribe = (client, subscription, done) => {
    if (client === null || rules.maySubscribe(clientOf(client), subscription.topic))
      return done(null, subscription);
    rules.faulted("not-allowed", `${client.id} may not subscribe to ${subscription.topic}`);
    // Without an error but without a subscription: answered by SUBACK 0x80.
    done(null, null);
  };
  aedes.authorizePublish = (client, packet, done) => {
    if (client === null) return done(null);
    const verdict = rules.received(clientOf(client), packet.topic, payloadOf(packet), packet.retain);
    obey(verdict, packet, done);
  };
  aedes.on("keepaliveTimeout", (client) => void silent.add(client));
  const told = new WeakSet<AedesClient>();
  /** A client has one end, although each write that waited for it reports one. */
  const tell = (client: AedesClient, who: string, error: Error) => {
    if (told.has(client)) return;
    told.add(client);
    report(rules, silent.has(client), who, error);
  };
  aedes.on("clientError", (client, error) => tell(client, client.id, error));
  aedes.on("connectionError", (client, error) => tell(client, "a client", error));
}

/**
 * Aedes takes a message that a later one has overtaken for a repeat, and drops it without a word. Messages do
 * overtake: a retained one takes longer through it than others, and `send` is the shortest way of all. What it
 * wants to spare clients, a second copy for a second matching subscription, MQTT allows. So it forgets.
 */
function deliverWhatWasOvertaken(client: AedesClient, brokerId: string): void {
  const highest: unknown = Reflect.get(client, "duplicates");
  invariant(typeof highest === "object" && highest !== null, "Aedes remembers what a client was sent");
  const forgets = {
    get: () => 0,
    set() {
      // Nothing is remembered.
    },
  };
  Object.defineProperty(highest, brokerId, forgets);
}

function obey(verdict: Verdict, packet: PublishPacket, done: (error?: Error | null) => void): void {
  switch (verdict.kind) {
    case "pass":
      return done(null);
    case "keep":
      // Aedes confirms what it publishes, so the message goes on, empty, to where nobody listens.
      packet.topic = keptTopic;
      packet.retain = false;
      packet.payload = Buffer.alloc(0);
      return done(null);
    case "cut":
      return done(new Cut("not-allowed", verdict.reason));
    default:
      return verdict satisfies never;
  }
}

function report(rules: BrokerRules, isSilent: boolean, who: string, error: Error): void {
  if (isSilent) return rules.faulted("keepalive", `${who} fell silent`);
  if (error instanceof Cut) return rules.faulted(error.fault, error.message);
  if ("returnCode" in error) return rules.faulted("refused", error.message);
  // An error of the socket is how connections end; anything else is what the parser could not read.
  if (!("code" in error)) rules.faulted("protocol", `${who}: ${error.message}`);
}

function notAuthorized(reason: string): AuthenticateError {
  return Object.assign(new Error(reason), { returnCode: 5 });
}

const payloadOf = (packet: PublishPacket): Uint8Array =>
  typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;

/** Aedes keeps its clients in an object without a prototype; its types leave it out. */
function clientNamed(aedes: Aedes, id: string): AedesClient | undefined {
  const clients: unknown = Reflect.get(aedes, "clients");
  if (typeof clients !== "object" || clients === null) return undefined;
  return (clients as Readonly<Record<string, AedesClient>>)[id];
}

async function listen(server: Server, { host, port }: BrokerOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error) => {
    const words = `cannot listen for MQTT on ${host}:${port}: ${error.message}; give another --mqtt-port`;
    reject(new Fault("PORT_UNAVAILABLE", words, { cause: error }));
  });
  server.listen({ host, port, backlog: 1024 }, resolve);
  await promise;
}
