/** What a node says of itself on `reported`: gathered as it changes, and when it is time to say it. */
import { between, type Instant, later, millis, seconds } from "@interactor/shared/kernel/units";
import type { RouteRunner } from "@interactor/shared/routing/run-route";
import { type Check, checkWordsMax } from "@interactor/shared/wire/machine-check";
import { payloadBytesMax, problemsMax } from "@interactor/shared/wire/limits";
import type { PluggedIn } from "@interactor/shared/wire/plugged-in";
import {
  type ApplyReport,
  type ClockReport,
  encodeReported,
  type InstanceReport,
  type Reported,
  type StopReport,
} from "@interactor/shared/wire/messages/reported";
import type { OwnerReport } from "@interactor/shared/wire/messages/owners";
import type { Session } from "@interactor/shared/wire/session";

/** A change is said no sooner than this after the one before it. */
const changeInterval = millis(200);
/** What changes all the time, such as the counts of routes, is said this often. */
const quietInterval = seconds(5);
/** Reasons counted. They are ours; this bounds a mistake. */
const reasonsMax = 50;
/** Words of modules and expressions are as long as they like; those of 64 instances must fit into one report. */
const wordsMax = 512;

export interface Running {
  readonly revision: number;
  readonly digest: string;
  readonly apply: ApplyReport;
  readonly owners: Readonly<Record<string, OwnerReport>>;
  readonly routes: readonly RouteRunner[];
  /** `undefined`: no show stop holds the node. */
  readonly stop?: StopReport | undefined;
  readonly clock: ClockReport;
  /** What the machine lacks; `undefined`: nobody has looked. */
  readonly machine?: readonly Check[] | undefined;
  /** What is plugged into it; `undefined`: nobody has looked. */
  readonly devices?: PluggedIn | undefined;
}

export class Report {
  readonly #session: Session;
  readonly #instances = new Map<string, InstanceReport>();
  readonly #refused = new Map<string, number>();
  readonly #problems = new Map<string, string>();
  #isChanged = true;
  #saidAt: Instant | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  instance(name: string, report: InstanceReport): void {
    const { state, reason } = report;
    this.#instances.set(name, reason === undefined ? report : { state, reason: shortened(reason) });
    this.#isChanged = true;
  }

  /** It is here no more. */
  forget(instance: string): void {
    if (this.#instances.delete(instance)) this.#isChanged = true;
  }

  refused(reason: string): void {
    const known = this.#refused.get(reason);
    if (known === undefined && this.#refused.size >= reasonsMax) return;
    this.#refused.set(reason, (known ?? 0) + 1);
    this.#isChanged = true;
  }

  /** What keeps the node from working wholly, in words for people; `undefined`: that is over. */
  problem(what: string, words: string | undefined): void {
    if (this.#problems.get(what) === words) return;
    if (words === undefined) this.#problems.delete(what);
    else this.#problems.set(what, shortened(words));
    this.#isChanged = true;
  }

  changed(): void {
    this.#isChanged = true;
  }

  /** Whoever listens now has not heard anything yet, or what there is to say must not wait. */
  begin(): void {
    this.#saidAt = undefined;
  }

  /** When it is next time to say it. */
  dueAt(at: Instant): Instant {
    if (this.#saidAt === undefined) return at;
    return later(this.#saidAt, this.#isChanged ? changeInterval : quietInterval);
  }

  /** The document, to be sent at `at`. */
  take(running: Running, at: Instant): Reported {
    this.#saidAt = at;
    this.#isChanged = false;
    const routes = running.routes.map(({ route, passed, failed, error, meter }) => {
      const budget = meter?.report();
      const words = error === undefined ? {} : { error: shortened(error) };
      return [route.name, { passed, failed, ...words, ...(budget === undefined ? {} : { budget }) }];
    });
    const { reason } = running.apply;
    return {
      v: 1,
      session: this.#session,
      revision: running.revision,
      digest: running.digest,
      instances: Object.fromEntries(this.#instances),
      owners: running.owners,
      routes: Object.fromEntries(routes),
      refused: Object.fromEntries(this.#refused),
      ...(running.stop === undefined ? {} : { stop: running.stop }),
      problems: [...this.#problems.values()].slice(0, problemsMax),
      clock: running.clock,
      ...(running.machine === undefined ? {} : { machine: running.machine.flatMap(lackOf) }),
      ...(running.devices === undefined ? {} : { devices: running.devices }),
      apply: { ...running.apply, ...(reason === undefined ? {} : { reason: shortened(reason) }) },
    };
  }

  /**
   * The document as it is sent. The hub cuts off who publishes more than a payload may be, and a node that is cut off
   * cannot even say that it has stopped: what is of least use is left out until the rest fits.
   */
  document(running: Running, at: Instant): Uint8Array | undefined {
    const whole = encodeReported(this.take(running, at));
    if (whole.length <= payloadBytesMax) {
      this.problem("size", undefined);
      return whole;
    }
    for (const [left, less] of [
      ["what is plugged in", { ...running, devices: undefined }],
      ["what is plugged in, and who owns its inputs", { ...running, devices: undefined, owners: {} }],
      [
        "what is plugged in, who owns its inputs, and its routes",
        { ...running, devices: undefined, owners: {}, routes: [] },
      ],
    ] as const) {
      this.problem("size", `its report is too large; left out is ${left}`);
      const document = encodeReported(this.take(less, at));
      if (document.length <= payloadBytesMax) return document;
    }
    return undefined;
  }

  isDue(at: Instant): boolean {
    return between(at, this.dueAt(at)) <= 0;
  }
}

const lackOf = ({ check, state, words }: Check) =>
  state === "ok" ? [] : [{ check, state, words: words.slice(0, checkWordsMax).toWellFormed() }];

const shortened = (words: string): string =>
  words.length <= wordsMax ? words : `${words.slice(0, wordsMax - 1).toWellFormed()}…`;
