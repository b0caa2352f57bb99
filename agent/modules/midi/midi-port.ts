/** A port of the system's MIDI, found by its name, in both directions as far as it has them. */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, messageOf } from "@interactor/shared/sdk/define-module";
import { deviceMissing, type DeviceReports } from "@interactor/shared/sdk/devices";
import { presenceInterval } from "./limits.ts";

export interface MidiPort {
  /** Whether it takes messages. */
  readonly isOutput: boolean;
  send(message: number[]): void;
  close(): Promise<void>;
}

export type OpenPort = (
  name: string,
  received: (message: readonly number[]) => void,
  shell: { readonly clock: Clock; readonly reports: DeviceReports },
) => Promise<MidiPort>;

/** The one port that is meant: of the exact name, or the only one that has it as a part. Pure. */
export function choosePort(names: readonly string[], wanted: string): number | undefined {
  const exact = names.indexOf(wanted);
  if (exact >= 0) return exact;
  const near = names.flatMap((name, index) =>
    name.toLowerCase().includes(wanted.toLowerCase()) ? [index] : [],
  );
  return near.length === 1 ? near[0] : undefined;
}

export const openPort: OpenPort = async (name, received, { clock, reports }) => {
  const midi = await loaded();
  const [input, output] = [new midi.Input(), new midi.Output()];
  let isClosed = false;
  const close = async (): Promise<void> => {
    isClosed = true;
    cancel();
    input.destroy();
    output.destroy();
  };
  let cancel = (): void => {};
  const sources = midi.Input.getPortNames();
  const targets = midi.Output.getPortNames();
  const [source, target] = [choosePort(sources, name), choosePort(targets, name)];
  if (source === undefined && target === undefined) {
    await close();
    throw deviceMissing(absentWords(name, [...new Set([...sources, ...targets])]));
  }
  if (source !== undefined) {
    // No system exclusive, clock or sensing: 24 clocks a beat say nothing that an output could give.
    input.ignoreTypes(true, true, true);
    input.on("message", (_, message) => received(message));
    input.openPort(source);
  }
  if (target !== undefined) output.openPort(target);
  const [heldSource, heldTarget] = [source ?? -1, target ?? -1].map(
    (index, way) => [sources, targets][way]?.[index],
  );
  const cards = await soundCards();
  const look = async (): Promise<void> => {
    const isGone =
      (heldSource !== undefined && !midi.Input.getPortNames().includes(heldSource)) ||
      (heldTarget !== undefined && !midi.Output.getPortNames().includes(heldTarget));
    // One that went and came back has its name again, and not its connection to us.
    const isReplugged = (await soundCards()) !== cards;
    if (isClosed) return;
    if (isGone) reports.failed(`${name} is gone: is it still plugged in?`);
    else if (isReplugged) reports.failed("sound devices have come or gone: it is opened anew");
    else cancel = clock.after(presenceInterval, () => void look());
  };
  cancel = clock.after(presenceInterval, () => void look());
  return { isOutput: target !== undefined, send: (message) => output.sendMessage(message), close };
};

/** The kernel's sound cards, as long as each is plugged in: one that comes back has another inode. */
async function soundCards(folder = "/sys/class/sound"): Promise<string> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith("card")).toSorted();
  const inodes = names.map(async (name) =>
    lstat(join(folder, name)).then(
      ({ ino }) => ino,
      () => 0,
    ),
  );
  return (await Promise.all(inodes)).join();
}

function absentWords(name: string, known: readonly string[]): string {
  const listed = known.length === 0 ? "there is none" : `there are ${known.join(", ")}`;
  const alike = known.filter((each) => each.toLowerCase().includes(name.toLowerCase()));
  return alike.length > 1
    ? `several MIDI ports are called "${name}": ${alike.join(", ")}`
    : `no MIDI port is called "${name}": ${listed}`;
}

/** Throws with words where the system has no MIDI at all. */
async function loaded() {
  try {
    // What it exports by name, a bundle in parts has not: a part of CommonJS has its default alone.
    const { default: midi } = await import("@julusian/midi");
    new midi.Input().destroy();
    return midi;
  } catch (error) {
    throw new Error(`this computer has no MIDI: ${messageOf(error)}`, { cause: error });
  }
}
