/**
 * One running instance: inputs set the levels, changed levels become frames, frames go out on every stream.
 *
 * Inputs that are set in one turn of the event loop make one frame: the first of them asks for `setImmediate`,
 * which runs right after all that has arrived is handled. A microtask would run between two messages of one
 * turn, send the first alone and leave the second waiting for the line.
 */
import {
  type Applied,
  between,
  type Instance,
  type Instant,
  millis,
  type ModuleContext,
  seconds,
} from "@interactor/shared/sdk/define-module";
import { ErrorReport } from "./error-report.ts";
import { LatencyMeter } from "./latency.ts";
import { Pacing } from "./pacing.ts";
import { fitSourceName, sacnGroup, sourceCid } from "./sacn.ts";
import type { Settings } from "./settings.ts";
import { artnetStream, sacnStream, type Stream } from "./streams.ts";
import { UdpOutput } from "./udp-output.ts";
import { Universe } from "./universe.ts";

/** How often the counters are given, and what fails is tried anew. */
const reportInterval = seconds(1);
/** E1.31 section 6.2.6: a source that leaves says so three times. */
const terminatedPackets = 3;

export class Sender implements Instance {
  readonly #context: ModuleContext;
  readonly #universe: Universe;
  readonly #pacing: Pacing;
  readonly #latency: LatencyMeter;
  readonly #streams: readonly Stream[];
  readonly #reports: ErrorReport[] = [];
  readonly #owners = new Map<string, Applied["owner"]>();
  #frames = 0;
  #errorsGiven: number | undefined;
  /** The look is another than the last that was given as an output. */
  #hasNews = true;
  /** Before all outputs have been tried there is nothing to say. */
  #isServing = false;
  #said: "running" | "waiting" | undefined;
  #collecting: NodeJS.Immediate | undefined;
  #timer: { readonly due: Instant; cancel(): void } | undefined;
  #cancelReport: () => void = () => undefined;
  #stopped: Promise<void> | undefined;

  private constructor(settings: Settings, context: ModuleContext) {
    const now = context.clock.now();
    this.#context = context;
    this.#universe = new Universe(settings.dimmers);
    this.#pacing = new Pacing(now);
    this.#latency = new LatencyMeter(now);
    this.#streams = this.#openable(settings);
  }

