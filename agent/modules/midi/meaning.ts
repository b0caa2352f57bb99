/** From messages to values of outputs, and from values of inputs to messages. Pure. */
import type { Value } from "@interactor/shared/sdk/define-module";
import { dataMax, type MidiEvent, noteOf } from "./message.ts";
import type { Meaning } from "./settings.ts";

const bendMost = 8191;
/** Switches send 0 and 127; from here on a value is "on". */
const onFrom = 64;

/** The value that a message has for a port; `undefined`: it is none of its. */
export function valueOf(event: MidiEvent, meaning: Meaning): Value | undefined {
  if (meaning.channel !== undefined && meaning.channel !== event.channel) return undefined;
  switch (event.kind) {
    case "note":
      if (!("note" in meaning) || numberOf(meaning.note) !== event.note) return undefined;
      return meaning.type === "bool" ? event.velocity > 0 : event.velocity / dataMax;
    case "controller":
      if (!("controller" in meaning) || meaning.controller !== event.controller) return undefined;
      if (meaning.type === "bool") return event.value >= onFrom;
      return meaning.type === "int" ? event.value : event.value / dataMax;
    case "program":
      return "program" in meaning ? event.program : undefined;
    case "bend":
      return "bend" in meaning ? Math.max(-1, event.value / bendMost) : undefined;
  }
}

/** What says the value; `undefined`: no message can. Beyond the ends it is the end. */
export function messageFor(value: Value, meaning: Meaning): MidiEvent | undefined {
  const channel = meaning.channel ?? 1;
  if (typeof value !== "boolean" && (typeof value !== "number" || !Number.isFinite(value))) return undefined;
  const number = Number(value);
  const scaled = meaning.type === "int" ? number : number * dataMax;
  const data = Math.min(dataMax, Math.max(0, Math.round(scaled)));
  if ("note" in meaning) return { kind: "note", channel, note: numberOf(meaning.note), velocity: data };
  if ("controller" in meaning)
    return { kind: "controller", channel, controller: meaning.controller, value: data };
  if ("program" in meaning) return { kind: "program", channel, program: data };
  const bend = Math.round(Math.min(1, Math.max(-1, number)) * bendMost);
  return { kind: "bend", channel, value: bend };
}

/** The settings have been checked. */
const numberOf = (note: number | string): number => (typeof note === "number" ? note : (noteOf(note) ?? 0));
