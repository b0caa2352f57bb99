/**
 * What comes from the hub: decoded, repeats passed over, the late left undone, each batch confirmed. The
 * receipt frees the hub's window, so it goes out for repeats too: the first one may have been lost.
 */
import { millis } from "@interactor/shared/kernel/units";
import { type BatchFault, decodeBatch } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag, hasFlag } from "@interactor/shared/wire/entry";
import type { Lane } from "@interactor/shared/wire/lanes";
import { type ClockReply, readClockReply } from "@interactor/shared/wire/messages/clock-exchange";
import { readCommandBody } from "@interactor/shared/wire/messages/command";
import type { Receipt } from "@interactor/shared/wire/messages/receipt";
import { Sequence } from "@interactor/shared/wire/sequence";
import type { Now, Reception, Switchboard } from "../switchboard/switchboard.ts";

export type InboxRefusal =
  | BatchFault
  | "no-target"
  | "wrong-command"
  | "wrong-clock"
  | "expired"
  | Exclude<Reception, "taken">;

export interface InboxSink {
  receipt(receipt: Receipt): void;
  /** The hub says what time it is. */
  clock(reply: ClockReply): void;
  refused(reason: InboxRefusal): void;
  /** Entries that never came. */
  missed(lane: Lane, entries: number): void;
}

export class Inbox {
  readonly #switchboard: Switchboard;
  readonly #sink: InboxSink;
  readonly #sequence = new Sequence();

  constructor(switchboard: Switchboard, sink: InboxSink) {
    this.#switchboard = switchboard;
    this.#sink = sink;
  }

  receive(lane: Lane, payload: Uint8Array, now: Now): void {
    const decoded = decodeBatch(payload, lane);
    if (!decoded.ok) return this.#sink.refused(decoded.error);
    const batch = decoded.value;
    const { repeated, missed } = this.#sequence.accept({ ...batch, length: batch.entries.length });
    if (missed > 0) this.#sink.missed(lane, missed);
    for (const entry of batch.entries.slice(repeated)) {
      const refusal = this.#deliver(entry, now);
      if (refusal !== undefined) this.#sink.refused(refusal);
    }
    const seq = batch.firstSeq + batch.entries.length - 1;
    if (batch.entries.length > 0) this.#sink.receipt({ lane, session: batch.session, seq });
  }

  #deliver(entry: Entry, now: Now): InboxRefusal | undefined {
    if (hasFlag(entry, entryFlag.clock)) return this.#clock(entry);
    if (entry.to === null) return "no-target";
    // The hub writes what is left of the TTL when it sends; nothing left means: known, but too late.
    if (entry.ttl === millis(0)) return "expired";
    const reception = hasFlag(entry, entryFlag.command)
      ? this.#command(entry.to, entry, now)
      : this.#switchboard.fromHub(
          entry.to,
          entry.route ?? entry.from,
          { value: entry.body, at: entry.at },
          now,
        );
    return reception === "taken" ? undefined : reception;
  }

  /** Also one that is late: the round trip tells how little it says. */
  #clock({ body }: Entry): "wrong-clock" | undefined {
    const reply = readClockReply(body);
    if (reply === undefined) return "wrong-clock";
    this.#sink.clock(reply);
    return undefined;
  }

  #command(to: string, entry: Entry, now: Now): Reception | "wrong-command" {
    const command = readCommandBody(entry.body);
    return command.ok ? this.#switchboard.command(to, command.value, now) : "wrong-command";
  }
}