  /** Resolves when the sockets are open, or have been tried: one that fails is tried again from then on. */
  static async start(settings: Settings, context: ModuleContext): Promise<Sender> {
    const sender = new Sender(settings, context);
    await Promise.all(sender.#streams.map((stream) => stream.output.open()));
    context.onInput((input, applied) => sender.#set(input, applied));
    sender.#isServing = true;
    sender.#sayState();
    sender.#schedule();
    sender.#scheduleReport();
    return sender;
  }

  /** Sends what still waits, takes leave and closes. Takes about four frame times. */
  stop(): Promise<void> {
    this.#stopped ??= this.#leave();
    return this.#stopped;
  }

  #openable(settings: Settings): readonly Stream[] {
    const streams: Stream[] = [];
    const { site, node, name } = this.#context;
    const { universe, sacn, artnet } = settings;
    if (sacn !== undefined) {
      const addresses = sacn.to === "multicast" ? [sacnGroup(universe)] : sacn.to;
      const output = this.#output("sACN", { ...sacn, addresses });
      const sourceName = fitSourceName(sacn.sourceName ?? `${node}/${name} (Interactor)`);
      const cid = sourceCid(`${site}/${node}/${name}`);
      streams.push(sacnStream(output, { cid, sourceName, universe, priority: sacn.priority }));
    }
    if (artnet !== undefined) {
      const output = this.#output("Art-Net", { ...artnet, addresses: artnet.to });
      streams.push(artnetStream(output, artnet.portAddress));
    }
    return streams;
  }

  #output(
    name: string,
    to: {
      readonly addresses: readonly string[];
      readonly port: number;
      readonly interface?: string | undefined;
    },
  ): UdpOutput {
    const report = new ErrorReport();
    this.#reports.push(report);
    return new UdpOutput({
      name,
      addresses: to.addresses,
      port: to.port,
      interface: to.interface,
      onError: (error) => {
        const line = report.count(`${name}: ${error.message}`, this.#context.clock.now());
        if (line !== undefined) this.#context.log.warn(line);
        this.#sayState();
      },
    });
  }

  #set(input: string, applied: Applied | undefined): void {
    if (this.#stopped !== undefined) return;
    const formerOwner = this.#owners.get(input);
    if (applied === undefined) this.#owners.delete(input);
    else this.#owners.set(input, applied.owner);
    if (!this.#universe.set(input, applied === undefined ? undefined : numberIn(applied))) return;
    // With a new owner comes what it had been asking for all along, stamped when that was read.
    const isFresh = formerOwner === undefined || formerOwner === applied?.owner;
    if (applied !== undefined && isFresh) this.#latency.changed(applied.at);
    this.#hasNews = true;
    this.#pacing.changed();
    this.#schedule();
  }

  /** Sees to it that the next frame goes when it is due. */
  #schedule(): void {
    if (this.#stopped !== undefined || this.#collecting !== undefined) return;
    const now = this.#context.clock.now();
    if (this.#pacing.isDue(now)) {
      this.#collecting = setImmediate(() => {
        this.#collecting = undefined;
        this.#wake();
      });
      return;
    }
    const due = this.#pacing.due();
    if (this.#timer?.due === due) return;
    this.#timer?.cancel();
    const cancel = this.#context.clock.after(millis(between(now, due)), () => {
      this.#timer = undefined;
      this.#wake();
    });
    this.#timer = { due, cancel };
  }

  /** Asks once more whether a frame is due: a timer may be early, or another may have sent it. */
  #wake(): void {
    if (this.#pacing.isDue(this.#context.clock.now())) this.#sendFrame();
    this.#schedule();
  }

  #sendFrame(): void {
    const { levels } = this.#universe;
    let isSent = false;
    for (const stream of this.#streams) isSent = stream.send(levels) || isSent;
    const now = this.#context.clock.now();
    this.#pacing.sent(now);
    if (!isSent) return;
    this.#frames += 1;
    this.#latency.sent(this.#context.clock.wall(), now);
    if (!this.#hasNews) return;
    this.#hasNews = false;
    this.#context.emit("universe", Uint8Array.from(levels));
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
    const errors = this.#reports.reduce((sum, report) => sum + report.total, 0);
    if (errors !== this.#errorsGiven) this.#context.emit("errors", errors);
    this.#errorsGiven = errors;
    this.#sayState();
    for (const { output } of this.#streams) if (output.failure !== undefined) void output.open();
  }

  #sayState(): void {
    if (!this.#isServing) return;
    const failures = this.#streams.map(({ output }) => output.failure);
    const state = failures.includes(undefined) ? "running" : "waiting";
    if (state === this.#said) return;
    this.#said = state;
    if (state === "running") return this.#context.running();
    const reasons = this.#streams.map(({ output }) => `${output.name}: ${output.failure?.message ?? ""}`);
    this.#context.waiting(`no output can send (${reasons.join("; ")})`);
  }

  async #leave(): Promise<void> {
    this.#isServing = false;
    this.#timer?.cancel();
    this.#cancelReport();
    clearImmediate(this.#collecting);
    if (this.#pacing.isChanged) {
      await this.#untilFree();
      this.#sendFrame();
    }
    for (let sent = 0; sent < terminatedPackets; sent += 1) {
      await this.#untilFree();
      for (const stream of this.#streams) stream.sendTerminated(this.#universe.levels);
      this.#pacing.sent(this.#context.clock.now());
    }
    await Promise.all(this.#streams.map(({ output }) => output.close()));
  }

  async #untilFree(): Promise<void> {
    const { clock } = this.#context;
    for (let now = clock.now(); between(now, this.#pacing.freeAt) > 0; now = clock.now()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      clock.after(millis(between(now, this.#pacing.freeAt)), resolve);
      await promise;
    }
  }
}

/** The switchboard only hands over values of the declared type. */
function numberIn(applied: Applied): number {
  if (typeof applied.value !== "number") throw new Error("invariant broken: an input of dmx is no number");
  return applied.value;
}
