/** The states of a machine, each with its path: `interactive.playing`. */
import type { Settings, State } from "./settings.ts";

export interface Placed {
  /** Names from the outermost state on. */
  readonly path: readonly string[];
  readonly state: State;
}

export function statesOf({ states }: Pick<Settings, "states">): readonly Placed[] {
  return placed([], states);
}

const placed = (above: readonly string[], states: Readonly<Record<string, State>>): readonly Placed[] =>
  Object.entries(states).flatMap(([name, state]) => {
    const path = [...above, name];
    return [{ path, state }, ...placed(path, state.states ?? {})];
  });

export const pathText = (path: readonly string[]): string => path.join(".");

/** The state that `to` means for one at `path`: one beside it, else one by its whole path. */
export function targetOf(
  to: string,
  path: readonly string[],
  known: ReadonlySet<string>,
): string | undefined {
  const beside = pathText([...path.slice(0, -1), to]);
  if (known.has(beside)) return beside;
  return known.has(to) ? to : undefined;
}
