/**
 * The life of one device as a state machine: absent, opening, handshaking, ready, degraded, lost, and over again.
 *
 * Every try has a number, because what an old one still has to say must not be taken for the new one: a line that opens
 * after its deadline is closed and never used. Nothing waits without an end: `wakeAt` names the instant at which `tick`
 * has something to do. A device that fails again and again is left alone for longer and longer, or until somebody sees it
 * plugged in anew: an instance must not spend its node on a broken board.
 */
import { unreachable } from "../kernel/assert.ts";
import { type Instant, later, type Millis, millis, seconds } from "../kernel/units.ts";

/** How long each part may take, and how often is tried. */
export interface DeviceSpans {
  /** Opening that takes longer counts as failed. */
  readonly openingMax: Millis;
  /** A device that has not said who it is by then counts as failed. */
  readonly handshakeMax: Millis;
  /** What has worked badly for so long is closed and opened anew. */
  readonly degradedMax: Millis;
  /** Ready for so long, it was well: the next wait starts short again. */
  readonly steadyAfter: Millis;
  /** Longest wait until an absent device is looked for again: one that is plugged in shall be in use soon. */
  readonly absentLongest: Millis;
  /** Longest wait after a failure, and every wait of one that fails always. */
  readonly lostLongest: Millis;
  /** So many failures in a row: it fails always. */
  readonly failuresMax: number;
}

export const usualDeviceSpans: DeviceSpans = {
  openingMax: seconds(10),
  handshakeMax: seconds(10),
  degradedMax: seconds(30),
  steadyAfter: seconds(5),
  absentLongest: seconds(5),
  lostLongest: seconds(60),
  failuresMax: 5,
};

/** How often it was looked for in vain, and how often it failed, each in a row. */
interface Tries {
  readonly attempt: number;
  readonly misses: number;
  readonly failures: number;
}

export type DeviceState =
  /** It is not there. */
  | (Tries & { readonly kind: "absent"; readonly reason: string; readonly dueAt: Instant })
  | (Tries & { readonly kind: "opening" | "handshaking"; readonly dueAt: Instant })
  /** `dueAt`: when it counts as steady; nothing is due after that. */
  | (Tries & { readonly kind: "ready"; readonly dueAt: Instant | undefined })
  /** It works, but not as it should. */
  | (Tries & { readonly kind: "degraded"; readonly reason: string; readonly dueAt: Instant })
  /** It was there, or should be, and failed. */
  | (Tries & {
      readonly kind: "lost";
      readonly reason: string;
      readonly dueAt: Instant;
      readonly failsAlways: boolean;
    })
  | { readonly kind: "stopped" };

export type DeviceEvent =
  | { readonly kind: "tick" }
  /** Somebody saw it come: it is tried at once, whatever happened before. */
  | { readonly kind: "appeared" }
  | { readonly kind: "opened"; readonly attempt: number }
  /** It has said who it is, and may be used. */
  | { readonly kind: "greeted"; readonly attempt: number }
  | { readonly kind: "missing"; readonly attempt: number; readonly reason: string }
  | { readonly kind: "failed"; readonly attempt: number; readonly reason: string }
  | { readonly kind: "worse"; readonly attempt: number; readonly reason: string }
  | { readonly kind: "well"; readonly attempt: number }
  | { readonly kind: "stop" };

export type DeviceEffect =
  | { readonly kind: "open"; readonly attempt: number }
  | { readonly kind: "greet"; readonly attempt: number }
  /** Also for what was never opened, or opens only now. */
  | { readonly kind: "close"; readonly attempt: number };

export interface DeviceStep {
  readonly state: DeviceState;
  readonly effects: readonly DeviceEffect[];
}

export interface DeviceMoment {
  readonly at: Instant;
  /** Uniform in [0, 1): devices that fail together shall not be tried together. */
  readonly chance: number;
}

/** It is looked for with the first tick. */
export const deviceAtStart = (at: Instant): DeviceState => ({
  kind: "absent",
  attempt: 0,
  misses: 0,
  failures: 0,
  reason: "not looked for yet",
  dueAt: at,
});

/** When the next tick has something to do; `undefined`: nothing is waited for. */
export const wakeAt = (state: DeviceState): Instant | undefined =>
  state.kind === "stopped" ? undefined : state.dueAt;

export const isUsable = (state: DeviceState): boolean => state.kind === "ready" || state.kind === "degraded";

/** What keeps it from working as it should, for an installer; `undefined`: nothing does. */
export function complaintOf(state: DeviceState): string | undefined {
  switch (state.kind) {
    case "absent":
      return state.reason;
    case "lost":
      return state.failsAlways
        ? `${state.reason} (failed ${state.failures} times in a row: tried seldom from now on)`
        : state.reason;
    case "degraded":
      return `it works badly: ${state.reason}`;
    case "opening":
    case "handshaking":
    case "ready":
    case "stopped":
      return undefined;
    default:
      return unreachable(state);
  }
}

