/** The way to the hub: one attempt at a time. When to try again is decided in the core. */
export interface HubLink {
  /** Begins an attempt. `closed` is called exactly once, also when it never connected. */
  open(options: LinkOptions, events: LinkEvents): Connection;
}

export interface LinkOptions {
  readonly clientId: string;
  /** The unit's id: lets the hub tell a restarted agent from a second one of the same name. */
  readonly unit: string;
  readonly will: { readonly topic: string; readonly payload: Uint8Array };
  readonly subscriptions: readonly string[];
  /** Messages on topics that begin like one of these are handed over before all others that have come. */
  readonly urgent: readonly string[];
}

export interface LinkEvents {
  /** Connected and subscribed. */
  connected(): void;
  message(topic: string, payload: Uint8Array): void;
  /** Something came, if only a sign of life. */
  heard(): void;
  /** `reason` in words for a log. */
  closed(reason: string): void;
}

export interface Connection {
  /** At most once, or at least once with `confirmed` called when the hub has it. */
  publish(topic: string, payload: Uint8Array, options: PublishOptions): void;
  /** Says goodbye properly, so that the will is not sent. Takes at most a second, whatever the hub does. */
  close(): Promise<void>;
}

export interface PublishOptions {
  readonly retain: boolean;
  readonly confirmed?: () => void;
}
