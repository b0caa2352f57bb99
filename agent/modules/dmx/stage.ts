/** One running instance: inputs go to the engine, its look goes to the sender, and what was sent is told. */
import {
  type Applied,
  between,
  type Instance,
  type Instant,
  later,
  millis,
  type ModuleContext,
  seconds,
} from "@interactor/shared/sdk/define-module";
import { Complaints } from "@interactor/shared/sdk/complaints";
import { levelsOfPlaced, slotsOfPlaced, wholesOfPlaced } from "./engine/placed-input.ts";
import { CueReport } from "./cue-report.ts";
import { Desks } from "./desks.ts";
import { Engine } from "./engine/engine.ts";
import type { NetworkFrame, Synchronization } from "./engine/network-sources.ts";
import { isBridged, KeptLook } from "./kept-look.ts";
import type { Lines } from "./line-health.ts";
import { LatencyMeter } from "./latency.ts";
import { memoryOf } from "./memory.ts";
import { Monitor } from "./monitor.ts";
import { firstLookDelay } from "./pacing.ts";
import type { Places } from "./places.ts";
import { Outputs } from "./outputs/outputs.ts";
import { readLooks } from "./recorded-looks.ts";
import { Sender } from "./sender.ts";
import { patchOf, type Settings } from "./settings.ts";
import type { ReceiveSettings } from "./settings/receive.ts";
import { slotFinder } from "./settings/cue-lists.ts";
import { restOf } from "./settings/fixtures.ts";
import { universeNumbers } from "./settings/outputs.ts";
import { sourceCid } from "./sacn.ts";
import { healthOf, recordOf, type Ways } from "./ways.ts";
import { cueListsOf, isPlayInput, play, type PlayInput } from "./stored.ts";

/** How often the counters are given, and what fails is tried anew. */
const reportInterval = seconds(1);
/** A board that starts, and nodes that are asked who wants a universe, answer within this: until then silence is no news. */
const answersLongest = seconds(4);
/** A self-test looks after this: a static look is repeated every second, and what fails is tried as often. */
const firstFramesLongest = seconds(2.5);

export class Stage implements Instance {
  readonly #context: ModuleContext;
  readonly #engine: Engine;
  readonly #outputs: Outputs;
  readonly #sender: Sender;
  readonly #desks: Desks | undefined;
  readonly #kept: KeptLook;
  readonly #latency: LatencyMeter;
  readonly #monitor: Monitor;
  readonly #cues: CueReport;
  readonly #settings: Settings;
  /** Until then, or the first input, what moves by itself sends no frame: inputs that a show stop holds are not in it yet. */
  #earlyUntil: Instant;
  readonly #owners = new Map<string, Applied["owner"]>();
  readonly #complaints: Complaints<"no-colour">;
  #frames = 0;
  #errorsGiven: number | undefined;
  /** The look is another than the last that was given as an output. */
  #hasNews = true;
  #cancelReport: () => void = () => undefined;
  #cancelMonitor: (() => void) | undefined;
  /** How it is, and its ways, as they were told last. */
  #said: string | undefined;
  #waysGiven = "";
  readonly #startedAt: Instant;
  #stopped: Promise<void> | undefined;

