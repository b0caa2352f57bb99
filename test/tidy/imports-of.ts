// Finds every import in a source. The parser is the one vitest brings: it reads TypeScript with its types, which
// matters, because a type import is a dependency too, and every stripping parser has thrown it away.

import { parseAst } from "vitest/node";

export interface FoundImport {
  /** Missing when it is computed at run time. */
  readonly specifier: string | undefined;
  readonly line: number;
}

/** The static, dynamic and type imports and the re-exports of a source. Throws when it does not parse. */
export function importsOf(path: string, source: string): readonly FoundImport[] {
  const found: FoundImport[] = [];
  visit(parse(path, source), (node) => {
    if (!importTypes.has(node.type)) return;
    if (node.source === undefined || node.source === null) return; // `export const x`
    const line = source.slice(0, node.start).split("\n").length;
    found.push({ specifier: typeof node.source.value === "string" ? node.source.value : undefined, line });
  });
  return found;
}

function parse(path: string, source: string): unknown {
  const lang = path.endsWith(".tsx") ? "tsx" : "ts";
  try {
    return parseAst(source, { lang, astType: "ts", sourceType: "module" });
  } catch (cause) {
    throw new Error(`${path} does not parse`, { cause });
  }
}

const importTypes: ReadonlySet<string> = new Set([
  "ImportDeclaration",
  "ImportExpression",
  "ExportAllDeclaration",
  "ExportNamedDeclaration",
  "TSImportType",
  "TSExternalModuleReference",
]);

interface Node {
  readonly type: string;
  readonly start: number;
  readonly source?: { readonly value?: unknown } | null;
}

function visit(value: unknown, meet: (node: Node) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (isNode(value)) meet(value);
  for (const child of Object.values(value)) visit(child, meet);
}

function isNode(value: object): value is Node {
  return "type" in value && typeof value.type === "string" && "start" in value;
}
