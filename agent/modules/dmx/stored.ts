/** The texts that play what is stored: GO, back, pause and release of cue lists, and scenes. Says what it cannot do. */
import { type Instant, millis } from "@interactor/shared/sdk/define-module";
import type { CueListSettings } from "./engine/cue-list.ts";
import type { Engine } from "./engine/engine.ts";
import type { Playback } from "./engine/playback.ts";
import type { Stored } from "./settings/cue-lists.ts";
import { priorityDefault, releaseDefault } from "./settings/cue-lists.ts";

/** The list behind the input `scene`. No cue list of a site has such a name. */
const sceneList = "(scene)";
/** All cue lists of an instance: those that are set, and its scenes as one that does not track. */
export function cueListsOf({ scenes, cueLists }: Stored): Readonly<Record<string, CueListSettings>> {
  const cues = Object.entries(scenes).map(([name, { levels, fade, priority }]) => {
    const times = { wait: millis(0), up: fade, down: fade, release: fade, curve: "linear" } as const;
    return { name, levels, priority, ...times, follow: undefined };
  });
  // Each of its cues says both itself.
  const unsaid = { priority: priorityDefault, release: releaseDefault };
  const list = { cues, ...unsaid, isLooped: false, isTracking: false };
  return { ...cueLists, [sceneList]: list };
}

const playInputs = ["cue-go", "cue-back", "cue-pause", "cue-resume", "cue-release", "scene"] as const;
export type PlayInput = (typeof playInputs)[number];
export const isPlayInput = (input: string): input is PlayInput => playInputs.some((each) => each === input);

/** Returns what is wrong in words for people, or nothing. */
export function play(engine: Engine, input: PlayInput, text: string, at: Instant): string | undefined {
  switch (input) {
    case "cue-go":
      return go(engine, text, at);
    case "cue-back":
      return withList(engine, text, (list) => (list.back(at) ? undefined : `${text} is at its first cue`));
    case "cue-pause":
      return ofAllOr(engine, text, (list) => (list.pause(at) ? undefined : `${text} does not run`));
    case "cue-resume":
      return ofAllOr(engine, text, (list) => (list.resume(at) ? undefined : `${text} is not paused`));
    case "cue-release":
      return release(engine, text, at);
    case "scene":
      return scene(engine, text, at);
    default:
      return input satisfies never;
  }
}

function go(engine: Engine, text: string, at: Instant): string | undefined {
  const [name = "", ...rest] = text.split("/");
  const cue = rest.length === 0 ? undefined : rest.join("/");
  return withList(engine, name, (list) => {
    if (list.go(cue, at)) return undefined;
    return cue === undefined ? `${name} is at its last cue` : `${name} has no cue "${cue}"`;
  });
}

function release(engine: Engine, text: string, at: Instant): string | undefined {
  // A recording whose file is still being read would come on again after this.
  if (engine.forgetUnclaimed(text) && text !== "") return undefined;
  return ofAllOr(engine, text, (list) => released(list, at));
}

/** Of no name: all lists, and one that cannot is no fault. */
function ofAllOr(
  engine: Engine,
  name: string,
  act: (list: Playback) => string | undefined,
): string | undefined {
  if (name !== "") return withList(engine, name, act);
  for (const list of engine.playbacks.values()) act(list);
  return undefined;
}

function released(list: Playback, at: Instant): undefined {
  list.release(at);
}

function scene(engine: Engine, text: string, at: Instant): string | undefined {
  return withList(engine, sceneList, (scenes) => {
    if (text === "") return released(scenes, at);
    return scenes.go(text, at) ? undefined : `there is no scene "${text}"`;
  });
}

function withList(
  engine: Engine,
  name: string,
  act: (list: Playback) => string | undefined,
): string | undefined {
  const list = engine.playbacks.get(name);
  return list === undefined ? `there is no cue list "${name}"` : act(list);
}

/** As `list/cue`; of several lists all, in the order in which they are set. */
export interface CuesOn {
  readonly on: string;
  /** Those of them that stand still. */
  readonly paused: string;
  /** Every list and recording, on or off, for those who play them by hand. */
  readonly lists: readonly ListOn[];
}

export interface ListOn {
  readonly name: string;
  /** The cue that is on; empty: none. */
  readonly cue: string;
  readonly paused: boolean;
  /** What GO and back play; empty: nothing. */
  readonly next: string;
  readonly before: string;
}

export function whatIsOn(engine: Engine): CuesOn {
  const on: string[] = [];
  const paused: string[] = [];
  const lists: ListOn[] = [];
  for (const [name, { position, next = "", before = "" }] of engine.playbacks) {
    if (name !== sceneList)
      lists.push({ name, cue: position?.cue ?? "", paused: position?.isPaused ?? false, next, before });
    if (position === undefined) continue;
    const words = name === sceneList ? position.cue : `${name}/${position.cue}`;
    on.push(words);
    if (position.isPaused) paused.push(words);
  }
  return { on: on.join(", "), paused: paused.join(", "), lists };
}