  private constructor(settings: Settings, context: ModuleContext, places: Places) {
    const { clock } = context;
    const { dimmers, placed, priorities, latest, stepped, stored } = settings;
    this.#context = context;
    this.#complaints = new Complaints(clock, (message) => context.log.warn(`not shown: ${message}`));
    this.#settings = settings;
    this.#engine = new Engine({
      dimmers,
      placed: Object.fromEntries(Object.entries(placed).map(([name, each]) => [name, slotsOfPlaced(each)])),
      wholes: Object.values(placed).flatMap(wholesOfPlaced),
      rest: restOf(Object.values(placed)),
      priorities,
      latest,
      stepped,
      cueLists: cueListsOf(stored),
      failsafe: stored.failsafe,
    });
    this.#cues = new CueReport(this.#engine, context);
    this.#monitor = new Monitor(universeNumbers(settings));
    this.#startedAt = clock.now();
    this.#latency = new LatencyMeter(this.#startedAt);
    const { random } = context;
    const lines: Lines = {
      clock,
      random,
      log: context.log,
      links: places.links,
      changed: () => this.#sayStateAgain(),
    };
    this.#outputs = new Outputs(settings, context, lines);
    const look = {
      levels: this.#engine.levels,
      advance: (at: Instant) => this.#advance(at),
      wakeAt: (at: Instant) => (this.#isEarly(at) ? undefined : this.#engine.wakeAt(at)),
    };
    this.#earlyUntil = later(clock.now(), firstLookDelay);
    this.#sender = new Sender(look, this.#outputs.each, clock, (at) => this.#sent(at));
    const remembered = () => this.#engine.remembered(clock.now());
    this.#kept = new KeptLook(context, memoryOf(settings, context, places), remembered);
    if (settings.receive !== undefined) this.#desks = this.#desksOf(settings, settings.receive, lines);
  }

  async #recall(): Promise<void> {
    // The first frame waits for inputs as every first one does: a show stop that holds is among them.
    if (!(await this.#kept.restore(this.#engine))) return;
    // Else whoever finds the stage dark would look for the reason everywhere but there.
    this.#context.emit("grand-master", this.#engine.master);
    this.#context.emit("blackout", this.#engine.isBlack);
  }

  #desksOf({ latest }: Settings, receive: ReceiveSettings, lines: Lines): Desks {
    const { site, node, name } = this.#context;
    const merged = {
      frame: (frame: NetworkFrame, at: Instant) =>
        this.#received(this.#engine.receive(frame, at).isChanged, at),
      synchronize: (said: Synchronization, at: Instant) =>
        this.#received(this.#engine.synchronize(said, at), at),
    };
    return new Desks(receive, this.#context, {
      cid: sourceCid(`${site}/${node}/${name}`),
      isOwnPort: (port) => this.#outputs.isOwnPort(port),
      lines,
      latest,
      merged: receive.merge ? merged : undefined,
    });
  }

  /** Resolves when the outputs are open, or have been tried: one that fails is tried again from then on. */
  static async start(settings: Settings, context: ModuleContext, places: Places): Promise<Stage> {
    const stage = new Stage(settings, context, places);
    await stage.#recall();
    await Promise.all([stage.#outputs.open(), stage.#desks?.open()]);
    stage.#sayState();
    // Also that nothing is on: what is kept of the outputs may be of a former life.
    stage.#cues.tell();
    stage.#cues.asked(undefined);
    context.emit("patch", patchOf(settings));
    context.onInput((input, applied) => stage.#set(input, applied));
    // Whoever says GO before a long one is read is told that there is none.
    void stage.#readRecordings(settings);
    stage.#sender.schedule();
    stage.#scheduleReport();
    return stage;
  }

  /** After a while every output has sent its look at least once, and what failed has been tried anew. */
  async selfTest(): Promise<string | undefined> {
    const { promise: tried, resolve } = Promise.withResolvers<void>();
    this.#context.clock.after(firstFramesLongest, resolve);
    const [unsent, unheard] = await Promise.all([
      this.#outputs.selfTest(tried),
      this.#desks?.selfTest(tried),
      tried,
    ]);
    return this.#stopped === undefined ? (unsent ?? unheard) : undefined;
  }

  /** Sends what still waits, takes leave of those that `next` does not send to and closes. Takes about four frame times. */
  stop(next?: Settings): Promise<void> {
    this.#stopped ??= this.#leave(next);
    return this.#stopped;
  }

  async #readRecordings({ stored, dimmers }: Settings): Promise<void> {
    const { signal, log, clock } = this.#context;
    for (const [name, recording] of Object.entries(stored.recordings)) {
      const looks = await readLooks(recording, slotFinder(dimmers), signal);
      if (signal.aborted) return;
      if (typeof looks === "string") {
        log.warn(`recording ${name}: ${looks}`);
        continue;
      }
      const at = clock.now();
      this.#engine.addRecording(name, { ...recording, looks });
      this.#changedIf(this.#advance(at) && !this.#isEarly(at), undefined);
      this.#sender.schedule();
    }
    // Of lists that are no more, and of files that cannot be read.
    this.#engine.forgetUnclaimed("");
  }

  #set(input: string, applied: Applied | undefined): void {
    if (this.#stopped !== undefined) return;
    const at = this.#context.clock.now();
    // Also where no level moves: the next life has to know of a blackout in the dark.
    this.#kept.soon();
    this.#earlyUntil = at;
    if (isPlayInput(input)) return this.#play(input, applied, at);
    if (input === "grand-master")
      return this.#changedIf(this.#engine.setMaster(numberIn(applied, 1), at), applied);
    if (input === "blackout")
      return this.#changedIf(this.#engine.setBlack(applied?.value === true, at), applied);
    const formerOwner = this.#owners.get(input);
    if (applied === undefined) this.#owners.delete(input);
    else this.#owners.set(input, applied.owner);
    // With a new owner comes what it had been asking for all along, stamped when that was read.
    const isFresh = formerOwner === undefined || formerOwner === applied?.owner;
    this.#changedIf(this.#setSlots(input, applied, at), isFresh ? applied : undefined);
  }

  #setSlots(input: string, applied: Applied | undefined, at: Instant): boolean {
    const { [input]: placed } = Object.hasOwn(this.#settings.placed, input) ? this.#settings.placed : {};
    if (placed === undefined) {
      return this.#engine.set(input, applied && { value: numberIn(applied, 0), owner: applied.owner }, at);
    }
    if (applied === undefined) return this.#engine.releasePlaced(input, slotsOfPlaced(placed).length, at);
    const levels = levelsOfPlaced(placed, applied.value);
    if (levels !== undefined) return this.#engine.setPlaced(input, { levels, owner: applied.owner }, at);
    this.#complaints.add("no-colour", `${input}: ${JSON.stringify(applied.value)}`);
    return false;
  }

  #play(input: PlayInput, applied: Applied | undefined, at: Instant): void {
    if (typeof applied?.value !== "string") return;
    const problem = play(this.#engine, input, applied.value, at);
    this.#cues.asked(problem);
    if (problem !== undefined) return this.#context.log.warn(`${input}: ${problem}`);
    this.#changedIf(this.#advance(at), applied);
    this.#sender.schedule();
  }

  #changedIf(isChanged: boolean, applied: Applied | undefined): void {
    if (!isChanged) return;
    if (applied !== undefined) this.#latency.changed(applied.at);
    this.#hasNews = true;
    this.#sender.changed();
  }

  /** What comes early goes with the first look. */
  #received(isChanged: boolean, at: Instant): void {
    this.#changedIf(isChanged && !this.#isEarly(at), undefined);
  }

  #isEarly(at: Instant): boolean {
    return between(this.#earlyUntil, at) < 0;
  }

  #advance(at: Instant): boolean {
    const isChanged = this.#engine.advance(at);
    if (isChanged) this.#hasNews = true;
    this.#cues.tell();
    this.#kept.soon();
    return isChanged;
  }

  #sent(at: Instant): void {
    this.#frames += 1;
    this.#latency.sent(this.#context.clock.wall(), at);
    if (this.#hasNews) this.#kept.soon();
    this.#hasNews = false;
    this.#monitor.sent(this.#engine);
    this.#tellMonitor(at);
  }

  /** Now if it is time, else when it is. */
  #tellMonitor(at: Instant): void {
    const due = this.#monitor.dueAt(at);
    if (due === undefined || this.#cancelMonitor !== undefined) return;
    if (between(due, at) >= 0) {
      const { universe, monitor } = this.#monitor.take(at);
      this.#context.emit("universe", universe);
      return this.#context.emit("monitor", monitor);
    }
    this.#cancelMonitor = this.#context.clock.after(millis(between(at, due)), () => {
      this.#cancelMonitor = undefined;
      this.#tellMonitor(this.#context.clock.now());
    });
  }

  #scheduleReport(): void {
    this.#cancelReport = this.#context.clock.after(reportInterval, () => {
      this.#report();
      this.#scheduleReport();
    });
  }

  #report(): void {
    this.#context.emit("frames", this.#frames);
    const latency = this.#latency.takeWorst();
    if (latency !== undefined) this.#context.emit("latency", latency);
    const { errors } = this.#outputs;
    if (errors !== this.#errorsGiven) this.#context.emit("errors", errors);
    this.#errorsGiven = errors;
    this.#sayState();
    // What stands still has to stay young.
    this.#kept.soon();
    const now = this.#context.clock.now();
    this.#outputs.tick(now);
    this.#desks?.tick(now);
  }

  /** Not before all are open, or have been tried. */
  #sayStateAgain(): void {
    if (this.#said !== undefined) this.#sayState();
  }

  #sayState(): void {
    if (this.#stopped !== undefined) return;
    const ways = { out: this.#outputs.ways, in: this.#desks?.ways ?? [] };
    this.#tellWays(ways);
    const isNew = between(this.#startedAt, this.#context.clock.now()) < answersLongest;
    const { kind, reason } = healthOf(ways, isNew);
    const said = `${kind} ${reason}`;
    if (said === this.#said) return;
    this.#said = said;
    if (kind === "running") this.#context.running();
    else this.#context[kind](reason);
  }

  #tellWays(ways: Ways): void {
    const record = recordOf(ways);
    const given = JSON.stringify(record);
    if (given === this.#waysGiven) return;
    this.#waysGiven = given;
    this.#context.emit("ways", record);
  }

  async #leave(next: Settings | undefined): Promise<void> {
    this.#cancelReport();
    this.#complaints.stop();
    this.#cancelMonitor?.();
    await this.#desks?.close();
    await this.#sender.leave(this.#outputs.leaving(next));
    await this.#kept.finally(
      this.#engine.remembered(this.#context.clock.now(), isBridged(this.#settings, next)),
    );
    await this.#outputs.close();
  }
}

/** The switchboard only hands over values of the declared type; `released` stands for nobody's. */
function numberIn(applied: Applied | undefined, released: number): number {
  if (applied === undefined) return released;
  if (typeof applied.value !== "number") throw new Error("invariant broken: an input of dmx is no number");
  return applied.value;
}
