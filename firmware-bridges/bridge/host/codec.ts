/** What host and bridge say to each other: PROTOCOL.md, as types and bytes. */
import { Encoder } from "cbor-x";
import { failed, ok, type Result } from "@interactor/shared/kernel/result";

/** Versions of the protocol that this host speaks. */
export const versionMin = 1;
export const versionMax = 1;

/** A safe level that leaves an output as it is. */
export const holdLevel = 0xff_ff;
/** What asks the bridge to stand still until its watchdog resets it. */
const watchdogTest = 0x5a_fe;

export type Request =
  | { readonly kind: "hello"; readonly versionMin: number; readonly versionMax: number }
  | { readonly kind: "describe"; readonly channel: number }
  | { readonly kind: "ping" }
  | { readonly kind: "set"; readonly channel: number; readonly level: number }
  | { readonly kind: "subscribe"; readonly channel: number; readonly periodMillis: number }
  | { readonly kind: "guard"; readonly millis: number }
  | { readonly kind: "safe"; readonly channel: number; readonly level: number }
  | { readonly kind: "rest"; readonly channel: number; readonly level: number }
  | { readonly kind: "test-watchdog" };

export const channelKinds = ["analog-in", "switch-in", "pwm-out", "servo-out", "onoff-out"] as const;
export type ChannelKind = (typeof channelKinds)[number];

/** What the bridge refuses with; a number that a later version added is `unknown-reason`. */
const refusals = [
  "bad-frame",
  "bad-shape",
  "no-common-version",
  "no-such-channel",
  "unknown-request",
  "not-welcomed",
  "wrong-kind",
  "out-of-range",
] as const;
export type Refusal = (typeof refusals)[number] | "unknown-reason";

/** Bits of the reason of a boot. */
export const bootBits = { power: 1, resetPin: 2, brownOut: 4, watchdog: 8, warm: 16 } as const;

export interface Welcome {
  readonly kind: "welcome";
  /** 0: nobody asked, it has just started. */
  readonly number: number;
  /** Of the protocol; 0 until one is agreed. */
  readonly version: number;
  readonly firmware: string;
  readonly release: string;
  readonly bootReason: number;
  readonly uptimeMillis: number;
  readonly board: string;
  readonly channels: number;
}

export type Answer =
  | Welcome
  | {
      readonly kind: "description";
      readonly number: number;
      readonly channel: number;
      /** `undefined`: of a later version. */
      readonly channelKind: ChannelKind | undefined;
      readonly label: string;
      readonly most: number;
    }
  | {
      readonly kind: "pong";
      readonly number: number;
      readonly uptimeMillis: number;
      readonly framesGood: number;
      readonly framesBad: number;
      readonly bytesLost: number;
      readonly samplesLost: number;
    }
  | { readonly kind: "done"; readonly number: number }
  | {
      readonly kind: "sample";
      /** Counts the samples of its channel, up to 65,535 and then from 0. */
      readonly number: number;
      readonly channel: number;
      readonly value: number;
      readonly uptimeMillis: number;
    }
  | { readonly kind: "went-safe"; readonly uptimeMillis: number }
  | { readonly kind: "refused"; readonly number: number; readonly reason: Refusal }
  /** Of a later version. */
  | { readonly kind: "unknown"; readonly type: number };

const cbor = new Encoder({ useRecords: false, tagUint8Array: false, variableMapSize: true });

/** The content of a frame. `number` names the request in its answer: 1 to 65,535. */
export function encodeRequest(request: Request, number: number): Uint8Array {
  return cbor.encode(wordsOf(request, number));
}

function wordsOf(request: Request, number: number): readonly number[] {
  switch (request.kind) {
    case "hello":
      return [1, number, request.versionMin, request.versionMax];
    case "describe":
      return [2, number, request.channel];
    case "ping":
      return [3, number];
    case "set":
      return [4, number, request.channel, request.level];
    case "subscribe":
      return [5, number, request.channel, request.periodMillis];
    case "guard":
      return [6, number, request.millis];
    case "safe":
      return [7, number, request.channel, request.level];
    case "rest":
      return [9, number, request.channel, request.level];
    case "test-watchdog":
      return [8, number, watchdogTest];
  }
}

