/** The hub's side of the loss ledger: what it takes of each node is counted, gaps are reported by name and lane. */
import { lanes } from "@interactor/shared/wire/lanes";
import { decodeNodeLedger } from "@interactor/shared/wire/messages/node-ledger";
import type { DocumentFault } from "@interactor/shared/wire/messages/schema";
import type { Taken } from "./core/ledger/node-books.ts";
import { SiteLedger } from "./core/ledger/site-ledger.ts";
import type { PresenceState } from "./core/presence/presence.ts";
import type { HubCounters } from "./core/registry/counters.ts";
import type { HubFaults } from "./hub-faults.ts";

export class HubLedger extends SiteLedger {
  readonly #counters: HubCounters;
  readonly #faults: HubFaults;

  constructor(counters: HubCounters, faults: HubFaults) {
    super();
    this.#counters = counters;
    this.#faults = faults;
  }

  override took(node: string, taken: Taken): void {
    super.took(node, taken);
    this.#counters.repeated += taken.repeated;
    this.#counters.missed += taken.missed;
    if (taken.missed === 0) return;
    const lane = lanes[taken.lane];
    const words = `messages of node ${node} in lane ${lane} are missing`;
    const details = { node, lane, entries: taken.missed };
    this.#faults.node(`messages in lane ${lane} are missing`, node, { level: "warn", words, details });
  }

  /** What a node says, if it is the life that is present. Returns why it is refused. */
  said(
    node: string,
    payload: Uint8Array,
    presence: PresenceState,
  ): DocumentFault | "stale-session" | undefined {
    const decoded = decodeNodeLedger(payload);
    if (!decoded.ok) return decoded.error;
    if (decoded.value.session !== presence.get(node)?.birth.session) return "stale-session";
    this.told(node, decoded.value);
    return undefined;
  }
}
