/** Assembles what people see of running modules by asking their nodes: profiles, and what they log. */
import { createHash } from "node:crypto";
import type { Clock } from "@interactor/shared/kernel/clock";
import { nodeTopics } from "@interactor/shared/wire/topics";
import { HubLogs } from "../hub-logs.ts";
import type { Neighbours } from "../hub-neighbours.ts";
import { HubProfiles } from "../hub-profiles.ts";
import type { Broker } from "../ports/broker.ts";
import type { Log } from "../ports/log.ts";
import type { LogDesk } from "../ports/log-desk.ts";
import type { ProfileDesk } from "../ports/profile-desk.ts";

export interface Looks {
  readonly desks: { readonly profiles: ProfileDesk; readonly logs: LogDesk };
  readonly neighbours: Neighbours;
  /** From now on nodes are asked. */
  serve(broker: Broker, site: string): void;
}

export function openLooks(clock: Clock, log: Log): Looks {
  const profiles = new HubProfiles({
    clock,
    log,
    sumOf: (bytes) => createHash("sha256").update(bytes).digest(),
  });
  const logs = new HubLogs({ clock, log });
  return {
    desks: { profiles, logs },
    neighbours: {
      profiled: (node, payload) => ({ refusal: profiles.heard(node, payload) }),
      log: (node, payload) => ({ refusal: logs.heard(node, payload) }),
    },
    serve(broker, site) {
      const askOn = (topic: "profile" | "listen") => (node: string, payload: Uint8Array) =>
        broker.publish(nodeTopics(site, node)[topic], payload, { retain: false, qos: 0 });
      profiles.start(askOn("profile"));
      logs.start(askOn("listen"));
    },
  };
}
