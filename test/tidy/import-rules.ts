// Who may import whom: the table of the style guide, section 2, as data, and the judge that reads it. A home is a
// kind of place for sources; the first home whose pattern fits a file is its home, and a file without one is
// refused. A file may always import what lies in the same unit: the same home, or, where homes hold strangers side
// by side (adapters, modules), the same part of it.

export interface Home {
  readonly name: string;
  readonly pattern: RegExp;
  /** Names of homes, or "everything of ours". */
  readonly mayImport: readonly string[] | "everything";
  readonly npm: readonly string[] | "any";
  readonly isNodeAllowed: boolean;
  /** The part of the path that tells strangers in one home apart. */
  readonly unit?: RegExp;
}

const contract = ["kernel", "wire", "routing", "site", "bundle", "supervision", "sdk"] as const;
const zod = ["zod", "zod/mini"] as const;
/** Single files of it: the whole of it is four times as large. */
const semver = ["semver/classes/range.js", "semver/functions/compare.js"] as const;

function pure(
  name: string,
  pattern: RegExp,
  mayImport: readonly string[],
  npm: readonly string[] = [],
): Home {
  return { name, pattern, mayImport, npm, isNodeAllowed: false };
}

function shell(
  name: string,
  pattern: RegExp,
  mayImport: readonly string[] | "everything",
  unit?: RegExp,
): Home {
  return { name, pattern, mayImport, npm: "any", isNodeAllowed: true, ...(unit && { unit }) };
}

interface More {
  readonly adapters: readonly string[];
  readonly main: readonly string[];
}

/** Agent and hub have the same parts, and neither knows the other. */
function partsOf(side: "agent" | "hub", more: More): readonly Home[] {
  const path = (rest: string): RegExp => new RegExp(`^${side}/src/${rest}`);
  const own = (...parts: readonly string[]): readonly string[] => parts.map((part) => `${side} ${part}`);
  return [
    pure(`${side} core`, path("core/"), contract),
    pure(`${side} ports`, path("ports/"), [...own("core"), ...contract]),
    // Never core, never another adapter.
    shell(
      `${side} adapters`,
      path("adapters/"),
      [...own("ports"), ...contract, ...more.adapters],
      path("adapters/([^/.]+)"),
    ),
    // `hub.ts` and what is split off it, `hub-view.ts`, `hub-intake.ts`.
    pure(`${side} loop`, path(`${side}(-[a-z-]+)?(\\.test)?\\.ts$`), [...own("core", "ports"), ...contract]),
    // What assembles: the only files that name concrete adapters.
    shell(`${side} main`, path("main(\\.ts$|/)"), [
      ...own("core", "ports", "adapters", "loop"),
      ...contract,
      ...more.main,
    ]),
  ];
}

