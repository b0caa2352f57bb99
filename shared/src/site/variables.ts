/**
 * `${name}` in any text of a site stands for a variable; a text that is nothing else takes the variable's value as it
 * is, number or not. `${secret:name}` stays: only who uses the value, on the node, looks it up. `$${` is the two
 * characters themselves.
 */
import { nearest } from "../kernel/nearest.ts";
import { filledTextMax, siteDepthMax, siteItemsMax, variablesMax } from "./limits.ts";
import type { SiteProblem } from "./site-problem.ts";
import type { SiteSources } from "./site-sources.ts";
import type { Path } from "./yaml-text.ts";

type Scalar = string | number | boolean;

/** A text with a secret in it: texts and names of secrets by turns, a text first and last. */
export interface SecretUse {
  readonly path: Path;
  readonly parts: readonly string[];
}

const reference = /\$?\$\{([^{}]*)(\}?)/g;
const variableName = /^[a-zA-Z][\w-]{0,62}$/;
const secretPrefix = "secret:";
export const secretName = (text: string): boolean => variableName.test(text);

export class Variables {
  readonly problems: SiteProblem[] = [];
  readonly secrets: SecretUse[] = [];
  readonly #sources: SiteSources;
  readonly #written: ReadonlyMap<string, unknown>;
  /** `undefined`: there is none, and why has been told. */
  readonly #known = new Map<string, Scalar | undefined>();
  #items = 0;

