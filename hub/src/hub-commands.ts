/** Commands between the wire and the desk: read as they come in, answered on a topic of their own. */
import { decodeCommand } from "@interactor/shared/wire/messages/command";
import { encodeReply } from "@interactor/shared/wire/messages/reply";
import type { DocumentFault } from "@interactor/shared/wire/messages/schema";
import type { SiteAddress } from "@interactor/shared/wire/names";
import { siteTopics } from "@interactor/shared/wire/topics";
import { CommandDesk, type DeskRefusal } from "./core/commands/command-desk.ts";
import type { SiteLedger } from "./core/ledger/site-ledger.ts";
import type { PresenceState } from "./core/presence/presence.ts";
import type { Router, RouterNow } from "./core/routing/router.ts";

/** Publishes an answer, to be kept by nobody. */
export type PublishReply = (topic: string, payload: Uint8Array) => void;

export class HubCommands extends CommandDesk {
  constructor(
    site: string,
    { router, ledger }: { readonly router: Router; readonly ledger: SiteLedger },
    publish: PublishReply,
  ) {
    const topics = siteTopics(site);
    super(router, ledger, {
      reply: (reply) => publish(topics.reply(reply.request), encodeReply({ v: 1, kind: "reply", ...reply })),
    });
  }

  /** Takes a command as it came. Returns why it goes nowhere. */
  set(
    to: SiteAddress,
    payload: Uint8Array,
    presence: PresenceState,
    now: RouterNow,
  ): DocumentFault | DeskRefusal | undefined {
    const decoded = decodeCommand(payload);
    return decoded.ok ? this.ask(to, decoded.value, presence, now) : decoded.error;
  }
}
