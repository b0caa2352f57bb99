/** An account of the listeners file: who it is for, and what its clients may do. */
import { type Rights, TopicFilters } from "./topic-filters.ts";

export interface Account {
  readonly name: string;
  /** Takes the same time for every wrong one. `undefined`: none is asked for. */
  readonly isPassword: ((given: Uint8Array) => boolean) | undefined;
  /** What its clients may be called: ids, and beginnings of ids with a `*` behind them. */
  readonly clientIds: "any" | readonly string[];
  readonly publish: Rights;
  /** Those of `publish` that name our own topics, `ix/…`, and not by a wildcard. */
  readonly publishOurs: TopicFilters;
  readonly subscribe: Rights;
  /** Filters that it may not ask for, though `subscribe` covers them. */
  readonly subscribeNot: TopicFilters;
}

const nothing = new TopicFilters([]);

/** Of whom nothing is known. */
export const noRights: Pick<Account, "publish" | "publishOurs" | "subscribe" | "subscribeNot"> = {
  publish: nothing,
  publishOurs: nothing,
  subscribe: nothing,
  subscribeNot: nothing,
};

export interface AccountsOptions {
  readonly accounts: readonly Account[];
  /** Clients without a user name act as this account; `undefined`: they are refused. */
  readonly anonymous: Account | undefined;
  /** Whether client ids `<site>/<node>` are agents, which need no account. */
  readonly agents: boolean;
}

/** How closely an account names a client id: 0 not at all, 1 by `any`, more by a beginning, most by the id itself. */
export function closeness({ clientIds }: Account, id: string): number {
  if (clientIds === "any") return 1;
  return Math.max(0, ...clientIds.map((pattern) => closenessOf(pattern, id)));
}

function closenessOf(pattern: string, id: string): number {
  if (!pattern.endsWith("*")) return pattern === id ? Number.MAX_SAFE_INTEGER : 0;
  return id.startsWith(pattern.slice(0, -1)) ? 1 + pattern.length : 0;
}
