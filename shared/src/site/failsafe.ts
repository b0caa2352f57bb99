/**
 * What an actuator input does when its source is lost, as people write it: `hold 5s -> fade 3s -> 0`,
 * `fade 2s -> scene night`, `hold 5s -> release`, `hold`. Each part may be left out; `hold` alone is for ever.
 */
import { parseDuration } from "../kernel/duration.ts";
import { failed, ok, type Result } from "../kernel/result.ts";
import type { Millis } from "../kernel/units.ts";
import { millis } from "../kernel/units.ts";
import { durationMax } from "../wire/limits.ts";
import { isName } from "../wire/names.ts";

export type Level = boolean | number | string;

export interface Failsafe {
  /** How long the last look holds; `null`: for ever, and nothing follows. */
  readonly hold: Millis | null;
  /** How long the way to the end takes. */
  readonly fade: Millis;
  readonly to:
    | { readonly kind: "level"; readonly level: Level }
    | { readonly kind: "scene"; readonly scene: string }
    /** It is left to whoever is beneath. */
    | { readonly kind: "release" }
    | { readonly kind: "none" };
}

const failsafeWords =
  "a failsafe is such as hold 5s -> fade 3s -> 0, or fade 2s -> scene night, or hold 5s -> release, or hold";

/** A level alone is gone to at once. Fails with what is wrong and the character it stands at. */
export function parseFailsafe(
  written: Level,
): Result<Failsafe, { readonly message: string; readonly offset: number }> {
  const none = millis(0);
  if (typeof written !== "string")
    return ok({ hold: none, fade: none, to: { kind: "level", level: written } });
  let hold: Millis | null | undefined;
  let fade: Millis | undefined;
  let to: Failsafe["to"] = { kind: "none" };
  let offset = 0;
  for (const step of written.split("->")) {
    const at = offset + (step.length - step.trimStart().length);
    const wrong = (message: string) => failed({ message, offset: at });
    offset += step.length + "->".length;
    const [word = "", ...rest] = step.trim().split(/\s+/);
    const span = spanOf(rest.join(""));
    if (to.kind !== "none") return wrong("nothing follows the level, the scene or release at the end");
    if (word === "hold") {
      if (hold !== undefined || fade !== undefined) return wrong("hold stands once, and first");
      if (rest.length > 0 && span === undefined) return wrong(`hold takes a time, such as hold 5s`);
      hold = span ?? null;
    } else if (word === "fade") {
      if (fade !== undefined) return wrong("fade stands once");
      if (span === undefined) return wrong("fade takes a time, such as fade 3s");
      fade = span;
    } else {
      const end = endOf(word, rest);
      if (end === undefined) return wrong(failsafeWords);
      if (end.kind === "release" && fade !== undefined)
        return wrong("nobody knows where a fade to release would lead: leave the fade out");
      to = end;
    }
  }
  const end = { message: "it ends in a level, a scene or release, such as -> 0", offset: 0 };
  if (hold === null)
    return fade === undefined && to.kind === "none" ? ok({ hold, fade: none, to }) : holdsForEver();
  if (to.kind === "none") return failed(end);
  return ok({ hold: hold ?? none, fade: fade ?? none, to });
}

const holdsForEver = () =>
  failed({ message: "hold without a time is for ever, and nothing follows: say hold 5s", offset: 0 });

function spanOf(text: string): Millis | undefined {
  const parsed = parseDuration(text);
  return parsed.ok && parsed.value <= durationMax ? parsed.value : undefined;
}

function endOf(word: string, rest: readonly string[]): Failsafe["to"] | undefined {
  if (word === "scene") {
    const [scene = ""] = rest;
    return rest.length === 1 && isName(scene) ? { kind: "scene", scene } : undefined;
  }
  if (word === "release") return rest.length === 0 ? { kind: "release" } : undefined;
  const [text = "", ...more] = word === "level" ? rest : [word, ...rest];
  if (more.length > 0) return undefined;
  if (text === "true" || text === "false") return { kind: "level", level: text === "true" };
  const quoted = /^"([^"]*)"$/.exec(text)?.[1];
  if (quoted !== undefined) return { kind: "level", level: quoted };
  return text !== "" && Number.isFinite(Number(text)) ? { kind: "level", level: Number(text) } : undefined;
}
