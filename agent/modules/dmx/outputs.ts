/** The ways out of a universe: opened, tried anew while they fail, each by itself, and closed. */
import { type ModuleContext } from "@interactor/shared/sdk/define-module";
import { ErrorReport } from "./error-report.ts";
import { fitSourceName, sacnGroup, sourceCid } from "./sacn.ts";
import type { Settings } from "./settings.ts";
import { artnetStream, sacnStream, type Stream } from "./streams.ts";
import { UdpOutput } from "./udp-output.ts";

export class Outputs {
  readonly streams: readonly Stream[];
  readonly #context: ModuleContext;
  readonly #reports: ErrorReport[] = [];
  /** Before all outputs have been tried there is nothing to say. */
  #isServing = false;
  #said: "running" | "waiting" | undefined;

  constructor(settings: Settings, context: ModuleContext) {
    this.#context = context;
    this.streams = this.#openable(settings);
  }

  /** Failed sends since the start. */
  get errors(): number {
    return this.#reports.reduce((sum, report) => sum + report.total, 0);
  }

  /** Resolves when all are open, or have been tried: one that fails is tried again by `retry`. */
  async open(): Promise<void> {
    await Promise.all(this.streams.map((stream) => stream.output.open()));
    this.#isServing = true;
    this.#sayState();
  }

  retry(): void {
    this.#sayState();
    for (const { output } of this.streams) if (output.failure !== undefined) void output.open();
  }

  /** No state is said from now on. */
  fallSilent(): void {
    this.#isServing = false;
  }

  async close(): Promise<void> {
    await Promise.all(this.streams.map(({ output }) => output.close()));
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

  #sayState(): void {
    if (!this.#isServing) return;
    const failures = this.streams.map(({ output }) => output.failure);
    const state = failures.includes(undefined) ? "running" : "waiting";
    if (state === this.#said) return;
    this.#said = state;
    if (state === "running") return this.#context.running();
    const reasons = this.streams.map(({ output }) => `${output.name}: ${output.failure?.message ?? ""}`);
    this.#context.waiting(`no output can send (${reasons.join("; ")})`);
  }
}
