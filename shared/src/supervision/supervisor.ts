/**
 * A supervisor with the meanings that OTP gave to one: who is started again when a child ends, in which order, and when
 * that has gone on for too long. Its children may be supervisors themselves.
 *
 * Four things are not of OTP. A restart waits (OTP's is immediate). What cannot begin, for no fault of its own, is tried again
 * and nothing is counted. Ends are counted until a life was a healthy one, and
 * not by the minute: with waits between them, lives of a few seconds would never be enough ends in one. And where no
 * child depends on another (one-for-one), each child's restarts are counted by themselves: one that is broken must not use
 * up the patience for all.
 */
import type { Random } from "../kernel/random.ts";
import { between, earliest, type Instant, later, type Millis, millis, seconds } from "../kernel/units.ts";

/** Whom the end of a child takes along: nobody, everybody, those that were started after it. */
export type Strategy = "one-for-one" | "one-for-all" | "rest-for-one";
/** Started again always, unless it ended well, never. */
export type Restart = "permanent" | "transient" | "temporary";

export interface ChildSpec {
  readonly name: string;
  readonly restart: Restart;
}

export interface SupervisorSpec {
  readonly strategy: Strategy;
  /** More ends than this without a healthy life between them: escalate. */
  readonly intensity: number;
  /** A life of this length is a healthy one; of several that count together, when none of them ended for so long. */
  readonly healthyAfter: Millis;
  /** What becomes of those that it escalates for: they stay down, or are tried again so much later. */
  readonly afterEscalation: "stay-down" | Millis;
}

/** In the order in which they are started; they are stopped in the other. */
export interface SupervisorState {
  readonly children: readonly Child[];
  /** Ends of all since they were healthy, where they count together. */
  readonly ends: number;
  readonly isStopping: boolean;
}

type Phase =
  | { readonly kind: "down"; readonly due: Instant }
  | { readonly kind: "starting" | "up" | "to-stop" | "stopping"; readonly due: Instant | undefined }
  /** It is not started again. */
  | { readonly kind: "over" };

interface Child extends ChildSpec {
  readonly phase: Phase;
  /** Since its last healthy life. */
  readonly ends: number;
  /** Its latest life. */
  readonly startedAt: Instant | undefined;
}

export type SupervisorEvent =
  | { readonly kind: "add"; readonly child: ChildSpec; readonly at: Instant }
  /** It was stopped for good. */
  | { readonly kind: "remove"; readonly child: string; readonly at: Instant }
  | { readonly kind: "started"; readonly child: string; readonly at: Instant }
  /** By itself, or because it was told to stop. */
  | { readonly kind: "ended"; readonly child: string; readonly isGood: boolean; readonly at: Instant }
  /** It was to be started and could not begin, because something is not there that it needs. */
  | { readonly kind: "refused"; readonly child: string; readonly at: Instant }
  | { readonly kind: "tick"; readonly at: Instant }
  | { readonly kind: "stop"; readonly at: Instant };

export type SupervisorEffect =
  | { readonly kind: "start" | "stop"; readonly child: string }
  /** Starting them again does not help; `child` ended last. Who supervises this supervisor decides what does. */
  | { readonly kind: "escalate"; readonly child: string; readonly children: readonly string[] }
  /** Nobody is up any more, and it was told to stop. */
  | { readonly kind: "stopped" };

export interface Supervision {
  readonly state: SupervisorState;
  readonly effects: readonly SupervisorEffect[];
}

export const supervisorAtStart: SupervisorState = { children: [], ends: 0, isStopping: false };

/** The first wait; each further end doubles it. A room waits for it: what a longer one is good for comes with escalation. */
const firstDelay = seconds(1);
const longestDelay = seconds(10);
/** What could not begin costs next to nothing to try, and shall be there soon after what it needs. */
const refusedDelay = seconds(2);

