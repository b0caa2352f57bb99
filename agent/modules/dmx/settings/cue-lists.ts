/** Scenes, cue lists, recordings and the failsafe: what is stored, as people write it and as the engine takes it. */
import { type Millis, millis, seconds } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import type { Cue, CueListSettings, Levels } from "../engine/cue-list.ts";
import type { FailsafeSettings } from "../engine/failsafe.ts";
import { curves } from "../engine/fade.ts";
import { levelsOfPlaced, type Placed, slotsOfPlaced } from "../engine/placed-input.ts";
import { levelMax, levelOf, slotOfChannel } from "../engine/slots.ts";
import { sacnPriorityMax } from "../sacn.ts";
import { flag, millisOf, type Problem, span, strict, text, whole } from "./fields.ts";

/** Enough for a night, few enough that all looks of a list, 512 bytes and more each, fit into a worker. More: refuse. */
const cuesMax = 500;
/** Cue lists and recordings of one universe; each is asked 44 times a second while it runs. More: refuse. */
const cueListsMax = 32;
/** More: refuse. */
const scenesMax = 500;
/** Looks a second. A line carries no more than 44. */
const rateMax = 44;
/** The priority that sources have who do not say (E1.31 section 6.2.3). */
export const priorityDefault = 100;

/** How long a scene takes to come, and what is let go to leave: seen as a fade, and over before one wonders. */
export const releaseDefault = seconds(2);

const error = "must be a map of inputs and their levels, such as {ch1: 255, wash: 0.5}";
const level = z.union([z.number(), z.string()], {
  error: 'must be a number, or a colour in quotes, such as "#ff8000"',
});
const levels = z.record(z.string(), level, { error });

export const priority = whole(0, sacnPriorityMax);

/** A scene that says more than its levels. No input takes a map, so `levels` is no input of that name here. */
const timedScene = strict({ levels, fade: z.optional(span), priority: z.optional(priority) });

const scene = z.union([levels, timedScene], {
  error: ({ input, errors }) => {
    const [issues] = (errors as readonly (readonly z.core.$ZodIssue[])[]).slice(isTimed(input) ? 1 : 0);
    const [issue] = issues ?? [];
    return issue === undefined ? error : [...issue.path, issue.message].join(": ");
  },
});

function isTimed(scene: unknown): scene is TimedScene {
  return typeof scene === "object" && scene !== null && typeof Reflect.get(scene, "levels") === "object";
}

const timed = (scene: WrittenLevels | TimedScene): TimedScene => (isTimed(scene) ? scene : { levels: scene });

export const scenes = z._default(z.record(z.string(), scene, { error: "must be a map of scenes" }), {});

const cue = strict({
  name: z.optional(text),
  scene: z.optional(text),
  levels: z.optional(levels),
  wait: z.optional(span),
  fade: z.optional(span),
  up: z.optional(span),
  down: z.optional(span),
  curve: z._default(z.enum(curves, { error: `must be one of ${curves.join(", ")}` }), "linear"),
  follow: z.optional(span),
});

const cueList = strict({
  cues: z.optional(
    z
      .array(cue, { error: "must be a list of cues" })
      .check(z.minLength(1, "must have at least one cue"), z.maxLength(cuesMax, `more than ${cuesMax} cues`)),
  ),
  csv: z.optional(
    text.check(z.refine((path) => path.startsWith("/"), "must be a path such as /srv/rain.csv")),
  ),
  header: z._default(flag, true),
  rate: z._default(whole(1, rateMax), 25),
  loop: z._default(flag, false),
  priority: z._default(priority, priorityDefault),
  release: z.optional(span),
});

export const cueLists = z._default(
  z.record(z.string(), cueList, { error: "must be a map of cue lists" }),
  {},
);

export const failsafe = strict({
  hold: z._default(
    z.union([z.literal("forever"), span], { error: "must be a time such as 5s, or forever" }),
    "0s",
  ),
  fade: z._default(span, "0s"),
  scene: z.optional(text),
});

export type WrittenScenes = z.infer<typeof scenes>;
export type WrittenCueLists = z.infer<typeof cueLists>;
type WrittenCue = z.infer<typeof cue>;
type WrittenLevels = z.infer<typeof levels>;
type TimedScene = z.infer<typeof timedScene>;

/** A recording as it is set; its looks are read from the file when the instance starts. */
export interface CsvSettings {
  readonly path: string;
  readonly hasHeader: boolean;
  readonly rate: number;
  readonly priority: number;
  readonly release: Millis;
  readonly isLooped: boolean;
}

