/** The MQTT broker. Aedes in this process today; nothing outside its adapter may know. */
export interface Broker extends AsyncDisposable {
  /** To everybody who subscribed. */
  publish(
    topic: string,
    payload: Uint8Array,
    options: { readonly retain: boolean; readonly qos: 0 | 1 },
  ): void;
  /** To one client at once, at QoS 1. Without effect when it is not connected. */
  send(clientId: string, topic: string, payload: Uint8Array): void;
  /** Clients connected now. */
  readonly clients: number;
}

export interface Client {
  readonly id: string;
  /** The user name it gave: an agent gives its unit. */
  readonly user: string;
}

/** What becomes of a message that a client publishes. */
export type Verdict =
  /** Goes on to who subscribed, and is retained if it says so. */
  | { readonly kind: "pass" }
  /** Is confirmed and goes nowhere: it was taken in, or was of no use. */
  | { readonly kind: "keep" }
  /** The client broke the rules and is cut off. */
  | { readonly kind: "cut"; readonly reason: string };

/** The broker asks, synchronously, before anything happens. */
export interface BrokerRules {
  /** `undefined`: welcome; else why not, in words for a log. */
  refuseConnection(client: Client): string | undefined;
  maySubscribe(client: Client, filter: string): boolean;
  received(client: Client, topic: string, payload: Uint8Array, retain: boolean): Verdict;
  /** Bytes that are no MQTT, a client that was too slow or silent: counted by reason. */
  faulted(reason: BrokerFault, details: string): void;
}

export const brokerFaults = ["protocol", "keepalive", "not-allowed", "refused", "other"] as const;
export type BrokerFault = (typeof brokerFaults)[number];
