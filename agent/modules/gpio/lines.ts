/** The lines of an instance, requested from the kernel: edges come, levels are set. */
import { readSync } from "node:fs";
import { closeDescriptor, openChip } from "./chips.ts";
import { busy, type Kernel, KernelError, loadKernel } from "./kernel.ts";
import {
  decodeEdges,
  decodeValues,
  descriptorOf,
  type Edge,
  edgeBytes,
  encodeInputRequest,
  encodeOutputRequest,
  encodeValues,
  type InputLine,
  type OutputLine,
  requests,
} from "./kernel-abi.ts";
import { edgesKept } from "./limits.ts";
import { letGoOfOrphans } from "./orphans.ts";
import { ReadyDescriptors } from "./ready-descriptors.ts";

export interface Wiring {
  readonly chip: string;
  /** Shown to others by `gpioinfo`. */
  readonly consumer: string;
  readonly inputs: readonly InputLine[];
  readonly outputs: readonly OutputLine[];
}

export interface LineEvents {
  edges(edges: readonly Edge[]): void;
  failed(words: string): void;
}

export interface Lines {
  /** Levels of the inputs now, in their order. */
  levels(): readonly boolean[];
  set(levels: readonly boolean[]): void;
  close(): Promise<void>;
}

export type OpenLines = (wiring: Wiring, events: LineEvents) => Promise<Lines>;

export async function openLines(wiring: Wiring, events: LineEvents): Promise<Lines> {
  const kernel = await loadKernel();
  try {
    return await openWith(kernel, wiring, events);
  } catch (error) {
    if (!isBusy(error) || (await letGoOfOrphans(kernel)) === 0) throw error;
    return openWith(kernel, wiring, events);
  }
}

async function openWith(kernel: Kernel, wiring: Wiring, events: LineEvents): Promise<Lines> {
  const chip = await openChip(kernel, wiring.chip);
  const opened: number[] = [];
  try {
    const { consumer } = wiring;
    const inputs = requested(kernel, chip, encodeInputRequest(wiring.inputs, consumer), wiring.inputs);
    if (inputs !== undefined) opened.push(inputs);
    const outputs = requested(kernel, chip, encodeOutputRequest(wiring.outputs, consumer), wiring.outputs);
    if (outputs !== undefined) opened.push(outputs);
    return serve(kernel, { inputs, outputs, count: wiring.inputs.length }, events);
  } catch (error) {
    for (const descriptor of opened) kernel.close(descriptor);
    throw error;
  } finally {
    // The lines stay ours without it.
    await closeDescriptor(chip);
  }
}

function requested(
  kernel: Kernel,
  chip: number,
  request: Uint8Array | undefined,
  lines: readonly { readonly offset: number }[],
): number | undefined {
  if (lines.length === 0) return undefined;
  if (request === undefined) {
    throw new Error("the pins differ in more than ten ways: spread them over two instances");
  }
  const pins = lines.map(({ offset }) => offset).join(", ");
  try {
    kernel.control(chip, requests.lines, request);
  } catch (error) {
    if (error instanceof KernelError && error.errno === busy) {
      throw new Error(`another program, or the kernel, has one of the pins ${pins}: gpioinfo says who`, {
        cause: error,
      });
    }
    throw new Error(`the pins ${pins} cannot be had`, { cause: error });
  }
  const descriptor = descriptorOf(request);
  try {
    kernel.own(descriptor);
  } catch (error) {
    kernel.close(descriptor);
    throw error;
  }
  return descriptor;
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof KernelError && error.cause.errno === busy;

let shared: ReadyDescriptors | undefined;

/** One for all instances of this thread. */
function readyDescriptors(kernel: Kernel): ReadyDescriptors {
  shared ??= new ReadyDescriptors(kernel);
  return shared;
}

interface Held {
  readonly inputs: number | undefined;
  readonly outputs: number | undefined;
  readonly count: number;
}

function serve(kernel: Kernel, { inputs, outputs, count }: Held, events: LineEvents): Lines {
  const buffer = new Uint8Array(edgeBytes * Math.min(edgesKept, edgesRead));
  const unwatch =
    inputs === undefined
      ? undefined
      : readyDescriptors(kernel).watch(inputs, {
          ready() {
            const bytesRead = readSync(inputs, buffer);
            events.edges(decodeEdges(buffer.subarray(0, bytesRead)));
          },
          failed: (error) => events.failed(String(error)),
        });
  return {
    levels() {
      if (inputs === undefined) return [];
      const bytes = encodeValues(Array.from({ length: count }, () => false));
      kernel.control(inputs, requests.getValues, bytes);
      return decodeValues(bytes, count);
    },
    set(levels) {
      if (outputs !== undefined) kernel.control(outputs, requests.setValues, encodeValues(levels));
    },
    async close() {
      await unwatch?.();
      for (const descriptor of [inputs, outputs]) {
        if (descriptor !== undefined) kernel.close(descriptor);
      }
    },
  };
}

/** Edges that one read takes. The kernel keeps the others. */
const edgesRead = 64;
