/** The ways out of a universe and into it, in words: whom each reaches, or what is wrong with it. */
import type { Value } from "@interactor/shared/wire/value";

export interface WayWords {
  readonly words: string;
  readonly isIll: boolean;
}

/** By what it says of itself; nothing of one that says nothing. */
export function wayWords(ways: Value | undefined): readonly WayWords[] {
  return [...told(listIn(ways, "out"), (name) => name), ...told(listIn(ways, "in"), (name) => `${name} in`)];
}

function listIn(ways: Value | undefined, direction: "in" | "out"): readonly unknown[] {
  const list: unknown = typeof ways === "object" && ways !== null ? Reflect.get(ways, direction) : undefined;
  return Array.isArray(list) ? list : [];
}

const told = (list: readonly unknown[], title: (name: string) => string): readonly WayWords[] =>
  list.flatMap((way) => {
    const name = textIn(way, "name");
    if (name === undefined) return [];
    const problem = textIn(way, "problem");
    const words = problem ?? textIn(way, "reaches");
    return [
      { words: `${title(name)}${words === undefined ? "" : `: ${words}`}`, isIll: problem !== undefined },
    ];
  });

function textIn(way: unknown, key: string): string | undefined {
  const text: unknown = typeof way === "object" && way !== null ? Reflect.get(way, key) : undefined;
  return typeof text === "string" ? text : undefined;
}
