/**
 * MQTT's topic filters (3.1.1 section 4.7) as rights: which topics a list of them matches, and which filters it
 * covers, that is, match nothing that the list would not match too. A filter that begins with a wildcard matches
 * no topic that begins with `$`.
 */

type Levels = readonly string[];

/** Every topic and every filter, those that begin with `$` included. */
export type Rights = "any" | TopicFilters;

export class TopicFilters {
  readonly #filters: readonly Levels[];

  constructor(filters: readonly string[]) {
    this.#filters = filters.map((filter) => filter.split("/"));
  }

  matches(topic: string): boolean {
    if (this.#filters.length === 0) return false;
    const levels = topic.split("/");
    return this.#filters.some((filter) => matchesTopic(filter, levels));
  }

  /** Whether one of the filters covers this one. */
  covers(filter: string): boolean {
    const levels = filter.split("/");
    return this.#filters.some((each) => coversFrom(each, levels, 0));
  }
}

/** Wildcards stand for a level; at the front for none of the broker's own. */
function admitsLevel(pattern: string, level: string, index: number): boolean {
  if (pattern === level) return true;
  return pattern === "+" && !(index === 0 && level.startsWith("$"));
}

function matchesTopic(filter: Levels, topic: Levels): boolean {
  for (const [index, pattern] of filter.entries()) {
    // It stands for the level before it, too.
    if (pattern === "#") return !(index === 0 && topic[0]?.startsWith("$") === true);
    const level = topic[index];
    if (level === undefined || !admitsLevel(pattern, level, index)) return false;
  }
  return filter.length === topic.length;
}

/** `wide` and `narrow` agree up to level `index`: does `wide` match all that `narrow` does? */
function coversFrom(wide: Levels, narrow: Levels, index: number): boolean {
  const pattern = wide[index];
  const level = narrow[index];
  if (pattern === undefined) return level === undefined;
  if (pattern === "#") return !(index === 0 && level?.startsWith("$") === true);
  // No topic is empty, so at the front `+/#` matches as much as `#` does.
  if (level === "#") return isAtFront(narrow, index) && pattern === "+" && wide[index + 1] === "#";
  if (level === undefined || !admitsLevel(pattern, level, index)) return false;
  return coversFrom(wide, narrow, index + 1);
}

/** Whether `#` at this level cannot stand for nothing: what is before it is no topic. */
const isAtFront = (filter: Levels, index: number): boolean =>
  index === 0 || (index === 1 && filter[0] === "");
