/**
 * Raw streams: every value of an output as it comes, for somebody who looks closely for a while. Asking is
 * subscribing to the output's raw topic; it is a lease, and who goes on looking subscribes again.
 */
import { type Instant, later, seconds } from "@interactor/shared/kernel/units";
import { parseTopic, siteTopics } from "@interactor/shared/wire/topics";
import { siteAddress } from "@interactor/shared/wire/names";

/** Outputs whose raw stream is given at a time. More: refuse the subscription. */
export const rawTapsMax = 32;
/** A raw stream ends after this, unless somebody asks again. The command line asks every third of it. */
export const rawLease = seconds(60);

export class RawTaps {
  readonly #site: string;
  readonly #root: string;
  /** By `node/instance/output`: until when. */
  readonly #until = new Map<string, Instant>();

  constructor(site: string) {
    this.#site = site;
    this.#root = siteTopics(site).rawRoot;
  }

  get open(): number {
    return this.#until.size;
  }

  /** Somebody subscribes to `filter`. `false`: there are too many raw streams already. */
  ask(filter: string, at: Instant): boolean {
    if (!filter.startsWith(this.#root)) return true;
    const topic = parseTopic(filter);
    // Wildcards see what others have asked for, and open nothing.
    if (topic?.kind !== "raw" || topic.site !== this.#site) return true;
    const address = siteAddress(topic.address);
    this.#forgetOld(at);
    if (!this.#until.has(address) && this.#until.size >= rawTapsMax) return false;
    this.#until.set(address, later(at, rawLease));
    return true;
  }

  /** Whether somebody wants this output's values raw. Cheap while nobody wants any. */
  wants(address: string, at: Instant): boolean {
    if (this.#until.size === 0) return false;
    const until = this.#until.get(address);
    if (until === undefined) return false;
    if (at < until) return true;
    this.#until.delete(address);
    return false;
  }

  #forgetOld(at: Instant): void {
    for (const [address, until] of this.#until) if (until <= at) this.#until.delete(address);
  }
}
