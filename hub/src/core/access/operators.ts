/**
 * Who may change the site: its revisions, its modes, whose modules it takes. Whoever may set every input may do that, and
 * nobody else. Who may read what its nodes say: whoever may watch all values.
 */
import type { Account, AccountsOptions } from "./account.ts";

export interface Asker {
  readonly name: string;
  readonly password: Uint8Array;
}

/** Without accounts everybody may: the hub is reached from its own machine alone then. */
export function mayChangeSite(
  site: string,
  options: AccountsOptions | undefined,
  asker: Asker | undefined,
): boolean {
  return options === undefined || provenBy(options, asker)?.publishOurs.covers(`ix/1/${site}/set/#`) === true;
}

/** Who may change the site may read what is to be changed. */
export function mayReadSite(
  site: string,
  options: AccountsOptions | undefined,
  asker: Asker | undefined,
): boolean {
  if (options === undefined || mayChangeSite(site, options, asker)) return true;
  const account = provenBy(options, asker);
  const values = `ix/1/${site}/v/#`;
  if (account === undefined || account.subscribeNot.covers(values)) return false;
  return account.subscribe === "any" || account.subscribe.covers(values);
}

/** The account that somebody has, with its password. The anonymous one proves nothing, and need not. */
function provenBy(options: AccountsOptions, asker: Asker | undefined): Account | undefined {
  const account = accountOf(options, asker);
  return asker !== undefined && account?.isPassword?.(asker.password) === false ? undefined : account;
}

/**
 * Who did it, as it is written down: what a program says of who sits before it, and behind it the account that it has
 * proven to be. Without accounts there is nothing but its word.
 */
export function signedBy(
  options: AccountsOptions | undefined,
  asker: Asker | undefined,
  claimed: string,
): string {
  const account = options && accountOf(options, asker);
  return account === undefined || account.name === claimed ? claimed : `${claimed} (${account.name})`;
}

const accountOf = ({ accounts, anonymous }: AccountsOptions, asker: Asker | undefined): Account | undefined =>
  asker === undefined ? anonymous : accounts.find(({ name }) => name === asker.name);
