/** The ways out of a universe: opened, tried anew while they fail, each by itself, and closed. */
import type { Instant, ModuleContext } from "@interactor/shared/sdk/define-module";
import { slotCount } from "../engine/slots.ts";
import { ErrorReport } from "../error-report.ts";
import type { Lines } from "../line-health.ts";
import { fitSourceName, sourceCid } from "../sacn.ts";
import type { Settings } from "../settings.ts";
import { restOf } from "../settings/fixtures.ts";
import type { Way } from "../ways.ts";
import { ArtnetOutput } from "./artnet-output.ts";
import { OpenDmxOutput } from "./open-dmx-output.ts";
import type { OnError, Output } from "./output.ts";
import { SacnOutput } from "./sacn-output.ts";
import { UsbOutput } from "./usb-output.ts";

export class Outputs {
  readonly each: readonly Output[];
  readonly #context: ModuleContext;
  readonly #reports: ErrorReport[] = [];

  constructor(settings: Settings, context: ModuleContext, lines: Lines) {
    this.#context = context;
    this.each = this.#openable(settings, lines);
  }

  /** Failed sends since the start. */
  get errors(): number {
    return this.#reports.reduce((sum, report) => sum + report.total, 0);
  }

  get ways(): readonly Way[] {
    return this.each.map(({ name, failure, trouble, reaches, to }) => ({
      name,
      failure: failure?.message,
      trouble,
      reaches,
      to,
    }));
  }

  /** What is wrong with any of them, though others send. */
  async selfTest(tried: Promise<void>): Promise<string | undefined> {
    const verdicts = await Promise.all(
      this.each.map(async (output) => ({ name: output.name, fault: await output.selfTest(tried) })),
    );
    const faulty = verdicts.filter(({ fault }) => fault !== undefined);
    if (faulty.length === 0) return undefined;
    return faulty.map(({ name, fault }) => `${name}: ${fault}`).join("; ");
  }

  /** Whether a packet from this port of the node is one of ours, come back. */
  isOwnPort(port: number): boolean {
    return this.each.some((output) => output.isOwnPort(port));
  }

  /** Resolves when all are open, or have been tried. */
  async open(): Promise<void> {
    await Promise.all(this.each.map((output) => output.open()));
  }

  /** Those on which this source ends when it is started again with `next`; all, when it goes for good. */
  leaving(next: Settings | undefined): readonly Output[] {
    return next === undefined ? this.each : this.each.filter((output) => !output.goesOnWith(next));
  }

  /** Once a second. */
  tick(at: Instant): void {
    for (const output of this.each) output.tick(at);
  }

  async close(): Promise<void> {
    await Promise.all(this.each.map((output) => output.close()));
  }

  #openable(
    { universe, sacn, artnet, usb, openDmx, placed, stored }: Settings,
    lines: Lines,
  ): readonly Output[] {
    const outputs: Output[] = [];
    const { site, node, name, clock } = this.#context;
    const ownName = `${node}/${name} (Interactor)`;
    if (sacn !== undefined) {
      const sourceName = fitSourceName(sacn.sourceName ?? ownName);
      const source = { cid: sourceCid(`${site}/${node}/${name}`), sourceName, universe };
      outputs.push(new SacnOutput(source, sacn, this.#onError("sACN")));
    }
    if (artnet !== undefined)
      outputs.push(new ArtnetOutput(ownName, artnet, clock, this.#onError("Art-Net")));
    if (usb !== undefined) {
      const scene = new Map([...restOf(Object.values(placed)), ...stored.failsafe.scene]);
      const levels = Uint8Array.from({ length: slotCount }, (_, slot) => scene.get(slot) ?? 0);
      outputs.push(new UsbOutput(usb, scene.size > 0 ? levels : undefined, lines, this.#onError("USB")));
    }
    if (openDmx !== undefined) outputs.push(new OpenDmxOutput(openDmx, lines, this.#onError("Open DMX")));
    return outputs;
  }

  #onError(name: string): OnError {
    const report = new ErrorReport();
    this.#reports.push(report);
    return (error) => {
      const line = report.count(`${name}: ${error.message}`, this.#context.clock.now());
      if (line !== undefined) this.#context.log.warn(line);
    };
  }
}
