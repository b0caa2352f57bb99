/**
 * One guest of the agent. When it dies its supervisor says when it starts again, with all it ran; when it hangs it is ended
 * first. What is asked of it has an end, also when it never answers.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import { type Millis, millis, seconds } from "@interactor/shared/kernel/units";
import type { Applied } from "@interactor/shared/sdk/context";
import type { FromGuest, InputChange, ToGuest } from "@interactor/shared/sdk/guest-messages";
import { instanceOf } from "@interactor/shared/sdk/run-name";
import type { InstanceReport } from "@interactor/shared/wire/messages/reported";
import { endCrashed, type HangingGuest } from "./agent-guest-hanging.ts";
import { GuestPings, pingInterval, silentAfter } from "./agent-guest-pings.ts";
import { GuestStarts } from "./agent-guest-starts.ts";
import { reportOf, toldWords } from "./agent-guest-words.ts";
import type { GuestEvents, GuestKeeping, GuestPlace } from "./agent-guest-world.ts";
import { OpenQuestions } from "./agent-questions.ts";
import { InstanceServices, plain, type ServedRun } from "./agent-services.ts";
import { GuestTrail } from "./core/crashes/guest-trail.ts";
import type { GuestEnd, GuestLine, OpenGuest, ProfileWanted } from "./ports/guest-line.ts";
import type { InstanceSpec, Verdict } from "./ports/module-host.ts";

/** Good order takes this long at most; then the guest is ended under its instances. */
const stopTimeout = millis(700);
/** Loading code takes a slow Pi long, and a module may look at a line before it has a veto. Longer: a veto. */
const prepareTimeout = seconds(30);
/** For a self-test, and for other settings. Longer: something is wrong. */
const questionTimeout = seconds(10);
/** What a run has begun it finishes, before another one takes over. Longer: it hangs, and is ended under it. */
const finishTimeout = seconds(5);

export class GuestKeeper implements AsyncDisposable {
  readonly name: string;
  /** The name of its place: a second guest there has another one itself. */
  readonly place: string;
  readonly #kind: GuestPlace["kind"];
  readonly #open: OpenGuest;
  readonly #pings: GuestPings;
  readonly #options: GuestKeeping;
  readonly #events: GuestEvents;
  /** By its name, which all messages have. */
  readonly #runs = new Map<string, ServedRun>();
  /** What each run last said of itself. */
  readonly #states = new Map<string, InstanceReport>();
  readonly #services = new Map<string, InstanceServices>();
  readonly #questions: OpenQuestions;
  #changes: InputChange[] = [];
  /** The latest change of each input while the guest is silent: at most one for each input there is. */
  readonly #held = new Map<string, InputChange>();
  #cancelPing: (() => void) | undefined;
  readonly #trail = new GuestTrail();
  readonly #starts: GuestStarts;
  #line: GuestLine | undefined;
  /** Until it was told to end there is no other one: both would have their hands on one device. */
  #hanging: HangingGuest | undefined;
  /** Why it is away. */
  #death = "";
  #isStopping = false;
  #stopped: (() => void) | undefined;

