/** Who has answered a stop or its release, and whether the hub holds it. */
import type { Millis } from "@interactor/shared/kernel/units";
import { decodeReported, type Reported } from "@interactor/shared/wire/messages/reported";
import { decodeStopLatch } from "@interactor/shared/wire/messages/stop";
import { parseTopic } from "@interactor/shared/wire/topics";

export interface Asked {
  readonly kind: "stop" | "release";
  readonly zone: string;
  /** Of our latch. */
  readonly id: string;
  /** What a release lets go of: no more than was known when it was asked. */
  readonly released: readonly string[];
}

/** Who is to answer. */
export interface Expected {
  /** Those that were there. */
  readonly here: readonly string[];
  /** Those that had been lost before anybody asked: nobody waits for them. */
  readonly away: readonly string[];
}

export interface Given {
  readonly node: string;
  /** From our sending to the node's word; `undefined`: none came. */
  readonly answeredMs: number | undefined;
  /** What the node itself says that it took. */
  readonly tookMs: number | undefined;
  /** It was lost before anybody asked. */
  readonly wasAway: boolean;
}

export class Answers {
  /** Every node's word, whether it is expected or not: who is, is known only later. */
  readonly #heard = new Map<string, Pick<Given, "answeredMs" | "tookMs">>();
  readonly #done = Promise.withResolvers<void>();
  #asked: Asked | undefined;
  #expected: Expected | undefined;
  #sentAt = 0;
  isAccepted = false;

  begin(asked: Asked): void {
    this.#asked = asked;
    this.#sentAt = performance.now();
  }

  hear({ topic, payload }: { readonly topic: string; readonly payload: Uint8Array }): void {
    const at = performance.now();
    const parsed = parseTopic(topic);
    const asked = this.#asked;
    if (asked === undefined) return;
    if (parsed?.kind === "stop" && parsed.zone === asked.zone) this.#hearHub(payload, asked);
    if (parsed?.kind !== "reported" || this.#heard.has(parsed.node)) return;
    const reported = decodeReported(payload);
    if (!reported.ok || !hasObeyed(reported.value, asked)) return;
    this.#heard.set(parsed.node, { answeredMs: at - this.#sentAt, tookMs: tookFor(asked, reported.value) });
    this.#settle();
  }

  /** Waits for the hub's word, and for that of who is expected. */
  async within(expected: Expected, patience: Millis, signal: AbortSignal): Promise<readonly Given[]> {
    this.#expected = expected;
    this.#settle();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    const timer = setTimeout(() => this.#done.resolve(), patience);
    try {
      await Promise.race([this.#done.promise, aborted]);
    } finally {
      clearTimeout(timer);
    }
    const silence = { answeredMs: undefined, tookMs: undefined };
    const given = (wasAway: boolean) => (node: string) => ({
      node,
      ...(this.#heard.get(node) ?? silence),
      wasAway,
    });
    return [...expected.here.map(given(false)), ...expected.away.map(given(true))];
  }

  #hearHub(payload: Uint8Array, asked: Asked): void {
    const said = decodeStopLatch(payload);
    if (!said.ok) return;
    const { latches = [], released = [] } = said.value;
    this.isAccepted ||=
      asked.kind === "stop"
        ? latches.some(({ id }) => id === asked.id)
        : asked.released.every((id) => released.includes(id));
    this.#settle();
  }

  #settle(): void {
    const isComplete = this.#expected?.here.every((node) => this.#heard.has(node)) === true;
    if (this.isAccepted && isComplete) this.#done.resolve();
  }
}

/** A node that reports our latch has stopped; one that reports none of those released has let go of them. */
export function hasObeyed({ stop }: Pick<Reported, "stop">, { kind, id, released }: Asked): boolean {
  const held = (stop?.latches ?? []).map((latch) => latch.id);
  return kind === "stop" ? held.includes(id) : !held.some((each) => released.includes(each));
}

/** Of a release the node says nothing: what it reports belongs to the stop that still holds it. */
function tookFor({ kind, id }: Asked, { stop }: Reported): number | undefined {
  if (kind === "release") return undefined;
  return stop?.latches.find((latch) => latch.id === id)?.tookMs ?? stop?.tookMs;
}
