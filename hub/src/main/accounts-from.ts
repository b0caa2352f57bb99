/** Accounts as the hub uses them, from accounts as they are written. */
import { createHash, timingSafeEqual } from "node:crypto";
import { TopicFilters } from "../core/access/topic-filters.ts";
import type { Account, AccountsOptions } from "../core/access/account.ts";
import type { WrittenAccount } from "./account-schema.ts";

export function accountsFrom(
  written: readonly WrittenAccount[],
  options: { readonly anonymous?: string | undefined; readonly agents?: boolean | undefined },
): AccountsOptions {
  const accounts = written.map(accountFrom);
  return {
    accounts,
    anonymous: accounts.find(({ name }) => name === options.anonymous),
    agents: options.agents ?? true,
  };
}

function accountFrom({
  name,
  password,
  clientIds,
  publish,
  subscribe,
  subscribeNot,
}: WrittenAccount): Account {
  const named = publish === "any" ? [] : publish.filter((filter) => filter.startsWith("ix/"));
  return {
    name,
    isPassword: password === undefined ? undefined : sameAs(password),
    clientIds,
    publish: publish === "any" ? publish : new TopicFilters(publish),
    publishOurs: new TopicFilters(named),
    subscribe: subscribe === "any" ? subscribe : new TopicFilters(subscribe),
    subscribeNot: new TopicFilters(subscribeNot),
  };
}

/** Digests have one length, so that the comparison takes the same time whatever is given. */
function sameAs(password: string): (given: Uint8Array) => boolean {
  const expected = digestOf(Buffer.from(password));
  return (given) => timingSafeEqual(digestOf(given), expected);
}

const digestOf = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