export interface StoredScene {
  readonly levels: Levels;
  /** How long it takes to come, and to leave. */
  readonly fade: Millis;
  readonly priority: number;
}

/** Where an input's level goes; `undefined`: there is no such input. */
export type SlotOf = (input: string) => { readonly slot: number; readonly scale: number } | undefined;

/** What slots get, counted from 0, when an input has this value; or what is wrong with it in words. */
export type LevelsOf = (input: string, value: number | string) => Levels | string;

export interface Stored {
  readonly scenes: Readonly<Record<string, StoredScene>>;
  readonly cueLists: Readonly<Record<string, CueListSettings>>;
  readonly recordings: Readonly<Record<string, CsvSettings>>;
  readonly failsafe: FailsafeSettings;
}

interface Written {
  readonly scenes: WrittenScenes;
  readonly cueLists: WrittenCueLists;
  readonly failsafe?: z.infer<typeof failsafe> | undefined;
}

/** Raw channels go from 0 to 255, dimmers from 0 to 1. */
export function slotFinder(dimmers: Readonly<Record<string, { readonly channel: number }>>): SlotOf {
  return (input) => {
    const raw = slotOfChannel(input);
    if (raw !== undefined) return { slot: raw, scale: 1 };
    const dimmer = Object.hasOwn(dimmers, input) ? dimmers[input] : undefined;
    return dimmer && { slot: dimmer.channel - 1, scale: levelMax };
  };
}

/** Raw channels, dimmers, and inputs over several slots, as fixtures have them. */
export function levelFinder({ dimmers, placed }: LevelHolders): LevelsOf {
  const slotOf = slotFinder(dimmers);
  return (input, value) => {
    const found = slotOf(input);
    if (found !== undefined) {
      const most = levelMax / found.scale;
      if (typeof value !== "number" || value < 0 || value > most) return `must be a number from 0 to ${most}`;
      return new Map([[found.slot, levelOf(value * found.scale)]]);
    }
    const each = Object.hasOwn(placed, input) ? placed[input] : undefined;
    if (each === undefined) return `there is no input "${input}"`;
    const levels = isWithin(each, value) ? levelsOfPlaced(each, value) : undefined;
    if (levels === undefined) return wordsFor(each);
    return new Map(slotsOfPlaced(each).map((slot, index) => [slot - 1, levels[index] ?? 0]));
  };
}

interface LevelHolders {
  readonly dimmers: Readonly<Record<string, { readonly channel: number }>>;
  readonly placed: Readonly<Record<string, Placed>>;
}

const isWithin = (placed: Placed, value: number | string): boolean =>
  placed.type === "text" || (typeof value === "number" && value >= placed.min && value <= placed.max);

const wordsFor = (placed: Placed): string =>
  placed.type === "text"
    ? 'must be a colour, such as "#ff8000"'
    : `must be a number from ${placed.min} to ${placed.max}`;

export function problemsOfStored(
  { scenes, cueLists, failsafe }: Written,
  levelsOf: LevelsOf,
): readonly Problem[] {
  const problems: Problem[] = [];
  const tell = (path: Problem["path"], message: string) => void problems.push({ path, message });
  if (Object.keys(scenes).length > scenesMax) tell(["scenes"], `more than ${scenesMax} scenes`);
  if (Object.keys(cueLists).length > cueListsMax) tell(["cueLists"], `more than ${cueListsMax} cue lists`);
  for (const [name, scene] of Object.entries(scenes)) {
    const path = ["scenes", name, ...(isTimed(scene) ? ["levels"] : [])];
    problems.push(...levelProblems(path, timed(scene).levels, levelsOf));
  }
  for (const [name, list] of Object.entries(cueLists)) {
    const path = ["cueLists", name];
    if ((list.cues === undefined) === (list.csv === undefined))
      tell(path, "needs cues, or csv, and not both");
    problems.push(...cueProblems(path, list.cues ?? [], { scenes, levelsOf }));
    if (list.loop && list.cues !== undefined && isTimeless(list.cues)) {
      tell(
        [...path, "loop"],
        "a loop whose cues follow at once never ends: give one of them a wait, a fade or a follow",
      );
    }
  }
  if (failsafe?.scene !== undefined && !Object.hasOwn(scenes, failsafe.scene)) {
    tell(["failsafe", "scene"], `there is no scene "${failsafe.scene}"`);
  }
  return problems;
}

function levelProblems(path: Problem["path"], levels: WrittenLevels, levelsOf: LevelsOf): readonly Problem[] {
  return Object.entries(levels).flatMap(([input, level]) => {
    const found = levelsOf(input, level);
    return typeof found === "string" ? [{ path: [...path, input], message: found }] : [];
  });
}

