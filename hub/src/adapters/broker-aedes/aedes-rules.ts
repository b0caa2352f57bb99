/** What Aedes asks and tells, answered by our rules. */
import type { Aedes, AuthenticateError, Client as AedesClient, PublishPacket } from "aedes";
import type { Admission, BrokerFault, BrokerRules, Client, Verdict } from "../../ports/broker.ts";
import { QuotaError } from "./broker-persistence.ts";
import type { Clients } from "./clients.ts";
import type { Exchange } from "./exchange.ts";

/** Where what was taken in is sent instead of its topic: no wildcard at the beginning of a filter matches it. */
const keptTopic = "$kept";

/** CONNACK codes of a refusal (MQTT 3.1.1 table 3.1). */
const codeOf = { "bad-credentials": 4, "not-allowed": 5 } as const;

export function bindRules(aedes: Aedes, clients: Clients, { rules }: Exchange): void {
  const clientOf = ({ conn }: AedesClient): Client => clients.of(conn)?.client ?? { id: "", user: "" };

  aedes.preConnect = (_client, packet, done) => {
    // One clock looks after all clients; Aedes would set a timer for each.
    packet.keepalive = 0;
    done(null, true);
  };
  aedes.authenticate = (aedesClient, username, password, done) => {
    const client = { id: aedesClient.id, user: username ?? "" };
    const connection = clients.of(aedesClient.conn);
    if (connection !== undefined) connection.client = client;
    const admission = rules.admit({ ...client, password });
    if (admission.kind === "welcome") done(null, true);
    else done(refusal(admission), false);
  };
  // Subscriptions are handled in front of Aedes.
  aedes.authorizeSubscribe = (_client, _subscription, done) => done(null, null);
  // Of wills and messages of QoS 2; the others are handled in front of it.
  aedes.authorizePublish = (aedesClient, packet, done) => {
    if (aedesClient === null) return done(null);
    const verdict = rules.received(clientOf(aedesClient), packet.topic, payloadOf(packet), packet.retain);
    return obey(verdict, packet, done);
  };
  aedes.on("client", (aedesClient) => {
    const connection = clients.of(aedesClient.conn);
    if (connection !== undefined) clients.registered(connection, !aedesClient.clean);
  });
  aedes.on("connackSent", (_packet, aedesClient) => clients.of(aedesClient.conn)?.established());
  const told = new WeakSet<object>();
  /** A client ends once, although each packet that was under way to it reports so. */
  const tell = (aedesClient: AedesClient, error: Error) => {
    const { conn } = aedesClient;
    if (told.has(conn) || clients.of(conn)?.isCut === true) return;
    told.add(conn);
    const { id } = clientOf(aedesClient);
    report(rules, id === "" ? (clients.of(conn)?.address ?? "") : id, error);
  };
  aedes.on("clientError", tell);
  aedes.on("connectionError", tell);
}

/** Why a client is cut off, as an error that says which kind of fault it is. */
class Cut extends Error {
  readonly fault: BrokerFault;

  constructor(fault: BrokerFault, reason: string) {
    super(reason);
    this.fault = fault;
  }
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
      if (verdict.written === undefined) return done(null);
      return verdict.written.whenWritten((isWritten) =>
        done(isWritten ? null : new Cut("session-quota", "what it sent could not be kept")),
      );
    case "later":
      // A will: nobody is there to say it again.
      return done(new Cut("session-quota", "what it left could not be kept"));
    case "cut":
      return done(new Cut("not-allowed", verdict.reason));
    default:
      return verdict satisfies never;
  }
}

function report(rules: BrokerRules, who: string, error: Error): void {
  if (error instanceof Cut) rules.faulted(error.fault, error.message, { who });
  else if (error instanceof QuotaError) rules.faulted("retained-quota", `${who}: ${error.message}`, { who });
  else if ("returnCode" in error) rules.faulted("refused", error.message, { who, outcome: "turned-away" });
  else rules.faulted("protocol", `${who}: ${error.message}`, { who });
}

function refusal({ because, reason }: Exclude<Admission, { kind: "welcome" }>): AuthenticateError {
  return Object.assign(new Error(reason), { returnCode: codeOf[because] });
}

const payloadOf = (packet: PublishPacket): Uint8Array =>
  typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