export function stepDevice(
  state: DeviceState,
  event: DeviceEvent,
  moment: DeviceMoment,
  spans: DeviceSpans = usualDeviceSpans,
): DeviceStep {
  if (event.kind === "opened" && (!("attempt" in state) || !isAwaited(state, event.attempt))) {
    return { state, effects: [{ kind: "close", attempt: event.attempt }] };
  }
  if (state.kind === "stopped" || ("attempt" in event && event.attempt !== state.attempt)) return stay(state);
  switch (event.kind) {
    case "tick":
      return tick(state, moment, spans);
    case "appeared":
      return isAway(state) ? open({ ...state, misses: 0, failures: 0 }, moment, spans) : stay(state);
    case "opened":
      return handshake(state, moment, spans);
    case "greeted":
      if (state.kind !== "handshaking") return stay(state);
      return goOn({ ...triesOf(state), kind: "ready", dueAt: later(moment.at, spans.steadyAfter) });
    case "missing":
      return isAway(state) ? stay(state) : miss(state, event.reason, moment, spans);
    case "failed":
      return isAway(state) ? stay(state) : lose(state, event.reason, moment, spans);
    case "worse":
      return worsen(state, event.reason, moment, spans);
    case "well":
      if (state.kind !== "degraded") return stay(state);
      return goOn({ ...triesOf(state), kind: "ready", dueAt: later(moment.at, spans.steadyAfter) });
    case "stop":
      return {
        state: { kind: "stopped" },
        effects: isAway(state) ? [] : [{ kind: "close", attempt: state.attempt }],
      };
    default:
      return unreachable(event);
  }
}

type Living = Exclude<DeviceState, { kind: "stopped" }>;

const stay = (state: DeviceState): DeviceStep => ({ state, effects: [] });
const goOn = stay;
const isAway = (state: Living): boolean => state.kind === "absent" || state.kind === "lost";
const triesOf = ({ attempt, misses, failures }: Living): Tries => ({ attempt, misses, failures });
const isAwaited = (state: Living, attempt: number): boolean =>
  state.kind === "opening" && state.attempt === attempt;

function tick(state: Living, moment: DeviceMoment, spans: DeviceSpans): DeviceStep {
  if (state.dueAt === undefined || moment.at < state.dueAt) return stay(state);
  switch (state.kind) {
    case "absent":
    case "lost":
      return open(state, moment, spans);
    case "opening":
      return lose(state, "it could not be opened in time", moment, spans);
    case "handshaking":
      return lose(state, "it did not answer in time", moment, spans);
    case "ready":
      return goOn({ ...state, misses: 0, failures: 0, dueAt: undefined });
    case "degraded":
      return lose(state, state.reason, moment, spans);
    default:
      return unreachable(state);
  }
}

function open(state: Living, { at }: DeviceMoment, { openingMax }: DeviceSpans): DeviceStep {
  const attempt = state.attempt + 1;
  return {
    state: { ...triesOf(state), attempt, kind: "opening", dueAt: later(at, openingMax) },
    effects: [{ kind: "open", attempt }],
  };
}

function handshake(state: Living, { at }: DeviceMoment, { handshakeMax }: DeviceSpans): DeviceStep {
  return {
    state: { ...triesOf(state), kind: "handshaking", dueAt: later(at, handshakeMax) },
    effects: [{ kind: "greet", attempt: state.attempt }],
  };
}

function worsen(state: Living, reason: string, { at }: DeviceMoment, spans: DeviceSpans): DeviceStep {
  if (state.kind === "degraded") return goOn({ ...state, reason });
  if (state.kind !== "ready") return stay(state);
  return goOn({ ...triesOf(state), kind: "degraded", reason, dueAt: later(at, spans.degradedMax) });
}

/** It is not there, which is no fault of its: what it did before is over. */
function miss(state: Living, reason: string, moment: DeviceMoment, spans: DeviceSpans): DeviceStep {
  const misses = state.misses + 1;
  const dueAt = later(moment.at, waitAfter(misses, spans.absentLongest, moment.chance));
  return {
    state: { kind: "absent", attempt: state.attempt, misses, failures: 0, reason, dueAt },
    effects: [{ kind: "close", attempt: state.attempt }],
  };
}

function lose(state: Living, reason: string, moment: DeviceMoment, spans: DeviceSpans): DeviceStep {
  const failures = state.failures + 1;
  const failsAlways = failures >= spans.failuresMax;
  const wait = failsAlways ? spans.lostLongest : waitAfter(failures, spans.lostLongest, moment.chance);
  return {
    state: {
      kind: "lost",
      attempt: state.attempt,
      misses: 0,
      failures,
      reason,
      dueAt: later(moment.at, wait),
      failsAlways,
    },
    effects: [{ kind: "close", attempt: state.attempt }],
  };
}

/** Doubling from 1 s, shortened at random by up to half. */
function waitAfter(times: number, longest: Millis, chance: number): Millis {
  const span = Math.min(1000 * 2 ** Math.min(times - 1, doublingsMax), longest);
  return millis(span * (1 - chance / 2));
}

/** Beyond this every wait is its longest: the power must not run out of numbers on a device that is away for a year. */
const doublingsMax = 30;
