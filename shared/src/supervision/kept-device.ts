/**
 * Keeps one device in use: opens it when it is there, lets go of it when it fails, and tries again, for ever.
 * `device-life` decides; here it is done. Nothing is opened before what was open is closed, however long that takes.
 */
import type { Clock } from "../kernel/clock.ts";
import { Fault, messageOf } from "../kernel/fault.ts";
import type { Random } from "../kernel/random.ts";
import { millis, seconds } from "../kernel/units.ts";
import {
  complaintOf,
  deviceAtStart,
  type DeviceEffect,
  type DeviceEvent,
  type DeviceSpans,
  type DeviceState,
  isUsable,
  stepDevice,
  usualDeviceSpans,
  wakeAt,
} from "./device-life.ts";

/** What an open device may say of itself, at any time; once it is closed nobody listens. */
export interface DeviceReports {
  /** Aborted when this try is over. */
  readonly signal: AbortSignal;
  failed(reason: string): void;
  /** It works, but not as it should. */
  worse(reason: string): void;
  well(): void;
}

export interface DeviceDriver<Handle> {
  /** Throws `deviceMissing(…)` when there is nothing to open, anything else when it cannot be. */
  open(reports: DeviceReports): Promise<Handle>;
  /** Asks who it is and sets it up. Throws `deviceMissing(…)` when nobody is there, anything else when it is not what it should be. */
  greet(handle: Handle, reports: DeviceReports): Promise<void>;
  /** Lets go of it, also when it has gone. */
  close(handle: Handle): Promise<void>;
  /**
   * What is plugged in now where it is looked for: another device has another text, and so has the same one when it was
   * plugged in anew. `undefined`: nothing. Where this can be told, one that fails always is tried when it has changed.
   */
  present?(): Promise<string | undefined>;
}

export interface DeviceListener {
  /** A state that is not the one before. `complaint`: what an installer should know. */
  changed(state: DeviceState, complaint: string | undefined): void;
}

const missingCode = "DEVICE_MISSING";
/** There is nothing to open; `reason` says to an installer what to plug in or correct. */
export const deviceMissing = (reason: string): Fault => new Fault(missingCode, reason);

/** How often one that fails always is looked at: who swaps a broken board shall not wait for it. */
const presenceInterval = seconds(1);

/** Until then a self-test has its answer. More: report. What asks gives up after 10 s, with words that say less. */
export const selfTestLongest = seconds(8);

interface Held<Handle> {
  readonly attempt: number;
  readonly reports: DeviceReports;
  readonly abort: AbortController;
  handle: Handle | undefined;
}

export class KeptDevice<Handle> {
  readonly #shell: { readonly clock: Clock; readonly random: Random };
  readonly #driver: DeviceDriver<Handle>;
  readonly #listener: DeviceListener;
  readonly #spans: DeviceSpans;
  #state: DeviceState;
  #held: Held<Handle> | undefined;
  #cancelTimer: (() => void) | undefined;
  /** Why it was lost, until it is ready again or not there any more. */
  #lastFailure: string | undefined;
  /** Self-tests that have no answer yet. */
  readonly #tests = new Set<() => void>();
  #cancelLook: (() => void) | undefined;
  /** All that is still being closed. */
  #closing: Promise<void> = Promise.resolve();

  constructor(
    shell: { readonly clock: Clock; readonly random: Random },
    driver: DeviceDriver<Handle>,
    listener: DeviceListener,
    spans: DeviceSpans = usualDeviceSpans,
  ) {
    this.#shell = shell;
    this.#driver = driver;
    this.#listener = listener;
    this.#spans = spans;
    this.#state = deviceAtStart(shell.clock.now());
  }

  get state(): DeviceState {
    return this.#state;
  }

  /** What was opened, while it may be used. */
  get handle(): Handle | undefined {
    return isUsable(this.#state) ? this.#held?.handle : undefined;
  }

  start(): void {
    this.#tell({ kind: "tick" });
  }

  /** Somebody saw it come. */
  appeared(): void {
    this.#tell({ kind: "appeared" });
  }

  /**
   * What is wrong with it, once that is known; `undefined`: nothing. That it is not there is no fault, because whoever
   * sets it up may plug it in afterwards. What failed has until `selfTestLongest` to do better at another try: the line
   * may still be somebody else's who is about to end. What has not said anything by then has not failed.
   */
  selfTest(): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const end = (verdict: string | undefined): void => {
      cancel();
      this.#tests.delete(look);
      resolve(verdict);
    };
    const look = (): void => {
      const { kind } = this.#state;
      if (kind === "ready" || kind === "absent" || kind === "stopped") end(undefined);
    };
    let cancel = (): void => undefined;
    cancel = this.#shell.clock.after(selfTestLongest, () => end(this.#complaint));
    this.#tests.add(look);
    look();
    return promise;
  }

