// The reference of the SDK, made of its sources: what each entry exports, its docstring, and how it is declared. By the
// compiler's own program, so that what is re-exported is found where it stands.

import { join } from "node:path";
import { API, type Project, type Symbol, SymbolFlags, NodeBuilderFlags } from "typescript/unstable/sync";
import {
  isClassDeclaration,
  isFunctionDeclaration,
  isTypeAliasDeclaration,
  isVariableDeclaration,
  type Node,
} from "typescript/unstable/ast";

const root = join(import.meta.dirname, "../..");
/** What a module imports as `@interactor/shared/sdk/…`, the most needed first. */
const entries = [
  "define-module",
  "testing",
  "devices",
  "complaints",
  "paced-counter",
  "durations",
  "expressions",
  "patterns",
] as const;

const head = `# The SDK of Interactor's modules

Made of the docstrings: \`UPDATE=1 vitest run test/contract/sdk-reference.test.ts\` writes it anew. How a module is begun, tested
and published stands in README.md, under "Write a module".
`;

const whole =
  NodeBuilderFlags.NoTruncation | NodeBuilderFlags.InTypeAlias | NodeBuilderFlags.MultilineObjectLiterals;

export function sdkReference(): string {
  const api = new API({ cwd: root });
  try {
    const snapshot = api.updateSnapshot({ openProject: join(root, "tsconfig.pure.json") });
    const project = snapshot.getProjects()[0];
    if (project === undefined) throw new Error("the compiler has no project");
    return [head, ...entries.map((entry) => sectionOf(project, entry))].join("\n");
  } finally {
    api.close();
  }
}

function sectionOf(project: Project, entry: string): string {
  const { program, checker } = project;
  const file = program.getSourceFile(join(root, `shared/src/sdk/${entry}.ts`));
  const exported = file === undefined ? undefined : checker.getSymbolAtLocation(file);
  if (file === undefined || exported === undefined) throw new Error(`the SDK has no ${entry}`);
  const about = /^\/\*\*\s*([^]*?)\s*\*\//.exec(file.text)?.[1]?.replaceAll(/\n \* ?/g, "\n") ?? "";
  const things = checker
    .getExportsOfModule(exported)
    .toSorted((left, right) => left.name.localeCompare(right.name, "en"))
    .map((symbol) => thingIn(project, symbol));
  return [
    `## \`@interactor/shared/sdk/${entry}\`\n`,
    ...(about === "" ? [] : [`${about}\n`]),
    ...things,
  ].join("\n");
}

function thingIn(project: Project, exported: Symbol): string {
  const { checker } = project;
  const symbol = (exported.flags & SymbolFlags.Alias) === 0 ? exported : checker.getAliasedSymbol(exported);
  const declaration = symbol.declarations[0]?.resolve(project);
  if (declaration === undefined) throw new Error(`${exported.name} is declared nowhere`);
  if (exported.name === "z")
    return "### `z`\n\n[zod](https://zod.dev/packages/mini) in its small form, for settings.\n";
  const doc = checker.getDocumentationCommentOfSymbol(symbol);
  const code = `\`\`\`ts\n${declared(project, symbol, declaration)}\n\`\`\`\n`;
  return [`### \`${exported.name}\`\n`, ...(doc === "" ? [] : [`${doc}\n`]), code].join("\n");
}

/** As it is written, without what is done in it and without what is nobody's business. */
function declared({ checker }: Project, symbol: Symbol, declaration: Node): string {
  if (isVariableDeclaration(declaration)) {
    const type = checker.getTypeOfSymbol(symbol);
    return `const ${symbol.name}: ${type === undefined ? "unknown" : checker.typeToString(type)};`;
  }
  const text = declaration.getText();
  // What is made of a schema says nothing as it is written.
  if (isTypeAliasDeclaration(declaration) && text.includes("z.infer"))
    return `type ${symbol.name} = ${checker.typeToString(checker.getDeclaredTypeOfSymbol(symbol), undefined, whole)};`;
  if (isFunctionDeclaration(declaration)) return `${headOf(declaration)};`;
  if (!isClassDeclaration(declaration)) return text;
  const [first] = declaration.members;
  const opening =
    first === undefined ? text : text.slice(0, first.getStart() - declaration.getStart()).trimEnd();
  const members = declaration.members
    .filter((member) => !/^(?:(?:async|get|readonly|set|static) )*#/.test(member.getText()))
    .map((member) => `  ${headOf(member, true)};`);
  return [opening.replace(/\{[^]*$/, "{"), ...members, "}"].join("\n");
}

function headOf(node: Node & { readonly body?: Node | undefined }, withDoc = false): string {
  const start = node.getStart(undefined, withDoc);
  const end = node.body === undefined ? node.end : node.body.getStart();
  return node.getSourceFile().text.slice(start, end).trimEnd().replace(/;$/, "");
}
