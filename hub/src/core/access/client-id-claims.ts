/** Which account used a client id first. Bounded for each account apart, so that none can push another's out. */

/** Ids of one account. More: the one whose client connected longest ago is free for others again. */
const idsPerAccountMax = 4000;

export class ClientIdClaims {
  readonly #holders = new Map<string, string>();
  /** Ids by account, the latest to connect at the end. */
  readonly #ids = new Map<string, Set<string>>();

  holderOf(id: string): string | undefined {
    return this.#holders.get(id);
  }

  /** `id` belongs to `account` from now on. It must not belong to another. */
  claim(id: string, account: string): void {
    const ids = this.#ids.get(account) ?? new Set();
    this.#ids.set(account, ids);
    this.#holders.set(id, account);
    ids.delete(id);
    ids.add(id);
    const [oldest] = ids;
    if (ids.size <= idsPerAccountMax || oldest === undefined) return;
    ids.delete(oldest);
    this.#holders.delete(oldest);
  }
}
