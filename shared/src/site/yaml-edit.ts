/** Changes one value of a YAML text, and leaves comments, order and spaces as they are. */
import { type Document, isMap, isNode, isScalar, isSeq, parseDocument, Scalar } from "yaml";
import { messageOf } from "../kernel/fault.ts";
import { failed, ok, type Result } from "../kernel/result.ts";
import type { Path } from "./yaml-text.ts";

export type EditedValue = string | number | boolean | null;

/** `nodes.foyer.title`, `routes[2].map`, or `routes.approach.map`: in a list things are found by their names too. */
export function pathFromText(text: string): Path {
  return text
    .replaceAll(/\[(\d+)\]/g, ".$1")
    .split(".")
    .filter((step) => step !== "");
}

/** The text with the value at `path`, which is made when it is not there. Fails with words for people. */
export function setInYaml(text: string, written: Path, value: EditedValue): Result<string, string> {
  const document = parseDocument(text, { prettyErrors: false, logLevel: "error" });
  const [error] = document.errors;
  if (error !== undefined) return failed(`this is no YAML: ${error.message}`);
  const path = resolved(document, written);
  if (path === undefined) return failed(`there is no ${written.join(".")}`);
  const replaced = replacedInPlace(text, document, path, value);
  if (replaced !== undefined) return ok(replaced);
  try {
    document.setIn(path, value);
    return ok(document.toString({ lineWidth: 0 }));
  } catch (error) {
    return failed(`${written.join(".")} cannot be set: ${messageOf(error)}`);
  }
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
  if (!isNode(node) || !isScalar(node) || !node.range || node.anchor !== undefined || node.tag !== undefined)
    return undefined;
  const isBlock = node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED;
  const [start, end] = node.range;
  // An empty value has no place of its own.
  if (isBlock || start === end) return undefined;
  document.setIn(path, value);
  const wanted = contentOf(document);
  const plain = typeof value === "string" ? value : JSON.stringify(value);
  for (const candidate of [plain, JSON.stringify(value)]) {
    const changed = `${text.slice(0, start)}${candidate}${text.slice(end)}`;
    const read = parseDocument(changed, { prettyErrors: false, logLevel: "error" });
    if (wanted !== undefined && contentOf(read) === wanted) return changed;
  }
  return undefined;
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