/** Reads the content of a frame that the bridge sent, or says which of two ways it is wrong. */
export function decodeAnswer(content: Uint8Array): Result<Answer, "not-cbor" | "wrong-shape"> {
  let decoded: unknown;
  try {
    decoded = cbor.decode(content);
  } catch {
    return failed("not-cbor");
  }
  if (!Array.isArray(decoded)) return failed("wrong-shape");
  const answer = answerOf(decoded);
  return answer === undefined ? failed("wrong-shape") : ok(answer);
}

function answerOf(words: readonly unknown[]): Answer | undefined {
  const [type] = words;
  if (!isWhole(type)) return undefined;
  switch (type) {
    case 129:
      return welcomeOf(words);
    case 130:
      return descriptionOf(words);
    case 131:
      return pongOf(words);
    case 132:
      return isWhole(words[1]) ? { kind: "done", number: words[1] } : undefined;
    case 133:
      return sampleOf(words);
    case 134:
      return isWhole(words[1]) ? { kind: "went-safe", uptimeMillis: words[1] } : undefined;
    case 255:
      return refusedOf(words);
    default:
      return { kind: "unknown", type };
  }
}

function welcomeOf([
  ,
  number,
  version,
  firmware,
  release,
  bootReason,
  uptimeMillis,
  board,
  channels,
]: readonly unknown[]): Welcome | undefined {
  if (!isWhole(number) || !isWhole(version) || typeof firmware !== "string" || !isRelease(release))
    return undefined;
  if (!isWhole(bootReason) || !isWhole(uptimeMillis) || typeof board !== "string" || !isWhole(channels))
    return undefined;
  return {
    kind: "welcome",
    number,
    version,
    firmware,
    release: release.join("."),
    bootReason,
    uptimeMillis,
    board,
    channels,
  };
}

function descriptionOf([, number, channel, kind, label, most]: readonly unknown[]): Answer | undefined {
  if (!isWhole(number) || !isWhole(channel) || !isWhole(kind) || typeof label !== "string" || !isWhole(most))
    return undefined;
  return { kind: "description", number, channel, channelKind: channelKinds[kind - 1], label, most };
}

function pongOf(words: readonly unknown[]): Answer | undefined {
  const [number, uptimeMillis, framesGood, framesBad, bytesLost, samplesLost] = words
    .slice(1, 7)
    .filter(isWhole);
  if (number === undefined || uptimeMillis === undefined || framesGood === undefined) return undefined;
  if (framesBad === undefined || bytesLost === undefined || samplesLost === undefined) return undefined;
  return { kind: "pong", number, uptimeMillis, framesGood, framesBad, bytesLost, samplesLost };
}

function sampleOf([, number, channel, value, uptimeMillis]: readonly unknown[]): Answer | undefined {
  if (!isWhole(number) || !isWhole(channel) || !isWhole(value) || !isWhole(uptimeMillis)) return undefined;
  return { kind: "sample", number, channel, value, uptimeMillis };
}

function refusedOf([, number, reason]: readonly unknown[]): Answer | undefined {
  if (!isWhole(number) || !isWhole(reason)) return undefined;
  return { kind: "refused", number, reason: refusals[reason - 1] ?? "unknown-reason" };
}

/** CBOR's unsigned integers up to 32 bits: more the bridge never says. */
function isWhole(word: unknown): word is number {
  return typeof word === "number" && Number.isInteger(word) && word >= 0 && word <= 0xff_ff_ff_ff;
}

function isRelease(word: unknown): word is readonly number[] {
  return Array.isArray(word) && word.length === 3 && word.every(isWhole);
}
