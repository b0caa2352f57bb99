/**
 * Fixtures as a site file names them, and the inputs they become when it is compiled. Those may be written by hand too,
 * for a lamp that the Open Fixture Library does not have.
 */
import { type InputSpec } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import { levelMax, slotCount } from "../engine/slots.ts";
import { type Placed, type PlacedColour, type PlacedNumber, slotsOfPlaced } from "../engine/placed-input.ts";
import { channel, flag, type Problem, strict, text, whole } from "./fields.ts";

/** 24 bits, which is the finest there is. */
const slotsMost = 3;
const rawMost = 256 ** slotsMost - 1;

const slots = z.array(channel).check(z.minLength(1), z.maxLength(slotsMost, `at most ${slotsMost} channels`));
const number = z.number({ error: "must be a number" });
const shared = {
  label: z.optional(text),
  actuator: z._default(flag, true),
  /** The grand master and the blackout take it to 0. */
  intensity: z.optional(flag),
};

const placedNumber = strict({
  ...shared,
  type: z.enum(["float", "int"], { error: "must be float, int, or text for a colour" }),
  unit: z.optional(text),
  min: z._default(number, 0),
  max: z._default(number, 1),
  stop: z._default(number, 0),
  slots,
  raw: z.tuple([whole(0, rawMost), whole(0, rawMost)]),
  /** What the slots hold while nobody says anything. */
  rest: z.optional(whole(0, rawMost)),
  /** Every level means something else: it jumps. Not given: where it is a whole number without a unit, and no intensity. */
  stepped: z.optional(flag),
});

const placedColour = strict({
  ...shared,
  type: z.literal("text"),
  stop: z._default(text, "#000000"),
  colour: z.enum(["rgb", "cmy"], { error: "must be rgb or cmy" }),
  slots: z.array(slots).check(z.minLength(3, "needs three lists of channels"), z.maxLength(3)),
});

/** Of 512 slots each has at least one. More: refuse. */
export const placed = z._default(
  z.record(z.string(), z.discriminatedUnion("type", [placedNumber, placedColour]), {
    error: "must be a map of name: {type, slots, …}",
  }),
  {},
);

const fixture = strict({
  file: text.check(z.minLength(1), z.maxLength(255)),
  mode: z.optional(text),
  channel,
  colour: z.optional(z.enum(["rgb", "parts"], { error: "must be rgb or parts" })),
  /** Written when the site is compiled. */
  slots: z.optional(whole(1, slotCount)),
});

export const fixtures = z.optional(
  z.record(z.string(), fixture, { error: "must be a map of name: {file, mode, channel}" }),
);

type WrittenFixtures = NonNullable<z.infer<typeof fixtures>>;
export type PlacedSettings = InputSpec &
  Placed & { readonly rest?: number | undefined; readonly stepped?: boolean | undefined };

/** A fixture file is read with the site file: what runs on a node has never seen one. */
export function problemsOfFixtures(given: WrittenFixtures): readonly Problem[] {
  return Object.entries(given).flatMap(([name, { slots }]) =>
    slots === undefined
      ? [
          {
            path: ["fixtures", name],
            message: "fixtures work from a site file only: their files are read there",
          },
        ]
      : [],
  );
}

type Placing = PlacedNumber | PlacedColour;

export function problemsOfPlaced(name: string, placed: Placing): readonly Problem[] {
  if (placed.type === "text") return [];
  const path = ["placed", name];
  const most = (levelMax + 1) ** placed.slots.length - 1;
  if (Math.max(...placed.raw) > most)
    return [{ path: [...path, "raw"], message: `${placed.slots.length} channels hold at most ${most}` }];
  return placed.max > placed.min ? [] : [{ path: [...path, "max"], message: "must be more than min" }];
}

/** Slots, counted from 0, that are no intensity. */
export const latestOf = (placed: readonly PlacedSettings[]): readonly number[] =>
  placed
    .filter((each) => !("intensity" in each && each.intensity === true))
    .flatMap((each) => slotsOfPlaced(each).map((slot) => slot - 1));

/** Slots, counted from 0, on which every level means something else: a gobo wheel, a shutter, macros, a lamp's control. */
export const steppedOf = (placed: readonly PlacedSettings[]): readonly number[] =>
  placed.filter(isStepped).flatMap((each) => slotsOfPlaced(each).map((slot) => slot - 1));

/** Who does not say so says it with the unit: what is dimmed, turned or zoomed mostly has one. */
function isStepped(placed: PlacedSettings): boolean {
  if (placed.type === "text") return false;
  return placed.stepped ?? (placed.type === "int" && placed.unit === undefined && placed.intensity !== true);
}

/** What slots, counted from 0, hold while nobody says anything. */
export function restOf(placed: readonly PlacedSettings[]): ReadonlyMap<number, number> {
  const rest = new Map<number, number>();
  for (const each of placed) {
    if (each.type === "text" || each.rest === undefined) continue;
    const count = each.slots.length;
    for (const [index, slot] of each.slots.entries())
      rest.set(slot - 1, Math.floor(each.rest / 256 ** (count - 1 - index)) % 256);
  }
  return rest;
}
