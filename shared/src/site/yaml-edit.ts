/** Changes one value of a YAML text, and leaves comments, order and spaces as they are. */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, parseDocument, Scalar, YAMLMap } from "yaml";
import { messageOf } from "../kernel/fault.ts";
import { nearest } from "../kernel/nearest.ts";
import { failed, ok, type Result } from "../kernel/result.ts";
import type { JsonSchema } from "./catalogue.ts";
import { type StrangeStep, strangeStep } from "./schema-path.ts";
import type { Path } from "./yaml-text.ts";

type Single = string | number | boolean | null;
/** A list or a map is written on one line, as JSON has it. */
export type EditedValue = Single | readonly EditedValue[] | { readonly [name: string]: EditedValue };

const isSingle = (value: EditedValue): value is Single => typeof value !== "object" || value === null;

/** `nodes.foyer.title`, `routes[2].map`, or `routes.approach.map`: in a list things are found by their names too. */
export function pathFromText(text: string): Path {
  return text
    .replaceAll(/\[(\d+)\]/g, ".$1")
    .split(".")
    .filter((step) => step !== "");
}

export interface EditedText {
  readonly text: string;
  /** Whether there was nothing at that place. */
  readonly isNew: boolean;
}

/**
 * The text with the value at `path`, which is made when it is not there and `schema` does not know better. Fails with
 * words for people: also where a map or a list stands, which is more than a single value can take the place of.
 */
export function setInYaml(
  text: string,
  written: Path,
  value: EditedValue,
  schema: JsonSchema = {},
): Result<EditedText, string> {
  const document = parseDocument(text, { prettyErrors: false, logLevel: "error" });
  const [error] = document.errors;
  if (error !== undefined) return failed(`this is no YAML: ${error.message}`);
  const path = resolved(document, written);
  const name = written.join(".");
  if (path === undefined) return failed(`there is no ${name}`);
  const held = isSingle(value) ? heldAt(document, path) : undefined;
  if (held !== undefined) return failed(`${name} holds ${held}: set one value in it, or all of it as JSON`);
  const isNew = !document.hasIn(path);
  const strange = isNew ? strangeStep(schema, dataOf(document), path) : undefined;
  if (strange !== undefined) return failed(strangeWords(path, strange));
  const replaced = replacedInPlace(text, document, path, value);
  if (replaced !== undefined) return ok({ text: replaced, isNew });
  const inserted = isNew ? insertedBehind(text, path, value) : undefined;
  if (inserted !== undefined) return ok({ text: inserted, isNew });
  try {
    openEmpty(document, path);
    document.setIn(path, nodeOf(document, value));
    return ok({ text: writtenOut(document, path), isNew });
  } catch (error) {
    return failed(`${name} cannot be set: ${messageOf(error)}`);
  }
}

/** A block cannot hold every text, such as spaces alone: where it is read back as another, it is quoted. */
function writtenOut(document: Document, path: Path): string {
  const text = document.toString({ lineWidth: 0 });
  const node = document.getIn(path, true);
  const read = parseDocument(text, { prettyErrors: false, logLevel: "error" });
  if (!isScalar(node) || contentOf(read) === contentOf(document)) return text;
  node.type = Scalar.QUOTE_DOUBLE;
  return document.toString({ lineWidth: 0 });
}

function heldAt(document: Document, path: Path): string | undefined {
  const node = document.getIn(path, true);
  const there = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(there)) return "a list";
  if (!isMap(there)) return undefined;
  const names = there.items.slice(0, namesTold).map(({ key }) => String(key));
  const more = there.items.length > namesTold ? ", …" : "";
  return names.length === 0 ? "a map" : `a map (${names.join(", ")}${more})`;
}

/** Of what stands in a map. */
const namesTold = 5;

/** `hall:` with nothing behind it is a map without anything yet. */
function openEmpty(document: Document, path: Path): void {
  for (let length = 1; length < path.length; length += 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (!isScalar(node) || node.value !== null) continue;
    const map = new YAMLMap(document.schema);
    map.commentBefore = node.commentBefore ?? node.comment ?? null;
    document.setIn(path.slice(0, length), map);
    return;
  }
}

function strangeWords(path: Path, { index, known }: StrangeStep): string {
  const step = String(path[index]);
  const where = index === 0 ? "a site file" : path.slice(0, index).join(".");
  const hint =
    known.length === 0 ? "it is one value" : (nearest(step, known) ?? `there are ${known.join(", ")}`);
  return `"${step}" is unknown in ${where} (${hint})`;
}

