/**
 * What comes from the hub: decoded, repeats passed over, the late left undone, each batch confirmed. The
 * receipt frees the hub's window, so it goes out for repeats too: the first one may have been lost.
 */
import { type Millis, millis } from "@interactor/shared/kernel/units";
import { type BatchFault, decodeBatch } from "@interactor/shared/wire/batch";
import { type Entry, entryFlag, hasFlag, quality } from "@interactor/shared/wire/entry";
import { type Lane, laneNumbers } from "@interactor/shared/wire/lanes";
import { Ledger, type Loss } from "@interactor/shared/wire/ledger";
import { type ClockReply, readClockReply } from "@interactor/shared/wire/messages/clock-exchange";
import { type Command, readCommandBody } from "@interactor/shared/wire/messages/command";
import type { Receipt } from "@interactor/shared/wire/messages/receipt";
import type { Reply } from "@interactor/shared/wire/messages/reply";
import type { RequestId } from "@interactor/shared/wire/request";
import { routesMax } from "@interactor/shared/wire/limits";
import { OriginMarks, wayOf } from "@interactor/shared/wire/origin";
import { Sequence } from "@interactor/shared/wire/sequence";
import { AnsweredRequests } from "./answered-requests.ts";
import { Transit } from "./transit.ts";
import type { Now, Reception, Switchboard } from "../switchboard/switchboard.ts";

export type InboxRefusal =
  | BatchFault
  | "no-target"
  | "wrong-command"
  | "held-by-stop"
  | "wrong-clock"
  | "expired"
  | Exclude<Reception, "taken">;

/** How an entry ends that an input did not take. */
const losses = {
  expired: { end: "expired", reason: "ttl" },
  "no-target": { end: "refused", reason: "no-target" },
  "held-by-stop": { end: "refused", reason: "held-by-stop" },
  "wrong-command": { end: "refused", reason: "wrong-command" },
  "wrong-clock": { end: "refused", reason: "wrong-clock" },
  "unknown-input": { end: "refused", reason: "unknown-input" },
  "wrong-type": { end: "refused", reason: "wrong-type" },
  "standing-still": { end: "refused", reason: "standing-still" },
} as const satisfies Record<Exclude<InboxRefusal, BatchFault>, Loss>;

type EntryRefusal = keyof typeof losses;

export interface InboxSink {
  receipt(receipt: Receipt): void;
  /** What became of a command that asked. */
  result(reply: Reply): void;
  /** The hub says what time it is. */
  clock(reply: ClockReply): void;
  refused(reason: InboxRefusal): void;
  /** Entries that never came. */
  missed(lane: Lane, entries: number): void;
}

/** Ways of events to this node that it remembers: each route there is may lead here. More: evict the oldest. */
const waysMax = routesMax;

export class Inbox {
  /** What came for the first time, and how it ended here. */
  readonly ledger = new Ledger();
  readonly #repeated = laneNumbers.map(() => 0);
  readonly #missed = laneNumbers.map(() => 0);
  readonly #switchboard: Switchboard;
  readonly #sink: InboxSink;
  readonly #sequence = new Sequence();
  readonly #answered = new AnsweredRequests();
  readonly #transit = new Transit();
  readonly #done = new OriginMarks(waysMax);

  constructor(switchboard: Switchboard, sink: InboxSink) {
    this.#switchboard = switchboard;
    this.#sink = sink;
  }

