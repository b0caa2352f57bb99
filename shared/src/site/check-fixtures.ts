/**
 * Lighting fixtures that an instance names: read, put in their places and turned into inputs. Scenes and cues may then
 * name these.
 */
import type { ModuleVersion } from "./catalogue.ts";
import { type LevelInputs, levelInputs, levelProblems, withInputNames } from "./fixtures/fixture-levels.ts";
import { type FixtureProblem, placeFixtures } from "./fixtures/place-fixtures.ts";
import type { SiteCheck } from "./site-check.ts";
import type { WrittenInstance } from "./site-schema.ts";
import type { Path } from "./yaml-text.ts";

export interface PlacedSettings {
  /** With the defaults of their schema. */
  readonly whole: unknown;
  written(settings: WrittenInstance["settings"]): WrittenInstance["settings"];
  /** What scenes of the site may name with a dot. */
  readonly fixtures: LevelInputs["fixtures"];
}

/** `undefined`: something is wrong, and has been told. */
export function checkFixtures(
  check: SiteCheck,
  instance: Path,
  module: ModuleVersion,
  settings: unknown,
): PlacedSettings | undefined {
  const into = check.catalogue.fixturesInto(module);
  if (into === undefined || typeof settings !== "object" || settings === null)
    return { whole: settings, written: (written) => written, fixtures: new Map() };
  const tell = (problems: readonly FixtureProblem[]): undefined => {
    for (const { path, message, hint } of problems)
      check.tell([...instance, "settings", ...path], message, hint);
  };
  const { sources } = check.site;
  const placed = placeFixtures(settings, into, (path) => sources.textBeside(path));
  if (!placed.ok) return tell(placed.error);
  const inputs = levelInputs(placed.value, into);
  const problems = levelProblems(placed.value, inputs);
  if (problems.length > 0) return tell(problems);
  const whole = withInputNames(placed.value);
  const fixtures: unknown = Reflect.get(whole, "fixtures");
  return {
    whole,
    fixtures: inputs.fixtures,
    written(written) {
      const named = written && withInputNames(written);
      return fixtures === undefined ? named : { ...named, fixtures, [into]: Reflect.get(whole, into) };
    },
  };
}
