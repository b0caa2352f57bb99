/**
 * How long matching a line can take at worst. A regular expression is matched by trying: where a repetition
 * can end in several places each of them is tried, and repetitions multiply. `(a+)+b` takes 2^n steps, so
 * forty bytes of noise would stop the worker for good. The rules here keep the steps countable:
 *
 * - what is repeated holds no repetition and no choice, so nothing grows exponentially;
 * - a repetition whose next character cannot be one of its own ends in one place only and costs nothing;
 *   any other multiplies the steps by the number of places where it can end;
 * - alternatives add up unless their first characters tell them apart.
 *
 * The count is an upper bound for patterns that have passed `RegExp` with flag u.
 */
export type PatternCost =
  | { readonly kind: "steps"; readonly steps: number }
  | { readonly kind: "refused"; readonly reason: string };

/** Which of the sample characters. */
type CharacterSet = readonly boolean[];

interface Beginning {
  /** What a match that is not empty can begin with. */
  readonly first: CharacterSet;
  readonly canBeEmpty: boolean;
}
type Piece = Beginning & { readonly branches: readonly Sequence[] };
type Part = { readonly piece: Piece; readonly min: number; readonly max: number };
type Sequence = Beginning & { readonly parts: readonly Part[] };

export function patternCost(pattern: string, lineLengthMax: number): PatternCost {
  const parser = new PatternParser(pattern);
  const branches = parser.branches();
  if (parser.problem !== undefined) return { kind: "refused", reason: parser.problem };
  if (branches.some(repeatsRepetition)) {
    const reason = "what is repeated must not hold a repetition or a choice itself, as in (a+)+ or (a|b)*";
    return { kind: "refused", reason: `${reason}: matching could take hours` };
  }
  return { kind: "steps", steps: stepsOfBranches(branches, nothing, lineLengthMax) * lineLengthMax };
}

// All of ASCII; what lies beyond is one bucket, with a few characters to find out whether a set reaches there.
const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
const beyond = ["é", "ß", "€", "漢", "\u00a0", "😀"];
const nothing: CharacterSet = [...ascii, beyond].map(() => false);

function setOf(source: string): CharacterSet {
  const expression = new RegExp(`^(?:${source})$`, "u");
  const mayReachBeyond = /[^\0-\x7f]|\\[pPuxc]/u.test(source);
  return [
    ...ascii.map((character) => expression.test(character)),
    mayReachBeyond || beyond.some((character) => expression.test(character)),
  ];
}

const union = (left: CharacterSet, right: CharacterSet): CharacterSet =>
  left.map((has, index) => has || right[index] === true);
const meet = (left: CharacterSet, right: CharacterSet): boolean =>
  left.some((has, index) => has && right[index] === true);

const beginningWith = ({ first, canBeEmpty }: Beginning, follow: CharacterSet): CharacterSet =>
  canBeEmpty ? union(first, follow) : first;

/** The beginning of two things, one behind the other. */
const joined = (left: Beginning, right: Beginning): Beginning => ({
  first: beginningWith(left, right.first),
  canBeEmpty: left.canBeEmpty && right.canBeEmpty,
});

function stepsOfBranches(branches: readonly Sequence[], follow: CharacterSet, lengthMax: number): number {
  const firsts = branches.map((branch) => beginningWith(branch, follow));
  const areDistinct = firsts.every((first, index) =>
    firsts.slice(index + 1).every((other) => !meet(first, other)),
  );
  const steps = branches.map((branch) => stepsOfSequence(branch, follow, lengthMax));
  return areDistinct ? Math.max(1, ...steps) : steps.reduce((sum, each) => sum + each, 0);
}

function stepsOfSequence({ parts }: Sequence, follow: CharacterSet, lengthMax: number): number {
  let steps = 1;
  let next = follow;
  for (const { piece, min, max } of parts.toReversed()) {
    const endings = Math.min(max, lengthMax) - Math.min(min, lengthMax) + 1;
    const choices = meet(piece.first, next) ? endings : 1;
    const inner = piece.branches.length === 0 ? 1 : stepsOfBranches(piece.branches, next, lengthMax);
    steps *= choices * inner;
    next = beginningWith({ first: piece.first, canBeEmpty: min === 0 || piece.canBeEmpty }, next);
  }
  return steps;
}