export function stepSupervisor(
  spec: SupervisorSpec,
  state: SupervisorState,
  event: SupervisorEvent,
  random: Random,
): Supervision {
  switch (event.kind) {
    case "add": {
      const child: Child = {
        ...event.child,
        phase: { kind: "down", due: event.at },
        ends: 0,
        startedAt: undefined,
      };
      return advance(spec, { ...state, children: [...state.children, child] }, event.at);
    }
    case "remove": {
      const children = state.children.filter(({ name }) => name !== event.child);
      return advance(spec, { ...state, children }, event.at);
    }
    case "started":
      return advance(spec, started(state, event.child, event.at), event.at);
    case "ended":
      return ended(spec, state, event, random);
    case "refused":
      return refused(spec, state, event, random);
    case "tick":
      return advance(spec, state, event.at);
    case "stop": {
      const children = state.children.map((child) => stoppedForGood(child));
      return advance(spec, { ...state, children, isStopping: true }, event.at);
    }
    default:
      return event satisfies never;
  }
}

/** When a tick is due; `undefined`: not before something happens. */
export function supervisorDueAt({ children }: SupervisorState): Instant | undefined {
  return children.reduce<Instant | undefined>(
    (soonest, { phase }) => (phase.kind === "down" ? earliest(soonest, phase.due) : soonest),
    undefined,
  );
}

function started(state: SupervisorState, name: string, at: Instant): SupervisorState {
  const children = state.children.map((child): Child => {
    if (child.name !== name || child.phase.kind !== "starting") return child;
    return { ...child, phase: { kind: "up", due: undefined }, startedAt: at };
  });
  return { ...state, children };
}

function ended(
  spec: SupervisorSpec,
  state: SupervisorState,
  { child: name, isGood, at }: Extract<SupervisorEvent, { kind: "ended" }>,
  random: Random,
): Supervision {
  const index = state.children.findIndex((child) => child.name === name);
  const child = state.children[index];
  if (child === undefined || child.phase.kind === "over" || child.phase.kind === "down")
    return { state, effects: [] };
  if (child.phase.kind === "stopping" || state.isStopping) {
    const { due } = child.phase;
    const phase: Phase = due === undefined ? { kind: "over" } : { kind: "down", due };
    return advance(
      spec,
      withPhase(state, name, () => phase),
      at,
    );
  }
  if (child.restart === "temporary" || (child.restart === "transient" && isGood))
    return advance(
      spec,
      withPhase(state, name, () => ({ kind: "over" })),
      at,
    );

  const isApart = spec.strategy === "one-for-one";
  const isHealthy = lifeOf(isApart ? [child] : state.children, at) >= spec.healthyAfter;
  const ends = (isHealthy ? 0 : isApart ? child.ends : state.ends) + 1;
  const isTooMuch = ends > spec.intensity;
  const due = isTooMuch
    ? spec.afterEscalation === "stay-down"
      ? undefined
      : later(at, spec.afterEscalation)
    : later(at, delayAfter(ends, random));
  const taken = takenAlong(spec.strategy, state.children, index);
  // What escalated begins to count anew when it is tried again.
  const counted = isTooMuch ? 0 : ends;
  const children = state.children.map((each) => {
    if (!taken.has(each.name)) return each;
    return { ...each, phase: phaseAfter(each, each.name === name, due), ends: isApart ? counted : each.ends };
  });
  const next = { ...state, children, ends: isApart ? state.ends : counted };
  const { state: after, effects } = advance(spec, next, at);
  if (!isTooMuch) return { state: after, effects };
  return { state: after, effects: [{ kind: "escalate", child: name, children: [...taken] }, ...effects] };
}