/** Steps into lists as numbers; `undefined`: a list has nothing of that name. */
function resolved(document: Document, written: Path): Path | undefined {
  const path: (string | number)[] = [];
  for (const step of written) {
    const here = path.length === 0 ? document.contents : document.getIn(path, true);
    if (!isSeq(here)) {
      path.push(step);
      continue;
    }
    const index = /^\d+$/.test(String(step))
      ? Number(step)
      : here.items.findIndex((item) => isMap(item) && item.get("name") === step);
    if (index < 0 || index >= here.items.length) return undefined;
    path.push(index);
  }
  return path.length === 0 ? undefined : path;
}

/**
 * The text with nothing but the value's own characters changed; `undefined`: that is not possible, or would change
 * something else (a word that means something in a place like this), which reading it again shows.
 */
function replacedInPlace(
  text: string,
  document: Document,
  path: Path,
  value: EditedValue,
): string | undefined {
  const node = document.getIn(path, true);
  if (!isNode(node) || isAlias(node) || !node.range || node.anchor !== undefined || node.tag !== undefined)
    return undefined;
  const isBlock = isScalar(node) && (node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED);
  const [start, end] = node.range;
  // An empty value has no place of its own.
  if (isBlock || start === end) return undefined;
  document.setIn(path, nodeOf(document, value));
  const wanted = contentOf(document);
  const plain = typeof value === "string" ? value : JSON.stringify(value);
  // A list or a map on lines of its own ends behind its last one.
  for (const candidate of [plain, JSON.stringify(value), `${JSON.stringify(value)}\n`]) {
    const changed = `${text.slice(0, start)}${candidate}${text.slice(end)}`;
    const read = parseDocument(changed, { prettyErrors: false, logLevel: "error" });
    if (wanted !== undefined && contentOf(read) === wanted) return changed;
  }
  return undefined;
}

/**
 * The text with lines for the value behind the last of the map it comes into, and nothing else changed; `undefined`: that
 * is not possible, which reading it again shows.
 */
function insertedBehind(text: string, path: Path, value: EditedValue): string | undefined {
  const document = parseDocument(text, { prettyErrors: false, logLevel: "error" });
  let length = path.length - 1;
  while (length > 0 && !document.hasIn(path.slice(0, length))) length -= 1;
  const map = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
  const [first] = isMap(map) ? map.items : [];
  if (!isMap(map) || map.flow === true || !map.range || !isScalar(first?.key) || !first.key.range)
    return undefined;
  const [start] = first.key.range;
  const indent = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  // A map in a list begins behind its dash.
  if (indent.trim() !== "") return undefined;
  const [, end] = map.range;
  const lineEnd = text[end - 1] === "\n" ? end : text.indexOf("\n", end) + 1;
  const before = lineEnd === 0 ? `${text}\n` : text.slice(0, lineEnd);
  const after = lineEnd === 0 ? "" : text.slice(lineEnd);
  const steps = path.slice(length).map((step, depth) => `${indent}${"  ".repeat(depth)}${keyText(step)}:`);
  document.setIn(path, nodeOf(document, value));
  const wanted = contentOf(document);
  const plain = typeof value === "string" ? value : JSON.stringify(value);
  for (const candidate of [plain, JSON.stringify(value)]) {
    const changed = `${before}${steps.join("\n")} ${candidate}\n${after}`;
    const read = parseDocument(changed, { prettyErrors: false, logLevel: "error" });
    if (wanted !== undefined && contentOf(read) === wanted) return changed;
  }
  return undefined;
}

const nodeOf = (document: Document, value: EditedValue): unknown =>
  isSingle(value) ? value : document.createNode(value, { flow: true });

const keyText = (step: string | number): string =>
  typeof step === "string" && /^[A-Za-z_][\w-]*$/.test(step) ? step : JSON.stringify(String(step));

/** What stands there; nothing when it cannot be read, such as an alias that stands for nothing. */
function dataOf(document: Document): unknown {
  try {
    return document.toJS();
  } catch {
    return undefined;
  }
}

/** What a document says; `undefined`: nothing that can be read, such as an alias that stands for nothing. */
function contentOf(document: Document): string | undefined {
  if (document.errors.length > 0) return undefined;
  try {
    return JSON.stringify(document.toJS());
  } catch {
    return undefined;
  }
}
