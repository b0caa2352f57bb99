/** Assembles what people see of running modules by asking their nodes: profiles, and what they log. */
import { createHash } from "node:crypto";
import type { Clock } from "@interactor/shared/kernel/clock";
import { nodeTopics } from "@interactor/shared/wire/topics";
import type { HubCounters } from "../core/registry/counters.ts";
import { hearingLogs, HubLogs } from "../hub-logs.ts";
import { hearingProfiles, HubProfiles } from "../hub-profiles.ts";
import type { Broker, BrokerRules } from "../ports/broker.ts";
import type { Log } from "../ports/log.ts";
import type { LogDesk } from "../ports/log-desk.ts";
import type { ProfileDesk } from "../ports/profile-desk.ts";

export interface Looks {
  readonly desks: { readonly profiles: ProfileDesk; readonly logs: LogDesk };
  /** The same rules, by which nodes give these too. */
  rules(rules: BrokerRules, counters: Pick<HubCounters, "refused">): BrokerRules;
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
    rules(rules, counters) {
      const refused = (reason: string): void => counters.refused.add(reason);
      return hearingLogs(hearingProfiles(rules, profiles, refused), logs, refused);
    },
    serve(broker, site) {
      const askOn = (topic: "profile" | "listen") => (node: string, payload: Uint8Array) =>
        broker.publish(nodeTopics(site, node)[topic], payload, { retain: false, qos: 0 });
      profiles.start(askOn("profile"));
      logs.start(askOn("listen"));
    },
  };
}