/** Nothing is counted: what was there before it counts again with the next end. */
function refused(
  spec: SupervisorSpec,
  state: SupervisorState,
  { child: name, at }: Extract<SupervisorEvent, { kind: "refused" }>,
  random: Random,
): Supervision {
  const index = state.children.findIndex((child) => child.name === name);
  const kind = state.children[index]?.phase.kind;
  // It was told to stop meanwhile, and has.
  if (kind !== "starting" && kind !== "up")
    return ended(spec, state, { kind: "ended", child: name, isGood: true, at }, random);
  const due = later(at, refusedDelay);
  // Who has to come behind it is not due before it is.
  const isOrdered = spec.strategy !== "one-for-one";
  const children = state.children.map((child, place): Child => {
    const isBehind = isOrdered && place > index && child.phase.kind === "down";
    return place === index || isBehind ? { ...child, phase: { kind: "down", due } } : child;
  });
  return advance(spec, { ...state, children }, at);
}

/** How long they have been up, all of them. */
function lifeOf(children: readonly Child[], at: Instant): number {
  return Math.min(...children.map(({ startedAt }) => (startedAt === undefined ? 0 : between(startedAt, at))));
}

/** Half of it is chance, so that what fell together does not rise together. */
const delayAfter = (ends: number, random: Random): Millis =>
  millis(Math.min(firstDelay * 2 ** (ends - 1), longestDelay) * (1 - random.next() / 2));

function takenAlong(strategy: Strategy, children: readonly Child[], index: number): ReadonlySet<string> {
  const from = strategy === "one-for-all" ? 0 : index;
  const to = strategy === "one-for-one" ? index + 1 : children.length;
  return new Set(children.slice(from, to).map(({ name }) => name));
}

/** What becomes of a child: of the one that ended, and of those that go with it. */
function phaseAfter({ phase, restart }: Child, hasEnded: boolean, due: Instant | undefined): Phase {
  // Nobody starts a temporary child twice.
  const again = restart === "temporary" ? undefined : due;
  const isGone = hasEnded || phase.kind === "down";
  if (phase.kind === "over") return phase;
  if (isGone) return again === undefined ? { kind: "over" } : { kind: "down", due: again };
  return { kind: phase.kind === "stopping" ? "stopping" : "to-stop", due: again };
}

function stoppedForGood(child: Child): Child {
  const { phase } = child;
  if (phase.kind === "over" || phase.kind === "down") return { ...child, phase: { kind: "over" } };
  return {
    ...child,
    phase: { kind: phase.kind === "stopping" ? "stopping" : "to-stop", due: undefined },
  };
}

/** Stops what is to be stopped, last first and one after the other; then starts what is due. */
function advance(spec: SupervisorSpec, state: SupervisorState, at: Instant): Supervision {
  const effects: SupervisorEffect[] = [];
  let children = state.children;
  const put = (name: string, phase: Phase): void => {
    children = children.map((child) => (child.name === name ? { ...child, phase } : child));
  };
  const isStopping = children.some(({ phase }) => phase.kind === "stopping");
  const toStop = children.findLast(({ phase }) => phase.kind === "to-stop");
  if (!isStopping && toStop?.phase.kind === "to-stop") {
    put(toStop.name, { ...toStop.phase, kind: "stopping" });
    effects.push({ kind: "stop", child: toStop.name });
  }
  const isOrdered = spec.strategy !== "one-for-one";
  for (const { name, phase } of state.children) {
    if (isOrdered && (isStopping || toStop !== undefined)) break;
    if (phase.kind === "down" && phase.due <= at) {
      put(name, { kind: "starting", due: undefined });
      effects.push({ kind: "start", child: name });
    }
    // Who comes later may need who comes before.
    if (isOrdered && children.some((child) => child.name === name && isOnItsWay(child.phase))) break;
  }
  const next = { ...state, children };
  const isEnded = state.isStopping && children.every(({ phase }) => phase.kind === "over");
  if (isEnded) effects.push({ kind: "stopped" });
  return { state: next, effects };
}

const isOnItsWay = ({ kind }: Phase): boolean => kind === "starting" || kind === "down";

function withPhase(state: SupervisorState, name: string, change: (phase: Phase) => Phase): SupervisorState {
  const children = state.children.map((child) =>
    child.name === name ? { ...child, phase: change(child.phase) } : child,
  );
  return { ...state, children };
}
