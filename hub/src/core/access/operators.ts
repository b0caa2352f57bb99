/** Who may change the site: its revisions, its modes. Whoever may set every input may do that, and nobody else. */
import type { AccountsOptions } from "./account.ts";

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
  const { accounts, anonymous } = options;
  const account = asker === undefined ? anonymous : accounts.find(({ name }) => name === asker.name);
  if (account === undefined) return false;
  // The anonymous account proves nothing, and need not.
  if (asker !== undefined && account.isPassword?.(asker.password) === false) return false;
  return account.publishOurs.covers(`ix/1/${site}/set/#`);
}