  /** `name`: where there is another guest in this place. */
  constructor(place: GuestPlace, options: GuestKeeping, events: GuestEvents, name = place.name) {
    const { kind, open, silenceMax } = place;
    this.name = name;
    this.place = place.name;
    this.#kind = kind;
    this.#open = open;
    this.#pings = new GuestPings(silenceMax);
    this.#options = options;
    this.#questions = new OpenQuestions(options.clock);
    this.#starts = new GuestStarts({
      options,
      isSilent: () => this.#pings.isLate,
      tellCrash: (reason, end, ran) => this.#crashTeller(reason, ran)({ ...this.#line?.usage, ...end }),
    });
    this.#events = events;
  }

  get runs(): readonly ServedRun[] {
    return [...this.#runs.values()];
  }

  /** It has an instance, or is asked about one. */
  get isNeeded(): boolean {
    return this.#runs.size > 0 || this.#questions.count > 0;
  }

  /** It is not between its death and its next life. */
  get isThere(): boolean {
    return this.#line !== undefined;
  }

  start(run: ServedRun): void {
    this.#runs.set(run.run, run);
    this.#begin(run);
  }

  apply(instance: string, input: string, applied: Applied | undefined): void {
    if (this.#pings.isLate) this.#hold([instance, input, applied]);
    else if (this.#changes.push([instance, input, applied]) === 1) queueMicrotask(() => this.#postChanges());
  }

  /** `run`: which serves by that name, and may have a veto. */
  async prepare(spec: InstanceSpec, run: string): Promise<Verdict> {
    return this.#ask((question) => ["prepare", question, plain(spec, run)], prepareTimeout);
  }

  async selfTest(instance: string): Promise<Verdict> {
    const state = this.#states.get(instance);
    if (state?.state === "failed") return state.reason ?? "it failed";
    return this.#ask((question) => ["self-test", question, instance], questionTimeout);
  }

  async reconfigure(spec: InstanceSpec, run: string): Promise<Verdict> {
    const asked = (question: number): ToGuest => ["reconfigure", question, plain(spec, run)];
    const verdict = await this.#ask(asked, questionTimeout);
    // Whatever starts it again starts it with these.
    const running = this.#runs.get(run);
    if (verdict === undefined && running !== undefined) this.#runs.set(run, { ...running, spec });
    return verdict;
  }

  /** Until what its inputs were told is done. What it says before it has answered came of that. */
  async finish(run: string): Promise<Verdict> {
    void this.#options.services.flush?.(instanceOf(run));
    return this.#ask((question) => ["finish", question, run], finishTimeout);
  }

  /** What a run has not been told, because its guest is silent. */
  takeHeld(run: string): readonly InputChange[] {
    const held = [...this.#held].filter(([, [of]]) => of === run);
    for (const [address] of held) this.#held.delete(address);
    return held.map(([, change]) => change);
  }

  /** `undefined`: it is away, or of a kind that cannot be looked into. */
  profile(wanted: ProfileWanted): AsyncIterable<Uint8Array> | undefined {
    return this.#line?.profile?.(wanted);
  }

  /** `next`: what starts in its place at once. */
  async stop(instance: string, next?: InstanceSpec): Promise<void> {
    this.#runs.delete(instance);
    this.#states.delete(instance);
    this.#starts.over(instance);
    if (this.#line === undefined) return;
    const end = (question: number): ToGuest =>
      next === undefined ? ["end", question, instance] : ["end", question, instance, plain(next, instance)];
    void this.#options.services.flush?.(instanceOf(instance));
    const verdict = await this.#ask(end, stopTimeout);
    // What it had to write while it stopped has been written by now, or is not.
    if (!this.#runs.has(instance)) this.#endServices(instance);
    if (verdict === undefined || this.#line === undefined) return;
    this.#options.log.warn(`${instance} did not stop in time and was ended`, { instance });
    this.#died(`${instance} did not stop in time`, { cause: "stop" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#starts.clear();
    this.#cancelPing?.();
    const line = this.#line;
    if (line === undefined) return await this.#hanging?.[Symbol.asyncDispose]();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stopped = resolve;
    this.#post(["stop"]);
    const cancel = this.#options.clock.after(stopTimeout, () => {
      this.#options.log.warn(`${this.#kind} ${this.name} did not stop in time and was ended`);
      resolve();
    });
    await promise;
    cancel();
    for (const run of this.#runs.keys()) this.#endServices(run);
    await line.end();
    this.#questions.answerAll("it was stopped");
  }

  #endServices(instance: string): void {
    this.#services.get(instance)?.end();
    this.#services.delete(instance);
  }

  async #ask(question: (number: number) => ToGuest, timeout: Millis): Promise<Verdict> {
    if (this.#line === undefined) return this.#death;
    return this.#questions.ask(timeout, (number) => this.#post(question(number)));
  }

  /** Sent apart, two inputs that one reading moves would be seen in two frames. */
  #postChanges(): void {
    if (this.#changes.length === 0) return;
    const message = ["inputs", this.#changes] as const;
    this.#changes = [];
    this.#trail.told(message);
    this.#line?.post(message);
  }

  /** What the guest does not take would gather in its inbox without a bound. */
  #hold(change: InputChange): void {
    const address = `${change[0]}/${change[1]}`;
    // What changed last is posted last.
    this.#held.delete(address);
    this.#held.set(address, change);
  }

  #ping(): void {
    this.#cancelPing = this.#options.clock.after(pingInterval, () => this.#ping());
    const found = this.#pings.round();
    if (found === "ask") this.#post(["ping"]);
    if (found === "is-silent") this.#saySilent();
    if (found === "hangs") this.#died(`it did not answer for ${this.#pings.patience} s`, { cause: "hang" });
  }

  #saySilent(): void {
    const reason = `it has not answered for ${silentAfter} s`;
    for (const name of this.#states.keys()) this.#events.stateChanged(name, { state: "waiting", reason });
  }

  #answered(): void {
    const wasSaid = this.#pings.answered();
    for (const name of this.#runs.keys()) this.#events.beat(name);
    if (wasSaid) for (const [name, state] of this.#states) this.#events.stateChanged(name, state);
    this.#changes.push(...this.#held.values());
    this.#held.clear();
    this.#postChanges();
  }

  #begin(run: ServedRun): void {
    const services = new InstanceServices(run, this.#options.services, (message) => this.#post(message));
    this.#services.get(run.run)?.end();
    this.#services.set(run.run, services);
    this.#post(["start", plain(run.spec, run.run)]);
    // What is told to a guest that is away is told again when it is there.
    if (this.#line !== undefined) this.#starts.begun(run);
  }

  #post(message: ToGuest): void {
    this.#postChanges();
    this.#trail.told(message);
    this.#line?.post(message);
  }

  /** For the first time, or again. */
  spawn(): void {
    if (this.#isStopping || this.#line !== undefined) return;
    this.#pings.began();
    this.#trail.began(this.#options.clock.now());
    const line = this.#open(this.name, {
      said: (message) => {
        if (this.#line === line) this.#receive(message);
      },
      ended: (reason, end) => {
        if (this.#line !== line) return;
        if (end === undefined) this.#refused(reason);
        else this.#died(reason, end);
      },
    });
    this.#line = line;
    this.#ping();
    for (const run of this.#runs.values()) this.#begin(run);
  }

  #died(said: string, end: GuestEnd): void {
    const reason = this.#options.tellable?.(said) ?? said;
    const line = this.#line;
    const tellCrash = this.#crashTeller(reason, this.runs);
    this.#away(`the ${this.#kind} died: ${reason}`);
    if (this.#isStopping) return void line?.end();
    this.#options.log.error(`${this.#kind} ${this.name} crashed: ${reason}`);
    this.#hanging = endCrashed(line, end, (known) => {
      this.#hanging = undefined;
      tellCrash(known);
      this.#ended(reason);
    });
  }

  /** Its supervisor may start it again from now on. */
  #ended(reason: string): void {
    if (this.#isStopping) return;
    const more = this.#options.died(this.name, reason);
    const words = more === "" ? this.#death : `${this.#death}; ${more}`;
    for (const name of this.#runs.keys()) this.#say(name, { state: "failed", reason: words });
    if (this.#runs.size === 0) this.#options.log.warn(`${this.name}: ${this.#death}`);
  }

  /** It is tried again and again until it begins: what is wrong is told when it is news. */
  #refused(reason: string): void {
    this.#trail.refused();
    void this.#line?.end();
    this.#away(reason);
    if (this.#isStopping) return;
    this.#options.refused(this.name);
    for (const name of this.#runs.keys())
      if (this.#states.get(name)?.reason !== reason) this.#say(name, { state: "failed", reason });
  }

  #away(death: string): void {
    this.#line = undefined;
    this.#cancelPing?.();
    this.#starts.clear();
    for (const services of this.#services.values()) services.end();
    this.#services.clear();
    // An instance that starts again is told what its inputs hold.
    this.#held.clear();
    this.#changes = [];
    this.#pings.began();
    this.#death = death;
    this.#questions.answerAll(death);
    this.#stopped?.();
  }

  /** What ran and what was said is of now, whenever it is told. */
  #crashTeller(reason: string, ran: readonly ServedRun[]): (end: GuestEnd) => void {
    const trail = this.#trail.read(ran, this.#options.clock.now());
    return (end) => this.#options.crashed?.({ guest: this.#kind, reason, stack: "", ...end, ...trail });
  }

  #say(instance: string, state: InstanceReport): void {
    // What was told to end may have had something to say before it heard.
    if (!this.#runs.has(instance)) return;
    this.#states.set(instance, state);
    this.#events.stateChanged(instance, state);
  }

  readonly #told = (words: string): string => toldWords(this.#options, words);

  #receive(message: FromGuest): void {
    const events = this.#events;
    this.#trail.said(message);
    switch (message[0]) {
      case "output": {
        const [, instance, output, value, at, quality, isUnsynchronised] = message;
        if (!this.#runs.has(instance)) return;
        return events.output({ instance, output, value, at, quality, isUnsynchronised });
      }
      case "declared":
        if (this.#runs.has(message[1])) events.declared(message[1], message[2], message[3]);
        return undefined;
      case "started":
        this.#starts.over(message[1]);
        return this.#runs.has(message[1]) ? events.started(message[1]) : undefined;
      case "running":
      case "degraded":
      case "waiting":
        return this.#say(message[1], reportOf(message, this.#told));
      case "failed":
        return this.#say(message[1], { state: "failed", reason: this.#starts.failed(message) });
      case "log": {
        const [, run, level, words, details] = message;
        const instance = instanceOf(run);
        this.#options.logged?.({ instance, level, words, details });
        // Names of others must not stand where ours do.
        return this.#options.log[level](`${instance}: ${this.#told(words)}`, { ...details, instance });
      }
      case "ask":
      case "taken":
      case "hang-up":
        return this.#services.get(message[1])?.take(message);
      case "metrics":
        return this.#options.measured?.(message[1], message[2]);
      case "answer":
        return this.#questions.answer(message[1], message[2] && this.#told(message[2]));
      case "pong":
        return this.#answered();
      case "stopped":
        return this.#stopped?.();
      default:
        return unreachable(message);
    }
  }
}
