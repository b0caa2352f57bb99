import { expect, test } from "vitest";
import { settings } from "../settings.ts";

/** The problems of these settings, as `path: message`. */
function problems(given: unknown): string[] {
  const parsed = settings.safeParse(given);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

const pan = { type: "float", unit: "deg", min: 0, max: 540, slots: [11, 12], raw: [0, 65_535] };
const rgb = { type: "text", colour: "rgb", slots: [[14], [15], [16]] };
const valid = { universe: 1, sacn: {} };

test.each([
  [
    "a dimmer that is an input",
    { ...valid, dimmers: { blackout: { channel: 1 } } },
    'dimmers.blackout: the name "blackout" is taken by a port of every dmx instance',
  ],
  [
    "a range turned round",
    { ...valid, ltpChannels: ["14-11"] },
    "ltpChannels.0: 14-11 is no range of channels from 1 to 512",
  ],
  [
    "a range past the end",
    { ...valid, ltpChannels: ["500-513"] },
    "ltpChannels.0: 500-513 is no range of channels from 1 to 512",
  ],
  [
    "a scene of no input",
    { ...valid, scenes: { night: { wish: 1 } } },
    'scenes.night.wish: there is no input "wish"',
  ],
  [
    "a scene past the levels of a dimmer",
    { ...valid, dimmers: { wash: { channel: 1 } }, scenes: { night: { wash: 40 } } },
    "scenes.night.wash: must be a number from 0 to 1",
  ],
  [
    "a scene past the range of a fixture",
    { ...valid, placed: { "spot-pan": pan }, scenes: { night: { "spot-pan": 541 } } },
    "scenes.night.spot-pan: must be a number from 0 to 540",
  ],
  [
    "a scene with a colour for a dimmer",
    { ...valid, dimmers: { wash: { channel: 1 } }, scenes: { night: { wash: "#fff" } } },
    "scenes.night.wash: must be a number from 0 to 1",
  ],
  [
    "a cue with a word for a colour",
    {
      ...valid,
      placed: { "spot-rgb": rgb },
      cueLists: { show: { cues: [{ levels: { "spot-rgb": "red" } }] } },
    },
    'cueLists.show.cues.0.levels.spot-rgb: must be a colour, such as "#ff8000"',
  ],
  [
    "a cue of no scene",
    { ...valid, cueLists: { show: { cues: [{ scene: "night" }] } } },
    'cueLists.show.cues.0.scene: there is no scene "night"',
  ],
  [
    "a cue of nothing",
    { ...valid, cueLists: { show: { cues: [{}] } } },
    "cueLists.show.cues.0: needs a scene or levels",
  ],
  [
    "two cues of one name",
    { ...valid, cueLists: { show: { cues: [{ name: "2", levels: {} }, { levels: {} }] } } },
    'cueLists.show.cues.1: the name "2" stands twice: give it another',
  ],
  [
    "a cue list of nothing",
    { ...valid, cueLists: { show: {} } },
    "cueLists.show: needs cues, or csv, and not both",
  ],
  [
    "a loop without time",
    { ...valid, cueLists: { show: { loop: true, cues: [{ levels: {}, follow: "0s" }] } } },
    "cueLists.show.loop: a loop whose cues follow at once never ends: give one of them a wait, a fade or a follow",
  ],
  [
    "a fade that is no time",
    { ...valid, cueLists: { show: { cues: [{ levels: {}, fade: "soon" }] } } },
    "cueLists.show.cues.0.fade: must be a time of at most 24h, such as 3s or 250ms",
  ],
  [
    "a scene's fade that is no time",
    { ...valid, scenes: { night: { levels: {}, fade: "soon" } } },
    "scenes.night.fade: must be a time of at most 24h, such as 3s or 250ms",
  ],
  [
    "a misspelt word of a scene",
    { ...valid, scenes: { night: { levels: {}, fades: "3s" } } },
    "scenes.night: unknown setting fades; there are levels, fade, priority",
  ],
  [
    "a scene's level that is none",
    { ...valid, scenes: { night: { ch1: true } } },
    'scenes.night: ch1: must be a number, or a colour in quotes, such as "#ff8000"',
  ],
  [
    "a scene of an input that is not there",
    { ...valid, scenes: { night: { levels: { wash: 1 } } } },
    'scenes.night.levels.wash: there is no input "wash"',
  ],
  [
    "a scene that is no map",
    { ...valid, scenes: { night: 7 } },
    "scenes.night: must be a map of inputs and their levels, such as {ch1: 255, wash: 0.5}",
  ],
  [
    "a release that is no time",
    { ...valid, cueLists: { show: { cues: [{ levels: {} }], release: 3 } } },
    "cueLists.show.release: must be a text",
  ],
  [
    "a failsafe to no scene",
    { ...valid, failsafe: { scene: "night" } },
    'failsafe.scene: there is no scene "night"',
  ],
])("%s is refused in words that help", (_, given, problem) => {
  expect(problems(given)).toEqual([problem]);
});

test("levels of scenes and cues go to slots, the higher where two inputs share one", () => {
  const { stored, latest } = settings.parse({
    ...valid,
    dimmers: { wash: { channel: 2 } },
    ltpChannels: [5, "11-13"],
    scenes: { night: { ch2: 10, wash: 0.2, ch512: 7 } },
    cueLists: {
      show: { cues: [{ scene: "night", levels: { ch512: 9 }, fade: "3s", down: "5s", follow: "1m" }] },
    },
    failsafe: { hold: "forever" },
  });

  expect(stored.scenes["night"]?.levels).toEqual(
    new Map([
      [1, 51],
      [511, 7],
    ]),
  );
  expect(stored.cueLists["show"]?.cues).toEqual([
    {
      name: "1",
      levels: new Map([
        [1, 51],
        [511, 9],
      ]),
      wait: 0,
      up: 3000,
      down: 5000,
      curve: "linear",
      follow: 60_000,
    },
  ]);
  expect([stored.failsafe.hold, [...latest]]).toEqual([null, [4, 10, 11, 12]]);
});

test("scenes and cues name inputs of fixtures in their own units", () => {
  const { stored } = settings.parse({
    ...valid,
    placed: { "spot-pan": pan, "spot-rgb": rgb },
    scenes: { night: { "spot-rgb": "#ff8000" } },
    cueLists: { show: { cues: [{ scene: "night", levels: { "spot-pan": 270, ch1: 9 } }] } },
  });

  const colour = [
    [13, 255],
    [14, 128],
    [15, 0],
  ] as const;
  expect(stored.scenes["night"]?.levels).toEqual(new Map(colour));
  expect(stored.cueLists["show"]?.cues[0]?.levels).toEqual(
    new Map([...colour, [10, 0x80], [11, 0x00], [0, 9]]),
  );
});

test("a scene may say its fade and its priority, and a list its release", () => {
  const { stored } = settings.parse({
    ...valid,
    dimmers: { fade: { channel: 2 } },
    scenes: { night: { ch1: 7 }, visitor: { levels: { ch1: 9, fade: 1 }, fade: "8s", priority: 150 } },
    cueLists: {
      show: { cues: [{ scene: "visitor" }], release: "5s" },
      rain: { csv: "/srv/rain.csv" },
    },
    failsafe: { scene: "visitor" },
  });

  const visitor = new Map([
    [0, 9],
    [1, 255],
  ]);
  expect(stored.scenes).toEqual({
    night: { levels: new Map([[0, 7]]), fade: 2000, priority: 100 },
    visitor: { levels: visitor, fade: 8000, priority: 150 },
  });
  expect([stored.cueLists["show"]?.release, stored.recordings["rain"]?.release]).toEqual([5000, 2000]);
  expect([stored.cueLists["show"]?.cues[0]?.levels, stored.failsafe.scene]).toEqual([visitor, visitor]);
});
