/**
 * The files of a site, read and put together: `include` names more of them, each with the same sections. Names must
 * be unique over all files, so their order means nothing. Every value remembers the file and the place it stands at.
 */
import { failed, type Result } from "../kernel/result.ts";
import { besideFilesMax, includeDepthMax, includeFilesMax, siteAliasesMax, siteBytesMax } from "./limits.ts";
import type { Places } from "./schema-problems.ts";
import type { SiteProblem } from "./site-problem.ts";
import { type Path, type Problem, YamlText } from "./yaml-text.ts";

/** Gives the text of a file, by its path as it is told of; or words for why there is none. */
export type ReadSource = (path: string) => Result<string, string>;

const mapSections = [
  "variables",
  "secrets",
  "modes",
  "zones",
  "exhibits",
  "nodes",
  "groups",
  "scenes",
] as const;

interface SourceFile {
  readonly path: string;
  readonly yaml: YamlText;
}

interface Including {
  readonly file: SourceFile;
  /** Files around it, the outermost first, and itself. */
  readonly trail: readonly string[];
}

interface Place {
  readonly file: SourceFile;
  readonly path: Path;
}

export class SiteSources implements Places<SiteProblem> {
  readonly problems: SiteProblem[] = [];
  /** Everything that the files say, by section, without `include`. */
  readonly merged: Record<string, unknown> = {};
  /** Whether every file was there and could be read: else nobody can say what is missing in the others. */
  isWhole = true;
  readonly #read: ReadSource;
  readonly #files = new Map<string, SourceFile>();
  readonly #root: SourceFile;
  /** Of the root, with the slash at its end: nothing outside of it is read. */
  readonly #folder: string;
  /** Whence a named part of a section is, or a section that is one value. */
  readonly #origins = new Map<string, SourceFile>();
  readonly #routes: Place[] = [];
  readonly #filled = new Set<string>();
  readonly #broken = new Set<string>();
  /** What was read of files that are no part of the site itself. */
  readonly #beside = new Map<string, Result<string, string>>();
  #bytes = 0;

  constructor(root: string, read: ReadSource) {
    this.#read = read;
    this.#folder = root.slice(0, root.lastIndexOf("/") + 1);
    const text = read(root);
    this.#root = this.#open(root, text.ok ? text.value : "");
    if (!text.ok) {
      this.isWhole = false;
      this.#tell(this.#root, this.#root.yaml.problemAt([], text.error));
    }
    if (this.#root.yaml.problems.length === 0) this.#take({ file: this.#root, trail: [root] });
  }

  /** In the order in which they were read. */
  get files(): readonly string[] {
    return [...this.#files.keys()];
  }

  lineAt(file: string, line: number): string {
    return this.#files.get(file)?.yaml.lineAt(line) ?? "";
  }

  problemAt(path: Path, message: string, hint?: string): SiteProblem {
    const { file, path: inside } = this.#locate(path);
    return { ...file.yaml.problemAt(inside, message, hint), file: file.path };
  }

  problemAtKey(path: Path, key: string, message: string, hint?: string): SiteProblem {
    const { file, path: inside } = this.#locate([...path, key]);
    return { ...file.yaml.problemAtKey(inside.slice(0, -1), key, message, hint), file: file.path };
  }

  problemInside(path: Path, offset: number, message: string, hint?: string): SiteProblem {
    // What a variable has put there stands elsewhere.
    if (this.#filled.has(JSON.stringify(path))) return this.problemAt(path, message, hint);
    return this.problemInWritten(path, offset, message, hint);
  }

  /** At a character of the text as it is written, before variables are put in. */
  problemInWritten(path: Path, offset: number, message: string, hint?: string): SiteProblem {
    const { file, path: inside } = this.#locate(path);
    return { ...file.yaml.problemInside(inside, offset, message, hint), file: file.path };
  }

  /** The text of a file beside the root that is no part of the site itself, such as a fixture. */
  textBeside(written: string): Result<string, string> {
    const path = pathFrom(this.#root.path, written);
    if (path === undefined || !path.startsWith(this.#folder))
      return failed(`"${written}" is outside of the site's folder`);
    const held = this.#beside.get(path) ?? this.#read(path);
    if (!this.#beside.has(path) && this.#beside.size === besideFilesMax)
      return failed(`more than ${besideFilesMax} files beside the site's own`);
    this.#beside.set(path, held);
    return held;
  }

  /** `site.yaml:12`, where the thing at `path` stands, which is named by its key unless it is in a list. */
  placeOf(path: Path): string {
    const key = path.at(-1);
    const { file, line } =
      typeof key === "string" ? this.problemAtKey(path.slice(0, -1), key, "") : this.problemAt(path, "");
    return `${file}:${line}`;
  }

  /** What stands at `path` could not be made out, and why has been told: nothing more is to be said of it. */
  noteBroken(path: Path): void {
    this.#broken.add(placeKey(this.problemAt(path, "")));
  }

  isBroken(problem: SiteProblem): boolean {
    return this.#broken.has(placeKey(problem));
  }

  /** The text at `path` is not as it is written, for a variable has been put in. */
  noteFilled(path: Path): void {
    this.#filled.add(JSON.stringify(path));
  }

  #open(path: string, text: string): SourceFile {
    const file = { path, yaml: new YamlText(text, { aliasesMax: siteAliasesMax }) };
    this.#files.set(path, file);
    this.#bytes += text.length;
    for (const problem of file.yaml.problems) this.#tell(file, problem);
    if (file.yaml.problems.length > 0) this.isWhole = false;
    return file;
  }

  #take({ file, trail }: Including): void {
    const { value } = file.yaml;
    // A file that is all comment says nothing.
    if (value === null || value === undefined) return;
    if (typeof value !== "object" || Array.isArray(value)) {
      this.#tell(
        file,
        file.yaml.problemAt([], "a site file is a map of sections, such as nodes: and routes:"),
      );
      return;
    }
    for (const [section, content] of Object.entries(value)) {
      if (section === "include") continue;
      if (section === "routes") this.#takeRoutes(file, content);
      else if (mapSections.some((each) => each === section)) this.#takeMap(file, section, content);
      else this.#takeOnce(file, [section], section, content, this.merged);
    }
    if (Object.hasOwn(value, "include")) this.#include({ file, trail }, Reflect.get(value, "include"));
  }

  #takeRoutes(file: SourceFile, content: unknown): void {
    if (content === null) return;
    if (!Array.isArray(content)) {
      this.#tell(file, file.yaml.problemAt(["routes"], "routes is a list, each begins with - name:"));
      return;
    }
    const routes: readonly unknown[] = content;
    const merged = this.merged["routes"];
    this.merged["routes"] = Array.isArray(merged) ? [...merged, ...routes] : [...routes];
    for (const index of routes.keys()) this.#routes.push({ file, path: ["routes", index] });
  }

  #takeMap(file: SourceFile, section: string, content: unknown): void {
    if (content === null) return;
    if (typeof content !== "object" || Array.isArray(content)) {
      this.#tell(file, file.yaml.problemAt([section], `${section} is a map, with a name for each`));
      return;
    }
    const merged = this.merged[section];
    const into: Record<string, unknown> =
      typeof merged === "object" && merged !== null ? { ...merged } : Object.create(null);
    for (const [key, each] of Object.entries(content ?? {}))
      this.#takeOnce(file, [section, key], key, each, into);
    this.merged[section] = into;
  }

  #takeOnce(file: SourceFile, path: Path, key: string, value: unknown, into: Record<string, unknown>): void {
    const earlier = this.#origins.get(JSON.stringify(path));
    if (earlier !== undefined) {
      const words = `"${key}" is already in ${this.placeOf(path)}`;
      this.#tell(file, file.yaml.problemAtKey(path.slice(0, -1), key, words));
      return;
    }
    this.#origins.set(JSON.stringify(path), file);
    Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
  }

  #include(including: Including, content: unknown): void {
    const { file } = including;
    const list: readonly unknown[] = Array.isArray(content) ? content : [content];
    for (const [index, each] of list.entries()) {
      const path = Array.isArray(content) ? ["include", index] : ["include"];
      const wrong = this.#includeOne(including, each);
      if (wrong !== undefined) this.#tell(file, file.yaml.problemAt(path, wrong));
    }
  }

