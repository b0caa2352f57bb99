/** Assembles what the hub knows of running modules by asking their nodes. */
import { createHash } from "node:crypto";
import type { Clock } from "@interactor/shared/kernel/clock";
import { nodeTopics } from "@interactor/shared/wire/topics";
import type { HubCounters } from "../core/registry/counters.ts";
import { hearingProfiles, HubProfiles } from "../hub-profiles.ts";
import type { Broker, BrokerRules } from "../ports/broker.ts";
import type { Log } from "../ports/log.ts";
import type { ProfileDesk } from "../ports/profile-desk.ts";

export interface Profiles {
  readonly desk: ProfileDesk;
  /** The same rules, by which nodes give profiles too. */
  rules(rules: BrokerRules, counters: Pick<HubCounters, "refused">): BrokerRules;
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
    rules: (rules, { refused }) => hearingProfiles(rules, desk, (reason) => refused.add(reason)),
    serve(broker, site) {
      desk.start((node, payload) =>
        broker.publish(nodeTopics(site, node).profile, payload, { retain: false, qos: 0 }),
      );
    },
  };
}