export const homes: readonly Home[] = [
  pure("kernel", /^shared\/src\/kernel\//, []),
  pure("wire", /^shared\/src\/wire\//, ["kernel"], ["cbor-x", ...zod]),
  pure("routing", /^shared\/src\/routing\//, ["kernel", "wire"], ["@marcbachmann/cel-js"]),
  // A site names modules; what those are stands in their manifests.
  pure("site", /^shared\/src\/site\//, ["kernel", "wire", "routing", "bundle"], ["yaml", ...zod]),
  pure("bundle", /^shared\/src\/bundle\//, ["kernel", "wire"], [...zod, ...semver]),
  pure("supervision", /^shared\/src\/supervision\//, ["kernel", "wire"], zod),
  // A module author declares a manifest and meets the supervisor's back-off; the SDK hands both on.
  pure("sdk", /^shared\/src\/sdk\//, ["kernel", "wire", "routing", "bundle", "supervision"], zod),
  pure("testing", /^shared\/src\/testing\//, contract, ["fast-check"]),
  // What modules of others have of a serial line the agent opens for them, and writes into boards, in the one way there is.
  ...partsOf("agent", { adapters: ["serial line", "flashing"], main: ["modules"] }),
  // Never the agent, never another module. Lines to a device are opened in one way, whichever module owns them.
  shell(
    "modules",
    /^agent\/modules\/[^/]+\//,
    ["sdk", "firmware-bridges", "serial line", "flashing"],
    /^agent\/modules\/([^/]+)\//,
  ),
  shell("serial line", /^agent\/serial-line\//, ["sdk"]),
  // Writes firmware into boards, for the modules that own them.
  shell("flashing", /^agent\/flashing\//, ["sdk", "serial line", "firmware-bridges"]),
  ...partsOf("hub", { adapters: ["signing"], main: [] }),
  // Documents that the hub signs with its own keys, and the command line with those that lie elsewhere.
  shell("signing", /^hub\/signing\//, contract),
  shell("cli", /^hub\/cli\//, [...contract, "signing"]),
  { name: "dashboard", pattern: /^hub\/dashboard\//, mayImport: contract, npm: "any", isNodeAllowed: false },
  // Runs compilers and the emulated chip, for tests.
  shell("firmware bench", /^firmware-bridges\/bench\//, []),
  pure("firmware-bridges", /^firmware-bridges\//, ["kernel"], ["cbor-x"]),
  { name: "deploy", pattern: /^deploy\//, mayImport: [], npm: ["esbuild"], isNodeAllowed: true },
  shell("test", /^test\//, "everything"),
  shell("tool settings", /^[^/]+\.config\.ts$/, []),
];

/** Beside code a test may, further: */
const testsMay = { mayImport: ["testing"], npm: "any", isNodeAllowed: true } as const;

/** Single edges that break the table, each for a reason that outweighs it. */
export const exceptions: readonly { readonly from: string; readonly to: string; readonly reason: string }[] =
  [
    {
      from: "hub/cli/module-lint.ts",
      to: "hub/src/core/registry/import-policy.ts",
      reason:
        "An author is told before he publishes what the hub would say, by the very rules of the hub; they are pure.",
    },
    {
      from: "hub/cli/interactor.mjs",
      to: "deploy/ensure-built.ts",
      reason: "The launcher of a clone builds before it can load what is built; it never reaches a bundle.",
    },
  ];

/** What a specifier means. */
type Target =
  | { readonly kind: "file"; readonly path: string; readonly isByName: boolean }
  | { readonly kind: "node" }
  | { readonly kind: "npm"; readonly specifier: string }
  | { readonly kind: "computed" };

export function homeOf(path: string): Home | undefined {
  return homes.find((home) => home.pattern.test(path));
}

/** Why `from` must not import `specifier` (`undefined`: it is not a literal), or nothing. */
export function judgeImport(from: string, specifier: string | undefined): string | undefined {
  const home = homeOf(from);
  if (home === undefined) return "this file has no home in test/tidy/import-rules.ts";
  const rights = rightsOf(from, home);
  const target = resolveSpecifier(from, specifier);
  switch (target.kind) {
    case "node":
      return rights.isNodeAllowed ? undefined : `${home.name} is without Node`;
    case "computed":
      return rights.isNodeAllowed ? undefined : `${home.name} loads nothing it does not name`;
    case "npm":
      return judgePackage(home, rights, target.specifier);
    case "file":
      return judgeFile(from, home, rights, target);
  }
}

type Rights = Pick<Home, "mayImport" | "npm" | "isNodeAllowed">;

function rightsOf(from: string, home: Home): Rights {
  if (!/\.test\.tsx?$/.test(from) || home.mayImport === "everything") return home;
  return { ...testsMay, mayImport: [...home.mayImport, ...testsMay.mayImport] };
}

function judgePackage(home: Home, rights: Rights, specifier: string): string | undefined {
  if (specifier.startsWith("@interactor/")) return "packages of ours are imported by subpath, not whole";
  if (rights.npm === "any" || rights.npm.includes(specifier)) return undefined;
  return `${home.name} may import of npm only: ${rights.npm.join(", ") || "nothing"}`;
}

function judgeFile(
  from: string,
  home: Home,
  rights: Rights,
  target: Target & { readonly kind: "file" },
): string | undefined {
  if (exceptions.some((exception) => exception.from === from && exception.to === target.path))
    return undefined;
  const targetHome = homeOf(target.path);
  if (targetHome === undefined) return `${target.path} has no home in test/tidy/import-rules.ts`;
  if (rights.mayImport === "everything") return undefined;
  if (!target.isByName && packageOf(from) !== packageOf(target.path)) {
    return "another package is imported by its name, not by a path";
  }
  if (targetHome === home) {
    return unitOf(from, home) === unitOf(target.path, home)
      ? undefined
      : `${home.name} do not know each other`;
  }
  if (rights.mayImport.includes(targetHome.name)) return undefined;
  return `${home.name} must not import ${targetHome.name}`;
}

function unitOf(path: string, home: Home): string | undefined {
  return home.unit?.exec(path)?.[1];
}

function packageOf(path: string): string {
  return path.split("/")[0] ?? "";
}

/** Turns a specifier into what it names; paths are relative to the repository. */
function resolveSpecifier(from: string, specifier: string | undefined): Target {
  if (specifier === undefined) return { kind: "computed" };
  if (specifier.startsWith("node:")) return { kind: "node" };
  if (specifier.startsWith(".")) return { kind: "file", path: joinPath(from, specifier), isByName: false };
  const ours = /^@interactor\/([^/]+)\/(.+)$/.exec(specifier);
  if (ours === null) return { kind: "npm", specifier };
  const [, name = "", subpath = ""] = ours;
  const path = name === "shared" ? `shared/src/${subpath}.ts` : `${name}/${subpath}`;
  return { kind: "file", path, isByName: true };
}

function joinPath(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
