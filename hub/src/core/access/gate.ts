/**
 * What each client may do. Without accounts a client id says who one is, as `access.ts` has it; with accounts, those
 * who are no agents have the rights of theirs.
 *
 * Topics that begin with `ix/` are ours. A wildcard of an account reaches them for reading; for writing they have
 * to be named, and even then only what anybody may ask of a site is taken: `set`, `stop` and `forget`. What a wildcard alone
 * would let an account write there is confirmed and has no effect, so that a client which clears all retained
 * messages it sees does no harm and is not cut off.
 */
import { isHere } from "@interactor/shared/wire/node-state";
import { parseTopic, type Topic } from "@interactor/shared/wire/topics";
import { fullWords, hasRoomFor, type PresenceState } from "../presence/presence.ts";
import { type Account, type AccountsOptions, noRights } from "./account.ts";
import { Accounts } from "./accounts.ts";
import { type Credentials, type Entrance, refused, type Visitor, welcome } from "./entrance.ts";
import type { UnitBook } from "./unit-book.ts";
import { identify, type Identity, mayPublish, maySubscribe } from "./access.ts";

export type PublishRight =
  /** It means something to the hub. `from`: the agent that says it. */
  | { readonly kind: "ours"; readonly topic: Topic; readonly from: string | undefined }
  /** It means nothing to the hub and goes to who subscribed. */
  | { readonly kind: "free" }
  /** It is allowed, and has no effect. */
  | { readonly kind: "vain" }
  | { readonly kind: "forbidden" };

const free: PublishRight = { kind: "free" };
const vain: PublishRight = { kind: "vain" };
const forbidden: PublishRight = { kind: "forbidden" };
const visitor: Identity = { kind: "visitor" };

/** Topics of one agent that are remembered: it has fewer. More: they are looked at anew. */
const agentRightsMax = 32;

/** `undefined`: an account that is none, as of a client that has gone. */
type Role = Identity | { readonly kind: "account"; readonly account: Account | undefined };

export class Gate {
  readonly #site: string;
  readonly #accounts: Accounts | undefined;
  readonly #units: UnitBook;
  readonly #roles = new WeakMap<Visitor, Role>();
  /** By topic. */
  readonly #agentRights = new WeakMap<Visitor, Map<string, PublishRight>>();

  /** Without accounts everybody is let in. */
  constructor(site: string, accounts: AccountsOptions | undefined, units: UnitBook) {
    this.#site = site;
    this.#units = units;
    this.#accounts = accounts && new Accounts(site, accounts);
  }

  admit(visitor: Credentials, presence: PresenceState): Entrance {
    const entrance = this.#accounts?.admit(visitor) ?? welcome;
    const identity = identify(this.#site, visitor.id);
    if (entrance.kind === "refused" || identity.kind === "visitor") return entrance;
    if (!hasRoomFor(presence, identity.node)) return refused("not-allowed", fullWords(identity.node));
    const known = presence.get(identity.node);
    const isFilled = known !== undefined && isHere(known.state) && known.birth.unit !== visitor.user;
    if (!isFilled || this.#units.isAwaited(identity.node, visitor.user, known.birth.unit)) {
      const refusal = this.#units.refusal(identity.node, visitor.user);
      return refusal === undefined ? entrance : refused("not-allowed", refusal);
    }
    const reason = `node "${identity.node}" is filled by unit ${known.birth.unit}; unit ${visitor.user} was refused`;
    return refused("not-allowed", reason);
  }

  maySubscribe(visitor: Visitor, filter: string): boolean {
    const role = this.#roleOf(visitor);
    if (role.kind !== "account") return maySubscribe(this.#site, role, filter);
    const { subscribe, subscribeNot } = role.account ?? noRights;
    if (subscribeNot.covers(filter)) return false;
    return subscribe === "any" || subscribe.covers(filter);
  }

  publishRight(visitor: Visitor, topicText: string): PublishRight {
    const role = this.#roleOf(visitor);
    if (role.kind === "account") return this.#rightOf(role.account ?? noRights, topicText);
    if (role.kind !== "agent") return this.#rightOfSite(role, topicText);
    // An agent says most of what it says on one topic, and is asked about with each batch.
    const rights = this.#agentRights.get(visitor) ?? new Map<string, PublishRight>();
    const known = rights.get(topicText);
    if (known !== undefined) return known;
    const right = this.#rightOfSite(role, topicText);
    if (rights.size >= agentRightsMax) rights.clear();
    this.#agentRights.set(visitor, rights.set(topicText, right));
    return right;
  }

  #rightOfSite(role: Identity, topicText: string): PublishRight {
    const topic = parseTopic(topicText);
    if (topic === undefined || !mayPublish(this.#site, role, topic)) return forbidden;
    return { kind: "ours", topic, from: role.kind === "agent" ? role.node : undefined };
  }

  #rightOf({ publish, publishOurs }: typeof noRights, topicText: string): PublishRight {
    if (publish !== "any" && !publish.matches(topicText)) return forbidden;
    if (!isOurs(topicText)) return free;
    const topic = publishOurs.matches(topicText) ? parseTopic(topicText) : undefined;
    if (topic === undefined || !mayPublish(this.#site, visitor, topic)) return vain;
    return { kind: "ours", topic, from: undefined };
  }

  /** A client is one object as long as it is connected, and is asked about with each of its messages. */
  #roleOf(visitor: Visitor): Role {
    let role = this.#roles.get(visitor);
    if (role === undefined) {
      const isByAccount = this.#accounts !== undefined && !this.#accounts.isAgent(visitor.id);
      role = isByAccount
        ? { kind: "account", account: this.#accounts?.of(visitor) }
        : identify(this.#site, visitor.id);
      this.#roles.set(visitor, role);
    }
    return role;
  }
}

const isOurs = (topic: string): boolean => topic.startsWith("ix") && (topic.length === 2 || topic[2] === "/");
