/** What the hub hears of its nodes, and what follows from it for the queues, the log and who asks. */
import { unreachable } from "@interactor/shared/kernel/assert";
import type { Clock } from "@interactor/shared/kernel/clock";
import { decodeReported } from "@interactor/shared/wire/messages/reported";
import { type Birth, claimsBirth, decodeNodeState } from "@interactor/shared/wire/messages/state";
import type { DocumentFault } from "@interactor/shared/wire/messages/schema";
import { findPort } from "@interactor/shared/wire/messages/port";
import type { SiteAddress } from "@interactor/shared/wire/names";
import { isHere } from "@interactor/shared/wire/node-state";
import {
  fullWords,
  LastSeen,
  nobody,
  type NodePresence,
  type PresenceEffect,
  type PresenceEvent,
  type PresenceState,
  stepPresence,
} from "./core/presence/presence.ts";
import type { SiteLedger } from "./core/ledger/site-ledger.ts";
import type { Feed } from "./core/feed/feed.ts";
import type { Router } from "./core/routing/router.ts";
import type { HubStop } from "./hub-stop.ts";
import type { HubFaults } from "./hub-faults.ts";
import type { HubSite } from "./hub-site.ts";
import type { HubUnits } from "./hub-units.ts";
import type { Verdict } from "./ports/broker.ts";

export interface PresenceParts {
  readonly clock: Clock;
  readonly faults: HubFaults;
  readonly router: Router;
  readonly feed: Feed;
  readonly showStop: HubStop;
  readonly ledger: SiteLedger;
  /** Nothing is known of the node any more. */
  readonly forgotten: (node: string) => void;
  readonly site: () => HubSite;
  readonly units: HubUnits;
  readonly refuse: (kind: string, reason: string, node: string) => Verdict;
}

const pass: Verdict = { kind: "pass" };

export class HubPresence {
  readonly lastSeen = new LastSeen();
  readonly #parts: PresenceParts;
  /** By node: the birth that its values were last compared with. */
  readonly #swept = new Map<string, Birth>();
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

  isHere(node: string): boolean {
    const known = this.#state.get(node);
    return known !== undefined && isHere(known.state);
  }

  /** The unit that fills a node and is here. */
  unitHere(node: string): string | undefined {
    return this.isHere(node) ? this.birthOf(node)?.unit : undefined;
  }

  nodeState(node: string, payload: Uint8Array): Verdict {
    const decoded = decodeNodeState(payload);
    if (!decoded.ok) {
      const verdict = this.#parts.refuse("state", decoded.error, node);
      return claimsBirth(payload, decoded.error) ? unborn(unreadable(node, decoded.error)) : verdict;
    }
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

  /** Somebody wants it forgotten. Returns why it is not. */
  forget(node: string): "node-is-here" | "unknown-node" | undefined {
    const step = stepPresence(this.#state, { kind: "forget", node, at: this.#parts.clock.wall() });
    if (!step.ok) return step.refusal === "node-is-here" ? step.refusal : "unknown-node";
    this.#state = step.state;
    for (const effect of step.effects) this.#perform(effect);
    return undefined;
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
    if (!step.ok) {
      const verdict = this.#parts.refuse(event.kind, step.refusal, event.node);
      return step.refusal === "too-many-nodes" ? unborn(fullWords(event.node)) : verdict;
    }
    this.#state = step.state;
    for (const effect of step.effects) this.#perform(effect);
    const { showStop } = this.#parts;
    if (event.kind === "birth" || event.kind === "reported") this.#forgetUndeclared(event.node);
    if (event.kind === "reported") {
      showStop.reported(event.node, event.reported.stop);
      this.#parts.site().reported(event.node, event.reported);
    }
    if (event.kind === "birth") {
      this.#parts.units.born(event.node, event.birth.unit);
      showStop.born(event.node, event.birth.zones);
      // Who was away missed what expired meanwhile, and has to be where the site is now.
      const wasAway = step.effects.some(({ kind }) => kind === "born");
      const fresh = newInstances(event.birth, wasAway ? undefined : before);
      const { router, clock } = this.#parts;
      if (fresh.size > 0) router.catchUp(event.node, fresh, clock.now());
    }
    return pass;
  }

  /** An instance that is only starting has yet to say what it gives: until all have, what was known of them stays. */
  #forgetUndeclared(node: string): void {
    const known = this.#state.get(node);
    if (known?.hasBegun !== true || this.#swept.get(node) === known.birth) return;
    this.#swept.set(node, known.birth);
    const { feed, router } = this.#parts;
    for (const address of feed.keep(node, isDeclaredBy(known.birth))) router.forgetLatest(address);
  }

  #perform(effect: PresenceEffect): void {
    const { clock, faults, router, site } = this.#parts;
    switch (effect.kind) {
      case "born":
        router.connected(effect.node, effect.isNewLife);
        return site().presence(effect.node, true);
      case "taken-over":
        return faults.node("nodes are filled by another agent", effect.node, {
          level: "warn",
          words: `another agent of unit ${effect.unit} fills node ${effect.node} now: is its data folder a copy of another's?`,
        });
      case "gone":
        router.disconnected(effect.node);
        router.sourceLost(effect.node, { instant: clock.now(), wall: clock.wall() });
        return site().presence(effect.node, false);
      case "forgotten":
        return this.#forget(effect.node);
      case "changed":
        return this.#say(effect.presence);
      default:
        return unreachable(effect);
    }
  }

  #forget(node: string): void {
    const { faults, feed, forgotten, ledger, router, showStop } = this.#parts;
    ledger.forget(node, router.forget(node));
    for (const address of feed.keep(node, () => false)) router.forgetLatest(address);
    showStop.left(node);
    this.lastSeen.forget(node);
    this.#swept.delete(node);
    forgotten(node);
    faults.node("nodes are forgotten", node, { level: "warn", words: `node ${node} is forgotten` });
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

/**
 * Who is not born is cut off: what it sends could not be understood, and would be confirmed all the same, a spool on
 * its disk too.
 */
const unborn = (reason: string): Verdict => ({ kind: "cut", reason });

const unreadable = (node: string, fault: DocumentFault): string =>
  fault === "unknown-version"
    ? `node ${node} speaks a newer version than this hub, which cannot read its birth: update the hub`
    : `the birth of node ${node} cannot be read (${fault}); if its agent is newer than this hub, update the hub`;

/** Instances that a node has now and did not have before. */
function newInstances(birth: Birth, before: Birth | undefined): ReadonlySet<string> {
  const known = before?.instances ?? {};
  return new Set(Object.keys(birth.instances).filter((name) => !Object.hasOwn(known, name)));
}

const isDeclaredBy =
  ({ instances }: Birth) =>
  ({ instance, port }: SiteAddress): boolean => {
    const declared = Object.hasOwn(instances, instance) ? instances[instance] : undefined;
    return (
      declared !== undefined &&
      (findPort(declared.outputs, port) ?? findPort(declared.inputs, port)) !== undefined
    );
  };
