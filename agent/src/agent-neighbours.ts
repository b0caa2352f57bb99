/** Parts of the agent that stand beside its loop, and speak with the hub over the same link. */
import type { Connection, HubLink } from "./ports/hub-link.ts";

/** A topic that one of them alone hears. */
export interface Hearing {
  readonly topic: string;
  readonly message: (payload: Uint8Array) => void;
}

export interface Neighbour {
  readonly hears?: Hearing;
  connected(connection: Connection): void;
  /** Of a connection that it was told of. */
  disconnected(): void;
}

/** The link, over which neighbours speak too. The loop is told first that it is up: its birth goes before all they say. */
export function linkWith(link: HubLink, neighbours: readonly Neighbour[]): HubLink {
  const heard = new Map(neighbours.flatMap(({ hears }) => (hears ? [[hears.topic, hears.message]] : [])));
  let current: Connection | undefined;
  return {
    open(options, events) {
      let isOpen = true;
      const connection = link.open(
        { ...options, subscriptions: [...options.subscriptions, ...heard.keys()] },
        {
          ...events,
          connected() {
            events.connected();
            if (!isOpen) return;
            current = connection;
            for (const each of neighbours) each.connected(connection);
          },
          message(topic, payload) {
            const hear = heard.get(topic);
            if (hear === undefined) events.message(topic, payload);
            else hear(payload);
          },
          closed(reason) {
            isOpen = false;
            if (current === connection) {
              current = undefined;
              for (const each of neighbours) each.disconnected();
            }
            events.closed(reason);
          },
        },
      );
      return connection;
    },
  };
}