const empty = { first: nothing, canBeEmpty: true } as const satisfies Beginning;

/** Reads a pattern that is known to be right into its parts. */
class PatternParser {
  readonly #pattern: string;
  #position = 0;
  /** What in the pattern is not allowed here. */
  problem: string | undefined;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  branches(): readonly Sequence[] {
    const branches: Sequence[] = [];
    for (;;) {
      branches.push(this.#sequence());
      if (this.#token(/\|/uy) === undefined) return branches;
    }
  }

  #sequence(): Sequence {
    const parts: Part[] = [];
    while (this.#position < this.#pattern.length && !"|)".includes(this.#pattern.charAt(this.#position))) {
      const piece = this.#piece();
      parts.push({ piece, ...this.#repetition() });
    }
    const beginning = parts
      .map(({ piece, min }) => ({ first: piece.first, canBeEmpty: min === 0 || piece.canBeEmpty }))
      .reduce(joined, empty);
    return { ...beginning, parts };
  }

  #piece(): Piece {
    if (this.#token(/\^|\$|\\[bB]/uy) !== undefined) return { ...empty, branches: [] };
    const opening = this.#token(/\((?:\?(?:<[=!]|<[^>]*>|[^<:]|:))?/uy);
    if (opening === undefined) return this.#character();
    const isPlain = /^\($|^\(\?:$|^\(\?<[^=!]/u.test(opening);
    if (!isPlain) this.problem = `${opening}…) is not allowed: only (…), (?:…) and (?<name>…) are`;
    const branches = this.branches();
    this.#token(/\)/uy);
    return {
      first: branches.map(({ first }) => first).reduce(union, nothing),
      canBeEmpty: branches.some(({ canBeEmpty }) => canBeEmpty),
      branches,
    };
  }

  #character(): Piece {
    const character =
      /\[(?:\\.|[^\]\\])*\]|\\u\{[^}]*\}|\\[pP]\{[^}]*\}|\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}|\\c[a-zA-Z]|\\.|./suy;
    const source = this.#token(character) ?? "";
    if (!/^\\[1-9k]/u.test(source)) return { first: setOf(source), canBeEmpty: false, branches: [] };
    this.problem = "a reference back to a group is not allowed";
    return { ...empty, branches: [] };
  }

  #repetition(): { readonly min: number; readonly max: number } {
    const token = this.#token(/(?:[*+?]|\{\d+(?:,\d*)?\})\??/uy);
    if (token === undefined) return { min: 1, max: 1 };
    if (token.startsWith("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (token.startsWith("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (token.startsWith("?")) return { min: 0, max: 1 };
    const [min = "0", max] = token.replaceAll(/[{}?]/gu, "").split(",");
    if (max === undefined) return { min: Number(min), max: Number(min) };
    return { min: Number(min), max: max === "" ? Number.POSITIVE_INFINITY : Number(max) };
  }

  /** What `expression` (sticky) finds here, and passes over it. */
  #token(expression: RegExp): string | undefined {
    expression.lastIndex = this.#position;
    const token = expression.exec(this.#pattern)?.[0];
    this.#position += token?.length ?? 0;
    return token;
  }
}

const repeatsRepetition = ({ parts }: Sequence): boolean =>
  parts.some(
    ({ piece, max }) =>
      piece.branches.some(repeatsRepetition) ||
      (max > 1 && piece.branches.length > 0 && hasChoice(piece.branches)),
  );

const hasChoice = (branches: readonly Sequence[]): boolean =>
  branches.length > 1 ||
  branches.some(({ parts }) =>
    parts.some(({ piece, min, max }) => min !== max || max > 1 || hasChoice(piece.branches)),
  );