  /** Of what is tried once more just now: why it was lost before. */
  get #complaint(): string | undefined {
    return complaintOf(this.#state) ?? this.#lastFailure;
  }

  /** Resolves when all is closed. */
  async stop(): Promise<void> {
    this.#tell({ kind: "stop" });
    await this.#closing;
  }

  #tell(event: DeviceEvent): void {
    const { clock, random } = this.#shell;
    const before = this.#state;
    const { state, effects } = stepDevice(
      before,
      event,
      { at: clock.now(), chance: random.next() },
      this.#spans,
    );
    this.#state = state;
    this.#cancelTimer?.();
    const due = wakeAt(state);
    this.#cancelTimer =
      due === undefined
        ? undefined
        : clock.after(millis(Math.max(0, due - clock.now())), () => this.#tell({ kind: "tick" }));
    for (const effect of effects) this.#do(effect);
    if (state === before) return;
    this.#cancelLook?.();
    if (state.kind === "lost" && state.failsAlways) void this.#lookOut(state.attempt, undefined);
    if (state.kind === "lost") this.#lastFailure = state.reason;
    else if (state.kind === "ready" || state.kind === "absent") this.#lastFailure = undefined;
    this.#listener.changed(state, complaintOf(state));
    for (const look of this.#tests) look();
  }

  async #lookOut(attempt: number, before: { readonly text: string | undefined } | undefined): Promise<void> {
    if (this.#driver.present === undefined) return;
    const text = await this.#driver.present().catch(() => undefined);
    if (this.#state.kind !== "lost" || this.#state.attempt !== attempt) return;
    if (before !== undefined && text !== undefined && text !== before.text) return this.appeared();
    this.#cancelLook = this.#shell.clock.after(presenceInterval, () => void this.#lookOut(attempt, { text }));
  }

  #do({ kind, attempt }: DeviceEffect): void {
    if (kind === "open") void this.#open(attempt);
    else if (kind === "greet") void this.#greet(attempt);
    else this.#close(attempt);
  }

  async #open(attempt: number): Promise<void> {
    const abort = new AbortController();
    const reports: DeviceReports = {
      signal: abort.signal,
      failed: (reason) => this.#tell({ kind: "failed", attempt, reason }),
      worse: (reason) => this.#tell({ kind: "worse", attempt, reason }),
      well: () => this.#tell({ kind: "well", attempt }),
    };
    const held: Held<Handle> = { attempt, reports, abort, handle: undefined };
    this.#held = held;
    await this.#closing;
    if (abort.signal.aborted) return;
    // Until it is known what was opened, letting go of it is still to come.
    this.#closing = this.#openInto(held).catch((thrown: unknown) => {
      this.#tell({ kind: isMissing(thrown) ? "missing" : "failed", attempt, reason: messageOf(thrown) });
    });
  }

  async #openInto(held: Held<Handle>): Promise<void> {
    const handle = await this.#driver.open(held.reports);
    if (held.abort.signal.aborted) return this.#driver.close(handle);
    held.handle = handle;
    this.#tell({ kind: "opened", attempt: held.attempt });
  }

  async #greet(attempt: number): Promise<void> {
    const held = this.#held;
    if (held?.attempt !== attempt || held.handle === undefined) return;
    try {
      // What it says at once comes after the state that lets it speak.
      await Promise.resolve();
      await this.#driver.greet(held.handle, held.reports);
      this.#tell({ kind: "greeted", attempt });
    } catch (thrown) {
      this.#tell({ kind: isMissing(thrown) ? "missing" : "failed", attempt, reason: messageOf(thrown) });
    }
  }

  #close(attempt: number): void {
    const held = this.#held;
    if (held?.attempt !== attempt) return;
    this.#held = undefined;
    held.abort.abort();
    if (held.handle !== undefined) this.#letGo(held.handle);
  }

  #letGo(handle: Handle): void {
    const before = this.#closing;
    this.#closing = before.then(() => this.#driver.close(handle)).catch(() => undefined);
  }
}

const isMissing = (thrown: unknown): boolean => thrown instanceof Fault && thrown.code === missingCode;
