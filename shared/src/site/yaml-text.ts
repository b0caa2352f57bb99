/** A YAML 1.2 text that remembers where each thing stands, so that a problem can be pointed at. */
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  Scalar,
  visit,
} from "yaml";

export type Path = readonly (string | number)[];

export interface Problem {
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  /** `routes[2].map`; empty for the text as a whole. */
  readonly path: string;
  readonly message: string;
  /** What would be right. */
  readonly hint?: string;
}

/** Aliases may multiply a small text into a huge one; a file of routes needs few. More: refuse. */
const routesAliasesMax = 100;
/** What is wrong with a text as YAML: nobody reads on. More: the first are reported. */
const yamlProblemsMax = 100;
/** A file of ours. Larger: refuse. */
export const yamlBytesMax = 4 * 1024 * 1024;

export interface YamlOptions {
  /** Uses of aliases, with those inside of what they stand for. More: refuse. */
  readonly aliasesMax?: number;
}

export class YamlText {
  readonly value: unknown;
  /** What is wrong with it as YAML. */
  readonly problems: readonly Problem[];
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(text: string, { aliasesMax = routesAliasesMax }: YamlOptions = {}) {
    this.#text = text.length > yamlBytesMax ? "" : text;
    this.#document = parseDocument(this.#text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      logLevel: "error",
      // The library compares each key with every other: twenty thousand of them took four seconds. #keysTwice is quick.
      uniqueKeys: false,
    });
    // What comes after a thing that is out of place is out of place too, and nobody means that.
    const errors = this.#document.errors
      .filter(({ code }, index) => index === 0 || code !== "UNEXPECTED_TOKEN")
      .slice(0, yamlProblemsMax);
    const problems = errors.map((error) =>
      this.#problem(
        error.pos[0],
        [],
        wordsForYaml[error.code] ?? error.message,
        hintForYaml(error.code, this.#text[error.pos[0] - 1]),
      ),
    );
    if (problems.length === 0) problems.push(...this.#keysTwice());
    if (text.length > yamlBytesMax) problems.push(this.#problem(0, [], `larger than ${yamlBytesMax} bytes`));
    this.value = problems.length === 0 ? this.#read(problems, aliasesMax) : undefined;
    this.problems = problems;
  }

  /** The source's line, from 1 on, without its end. */
  lineAt(line: number): string {
    const start = this.#lines.lineStarts[line - 1] ?? this.#text.length;
    const end = this.#text.indexOf("\n", start);
    return this.#text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
  }

  positionOf(path: Path): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(this.#nodeAt(path)?.range?.[0] ?? 0);
    return { line, column: col };
  }

  problemAt(path: Path, message: string, hint?: string): Problem {
    return this.#problem(this.#nodeAt(path)?.range?.[0] ?? 0, path, message, hint);
  }

  /** At the key `key` of the map at `path`. */
  problemAtKey(path: Path, key: string, message: string, hint?: string): Problem {
    const map = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    const pair = isMap(map)
      ? map.items.find((item) => isScalar(item.key) && item.key.value === key)
      : undefined;
    const start = isNode(pair?.key) ? pair.key.range?.[0] : undefined;
    return this.#problem(start ?? 0, [...path, key], message, hint);
  }

  /** At character `offset` of the text at `path`. */
  problemInside(path: Path, offset: number, message: string, hint?: string): Problem {
    const node = this.#nodeAt(path);
    return this.#problem(node === undefined ? 0 : this.#sourceOffset(node, offset), path, message, hint);
  }

  #keysTwice(): Problem[] {
    const problems: Problem[] = [];
    visit(this.#document, {
      Map: (_key, { items }) => {
        const seen = new Set<unknown>();
        for (const { key } of items) {
          const name = isScalar(key) ? key.value : key;
          if (seen.has(name) && isNode(key) && problems.length < yamlProblemsMax)
            problems.push(this.#problem(key.range?.[0] ?? 0, [], twiceWords(name), "remove one of the two"));
          seen.add(name);
        }
      },
    });
    return problems;
  }

  #read(problems: Problem[], aliasesMax: number): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: aliasesMax });
    } catch {
      problems.push(this.#problem(0, [], `more than ${aliasesMax} uses of aliases`));
      return undefined;
    }
  }

  /** The node at `path`, or the nearest one around it: what is missing is pointed at where it should be. */
  #nodeAt(path: Path): Node | undefined {
    for (let length = path.length; length > 0; length--) {
      const found = this.#document.getIn(path.slice(0, length), true);
      if (isNode(found)) return found;
    }
    return this.#document.contents ?? undefined;
  }

  #sourceOffset(node: Node, offset: number): number {
    const start = node.range?.[0] ?? 0;
    if (!isScalar(node)) return start;
    if (node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE) return start + 1 + offset;
    if (node.type !== Scalar.BLOCK_LITERAL) return node.type === Scalar.BLOCK_FOLDED ? start : start + offset;
    const before = String(node.value).slice(0, offset).split("\n");
    const line = this.#lines.linePos(start).line + before.length;
    const lineStart = this.#lines.lineStarts[line - 1] ?? start;
    const indent = /^ */.exec(this.#text.slice(lineStart))?.[0].length ?? 0;
    return lineStart + indent + (before.at(-1)?.length ?? 0);
  }

  #problem(offset: number, path: Path, message: string, hint?: string): Problem {
    const { line, col } = this.#lines.linePos(Math.min(offset, this.#text.length));
    return {
      line: Math.max(line, 1),
      column: Math.max(col, 1),
      path: path
        .map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`))
        .join("")
        .replace(/^\./, ""),
      message,
      ...(hint === undefined ? {} : { hint }),
    };
  }
}

const twiceWords = (name: unknown): string =>
  typeof name === "string" ? `"${name}" stands in this map twice` : "this key stands in this map twice";

/** The library's own words speak of YAML's grammar. */
const wordsForYaml: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " in one line would begin another map',
  TAB_AS_INDENT: "a tab stands where the line is indented",
};

function hintForYaml(code: string, before: string | undefined): string | undefined {
  if (before === "$") return "inside of { } and [ ] a text with ${ in it stands in quotes";
  if (code === "BLOCK_AS_IMPLICIT_KEY") return 'put a text or an expression with ": " or "? " in quotes';
  return code === "TAB_AS_INDENT" ? "indent with spaces" : undefined;
}

/** `routes.yaml:3:10: routes[0].map: what is wrong (what would be right)` */
export function problemLine(file: string, problem: Problem): string {
  const where = problem.path === "" ? "" : `${problem.path}: `;
  const hint = problem.hint === undefined ? "" : ` (${problem.hint})`;
  return `${file}:${problem.line}:${problem.column}: ${where}${problem.message}${hint}`;
}