  /** Words for why it cannot be. */
  #includeOne({ file, trail }: Including, written: unknown): string | undefined {
    const path = typeof written === "string" ? pathFrom(file.path, written) : undefined;
    // What is here twice is here.
    if (path !== undefined && trail.includes(path))
      return `includes itself: ${[...trail, path].join(" -> ")}`;
    if (path !== undefined && this.#files.has(path)) return `${path} is included already`;
    const wrong = this.#includeFile(trail, written, path);
    if (wrong !== undefined) this.isWhole = false;
    return wrong;
  }

  #includeFile(trail: readonly string[], written: unknown, path: string | undefined): string | undefined {
    if (typeof written !== "string" || written === "") return "include is a file, or a list of files";
    if (path === undefined || !path.startsWith(this.#folder))
      return `"${written}" is outside of the site's folder`;
    if (trail.length > includeDepthMax) return `more than ${includeDepthMax} files inside each other`;
    if (this.#files.size >= includeFilesMax) return `more than ${includeFilesMax} files`;
    const text = this.#read(path);
    if (!text.ok) return text.error;
    if (this.#bytes + text.value.length > siteBytesMax)
      return `with ${path} the site is larger than ${siteBytesMax} bytes`;
    const included = this.#open(path, text.value);
    if (included.yaml.problems.length === 0) this.#take({ file: included, trail: [...trail, path] });
    return undefined;
  }

  #locate(path: Path): Place {
    const [section, step] = path;
    if (section === "routes" && typeof step === "number") {
      const place = this.#routes[step];
      if (place !== undefined) return { file: place.file, path: [...place.path, ...path.slice(2)] };
    }
    const file =
      this.#origins.get(JSON.stringify(path.slice(0, 2))) ??
      this.#origins.get(JSON.stringify(path.slice(0, 1)));
    return { file: file ?? this.#root, path };
  }

  #tell(file: SourceFile, problem: Problem): void {
    this.problems.push({ ...problem, file: file.path });
  }
}

const placeKey = ({ file, path }: SiteProblem): string => JSON.stringify([file, path]);

/** The path of an included file, named like the one that includes it; `undefined`: it leads out of every folder we know. */
function pathFrom(including: string, written: string): string | undefined {
  if (written.startsWith("/") || written.includes("\0") || written.includes("\\")) return undefined;
  const steps = including.split("/").slice(0, -1);
  for (const step of written.split("/")) {
    if (step === "..") {
      if (steps.pop() === undefined) return undefined;
    } else if (step !== "." && step !== "") steps.push(step);
  }
  return steps.join("/");
}
