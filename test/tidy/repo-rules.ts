// Rules that hold for the repository as a whole, each a function from what it looks at to what is wrong with it:
// the test gives it the real thing, and first something planted that it must find.

const shapelessFolders: ReadonlySet<string> = new Set([
  "utils",
  "util",
  "helpers",
  "common",
  "types",
  "misc",
]);

/** Folders whose names say nothing about what is in them. */
export function findShapelessFolders(paths: readonly string[]): readonly string[] {
  return paths.filter((path) =>
    path
      .split("/")
      .slice(0, -1)
      .some((folder) => shapelessFolders.has(folder)),
  );
}

/** Small letters, digits and single hyphens, then any number of endings: `outbox.test.ts`, `birth.cbor.hex`. */
const kebabCase = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

/** Names a reader or a tool expects as they are. */
const shoutedNames = /^([A-Z]+\.md|LICENSE|Makefile|Dockerfile)$/;

/** Paths with a part that is not in kebab-case. */
export function findOddNames(paths: readonly string[]): readonly string[] {
  return paths.filter((path) =>
    path.split("/").some((part) => !kebabCase.test(part) && !shoutedNames.test(part)),
  );
}

export interface Text {
  readonly path: string;
  readonly text: string;
}

/**
 * Places that name a folder of the machine this runs on. `folders` are absolute; those every machine has (`/tmp`)
 * are no sign of anything and are passed over.
 */
export function findMachinePaths(texts: readonly Text[], folders: readonly string[]): readonly string[] {
  const telling = folders.filter((folder) => folder !== "/" && !commonFolders.has(folder));
  const needles = telling.map((folder) => new RegExp(`(?<![\\w.-])${escapeRegExp(folder)}(?![\\w-])`));
  return places(texts, (line) => needles.some((needle) => needle.test(line)));
}

const commonFolders: ReadonlySet<string> = new Set(
  [
    "bin",
    "dev",
    "etc",
    "home",
    "mnt",
    "opt",
    "proc",
    "root",
    "run",
    "srv",
    "sys",
    "tmp",
    "usr",
    "var",
  ].flatMap((name) => [`/${name}`, `/private/${name}`]),
);

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

const promises = /\b(T[O]DO|F[I]XME|X[X]X)\b/; // Spelt so that this file does not find itself.

/** Work put off in a comment, where nobody will look for it. */
export function findPromises(texts: readonly Text[]): readonly string[] {
  return places(texts, (line) => promises.test(line));
}

/** Lines of a lock file that tie it to the registry somebody happened to use. */
export function findResolvedAddresses(lockFile: string): readonly string[] {
  return places([{ path: "package-lock.json", text: lockFile }], (line) =>
    /"resolved":\s*"https?:/.test(line),
  );
}

const moduleFiles = ["manifest.ts", "module.ts", "README.md"] as const;

/** What is missing in the folders of `agent/modules`. */
export function findIncompleteModules(paths: readonly string[]): readonly string[] {
  return moduleNames(paths).flatMap((name) =>
    moduleFiles.map((file) => `agent/modules/${name}/${file}`).filter((path) => !paths.includes(path)),
  );
}

/** Names of the built-in modules: every folder of `agent/modules`. */
export function moduleNames(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.flatMap((path) => /^agent\/modules\/([^/]+)\//.exec(path)?.[1] ?? []))];
}

/** What a newcomer looks for first. */
const expectedFiles = ["README.md", "ARCHITECTURE.md", "DECISIONS.md", "CONTRIBUTING.md", "LICENSE"] as const;

export function findMissingFiles(paths: readonly string[]): readonly string[] {
  return expectedFiles.filter((path) => !paths.includes(path));
}

/** Files and folders that a text names in code style, as they are found from wherever: `hub-stop.ts`, `core/{link,inbox}`. */
export function placesNamed(text: string): readonly string[] {
  const named = [...text.matchAll(/`([\w./{},*-]+)`/g)].flatMap(([, name = ""]) => name);
  return named.filter((name) => name.includes("/") || /\.(ts|mjs|md|json)$/.test(name)).flatMap(alternatives);
}

/** Those that lead nowhere. */
export function findLostPlaces(text: string, paths: readonly string[]): readonly string[] {
  return placesNamed(text).filter((name) => {
    const place = escapeRegExp(name.replace(/\/$/, "")).replaceAll("\\*", "[^/]*");
    const needle = new RegExp(`(^|/)${place}(/|$)`);
    return !paths.some((path) => needle.test(path));
  });
}

function alternatives(name: string): readonly string[] {
  const [, before = "", inside, after = ""] = /^(.*)\{(.*)\}(.*)$/.exec(name) ?? [];
  return inside === undefined ? [name] : inside.split(",").map((each) => before + each + after);
}

function places(texts: readonly Text[], isFound: (line: string) => boolean): readonly string[] {
  return texts.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, index) => (isFound(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}
