/** From values to the levels of a board's pins, and back. */
import type { Value } from "@interactor/shared/sdk/define-module";
import { type ChannelKind, holdLevel } from "@interactor/firmware-bridges/bridge/host/codec.ts";
import type { InputSettings, OutputSettings } from "./settings.ts";

const analogMost = 1023;
const pwmMost = 255;

/** What kind of channel a port needs. */
export function kindOfInput(input: InputSettings): ChannelKind {
  if ("pulses" in input) return "servo-out";
  return input.type === "bool" ? "onoff-out" : "pwm-out";
}

export const kindOfOutput = (output: OutputSettings): ChannelKind =>
  output.type === "bool" ? "switch-in" : "analog-in";

/** Values beyond the ends go to the end. */
export function levelOf(input: InputSettings, value: Value): number {
  if (input.type === "bool") return (value === true) === input.activeLow ? 0 : 1;
  const share = shareOf(input, typeof value === "number" ? value : input.stop);
  if (!("pulses" in input)) return Math.round(share * pwmMost);
  const [least, most] = input.pulses;
  return Math.round(least + share * (most - least));
}

/** The level that the board takes by itself. */
export function safeLevelOf(input: InputSettings): number {
  if (input.safe === "hold") return holdLevel;
  if (input.safe === "free") return 0;
  return levelOf(input, input.safe ?? input.stop);
}

/** The level of an on/off output after a reset, until the board hears of this node. */
export const restLevelOf = (input: InputSettings): number =>
  input.safe === "hold" ? levelOf(input, input.stop) : safeLevelOf(input);

export function valueOf(output: OutputSettings, level: number): boolean | number {
  if (output.type === "bool") return (level === 0) === output.activeLow;
  return output.min + (level / analogMost) * (output.max - output.min);
}

const shareOf = ({ min, max }: { readonly min: number; readonly max: number }, value: number): number =>
  Math.min(1, Math.max(0, (value - min) / (max - min)));
