/** Keeps the node's idea of the site's clock: asks the hub, takes its answers, and steers the clock by them. */
import { between, type Instant, seconds } from "@interactor/shared/kernel/units";
import type { ClockReply } from "@interactor/shared/wire/messages/clock-exchange";
import type { ClockReport } from "@interactor/shared/wire/messages/reported";
import type { KnownClock } from "./core/apply/group-vote.ts";
import { ClockSync } from "./core/clock-sync/clock-sync.ts";
import type { Outbox } from "./core/outbox/outbox.ts";
import type { Report } from "./core/report/report.ts";
import type { Now } from "./core/switchboard/switchboard.ts";
import type { Log } from "./ports/log.ts";
import type { SiteClock } from "./ports/site-clock.ts";

/** A node that has been connected for this long and still does not know the time is told of. */
const unsynchronisedMax = seconds(60);

export class AgentClock {
  readonly #sync = new ClockSync();
  readonly #clock: SiteClock;
  readonly #outbox: Outbox;
  readonly #report: Report;
  readonly #log: Log;
  #connectedAt: Instant | undefined;

  constructor(clock: SiteClock, outbox: Outbox, report: Report, log: Log) {
    this.#clock = clock;
    this.#outbox = outbox;
    this.#report = report;
    this.#log = log;
  }

  connected(): void {
    this.#connectedAt = this.#clock.now();
    this.#sync.connected(this.#connectedAt);
  }

  disconnected(): void {
    this.#connectedAt = undefined;
    this.#sync.disconnected();
  }

  /** The hub has said something of its clock: it is asked again soon. */
  askAgain(): void {
    if (this.#connectedAt !== undefined) this.#sync.askSoon(this.#clock.now());
  }

  /** Asks when it is time to. Returns when to come back. */
  pump(now: Now): Instant | undefined {
    if (this.#sync.dueAt === undefined || this.#sync.dueAt > now.instant) return this.#sync.dueAt;
    this.#outbox.clock(this.#sync.ask(now.instant), now.wall, now.instant);
    const isLate =
      !this.#sync.isSynchronised &&
      this.#connectedAt !== undefined &&
      between(this.#connectedAt, now.instant) > unsynchronisedMax;
    this.#report.problem("clock", isLate ? "it cannot find out the site's time from the hub" : undefined);
    return this.#sync.dueAt;
  }

  reply(reply: ClockReply): void {
    const at = this.#clock.now();
    const news = this.#sync.reply(reply, at);
    const offset = this.#sync.offset(at);
    if (offset === undefined || news.kind === "unasked" || news.kind === "impossible") return;
    this.#clock.steer(offset);
    this.#outbox.isClockSynchronised = true;
    if (news.kind === "kept") return;
    this.#report.problem("clock", undefined);
    this.#report.changed();
    const { offsetMs, errorMs } = this.report();
    const details = { offsetMs, errorMs };
    if (news.kind === "first") this.#log.info("the site's time is known from the hub", details);
    else {
      const words = `the hub's clock was set by ${Math.round(news.by)} ms: this node follows`;
      this.#log.warn(words, { ...details, by: news.by });
    }
  }

  /** The site's time with its error, once it is known. */
  get known(): KnownClock | undefined {
    const error = this.#sync.errorBound(this.#clock.now());
    return this.#clock.isSynchronised && error !== undefined
      ? { wall: this.#clock.wall(), error }
      : undefined;
  }

  report(): ClockReport {
    const isKnown = this.#clock.isSynchronised;
    const error = this.#sync.errorBound(this.#clock.now());
    return {
      synchronised: isKnown,
      offsetMs: isKnown ? (this.#clock.wall() - this.#clock.own()) / 1000 : null,
      errorMs: error ?? null,
      steps: this.#sync.steps,
    };
  }
}
