/** The outbox with its spool, and what the spool needs to know of this node's instances. */
import { between, type Instant, seconds } from "@interactor/shared/kernel/units";
import { parsePortAddress } from "@interactor/shared/wire/names";
import type { AgentOptions, AgentWorld } from "./agent-world.ts";
import { Outbox } from "./core/outbox/outbox.ts";

/**
 * What an instance left in the spool waits this long for the instance to start, because a hub refuses what nobody has
 * declared. Then it goes all the same, lest one broken instance holds up all others: the hub's journal has it then.
 */
const declaredWithin = seconds(30);

export function outboxWith(
  { session }: Pick<AgentOptions, "session">,
  { clock, spool: queue }: Pick<AgentWorld, "clock" | "spool">,
  known: { readonly has: (instance: string) => boolean; readonly isDeclared: (instance: string) => boolean },
): Outbox {
  const startedAt = clock.now();
  const isAwaited = (from: string, at: Instant): boolean => {
    const address = parsePortAddress(from);
    if (!address.ok || known.isDeclared(address.value.instance)) return false;
    return known.has(address.value.instance) && between(startedAt, at) < declaredWithin;
  };
  return new Outbox(session, queue && { queue, isAwaited });
}
