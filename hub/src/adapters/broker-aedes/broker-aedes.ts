/**
 * The broker on Aedes 1.2. Every listener hands its byte streams to `accept`; what may happen is asked of the
 * rules, synchronously, before it does. Aedes has the life of a connection (CONNECT, take-over, will, QoS 2 from
 * clients); what comes often, and what has to be bounded, stands around it.
 */
import { createServer, type Server } from "node:net";
import type { Duplex } from "node:stream";
import { Aedes } from "aedes";
import { writeToStream } from "mqtt-packet";
import { Fault } from "@interactor/shared/kernel/fault";
import type { Micros } from "@interactor/shared/kernel/units";
import type { BrokerStore } from "../../ports/broker-store.ts";
import type { Broker, BrokerLimits, BrokerRules } from "../../ports/broker.ts";
import { bindRules } from "./aedes-rules.ts";
import { BrokerPersistence } from "./broker-persistence.ts";
import { Clients } from "./clients.ts";
import { Exchange } from "./exchange.ts";
import { Message } from "./message.ts";

export interface AedesBroker extends Broker {
  readonly port: number;
  /** Who has come so far: all of them, and those with a clean session that said goodbye. */
  readonly arrivals: Pick<Exchange, "comers" | "visits">;
  /** Serves MQTT on a byte stream that some other listener accepted from this address. */
  accept(stream: Duplex, address: string): void;
}

export interface BrokerOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly limits: BrokerLimits;
  readonly store: BrokerStore;
  /** Now, on the site's clock. */
  readonly wall: () => Micros;
}

// 65,536 buffers of two bytes each, for packets that Aedes writes here once a connection.
writeToStream.cacheNumbers = false;

/** The hub itself, as the owner of what it retains. */
const hubOwner = "";

/** Opens the broker and its TCP listener. Throws a Fault when the port cannot be had. */
export async function openBroker(options: BrokerOptions, rules: BrokerRules): Promise<AedesBroker> {
  const { limits, store, wall } = options;
  const exchange = new Exchange({ limits, store, wall, rules });
  const persistence = new BrokerPersistence(exchange, (id) => clients.named(id)?.session);
  const aedes = new Aedes({
    mq: exchange.emitter,
    persistence,
    // Bounds of ours stand before these.
    connectTimeout: 2 * limits.connectTimeout,
    maxInflightInbound: 0,
    drainTimeout: 0,
  });
  // A hundred at most, says Aedes, because the trie it comes with takes no more. Ours does.
  Reflect.set(aedes, "maxTopicLevels", limits.topicLevelsMax);
  dropGossip(aedes);
  const clients = new Clients(exchange, (link) => {
    // Its type asks for a whole Duplex; what it uses of one, the link has.
    Reflect.apply(aedes.handle, aedes, [link]);
  });
  bindRules(aedes, clients, exchange);
  await aedes.listen();
  const server = createServer({ noDelay: true }, (socket) =>
    clients.accept(socket, socket.remoteAddress ?? ""),
  );
  await listen(server, options);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    get clients() {
      return clients.count;
    },
    arrivals: exchange,
    get usage() {
      const { sessions, retained, emitter } = exchange;
      return {
        sessionsKept: sessions.usage.sessions,
        sessionsAway: sessions.usage.away,
        sessionBytes: sessions.usage.bytes,
        retainedMessages: retained.usage.messages,
        retainedBytes: retained.usage.bytes,
        subscriptions: emitter.subscriptions,
        waitingBytes: clients.waitingBytes,
      };
    },
    accept: (stream, from) => clients.accept(stream, from),
    publish(topic, payload, { retain, qos }) {
      const routed = { topic, payload: asBuffer(payload), retain, qos };
      exchange.publish(new Message(routed, undefined, retain && qos === 0), hubOwner);
    },
    send(clientId, topic, payload) {
      const message = new Message({ topic, payload: asBuffer(payload), retain: false, qos: 1 });
      clients.named(clientId)?.session?.deliver(message, 1);
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => aedes.close(() => resolve()));
      server.close();
      await closed;
      clients[Symbol.dispose]();
    },
  };
}

/**
 * Aedes tells the other brokers of a cluster who comes and goes. This one is alone, and telling nobody is a twentieth
 * of what a connection costs.
 */
function dropGossip(aedes: Aedes): void {
  const publish = aedes.publish.bind(aedes);
  Reflect.set(aedes, "publish", (...told: Parameters<typeof publish>) => {
    const [{ topic }, ...rest] = told;
    if (!topic.startsWith("$SYS/") || !topic.endsWith("/clients")) return publish(...told);
    return rest.find((each) => typeof each === "function")?.();
  });
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

async function listen(server: Server, { host, port }: BrokerOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error) => {
    const words = `cannot listen for MQTT on ${host}:${port}: ${error.message}; give another --mqtt-port`;
    reject(new Fault("PORT_UNAVAILABLE", words, { cause: error }));
  });
  server.listen({ host, port, backlog: 1024 }, resolve);
  await promise;
}
