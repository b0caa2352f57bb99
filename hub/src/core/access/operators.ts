/** Who may change the site: its revisions, its modes. Whoever may set every input may do that, and nobody else. */
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
  if (options === undefined) return true;
  const account = accountOf(options, asker);
  if (account === undefined) return false;
  // The anonymous account proves nothing, and need not.
  if (asker !== undefined && account.isPassword?.(asker.password) === false) return false;
  return account.publishOurs.covers(`ix/1/${site}/set/#`);
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
