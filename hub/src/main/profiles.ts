/** Assembles what the hub knows of running modules by asking their nodes. */
import { createHash } from "node:crypto";
import type { Clock } from "@interactor/shared/kernel/clock";
import { nodeTopics } from "@interactor/shared/wire/topics";
import type { Neighbours } from "../hub-neighbours.ts";
import { HubProfiles } from "../hub-profiles.ts";
import type { Broker } from "../ports/broker.ts";
import type { Log } from "../ports/log.ts";
import type { ProfileDesk } from "../ports/profile-desk.ts";

export interface Profiles {
  readonly desk: ProfileDesk;
  readonly neighbours: Neighbours;
  /** From now on nodes are asked. */
  serve(broker: Broker, site: string): void;
}

export function openProfiles(clock: Clock, log: Log): Profiles {
  const desk = new HubProfiles({
    clock,
    log,
    sumOf: (bytes) => createHash("sha256").update(bytes).digest(),
  });
  return {
    desk,
    neighbours: { profiled: (node, payload) => ({ refusal: desk.heard(node, payload) }) },
    serve(broker, site) {
      desk.start((node, payload) =>
        broker.publish(nodeTopics(site, node).profile, payload, { retain: false, qos: 0 }),
      );
    },
  };
}
