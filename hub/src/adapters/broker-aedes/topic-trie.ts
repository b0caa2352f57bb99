/**
 * Filters by their levels (MQTT 3.1.1 section 4.7), each with those who take what matches it. Matching walks one
 * path a level and two where there is a wildcard: filters that have both at many levels make a topic walk thousands
 * of paths. What was walked is counted, so that whoever publishes it pays for it.
 */

interface Level<Taker, Grade> {
  names: Map<string, Level<Taker, Grade>> | undefined;
  one: Level<Taker, Grade> | undefined;
  /** Takers of a filter that ends here, and of one that ends with `#` here. */
  takers: Takers<Taker, Grade> | undefined;
  rest: Takers<Taker, Grade> | undefined;
}

/** Most filters have one taker, which needs no map. */
type Takers<Taker, Grade> =
  | { readonly taker: Taker; readonly grade: Grade }
  | { readonly many: Map<Taker, Grade> };

const newLevel = <Taker, Grade>(): Level<Taker, Grade> => ({
  names: undefined,
  one: undefined,
  takers: undefined,
  rest: undefined,
});

export class TopicTrie<Taker, Grade extends number> {
  #root = newLevel<Taker, Grade>();
  #size = 0;
  #levels = 0;
  #steps = 0;

  /** Pairs of filter and taker. */
  get size(): number {
    return this.#size;
  }

  /** Names of levels, as a measure of the memory that filters take. */
  get levels(): number {
    return this.#levels;
  }

  /** Levels that matching has walked so far, and takers that it has gathered. */
  get steps(): number {
    return this.#steps;
  }

  /** The same pair again only changes its grade. */
  add(filter: string, taker: Taker, grade: Grade): void {
    let level = this.#root;
    const { names, isRest } = partsOf(filter);
    for (const name of names) level = below(level, name) ?? this.#grow(level, name);
    const before = isRest ? level.rest : level.takers;
    if (gradeOf(before, taker) === undefined) this.#size += 1;
    const after = withTaker(before, taker, grade);
    if (isRest) level.rest = after;
    else level.takers = after;
  }

  /** Whether the pair was there. Levels that nobody needs any more are gone afterwards. */
  remove(filter: string, taker: Taker): boolean {
    const { names, isRest } = partsOf(filter);
    const path = [this.#root];
    for (const name of names) {
      const next = below(path.at(-1) ?? this.#root, name);
      if (next === undefined) return false;
      path.push(next);
    }
    const last = path.at(-1) ?? this.#root;
    const before = isRest ? last.rest : last.takers;
    if (before === undefined || gradeOf(before, taker) === undefined) return false;
    const after = withoutTaker(before, taker);
    if (isRest) last.rest = after;
    else last.takers = after;
    this.#size -= 1;
    this.#prune(path, names);
    return true;
  }

  clear(): void {
    this.#root = newLevel();
    this.#size = 0;
    this.#levels = 0;
  }

  /**
   * Takers of every filter that matches, each once with its highest grade. Where one filter with many takers matches
   * these are its own, the same for each of its topics, and change with it.
   */
  match(topic: string): ReadonlyMap<Taker, Grade> {
    const found = new Found<Taker, Grade>();
    const names = topic.split("/");
    // Filters that begin with a wildcard do not match topics that begin with $ [MQTT-4.7.2-1].
    const isSystem = topic.startsWith("$");
    const walk = (level: Level<Taker, Grade>, depth: number) => {
      this.#steps += 1;
      const areWildcardsIn = depth > 0 || !isSystem;
      if (areWildcardsIn) found.add(level.rest);
      const name = names[depth];
      if (name === undefined) return found.add(level.takers);
      const next = level.names?.get(name);
      if (next !== undefined) walk(next, depth + 1);
      if (level.one !== undefined && areWildcardsIn) walk(level.one, depth + 1);
    };
    walk(this.#root, 0);
    this.#steps += found.copied;
    return found.all ?? new Map();
  }

  #grow(level: Level<Taker, Grade>, name: string): Level<Taker, Grade> {
    const next = newLevel<Taker, Grade>();
    if (name === "+") level.one = next;
    else (level.names ??= new Map()).set(name, next);
    this.#levels += 1;
    return next;
  }

  #prune(path: readonly Level<Taker, Grade>[], names: readonly string[]): void {
    for (let depth = names.length; depth > 0; depth -= 1) {
      const [level, above, name] = [path[depth], path[depth - 1], names[depth - 1]];
      if (level === undefined || above === undefined || name === undefined || !isEmpty(level)) return;
      if (name === "+") above.one = undefined;
      else above.names?.delete(name);
      if (above.names?.size === 0) above.names = undefined;
      this.#levels -= 1;
    }
  }
}

function partsOf(filter: string): { readonly names: readonly string[]; readonly isRest: boolean } {
  const names = filter.split("/");
  const isRest = names.at(-1) === "#";
  return { names: isRest ? names.slice(0, -1) : names, isRest };
}

const below = <Taker, Grade>(level: Level<Taker, Grade>, name: string): Level<Taker, Grade> | undefined =>
  name === "+" ? level.one : level.names?.get(name);

const isEmpty = <Taker, Grade>({ names, one, takers, rest }: Level<Taker, Grade>): boolean =>
  names === undefined && one === undefined && takers === undefined && rest === undefined;

function gradeOf<Taker, Grade>(takers: Takers<Taker, Grade> | undefined, taker: Taker): Grade | undefined {
  if (takers === undefined) return undefined;
  if ("many" in takers) return takers.many.get(taker);
  return takers.taker === taker ? takers.grade : undefined;
}

function withTaker<Taker, Grade>(
  takers: Takers<Taker, Grade> | undefined,
  taker: Taker,
  grade: Grade,
): Takers<Taker, Grade> {
  if (takers === undefined || (!("many" in takers) && takers.taker === taker)) return { taker, grade };
  const many = "many" in takers ? takers.many : new Map([[takers.taker, takers.grade]]);
  many.set(taker, grade);
  return { many };
}

function withoutTaker<Taker, Grade>(
  takers: Takers<Taker, Grade>,
  taker: Taker,
): Takers<Taker, Grade> | undefined {
  if (!("many" in takers)) return undefined;
  takers.many.delete(taker);
  return takers.many.size === 0 ? undefined : takers;
}

/** Gathers takers, and copies those of a filter only when another one has some too. */
class Found<Taker, Grade extends number> {
  all: ReadonlyMap<Taker, Grade> | undefined;
  /** Takers that had to be copied, which is as much work as walking so many levels. */
  copied = 0;
  #own: Map<Taker, Grade> | undefined;

  add(takers: Takers<Taker, Grade> | undefined): void {
    if (takers === undefined) return;
    if (this.all === undefined && "many" in takers) {
      this.all = takers.many;
      return;
    }
    if (this.#own === undefined) this.copied += this.all?.size ?? 0;
    const own = (this.#own ??= new Map(this.all));
    this.all = own;
    const put = (taker: Taker, grade: Grade) => {
      const known = own.get(taker);
      if (known === undefined || grade > known) own.set(taker, grade);
    };
    if (!("many" in takers)) return put(takers.taker, takers.grade);
    this.copied += takers.many.size;
    for (const [taker, grade] of takers.many) put(taker, grade);
  }
}
