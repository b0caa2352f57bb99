/** What the hub hears of its nodes, and what follows from it for the queues, the log and who asks. */
import { unreachable } from "@interactor/shared/kernel/assert";
import type { Clock } from "@interactor/shared/kernel/clock";
import { decodeReported } from "@interactor/shared/wire/messages/reported";
import { type Birth, decodeNodeState } from "@interactor/shared/wire/messages/state";
import { isHere } from "@interactor/shared/wire/node-state";
import {
  LastSeen,
  nobody,
  type NodePresence,
  type PresenceEffect,
  type PresenceEvent,
  type PresenceState,
  stepPresence,
} from "./core/presence/presence.ts";
import type { Router } from "./core/routing/router.ts";
import type { HubStop } from "./hub-stop.ts";
import type { HubFaults } from "./hub-faults.ts";
import type { Verdict } from "./ports/broker.ts";

export interface PresenceParts {
  readonly clock: Clock;
  readonly faults: HubFaults;
  readonly router: Router;
  readonly showStop: HubStop;
  readonly publishDesired: (node: string) => void;
  readonly refuse: (kind: string, reason: string, node: string) => Verdict;
}

const pass: Verdict = { kind: "pass" };

export class HubPresence {
  readonly lastSeen = new LastSeen();
  readonly #parts: PresenceParts;
  #state: PresenceState = nobody;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  get state(): PresenceState {
    return this.#state;
  }

  birthOf(node: string): Birth | undefined {
    return this.#state.get(node)?.birth;
  }

  nodeState(node: string, payload: Uint8Array): Verdict {
    const decoded = decodeNodeState(payload);
    if (!decoded.ok) return this.#parts.refuse("state", decoded.error, node);
    const message = decoded.value;
    const at = this.#parts.clock.wall();
    const verdict =
      message.kind === "birth"
        ? this.#present({ kind: "birth", node, at, birth: message })
        : this.#present({ kind: "death", node, at, death: message });
    if (message.kind === "birth" || message.reason === "stopped") this.heard(node);
    return verdict;
  }

  reported(node: string, payload: Uint8Array): Verdict {
    const decoded = decodeReported(payload);
    if (!decoded.ok) return this.#parts.refuse("reported", decoded.error, node);
    return this.#present({ kind: "reported", node, at: this.#parts.clock.wall(), reported: decoded.value });
  }

  heard(node: string): void {
    // Only of nodes that are known, so that made-up names fill nothing.
    if (this.#state.has(node)) this.lastSeen.heard(node, this.#parts.clock.wall());
  }

  /** Looks what the hub's own queues say of the nodes. */
  look(): void {
    const at = this.#parts.clock.wall();
    for (const [node, { problems }] of this.#state) {
      const isFull = this.#parts.router.queues.get(node)?.isCriticalFull ?? false;
      if (isFull === problems.length > 0) continue;
      const words = isFull ? ["the hub's queue for it is full of critical messages"] : [];
      this.#present({ kind: "problems", node, at, problems: words });
    }
  }

  #present(event: PresenceEvent): Verdict {
    const before = this.birthOf(event.node);
    const step = stepPresence(this.#state, event);
    if (!step.ok) return this.#parts.refuse(event.kind, step.refusal, event.node);
    this.#state = step.state;
    for (const effect of step.effects) this.#perform(effect);
    const { showStop } = this.#parts;
    if (event.kind === "reported") showStop.reported(event.node, event.reported.stop);
    if (event.kind === "birth") {
      showStop.born(event.node, event.birth.zones);
      // Who was away missed what expired meanwhile, and has to be where the site is now.
      const wasAway = step.effects.some(({ kind }) => kind === "born");
      const fresh = newInstances(event.birth, wasAway ? undefined : before);
      const { router, clock } = this.#parts;
      if (fresh.size > 0) router.catchUp(event.node, fresh, clock.now());
    }
    return pass;
  }

  #perform(effect: PresenceEffect): void {
    const { faults, router, publishDesired } = this.#parts;
    switch (effect.kind) {
      case "born":
        router.connected(effect.node);
        return publishDesired(effect.node);
      case "taken-over":
        return faults.node("nodes are filled by another agent", effect.node, {
          level: "warn",
          words: `another agent of unit ${effect.unit} fills node ${effect.node} now: is its data folder a copy of another's?`,
        });
      case "gone":
        return router.disconnected(effect.node);
      case "changed":
        return this.#say(effect.presence);
      default:
        return unreachable(effect);
    }
  }

  #say({ node, state, reasons, death, birth }: NodePresence): void {
    const isGood = state === "init" || state === "ready" || state === "sleeping";
    const words = isHere(state) && state !== "degraded" ? "" : `: ${reasons.join("; ")}`;
    const details = { session: birth.session, connection: birth.connection, until: death?.sleep?.until };
    const line = {
      level: isGood ? "info" : "warn",
      words: `node ${node} is ${state}${words}`,
      details,
    } as const;
    this.#parts.faults.node(`nodes are ${state}`, node, line);
  }
}

/** Instances that a node has now and did not have before. */
function newInstances(birth: Birth, before: Birth | undefined): ReadonlySet<string> {
  const known = before?.instances ?? {};
  return new Set(Object.keys(birth.instances).filter((name) => !Object.hasOwn(known, name)));
}
