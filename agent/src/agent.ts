/**
 * The loop of an agent: takes what happens (a module's value, a message, a timer), asks the cores, and does
 * what they say over the ports. Decides nothing itself.
 */
import { earliest, type Instant } from "@interactor/shared/kernel/units";
import { Wake } from "@interactor/shared/kernel/wake";
import type { Lane } from "@interactor/shared/wire/lanes";
import { decodeHubState } from "@interactor/shared/wire/messages/hub-state";
import { nodeTopics, parseTopic } from "@interactor/shared/wire/topics";
import { birthOf } from "./core/link/announcement.ts";
import { BirthPace } from "./core/link/birth-pace.ts";
import { Inbox } from "./core/inbox/inbox.ts";
import { Report } from "./core/report/report.ts";
import { FirstWords, firstWordsMax } from "./core/link/first-words.ts";
import type { Outbox } from "./core/outbox/outbox.ts";
import { Outputs } from "./core/outputs/outputs.ts";
import { type Now, Switchboard } from "./core/switchboard/switchboard.ts";
import { AgentClock } from "./agent-clock.ts";
import { AgentInstances } from "./agent-instances.ts";
import { AgentLink } from "./agent-link.ts";
import { AgentReport } from "./agent-report.ts";
import { AgentRevision } from "./agent-revision.ts";
import { outboxWith } from "./agent-spool.ts";
import { AgentStop } from "./agent-stop.ts";
import { AgentLedger } from "./agent-ledger.ts";
import type { AgentOptions, AgentWorld } from "./agent-world.ts";

export class Agent implements AsyncDisposable {
  readonly #options: AgentOptions;
  readonly #world: AgentWorld;
  readonly #topics: ReturnType<typeof nodeTopics>;
  readonly #switchboard: Switchboard;
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #instances: AgentInstances;
  readonly #outputs: Outputs;
  readonly #report: Report;
  readonly #revision: AgentRevision;
  readonly #stop: AgentStop;
  readonly #ledger: AgentLedger;
  readonly #clock: AgentClock;
  readonly #reporting: AgentReport;
  readonly #firstWords: FirstWords;
  readonly #link: AgentLink;
  readonly #wake: Wake;
  readonly #births = new BirthPace();
  #cancelFirstWords: (() => void) | undefined;