  /** Entries of a lane that came again, and that never came. */
  gaps(lane: Lane): { readonly repeated: number; readonly missed: number } {
    return { repeated: this.#repeated[lane] ?? 0, missed: this.#missed[lane] ?? 0 };
  }

  receive(lane: Lane, payload: Uint8Array, now: Now): void {
    const decoded = decodeBatch(payload, lane);
    if (!decoded.ok) return this.#sink.refused(decoded.error);
    const batch = decoded.value;
    const { session, sentAt } = batch;
    const delay = sentAt === undefined ? millis(0) : this.#transit.delayOf(session, sentAt, now.instant);
    const { repeated, missed } = this.#sequence.accept({ ...batch, length: batch.entries.length });
    this.#repeated[lane] = (this.#repeated[lane] ?? 0) + repeated;
    this.#missed[lane] = (this.#missed[lane] ?? 0) + missed;
    if (missed > 0) this.#sink.missed(lane, missed);
    for (const sent of batch.entries.slice(repeated)) {
      if (this.#isDone(sent)) {
        this.#repeated[lane] = (this.#repeated[lane] ?? 0) + 1;
        continue;
      }
      const entry = arrived(sent, delay);
      this.ledger.produced(lane);
      const refusal = this.#deliver(entry, now);
      if (refusal === undefined) this.ledger.delivered(lane);
      else {
        this.ledger.lost(lane, losses[refusal]);
        this.#sink.refused(refusal);
      }
    }
    const seq = batch.firstSeq + batch.entries.length - 1;
    if (batch.entries.length > 0) this.#sink.receipt({ lane, session: batch.session, seq });
  }

  /** An event that was done here before, and comes from another life of the hub that could not know. */
  #isDone({ from, route, to, origin }: Entry): boolean {
    if (origin === undefined) return false;
    const way = wayOf(from, route ?? "", to ?? "");
    if (this.#done.isDone(way, origin)) return true;
    this.#done.done(way, origin);
    return false;
  }

  #deliver(entry: Entry, now: Now): EntryRefusal | undefined {
    if (hasFlag(entry, entryFlag.clock)) return isLate(entry) ? "expired" : this.#clock(entry);
    if (entry.to === null) return "no-target";
    if (hasFlag(entry, entryFlag.command)) return this.#command(entry.to, entry, now);
    if (isLate(entry)) return "expired";
    // Only what a route leaves behind when it is gone is for whenever the node comes.
    const isGone = entry.body === null && entry.ttl === null && entry.quality === quality.good;
    const isAgain = hasFlag(entry, entryFlag.historical);
    const isNews = hasFlag(entry, entryFlag.news);
    const sample = { value: entry.body, at: entry.at, quality: entry.quality, isGone, isAgain, isNews };
    return refusalOf(this.#switchboard.fromHub(entry.to, entry.route ?? entry.from, sample, now));
  }

  #clock({ body }: Entry): "wrong-clock" | undefined {
    const reply = readClockReply(body);
    if (reply === undefined) return "wrong-clock";
    this.#sink.clock(reply);
    return undefined;
  }

  #command(to: string, entry: Entry, now: Now): EntryRefusal | undefined {
    const read = readCommandBody(entry.body);
    if (!read.ok) return isLate(entry) ? "expired" : "wrong-command";
    const { request } = read.value;
    const before = request === undefined ? undefined : this.#answered.answerTo(request);
    if (before !== undefined) {
      this.#sink.result(before);
      return undefined;
    }
    const refusal = isLate(entry) ? "expired" : this.#do(to, read.value, now);
    if (request !== undefined) {
      const reply = replyOf(request, refusal);
      this.#answered.add(reply);
      this.#sink.result(reply);
    }
    return refusal;
  }

  #do(to: string, command: Command, now: Now): EntryRefusal | undefined {
    // Who asks is told that it has no effect; who does not ask has it wait beneath the stop.
    const isHeld = command.request !== undefined && command.kind === "set" && this.#switchboard.isStopped(to);
    return isHeld ? "held-by-stop" : refusalOf(this.#switchboard.command(to, command, now));
  }
}

/** The entry with what is left of its TTL after its way. */
const arrived = (entry: Entry, delay: Millis): Entry =>
  entry.ttl === null || delay === 0 ? entry : { ...entry, ttl: millis(Math.max(entry.ttl - delay, 0)) };

/** The hub writes what is left of the TTL when it sends; nothing left means: known, but too late. */
const isLate = (entry: Entry): boolean => entry.ttl === millis(0);

const refusalOf = (reception: Reception): EntryRefusal | undefined =>
  reception === "taken" ? undefined : reception;

function replyOf(request: RequestId, refusal: EntryRefusal | undefined): Reply {
  if (refusal === undefined) return { request, outcome: "done" };
  const { end, reason } = losses[refusal];
  return { request, outcome: end, reason };
}
