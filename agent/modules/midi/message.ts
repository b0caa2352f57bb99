/** MIDI 1.0 channel messages as bytes. Pure. What else there is (clock, system exclusive) is passed over. */

export type MidiEvent =
  | { readonly kind: "note"; readonly channel: number; readonly note: number; readonly velocity: number }
  | {
      readonly kind: "controller";
      readonly channel: number;
      readonly controller: number;
      readonly value: number;
    }
  | { readonly kind: "program"; readonly channel: number; readonly program: number }
  /** −8192 to 8191. */
  | { readonly kind: "bend"; readonly channel: number; readonly value: number };

const status = { noteOff: 0x8, noteOn: 0x9, controller: 0xb, program: 0xc, bend: 0xe } as const;
const bendCentre = 8192;
/** The most a data byte holds. */
export const dataMax = 127;

/** `undefined`: it says nothing of a channel, or is no whole message. Channels count from 1, as people do. */
export function decodeMessage(bytes: readonly number[]): MidiEvent | undefined {
  const [first = 0, one = -1, two = -1] = bytes;
  const channel = (first & 0x0f) + 1;
  const kind = first >> 4;
  if (!isData(one)) return undefined;
  if (kind === status.program) return { kind: "program", channel, program: one };
  if (!isData(two)) return undefined;
  // A note that is played with velocity 0 is a note that ends.
  if (kind === status.noteOn) return { kind: "note", channel, note: one, velocity: two };
  if (kind === status.noteOff) return { kind: "note", channel, note: one, velocity: 0 };
  if (kind === status.controller) return { kind: "controller", channel, controller: one, value: two };
  if (kind === status.bend) return { kind: "bend", channel, value: one + two * 128 - bendCentre };
  return undefined;
}

export function encodeMessage(event: MidiEvent): number[] {
  const first = (kind: number): number => (kind << 4) | (event.channel - 1);
  switch (event.kind) {
    case "note":
      return [first(event.velocity === 0 ? status.noteOff : status.noteOn), event.note, event.velocity];
    case "controller":
      return [first(status.controller), event.controller, event.value];
    case "program":
      return [first(status.program), event.program];
    case "bend": {
      const value = event.value + bendCentre;
      return [first(status.bend), value & dataMax, value >> 7];
    }
  }
}

const isData = (byte: number): boolean => byte >= 0 && byte <= dataMax;

const semitones: ReadonlyMap<string, number> = new Map([
  ["C", 0],
  ["D", 2],
  ["E", 4],
  ["F", 5],
  ["G", 7],
  ["A", 9],
  ["B", 11],
]);

/** `C4` is 60, as most say; `F#2`, `Bb-1`. `undefined`: there is no such note. */
export function noteOf(text: string): number | undefined {
  const match = /^([A-Ga-g])([#b]?)(-?\d)$/u.exec(text);
  const semitone = semitones.get(match?.[1]?.toUpperCase() ?? "");
  if (match === null || semitone === undefined) return undefined;
  const shift = match[2] === "#" ? 1 : match[2] === "b" ? -1 : 0;
  const note = (Number(match[3]) + 1) * 12 + semitone + shift;
  return note >= 0 && note <= dataMax ? note : undefined;
}
