/**
 * Where commands of people come in. One that asks is answered, always: by its node, by the hub when it cannot go
 * there, or by time. A request that comes twice is done once and answered again.
 */
import { earliest, type Instant, later, millis } from "@interactor/shared/kernel/units";
import { type Entry, entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import { lane } from "@interactor/shared/wire/lanes";
import type { Loss } from "@interactor/shared/wire/ledger";
import { type Command, readCommandBody } from "@interactor/shared/wire/messages/command";
import { findPort } from "@interactor/shared/wire/messages/port";
import type { Reply } from "@interactor/shared/wire/messages/reply";
import type { SiteAddress } from "@interactor/shared/wire/names";
import type { RequestId } from "@interactor/shared/wire/request";
import type { SiteLedger } from "../ledger/site-ledger.ts";
import { isHere } from "@interactor/shared/wire/node-state";
import type { PresenceState } from "../presence/presence.ts";
import type { Router, RouterNow } from "../routing/router.ts";

/** Requests without an answer. More: refuse, for nobody answers any more. */
export const openRequestsMax = 1000;
/** Answers remembered for a request that comes again. More: evict the oldest. */
export const answersMax = 1000;
/** The answer of a command that was done at the last moment has a way to go. */
export const answerGrace = millis(500);

export interface CommandDeskSink {
  reply(reply: Reply): void;
}

interface Open {
  readonly node: string;
  readonly due: Instant;
}

export type DeskRefusal = "unknown-input" | "expired" | "too-many-requests";

export class CommandDesk {
  readonly #router: Router;
  readonly #ledger: SiteLedger;
  readonly #sink: CommandDeskSink;
  readonly #open = new Map<RequestId, Open>();
  readonly #answers = new Map<RequestId, Reply>();
  #nextDue: Instant | undefined;

  constructor(router: Router, ledger: SiteLedger, sink: CommandDeskSink) {
    this.#router = router;
    this.#ledger = ledger;
    this.#sink = sink;
  }

  get open(): number {
    return this.#open.size;
  }

  /** Takes a command and sees that it is answered. Returns why it goes nowhere. */
  ask(to: SiteAddress, command: Command, presence: PresenceState, now: RouterNow): DeskRefusal | undefined {
    const { request } = command;
    if (request !== undefined) {
      if (this.#open.has(request)) return undefined;
      const answer = this.#answers.get(request);
      if (answer !== undefined) {
        this.#sink.reply(answer);
        return undefined;
      }
    }
    const refusal = this.#whyNot(to, command, presence);
    if (refusal !== undefined) {
      if (request !== undefined) this.#answer(replyOf(request, refusal));
      return refusal;
    }
    // Open before it is queued: the queue may refuse it at once.
    if (request !== undefined)
      this.#wait(request, to.node, later(now.instant, millis(command.ttl + answerGrace)));
    this.#router.command(to, command, now.wall, now.instant);
    return undefined;
  }

  /** A node says what became of a command. Only the one that was asked. */
  answered(node: string, reply: Reply): void {
    if (this.#open.get(reply.request)?.node === node) this.#answer(reply);
  }

  /** A message ended in the queue of its node, before it was sent. */
  ended(entry: Entry, loss: Loss): void {
    if (this.#open.size === 0 || !hasFlag(entry, entryFlag.command)) return;
    const command = readCommandBody(entry.body);
    const request = command.ok ? command.value.request : undefined;
    if (request === undefined || !this.#open.has(request)) return;
    const isLate = loss.end === "expired";
    this.#answer({
      request,
      outcome: isLate ? "expired" : "refused",
      reason: isLate ? "not-sent" : loss.reason,
    });
  }

  /** Answers for nodes that did not. Returns when to come back. */
  flush(at: Instant, presence: PresenceState): Instant | undefined {
    if (this.#nextDue === undefined || at < this.#nextDue) return this.#nextDue;
    this.#nextDue = undefined;
    for (const [request, { node, due }] of this.#open) {
      if (due > at) {
        this.#nextDue = earliest(this.#nextDue, due);
        continue;
      }
      const state = presence.get(node)?.state;
      const isThere = state !== undefined && isHere(state);
      this.#answer({ request, outcome: "expired", reason: isThere ? "no-answer" : "node-away" });
    }
    return this.#nextDue;
  }

  #whyNot(to: SiteAddress, command: Command, presence: PresenceState): DeskRefusal | undefined {
    const birth = presence.get(to.node)?.birth;
    const instances = birth?.instances ?? {};
    const instance = Object.hasOwn(instances, to.instance) ? instances[to.instance] : undefined;
    const ledger = birth === undefined ? this.#ledger.nowhere : this.#router.queueOf(to.node).ledger;
    const refuse = (refusal: DeskRefusal, loss: Loss): DeskRefusal => {
      ledger.produced(lane.control);
      ledger.lost(lane.control, loss);
      return refusal;
    };
    if (instance === undefined || findPort(instance.inputs, to.port) === undefined)
      return refuse("unknown-input", { end: "refused", reason: "no-route" });
    if (command.ttl === 0) return refuse("expired", { end: "expired", reason: "ttl" });
    if (command.request !== undefined && this.#open.size >= openRequestsMax)
      return refuse("too-many-requests", { end: "refused", reason: "full" });
    return undefined;
  }

  #wait(request: RequestId, node: string, due: Instant): void {
    this.#open.set(request, { node, due });
    this.#nextDue = earliest(this.#nextDue, due);
  }

  #answer(reply: Reply): void {
    this.#open.delete(reply.request);
    this.#answers.set(reply.request, reply);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > answersMax && oldest !== undefined) this.#answers.delete(oldest);
    this.#sink.reply(reply);
  }
}

const replyOf = (request: RequestId, refusal: DeskRefusal): Reply =>
  refusal === "expired"
    ? { request, outcome: "expired", reason: "ttl" }
    : { request, outcome: "refused", reason: refusal };