function cueProblems(
  path: Problem["path"],
  cues: readonly WrittenCue[],
  { scenes, levelsOf }: { readonly scenes: WrittenScenes; readonly levelsOf: LevelsOf },
): readonly Problem[] {
  const names = new Set<string>();
  return cues.flatMap((cue, index) => {
    const here = [...path, "cues", index];
    const problems: Problem[] = [];
    if (cue.scene !== undefined && !Object.hasOwn(scenes, cue.scene)) {
      problems.push({ path: [...here, "scene"], message: `there is no scene "${cue.scene}"` });
    }
    if (cue.scene === undefined && cue.levels === undefined) {
      problems.push({ path: here, message: "needs a scene or levels" });
    }
    const name = nameOf(cue, index);
    if (names.has(name))
      problems.push({ path: here, message: `the name "${name}" stands twice: give it another` });
    names.add(name);
    return [...problems, ...levelProblems([...here, "levels"], cue.levels ?? {}, levelsOf)];
  });
}

/** Whether one turn of the loop takes no time at all. A cue without `follow` waits for GO. */
const isTimeless = (cues: readonly WrittenCue[]): boolean =>
  cues.every(
    (cue) =>
      cue.follow !== undefined &&
      millisOf(cue.follow) === 0 &&
      wayOf(cue.wait) === 0 &&
      wayOf(cue.up ?? cue.fade) === 0 &&
      wayOf(cue.down ?? cue.fade) === 0,
  );

const wayOf = (written: string | undefined): Millis =>
  written === undefined ? millis(0) : millisOf(written);

const releaseOf = (written: string | undefined): Millis =>
  written === undefined ? releaseDefault : millisOf(written);

/** People who give no names count from 1. */
const nameOf = (cue: WrittenCue, index: number): string => cue.name ?? String(index + 1);

/** Of settings without problems. */
export function storedOf({ scenes, cueLists, failsafe }: Written, levelsOf: LevelsOf): Stored {
  const bySlot = (levels: WrittenLevels | undefined): Levels => levelsTogether(levels ?? {}, levelsOf);
  const lists: Record<string, CueListSettings> = {};
  const recordings: Record<string, CsvSettings> = {};
  for (const [name, list] of Object.entries(cueLists)) {
    const { cues, csv, header, rate, loop, priority } = list;
    const release = releaseOf(list.release);
    if (csv !== undefined)
      recordings[name] = { path: csv, hasHeader: header, rate, priority, release, isLooped: loop };
    const made = (cues ?? []).map((cue, index): Cue => {
      return {
        name: nameOf(cue, index),
        levels: new Map([...bySlot(levelsIn(scenes, cue.scene)), ...bySlot(cue.levels)]),
        wait: wayOf(cue.wait),
        up: wayOf(cue.up ?? cue.fade),
        down: wayOf(cue.down ?? cue.fade),
        curve: cue.curve,
        follow: cue.follow === undefined ? undefined : millisOf(cue.follow),
      };
    });
    if (cues !== undefined) lists[name] = { cues: made, priority, release, isLooped: loop, isTracking: true };
  }
  const stored = Object.entries(scenes).map(([name, scene]): [string, StoredScene] => {
    const { levels, fade, priority = priorityDefault } = timed(scene);
    return [name, { levels: bySlot(levels), fade: releaseOf(fade), priority }];
  });
  return {
    scenes: Object.fromEntries(stored),
    cueLists: lists,
    recordings,
    failsafe: {
      hold: failsafe?.hold === "forever" ? null : wayOf(failsafe?.hold),
      fade: wayOf(failsafe?.fade),
      scene: bySlot(levelsIn(scenes, failsafe?.scene)),
    },
  };
}

/** None of no scene, and of one that is not there. */
function levelsIn(scenes: WrittenScenes, name: string | undefined): WrittenLevels {
  const scene = name === undefined || !Object.hasOwn(scenes, name) ? undefined : scenes[name];
  return scene === undefined ? {} : timed(scene).levels;
}

/** Two inputs on one slot: the higher. */
function levelsTogether(levels: WrittenLevels, levelsOf: LevelsOf): Levels {
  const together = new Map<number, number>();
  for (const [input, value] of Object.entries(levels)) {
    const found = levelsOf(input, value);
    if (typeof found === "string") continue;
    for (const [slot, level] of found) together.set(slot, Math.max(together.get(slot) ?? 0, level));
  }
  return together;
}
