/** Pins of the header: edges become values of outputs, values of inputs become levels. */
import {
  type Applied,
  defineModule,
  type Instance,
  messageOf,
  type ModuleContext,
  type ModuleDefinition,
} from "@interactor/shared/sdk/define-module";
import { type DeviceReports, KeptDevice, tellDevice } from "@interactor/shared/sdk/devices";
import { EdgeReader } from "./edge-reader.ts";
import type { Edge } from "./kernel-abi.ts";
import { spans } from "./limits.ts";
import { type Lines, openLines, type OpenLines, type Wiring } from "./lines.ts";
import { manifest } from "./manifest.ts";
import { openPulses, type PulseOutput } from "./pwm.ts";
import { type DimmedSettings, settings, type Settings, type SwitchedSettings } from "./settings.ts";

/** `open` and `pulses` stand for the kernel. */
export function gpioModule(
  open: OpenLines = openLines,
  pulses = "/sys/class/pwm",
): ModuleDefinition<Settings> {
  return defineModule({
    manifest,
    settings,
    start: (settings, context) => new Pins(settings, context, { open, pulses }).start(),
  });
}

export const definition = gpioModule();

interface Opened {
  readonly lines: Lines;
  readonly pulses: ReadonlyMap<string, PulseOutput>;
}

class Pins {
  readonly #settings: Settings;
  readonly #context: ModuleContext;
  readonly #outputs: readonly string[];
  readonly #switched: ReadonlyMap<string, SwitchedSettings>;
  readonly #dimmed: ReadonlyMap<string, DimmedSettings>;
  /** What the inputs shall hold, whether the chip is there or not. */
  readonly #held = new Map<string, boolean | number>();
  readonly #levels = new Map<string, boolean>();
  readonly #device: KeptDevice<Opened>;
  readonly #kernel: { readonly open: OpenLines; readonly pulses: string };
  #lost = 0;

  constructor(settings: Settings, context: ModuleContext, kernel: { open: OpenLines; pulses: string }) {
    this.#settings = settings;
    this.#context = context;
    this.#kernel = kernel;
    this.#outputs = Object.keys(settings.outputs);
    const inputs = Object.entries(settings.inputs);
    this.#switched = new Map(inputs.flatMap(([name, port]) => (port.type === "bool" ? [[name, port]] : [])));
    this.#dimmed = new Map(inputs.flatMap(([name, port]) => (port.type === "float" ? [[name, port]] : [])));
    for (const [name, { stop }] of inputs) this.#held.set(name, stop);
    this.#device = new KeptDevice(
      context,
      {
        open: (reports) => this.#open(reports),
        greet: async (opened) => {
          this.#setAll(opened);
          // Whoever lost us meanwhile is on the way of a failsafe: a level that is as it was brings it back.
          this.#levels.clear();
          this.#giveLevels(opened.lines);
        },
        close: closeAll,
      },
      tellDevice(context),
      spans,
    );
  }

  start(): Instance {
    this.#context.emit("edges-lost", 0);
    this.#context.onInput((input, applied) => this.#apply(input, applied));
    this.#device.start();
    return { stop: () => this.#stop(), selfTest: () => this.#device.selfTest() };
  }

  /** What is let go of shall not stay on because nobody is there to turn it off. */
  async #stop(): Promise<void> {
    for (const input of this.#held.keys()) this.#apply(input, undefined);
    await this.#device.stop();
  }

  async #open(reports: DeviceReports): Promise<Opened> {
    const edges = new EdgeReader(
      new Map(Object.entries(this.#settings.outputs).map(([name, { pin }]) => [pin, name])),
    );
    const lines = await this.#kernel.open(this.#wiring(), {
      edges: (given) => this.#take(edges, given),
      failed: (words) => reports.failed(words),
    });
    const pulses = new Map<string, PulseOutput>();
    try {
      for (const [name, dimmed] of this.#dimmed) {
        pulses.set(name, await openPulses(dimmed, (words) => reports.failed(words), this.#kernel.pulses));
      }
    } catch (error) {
      await closeAll({ lines, pulses });
      throw error;
    }
    return { lines, pulses };
  }

  #wiring(): Wiring {
    const { chip, outputs } = this.#settings;
    const { node, name } = this.#context;
    return {
      chip,
      consumer: `${node}/${name}`,
      inputs: Object.values(outputs).map(({ pin, pull, activeLow, debounce }) => ({
        offset: pin,
        pull,
        isActiveLow: activeLow,
        debounceMicros: Math.round(debounce * 1000),
      })),
      outputs: [...this.#switched].map(([name, { pin, activeLow, openDrain }]) => ({
        offset: pin,
        isActiveLow: activeLow,
        isOpenDrain: openDrain,
        first: this.#held.get(name) === true,
      })),
    };
  }

  /** What was applied since the lines were asked for holds too. */
  #setAll({ lines, pulses }: Opened): void {
    lines.set([...this.#switched.keys()].map((name) => this.#held.get(name) === true));
    for (const [name, output] of pulses) output.set(Number(this.#held.get(name)));
  }

  /** Levels are values whenever the pins are had anew: a door that stands open is open. */
  #giveLevels(lines: Lines): void {
    for (const [index, value] of lines.levels().entries()) {
      const output = this.#outputs[index];
      if (output !== undefined) this.#give(output, value);
    }
  }

  #take(reader: EdgeReader, edges: readonly Edge[]): void {
    const { clock } = this.#context;
    const moment = { at: clock.now(), wall: clock.wall(), nanos: process.hrtime.bigint() };
    const { levels, lost, isUnsure } = reader.read(edges, moment);
    for (const { output, value, at } of levels) {
      this.#levels.set(output, value);
      this.#context.emit(output, value, { at });
    }
    if (lost > 0) this.#context.emit("edges-lost", (this.#lost += lost));
    const lines = this.#device.handle?.lines;
    if (isUnsure && lines !== undefined) this.#giveLevels(lines);
  }

  #give(output: string, value: boolean): void {
    if (this.#levels.get(output) === value) return;
    this.#levels.set(output, value);
    this.#context.emit(output, value);
  }

  #apply(input: string, applied: Applied | undefined): void {
    const value = applied?.value ?? this.#settings.inputs[input]?.stop;
    if (typeof value !== "boolean" && typeof value !== "number") return;
    this.#held.set(input, value);
    const opened = this.#device.handle;
    if (opened === undefined) return;
    try {
      if (typeof value === "number") opened.pulses.get(input)?.set(value);
      else opened.lines.set([...this.#switched.keys()].map((name) => this.#held.get(name) === true));
    } catch (error) {
      this.#context.log.error(`${input} could not be set: ${messageOf(error)}`);
    }
  }
}

/** One that cannot be closed keeps none of the others: the first error is thrown when all have been tried. */
async function closeAll({ lines, pulses }: Opened): Promise<void> {
  const closed = await Promise.allSettled([...pulses.values(), lines].map((each) => each.close()));
  const failed = closed.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}