  constructor(sources: SiteSources) {
    this.#sources = sources;
    this.#written = new Map(Object.entries(sources.merged["variables"] ?? {}));
    if (this.#written.size > variablesMax)
      this.problems.push(sources.problemAt(["variables"], `more than ${variablesMax} variables`));
    for (const name of [...this.#written.keys()].slice(0, variablesMax)) {
      if (variableName.test(name)) this.#valueOf(name, []);
      else
        this.problems.push(
          sources.problemAtKey(
            ["variables"],
            name,
            "a variable's name is letters, digits, - and _, a letter first",
          ),
        );
    }
  }

  /** `value`, which stands at `path`, with its variables put in. */
  fill(value: unknown, path: Path): unknown {
    this.#items += 1;
    if (this.#items === siteItemsMax + 1)
      this.problems.push(this.#sources.problemAt(path, `more than ${siteItemsMax} values in the site`));
    if (this.#items > siteItemsMax) return undefined;
    if (path.length > siteDepthMax) {
      this.problems.push(this.#sources.problemAt(path, `nested deeper than ${siteDepthMax}`));
      return undefined;
    }
    if (typeof value === "string") return value.includes("${") ? this.#fillText(value, path) : value;
    if (typeof value === "number") return this.#number(value, path);
    if (Array.isArray(value)) return value.map((each, index) => this.fill(each, [...path, index]));
    return typeof value === "object" && value !== null ? this.#fillMap(value, path) : value;
  }

  #fillMap(value: object, path: Path): object {
    const filled: [string, unknown][] = [];
    for (const [key, each] of Object.entries(value)) {
      if (key.startsWith("$") || key.includes("${") || key === "__proto__" || key === "<<") {
        this.problems.push(this.#sources.problemAtKey(path, key, wordsForKey(key)));
      } else filled.push([key, this.fill(each, [...path, key])]);
    }
    return Object.fromEntries(filled);
  }

  #number(value: number, path: Path): number {
    if (!Number.isFinite(value)) this.#tell(path, 0, "a number that has an end is needed here");
    else if (Number.isInteger(value) && !Number.isSafeInteger(value))
      this.#tell(path, 0, "a number of so many digits loses some", "put it in quotes, as a text");
    // There is no difference that anybody means, and the bytes would differ.
    return value === 0 ? 0 : value;
  }

  #fillText(text: string, path: Path): Scalar {
    const whole = /^\$\{([^{}]*)\}$/.exec(text)?.[1];
    this.#sources.noteFilled(path);
    if (whole !== undefined && !whole.startsWith(secretPrefix)) return this.#lookUp(whole, path, 0, []) ?? "";
    const parts = [""];
    const add = (more: string): void => void parts.push((parts.pop() ?? "") + more);
    const told = this.#eachPart(text, path, [], add, (secret) => void parts.push(secret, ""));
    if (told === "too-long") return "";
    if (parts.length > 1) this.secrets.push({ path, parts });
    return parts.map((part, index) => (index % 2 === 0 ? part : `\${${secretPrefix}${part}}`)).join("");
  }

  /** Calls for what stands between variables and for what they are. */
  #eachPart(
    text: string,
    path: Path,
    trail: readonly string[],
    add: (more: string) => void,
    secret: (name: string) => void,
  ): "whole" | "too-long" {
    let done = 0;
    let length = 0;
    const take = (more: string): void => {
      length += more.length;
      if (length <= filledTextMax) add(more);
    };
    for (const match of text.matchAll(reference)) {
      const [all, name = "", end] = match;
      take(text.slice(done, match.index));
      done = match.index + all.length;
      if (all.startsWith("$$")) take(all.slice(1));
      else if (end === "")
        this.#tell(path, match.index, "a ${ has no }", "the two characters themselves are written $${");
      else if (name.startsWith(secretPrefix)) secret(name.slice(secretPrefix.length));
      else take(String(this.#lookUp(name, path, match.index, trail) ?? ""));
    }
    take(text.slice(done));
    if (length <= filledTextMax) return "whole";
    this.#tell(path, 0, `with its variables put in longer than ${filledTextMax} characters`);
    return "too-long";
  }

  #lookUp(name: string, path: Path, offset: number, trail: readonly string[]): Scalar | undefined {
    if (this.#written.has(name)) return this.#valueOf(name, trail);
    const known = [...this.#written.keys()];
    const hint =
      nearest(name, known) ??
      (known.length === 0
        ? "there are none: add it under variables:"
        : `there are ${known.slice(0, 10).join(", ")}`);
    this.#tell(path, offset, `there is no variable "${name}"`, hint);
    return undefined;
  }

  #valueOf(name: string, trail: readonly string[]): Scalar | undefined {
    if (this.#known.has(name)) return this.#known.get(name);
    const path = ["variables", name];
    if (trail.includes(name)) {
      const cycle = [...trail.slice(trail.indexOf(name)), name].join(" -> ");
      this.#tell(path, 0, `the variable leads back to itself: ${cycle}`);
      for (const each of trail.slice(trail.indexOf(name))) this.#known.set(each, undefined);
      return undefined;
    }
    const value = this.#resolved(this.#written.get(name), path, [...trail, name]);
    if (!this.#known.has(name)) this.#known.set(name, value);
    return this.#known.get(name);
  }

  #resolved(written: unknown, path: Path, trail: readonly string[]): Scalar | undefined {
    if (typeof written === "boolean") return written;
    if (typeof written === "number") return this.#number(written, path);
    if (typeof written !== "string") {
      this.#tell(path, 0, "a variable is a text, a number, or true or false");
      return undefined;
    }
    const whole = /^\$\{([^{}]*)\}$/.exec(written)?.[1];
    if (whole !== undefined && !whole.startsWith(secretPrefix)) return this.#lookUp(whole, path, 0, trail);
    let text = "";
    const told = this.#eachPart(
      written,
      path,
      trail,
      (more) => (text += more),
      () => this.#tell(path, 0, "a secret stands where it is used, in the settings of an instance"),
    );
    return told === "whole" ? text : undefined;
  }

  #tell(path: Path, offset: number, message: string, hint?: string): void {
    this.#sources.noteBroken(path);
    this.problems.push(this.#sources.problemInWritten(path, offset, message, hint));
  }
}

function wordsForKey(key: string): string {
  if (key === "<<")
    return "maps are not merged: what several share stands under variables:, or in a file of its own";
  if (key.startsWith("$") && !key.startsWith("${"))
    return "keys that begin with $ have a meaning of their own here: take another one";
  return key === "__proto__" ? "this is no name" : "variables stand in values, not in names";
}
