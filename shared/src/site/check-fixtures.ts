/** Lighting fixtures that an instance names: read, put in their places and turned into inputs. */
import type { ModuleVersion } from "./catalogue.ts";
import { placeFixtures } from "./fixtures/place-fixtures.ts";
import type { SiteCheck } from "./site-check.ts";
import type { WrittenInstance } from "./site-schema.ts";
import type { Path } from "./yaml-text.ts";

interface PlacedSettings {
  /** With the defaults of their schema. */
  readonly whole: unknown;
  written(settings: WrittenInstance["settings"]): WrittenInstance["settings"];
}

/** `undefined`: something is wrong, and has been told. */
export function checkFixtures(
  check: SiteCheck,
  instance: Path,
  module: ModuleVersion,
  settings: unknown,
): PlacedSettings | undefined {
  const into = check.catalogue.fixturesInto(module);
  const hasFixtures =
    typeof settings === "object" &&
    settings !== null &&
    "fixtures" in settings &&
    settings.fixtures !== undefined;
  if (into === undefined || !hasFixtures) return { whole: settings, written: (written) => written };
  const { sources } = check.site;
  const placed = placeFixtures(settings, into, (path) => sources.textBeside(path));
  if (!placed.ok) {
    for (const { path, message, hint } of placed.error)
      check.tell([...instance, "settings", ...path], message, hint);
    return undefined;
  }
  const whole: unknown = placed.value;
  if (typeof whole !== "object" || whole === null) return undefined;
  return {
    whole,
    written: (written) => ({
      ...written,
      fixtures: Reflect.get(whole, "fixtures"),
      [into]: Reflect.get(whole, into),
    }),
  };
}
