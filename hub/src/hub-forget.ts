/** Nodes that somebody wants forgotten: asked on the wire, answered like a command. */
import { decodeForget } from "@interactor/shared/wire/messages/forget";
import { encodeReply } from "@interactor/shared/wire/messages/reply";
import type { DocumentFault } from "@interactor/shared/wire/messages/schema";
import { siteTopics } from "@interactor/shared/wire/topics";
import type { PublishReply } from "./hub-commands.ts";
import type { HubPresence } from "./hub-presence.ts";
import type { Log } from "./ports/log.ts";

export interface ForgetParts {
  readonly site: string;
  readonly log: Log;
  readonly presence: HubPresence;
  readonly publish: PublishReply;
}

export class HubForget {
  readonly #parts: ForgetParts;

  constructor(parts: ForgetParts) {
    this.#parts = parts;
  }

  /** Returns why not. */
  asked(node: string, payload: Uint8Array): DocumentFault | "node-is-here" | "unknown-node" | undefined {
    const { log, presence, publish, site } = this.#parts;
    const decoded = decodeForget(payload);
    if (!decoded.ok) return decoded.error;
    const { by, request } = decoded.value;
    const refusal = presence.forget(node);
    if (refusal === undefined) log.info(`node ${node} was to be forgotten`, { by });
    if (request !== undefined) {
      const answer =
        refusal === undefined
          ? { outcome: "done" as const }
          : { outcome: "refused" as const, reason: refusal };
      publish(siteTopics(site).reply(request), encodeReply({ v: 1, kind: "reply", request, ...answer }));
    }
    return refusal;
  }
}
