/**
 * Who a client is, and whether it may come in, when a listeners file says so. Client ids `<site>/<node>` are
 * agents, with the unit as their user name and without a password; no account ever gets one of them, so a unit and
 * an account may have the same name. Everybody else belongs to the account it names, or to the anonymous one.
 *
 * Who connects with the id of another client takes its connection and its session over, so an id belongs to one
 * account: to the one that names it most closely, and among those to the first that used it.
 */
import { type Account, type AccountsOptions, closeness } from "./account.ts";
import { identify } from "./access.ts";
import { ClientIdClaims } from "./client-id-claims.ts";
import { type Credentials, type Entrance, refused, type Visitor, welcome } from "./entrance.ts";

export class Accounts {
  readonly #site: string;
  readonly #options: AccountsOptions;
  readonly #byName: ReadonlyMap<string, Account>;
  readonly #claims = new ClientIdClaims();

  constructor(site: string, options: AccountsOptions) {
    this.#site = site;
    this.#options = options;
    this.#byName = new Map(options.accounts.map((account) => [account.name, account]));
  }

  /** Agents are known without an account, where they are let in at all. */
  isAgent(id: string): boolean {
    return this.#options.agents && identify(this.#site, id).kind === "agent";
  }

  /** The account a client was let in with. */
  of({ user }: Visitor): Account | undefined {
    return user === "" ? this.#options.anonymous : this.#byName.get(user);
  }

  admit(visitor: Credentials): Entrance {
    const { id, user, password } = visitor;
    if (this.isAgent(id)) {
      if (password === undefined) return welcome;
      return refused("not-allowed", `client id ${id} is an agent's, and agents give no password`);
    }
    const account = this.of(visitor);
    if (account === undefined) {
      return user === ""
        ? refused("not-allowed", `${id} gave no user name, and there is no anonymous account`)
        : refused("bad-credentials", `${id} named account "${user}", which there is not`);
    }
    if (!isProven(account, visitor))
      return refused("bad-credentials", `${id} gave a wrong password for "${account.name}"`);
    return this.#withId(account, id);
  }

  #withId(account: Account, id: string): Entrance {
    const own = closeness(account, id);
    if (own === 0) return refused("not-allowed", `account "${account.name}" has no client id ${id}`);
    const closer = this.#options.accounts.find((other) => closeness(other, id) > own);
    const holder = closer?.name ?? this.#claims.holderOf(id) ?? account.name;
    if (holder !== account.name)
      return refused("not-allowed", `client id ${id} is account "${holder}"'s, not "${account.name}"'s`);
    this.#claims.claim(id, account.name);
    return welcome;
  }
}

function isProven(account: Account, { user, password }: Credentials): boolean {
  if (user === "" || account.isPassword === undefined) return password === undefined;
  return password !== undefined && account.isPassword(password);
}
