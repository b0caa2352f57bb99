/** `interactor why` of an input that lights something: who really shows on its channels, whoever owns the input. */
import {
  channelWords,
  dimmedWords,
  readMonitor,
  sourceOn,
  type UniverseMonitor,
} from "@interactor/shared/site/fixtures/universe-monitor";
import type { Value } from "@interactor/shared/wire/value";
import { printable } from "./output.ts";

/** Outputs of an instance by which its universe is known. */
export const universeOutputs = ["monitor", "patch"] as const;

/** A lamp has a dozen channels, and a row of them is no answer any more. */
const channelsShown = 32;

export interface ShownOn {
  readonly monitor: UniverseMonitor;
  /** 1–512, of the input that is asked for. */
  readonly channels: readonly number[];
}

/** `undefined`: the instance sends no universe, or the input stands on none of its channels. */
export function shownOn(
  input: string,
  { monitor: said, patch }: Readonly<Record<(typeof universeOutputs)[number], Value | undefined>>,
): ShownOn | undefined {
  const monitor = readMonitor(said);
  const channels = channelsOf(input, patch).filter((channel) => monitor?.levels[channel - 1] !== undefined);
  return monitor === undefined || channels.length === 0 ? undefined : { monitor, channels };
}

function channelsOf(input: string, patch: Value | undefined): readonly number[] {
  const raw = /^ch([1-9]\d{0,2})$/.exec(input)?.[1];
  if (raw !== undefined) return [Number(raw)];
  const isRecord = typeof patch === "object" && patch !== null;
  const channels: unknown = isRecord && Object.hasOwn(patch, input) ? Reflect.get(patch, input) : [];
  return Array.isArray(channels) ? channels.filter((channel) => typeof channel === "number") : [];
}

/** `isOwned`: somebody owns the input, and would show if nobody stood above. */
export function shownLines(
  input: string,
  { monitor, channels }: ShownOn,
  isOwned: boolean,
): readonly string[] {
  const lines = channels.slice(0, channelsShown).map((channel) => {
    const isOther = isOwned && !ownSources(input).includes(sourceOn(monitor, channel) ?? "");
    const words = channelWords(monitor.levels, channel, monitor);
    return `shows    ${words}${isOther ? ", and not this input" : ""}`;
  });
  const rest = channels.length - channelsShown;
  return [
    ...lines,
    ...(rest > 0 ? [`shows    and ${rest} channels more`] : []),
    ...dimmedWords(monitor).map((words) => `dimmed   by ${words}`),
  ].map(printable);
}

/** As which of the sources of a universe an input shows. */
const ownSources = (input: string): readonly string[] => [
  /^ch\d+$/.test(input) ? "channels" : "dimmers",
  "stop",
];

export const shownJson = ({ monitor, channels }: ShownOn): unknown => ({
  channels: channels.map((channel) => ({
    channel,
    level: monitor.levels[channel - 1],
    source: sourceOn(monitor, channel) ?? null,
  })),
  master: monitor.master,
  blackout: monitor.isBlack,
});