  constructor(options: AgentOptions, world: AgentWorld) {
    this.#options = options;
    this.#world = world;
    this.#topics = nodeTopics(options.site, options.node);
    this.#wake = new Wake(world.clock, queueMicrotask, () => this.#move());
    this.#link = this.#linkOf(world);
    this.#outbox = outboxWith(options, world, {
      has: (instance) => this.#instances.has(instance),
      isDeclared: (instance) => this.#outputs.declared.has(instance),
    });
    this.#report = new Report(options.session);
    this.#clock = new AgentClock(world.clock, this.#outbox, this.#report, world.log);
    this.#switchboard = new Switchboard(options.node, {
      apply: (address, applied) => this.#instances.apply(address.instance, address.port, applied),
      ownersChanged: () => this.#report.changed(),
      held: (address, value, at) => {
        this.#outbox.held(`${address.instance}/${address.port}`, value, at, this.#world.clock.now());
      },
    });
    this.#stop = new AgentStop(options, this.#switchboard, {
      ...world,
      refused: (reason) => this.#refuse(reason),
      problem: (words) => this.#after(() => this.#report.problem("stop", words)),
      // Somebody waits for the word that this node has stopped.
      changed: () => this.#report.begin(),
    });
    this.#reporting = new AgentReport({
      report: this.#report,
      clock: this.#clock,
      outbox: this.#outbox,
      switchboard: this.#switchboard,
      world,
      modules: () => this.#instances,
      stop: () => this.#stop.report,
      apply: () => this.#revision,
    });
    this.#outputs = new Outputs(this.#switchboard, this.#outbox);
    this.#inbox = new Inbox(this.#switchboard, {
      receipt: (receipt) => this.#outbox.receipt(receipt, world.clock.wall(), world.clock.now()),
      result: (reply) => this.#outbox.result(reply, world.clock.wall(), world.clock.now()),
      clock: (reply) => this.#clock.reply(reply),
      refused: (reason) => this.#refuse(`down ${reason}`),
      missed: (lane, entries) => world.log.warn("messages from the hub are missing", { lane, entries }),
    });
    const sides = { session: options.session, outbox: this.#outbox, inbox: this.#inbox };
    this.#ledger = new AgentLedger(sides, world, (document, confirmed) =>
      this.#link.publish(this.#topics.metric, document, { retain: false, confirmed }),
    );
    this.#firstWords = new FirstWords(options.instances, () => this.#begin());
    const parts = this.#parts();
    this.#instances = new AgentInstances(parts, (events) => world.openHost(events));
    this.#revision = new AgentRevision({ ...parts, instances: this.#instances }, world);
  }

  /** Starts from what the last life left on disk, without waiting for anybody. */
  async start(): Promise<void> {
    await this.#stop.load(this.#options.session);
    await this.#ledger.load();
    this.#world.spool?.attach({
      moved: () => this.#after(() => undefined),
      lost: (loss, messages) => this.#outbox.spool?.lost(loss, messages),
    });
    this.#cancelFirstWords = this.#world.clock.after(firstWordsMax, () => this.#firstWords.end());
    for (const instance of this.#options.instances) this.#instances.start(instance);
    await this.#revision.start();
    this.#wake.now();
  }

  #begin(): void {
    this.#cancelFirstWords?.();
    this.#link.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#wake.end();
    this.#cancelFirstWords?.();
    this.#link.stay();
    this.#revision.end();
    await this.#instances[Symbol.asyncDispose]();
    await this.#link.end();
    await this.#world.spool?.[Symbol.asyncDispose]();
    await this.#ledger.end();
  }

  #now(): Now {
    return { instant: this.#world.clock.now(), wall: this.#world.clock.wall() };
  }

  /** Does `work`, and then whatever it made necessary, once per turn of the event loop. */
  #after(work: () => void): void {
    work();
    this.#wake.soon();
  }

  /** Moves everything that time or the last event made movable. Returns when there will be more of it. */
  #move(): Instant | undefined {
    const now = this.#now();
    let next = earliest(this.#switchboard.tick(now), this.#stop.tick(now));
    next = earliest(next, this.#ledger.watch(now.instant));
    const connection = this.#link.up;
    if (connection === undefined) return next;
    next = earliest(next, this.#clock.pump(now));
    // Before what the inputs hold now: whoever stopped the show waits for this word.
    next = earliest(next, this.#reporting.pump(now.instant, this.#publishReport));
    // The hub takes only what a birth has named, from a spool too.
    if (this.#births.isDue(now.instant) || this.#outbox.spool?.mustAnnounce === true) this.#publishBirth();
    next = earliest(next, this.#births.dueAt(now.instant));
    next = earliest(next, this.#outbox.pump(now.instant, this.#publishBatch));
    return earliest(next, this.#ledger.sayIfDue(now.instant, connection));
  }

  readonly #publishBatch = (lane: Lane, payload: Uint8Array, lastSeq: number): void => {
    this.#link.publish(this.#topics.up(lane), payload, {
      retain: false,
      confirmed: () => this.#after(() => this.#outbox.confirmed(lane, lastSeq)),
    });
  };

  readonly #publishReport = (document: Uint8Array): void =>
    this.#link.publish(this.#topics.reported, document, { retain: true });

  /** What instances and revisions need of the rest. */
  #parts() {
    return {
      fixed: this.#options.instances,
      switchboard: this.#switchboard,
      outputs: this.#outputs,
      reporting: this.#reporting,
      stop: this.#stop,
      firstWords: this.#firstWords,
      siteClock: this.#clock,
      now: () => this.#now(),
      after: (work: () => void) => this.#after(work),
      declarationsChanged: () => this.#births.changed(),
      problem: (words: string | undefined) => this.#report.problem("plan", words),
      vote: (payload: Uint8Array) => this.#link.publish(this.#topics.vote, payload, { retain: false }),
      refused: (reason: string) => this.#refuse(reason),
      escalated: (instance: string, reason: string) => this.#revision.escalated(instance, reason),
    };
  }

  #linkOf(world: AgentWorld): AgentLink {
    return new AgentLink(this.#options, world, {
      connected: () => this.#connected(),
      lost: (wasUp) => this.#lost(wasUp),
      leaving: () => this.#ledger.say(),
      message: (topic, payload) => this.#after(() => this.#message(topic, payload)),
      heard: () => this.#after(() => this.#stop.heard(this.#now())),
    });
  }

  #refuse(reason: string): void {
    this.#report.refused(reason);
  }

  #connected(): void {
    this.#clock.connected();
    this.#publishBirth();
    this.#report.begin();
    this.#revision.connected();
    this.#after(() => this.#resume());
  }

  #lost(wasUp: boolean): void {
    this.#outbox.disconnected();
    this.#clock.disconnected();
    if (wasUp) this.#after(() => this.#switchboard.hubLost(this.#now()));
  }

  /** The hub may be a new one that knows nothing: it gets the latest of everything. */
  #resume(): void {
    this.#outbox.connected();
    const now = this.#now();
    this.#outputs.sayAgain(now.instant);
    this.#switchboard.repeatHeld(now);
  }

  #publishBirth(): void {
    const connection = this.#link.up;
    if (connection === undefined) return;
    const birth = birthOf(
      { ...this.#options, zones: this.#stop.zones },
      {
        connection,
        instances: this.#outputs.declared,
        at: this.#world.clock.wall(),
        spool: this.#outbox.spool?.announce(),
      },
    );
    this.#link.publish(this.#topics.state, birth, { retain: true });
    const now = this.#now();
    if (!this.#births.said(now.instant)) return;
    this.#outputs.sayAgain(now.instant);
    this.#switchboard.repeatHeld(now);
  }

  #message(topic: string, payload: Uint8Array): void {
    const parsed = parseTopic(topic);
    switch (parsed?.kind) {
      case "down":
        return this.#inbox.receive(parsed.lane, payload, this.#now());
      case "desired":
        return this.#revision.desired(payload);
      case "round":
        return this.#revision.round(payload);
      case "stop":
        return this.#stop.take(parsed.zone, payload);
      case "hub-state":
        return this.#hubState(payload);
      default:
        return this.#refuse("unexpected topic");
    }
  }

  #hubState(payload: Uint8Array): void {
    const state = decodeHubState(payload);
    if (!state.ok) return this.#refuse(`hub-state ${state.error}`);
    this.#link.spreadOver(state.value.reconnectSpread);
    if (state.value.kind === "birth") this.#clock.askAgain();
  }
}
