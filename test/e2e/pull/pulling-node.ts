// A node's side of pulling files over the real link of an agent, beside one who measures how long something urgent takes on
// the same connection.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { systemDisk } from "@interactor/agent/src/adapters/apply-store-files/disk.ts";
import { newSteering, systemClock } from "@interactor/agent/src/adapters/clock-system.ts";
import { mqttLink } from "@interactor/agent/src/adapters/hub-link-mqtt/hub-link-mqtt.ts";
import { openKeptPieces } from "@interactor/agent/src/adapters/kept-pieces-files.ts";
import { linkWith } from "@interactor/agent/src/agent-neighbours.ts";
import { AgentPull } from "@interactor/agent/src/agent-pull.ts";
import type { Connection, HubLink } from "@interactor/agent/src/ports/hub-link.ts";
import { decodePiece, decodePull } from "@interactor/shared/wire/messages/pull";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";

const [site, node] = ["demo", "pi-01"];
const topics = nodeTopics(site, node);
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface PullingNode extends AsyncDisposable {
  readonly pull: AgentPull;
  /** Places that were asked for, and those that came. */
  readonly asked: number[];
  readonly came: number[];
  /** What arrives of its own topics beside pieces: its topic and when. */
  readonly others: { readonly topic: string; readonly payload: Uint8Array; readonly at: number }[];
  /** `true` for a piece that shall not arrive. */
  loses: (at: number) => boolean;
  connected: Promise<void>;
}

/** Comes back after a cut, as an agent does. */
export async function pullingNode(url: string, folder: string): Promise<PullingNode> {
  const kept = await openKeptPieces({ folder: join(folder, "pieces"), disk: systemDisk, log: quiet });
  const sumOf = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
  const pull = new AgentPull({ site, node }, { clock: systemClock(newSteering()), log: quiet, kept, sumOf });
  const first = Promise.withResolvers<void>();
  const me = {
    pull,
    asked: [] as number[],
    came: [] as number[],
    others: [] as PullingNode["others"],
    loses: (_at: number): boolean => false,
    connected: first.promise,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      isOver = true;
      await connection?.close();
    },
  };
  const watched = watchedLink(mqttLink(url), me);
  const link = linkWith(watched, [pull]);
  let isOver = false;
  let connection: Connection | undefined;
  const open = (): void => {
    connection = link.open(
      {
        clientId: siteTopics(site).clientId(node),
        unit: "unit",
        will: { topic: topics.state, payload: new Uint8Array() },
        subscriptions: [topics.stopAll],
        urgent: [],
      },
      {
        connected: () => first.resolve(),
        message: (topic, payload) => void me.others.push({ topic, payload, at: performance.now() }),
        heard: () => undefined,
        closed: () => {
          if (!isOver) setTimeout(open, 50);
        },
      },
    );
  };
  open();
  return me;
}

/** The link itself, of which is noted what goes over it, and lost what shall be. */
function watchedLink(link: HubLink, me: Pick<PullingNode, "asked" | "came" | "loses">): HubLink {
  return {
    open(options, events) {
      const connection = link.open(options, {
        ...events,
        message(topic, payload) {
          const piece = topic === topics.piece ? decodePiece(payload) : undefined;
          if (piece?.ok === true && piece.value.kind === "bytes") {
            if (me.loses(piece.value.at)) return;
            me.came.push(piece.value.at);
          }
          events.message(topic, payload);
        },
      });
      return {
        ...connection,
        publish(topic, payload, given) {
          const asked = topic === topics.pull ? decodePull(payload) : undefined;
          if (asked?.ok === true) me.asked.push(asked.value.at);
          connection.publish(topic, payload, given);
        },
        close: () => connection.close(),
      };
    },
  };
}
