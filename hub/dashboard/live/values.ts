/** The last value of every output and input, each with the time it was measured and a short history. */
import type { DocumentFault } from "@interactor/shared/wire/messages/schema";
import { decodePublicValue, type PublicValue } from "@interactor/shared/wire/messages/public-value";
import { entryFlag, hasFlag, type Quality, quality } from "@interactor/shared/wire/entry";
import type { SiteAddress } from "@interactor/shared/wire/names";
import { parseTopic } from "@interactor/shared/wire/topics";
import type { Value } from "@interactor/shared/wire/value";
import { History } from "./history.ts";
import { historiesMax, valuesMax } from "./limits.ts";

/** Written in place with every message: this is the page's hot path. */
export interface LiveValue {
  readonly address: SiteAddress;
  value: Value;
  /** When it was measured: ms since 1970 by the site's clock. */
  at: number;
  quality: Quality;
  /** Counts its messages, so that a painter knows whether there is something new. */
  revision: number;
  history: History | undefined;
}

export type Taken = "updated" | "new" | "forgotten" | "refused" | "not-ours" | DocumentFault;

export class Values {
  readonly #byTopic = new Map<string, LiveValue>();
  readonly #byAddress = new Map<string, LiveValue>();
  readonly #lastAt = new Map<string, number>();
  readonly #hasHistory: (address: SiteAddress) => boolean;
  #histories = 0;

  /** `hasHistory` says which addresses are worth a line; the 512 channels of a universe are not. */
  constructor(hasHistory: (address: SiteAddress) => boolean) {
    this.#hasHistory = hasHistory;
  }

  /** Takes one message. `now` in ms of the site's clock stands in for the time of a node that has none. */
  take(topic: string, payload: Uint8Array, now: number): Taken {
    if (payload.length === 0) return this.#forget(topic);
    const message = decodePublicValue(payload);
    if (!message.ok) return message.error;
    const known = this.#byTopic.get(topic);
    if (known !== undefined) {
      this.#write(known, message.value, now);
      return "updated";
    }
    const parsed = parseTopic(topic);
    if (parsed?.kind !== "value") return "not-ours";
    if (this.#byTopic.size >= valuesMax) return "refused";
    this.#write(this.#begin(topic, parsed.address), message.value, now);
    return "new";
  }

  get(node: string, instance: string, port: string): LiveValue | undefined {
    return this.#byAddress.get(`${node}/${instance}/${port}`);
  }

  all(): IterableIterator<LiveValue> {
    return this.#byTopic.values();
  }

  /** When the newest value of a node was measured: ms by the site's clock. */
  lastOf(node: string): number | undefined {
    return this.#lastAt.get(node);
  }

  #begin(topic: string, address: SiteAddress): LiveValue {
    const made: LiveValue = {
      address,
      value: null,
      at: 0,
      quality: quality.good,
      revision: 0,
      history: undefined,
    };
    if (this.#histories < historiesMax && this.#hasHistory(address)) {
      made.history = new History();
      this.#histories += 1;
    }
    this.#byTopic.set(topic, made);
    this.#byAddress.set(addressOf(made), made);
    return made;
  }

  #write(known: LiveValue, message: PublicValue, now: number): void {
    const { value } = message;
    known.value = value;
    known.at = hasFlag(message, entryFlag.clockUnsynchronised) ? now : message.at / 1000;
    known.quality = message.quality;
    known.revision += 1;
    if (typeof value === "number") known.history?.add(known.at, value);
    else if (typeof value === "boolean") known.history?.add(known.at, value ? 1 : 0);
    const { node } = known.address;
    if (known.at > (this.#lastAt.get(node) ?? 0)) this.#lastAt.set(node, known.at);
  }

  #forget(topic: string): Taken {
    const known = this.#byTopic.get(topic);
    if (known === undefined) return "not-ours";
    if (known.history !== undefined) this.#histories -= 1;
    this.#byTopic.delete(topic);
    this.#byAddress.delete(addressOf(known));
    return "forgotten";
  }
}

const addressOf = ({ address }: LiveValue): string => `${address.node}/${address.instance}/${address.port}`;
