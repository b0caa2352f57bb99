/**
 * One visitor after the other: comes from the far wall, stands in front of the sensor for a while, shifts now
 * and then, perhaps presses the button, and leaves. Pure: time comes in steps and chance as an argument, so a
 * seed always gives the same afternoon. What the sensors see of it is in sensors.ts.
 */
import { type Random, unreachable } from "@interactor/shared/sdk/define-module";

export interface Room {
  /** In metres from the sensor. */
  readonly nearest: number;
  readonly farthest: number;
  readonly visitorsPerHour: number;
  readonly pressesPerMinute: number;
}

/** A walk from one place to another, slower at its ends. */
interface Walk {
  readonly from: number;
  readonly to: number;
  /** Seconds it takes, and seconds it has taken. */
  readonly lasts: number;
  readonly spent: number;
}

export type Visitor =
  | { readonly kind: "absent"; readonly left: number }
  | { readonly kind: "approaching"; readonly walk: Walk }
  | {
      readonly kind: "lingering";
      /** Seconds until they leave. */
      readonly left: number;
      readonly place: number;
      readonly shift: Walk | undefined;
      /** Seconds the button is still held; 0: nobody holds it. */
      readonly pressLeft: number;
    }
  | { readonly kind: "leaving"; readonly walk: Walk };

/** 4 s to come, 13 s in front of it, 4 s to go: with 120 visitors an hour somebody is there 70 % of the time. */
const walkSeconds = { least: 3, most: 5 };
const lingerSeconds = { least: 6, most: 20 };
const visitSeconds = 21;
const pauseSecondsMin = 0.5;
const shiftsPerSecond = 0.25;
const shiftSeconds = { least: 0.6, most: 1.5 };
/** Furthest shift, as a share of the room. */
const shiftMost = 0.15;
const pressSeconds = { least: 0.15, most: 0.4 };

/** An empty room whose first visitor comes within 2 s, so that a demo does not begin with waiting. */
export const emptyRoom = (random: Random): Visitor => ({ kind: "absent", left: 2 * random.next() });

/** The visitor `seconds` later. */
export function advance(visitor: Visitor, seconds: number, room: Room, random: Random): Visitor {
  switch (visitor.kind) {
    case "absent":
      return visitor.left > seconds
        ? { kind: "absent", left: visitor.left - seconds }
        : { kind: "approaching", walk: walkOf(room.farthest, standingPlace(room, random), random) };
    case "approaching":
      return isOver(visitor.walk, seconds)
        ? lingerAt(visitor.walk.to, random)
        : { kind: "approaching", walk: walked(visitor.walk, seconds) };
    case "lingering":
      return visitor.left > seconds
        ? linger(visitor, seconds, room, random)
        : { kind: "leaving", walk: walkOf(placeOf(visitor, room), room.farthest, random) };
    case "leaving":
      return isOver(visitor.walk, seconds)
        ? { kind: "absent", left: pause(room, random) }
        : { kind: "leaving", walk: walked(visitor.walk, seconds) };
    default:
      return unreachable(visitor);
  }
}

/** What stands in front of the sensor: the visitor, or the far wall. In metres, within the room. */
export function placeOf(visitor: Visitor, room: Room): number {
  switch (visitor.kind) {
    case "absent":
      return room.farthest;
    case "approaching":
    case "leaving":
      return placeOn(visitor.walk);
    case "lingering":
      return visitor.shift === undefined ? visitor.place : placeOn(visitor.shift);
    default:
      return unreachable(visitor);
  }
}

export const isMoving = (visitor: Visitor): boolean =>
  visitor.kind === "approaching" ||
  visitor.kind === "leaving" ||
  (visitor.kind === "lingering" && (visitor.shift !== undefined || visitor.pressLeft > 0));

export const isPressing = (visitor: Visitor): boolean =>
  visitor.kind === "lingering" && visitor.pressLeft > 0;

type Lingering = Extract<Visitor, { kind: "lingering" }>;

const lingerAt = (place: number, random: Random): Lingering => ({
  kind: "lingering",
  left: between(lingerSeconds, random),
  place,
  shift: undefined,
  pressLeft: 0,
});

function linger(visitor: Lingering, seconds: number, room: Room, random: Random): Lingering {
  const left = visitor.left - seconds;
  const pressLeft = pressed(visitor.pressLeft, seconds, room, random);
  const { shift } = visitor;
  if (shift !== undefined) {
    return isOver(shift, seconds)
      ? { ...visitor, left, pressLeft, place: shift.to, shift: undefined }
      : { ...visitor, left, pressLeft, shift: walked(shift, seconds) };
  }
  if (random.next() >= shiftsPerSecond * seconds) return { ...visitor, left, pressLeft };
  const to = visitor.place + (2 * random.next() - 1) * shiftMost * (room.farthest - room.nearest);
  const lasts = between(shiftSeconds, random);
  return {
    ...visitor,
    left,
    pressLeft,
    shift: { from: visitor.place, to: inRoom(to, room), lasts, spent: 0 },
  };
}

function pressed(pressLeft: number, seconds: number, room: Room, random: Random): number {
  if (pressLeft > 0) return Math.max(0, pressLeft - seconds);
  return random.next() < (room.pressesPerMinute / 60) * seconds ? between(pressSeconds, random) : 0;
}

/** In the nearer half of the room, but not with the nose at the sensor. */
const standingPlace = ({ nearest, farthest }: Room, random: Random): number =>
  nearest + (farthest - nearest) * (0.05 + 0.4 * random.next());

function pause({ visitorsPerHour }: Room, random: Random): number {
  const mean = Math.max(pauseSecondsMin, 3600 / visitorsPerHour - visitSeconds);
  // Exponential, as arrivals of strangers are; cut so that an installer does not think the demo has died.
  return Math.min(Math.max(pauseSecondsMin, -Math.log(1 - random.next()) * mean), 4 * mean);
}

const walkOf = (from: number, to: number, random: Random): Walk => ({
  from,
  to,
  lasts: between(walkSeconds, random),
  spent: 0,
});
const walked = (walk: Walk, seconds: number): Walk => ({ ...walk, spent: walk.spent + seconds });
const isOver = (walk: Walk, seconds: number): boolean => walk.spent + seconds >= walk.lasts;

function placeOn({ from, to, lasts, spent }: Walk): number {
  const share = spent / lasts;
  return from + (to - from) * share * share * (3 - 2 * share);
}

const inRoom = (place: number, { nearest, farthest }: Room): number =>
  Math.min(Math.max(place, nearest), farthest);

const between = ({ least, most }: { least: number; most: number }, random: Random): number =>
  least + (most - least) * random.next();
