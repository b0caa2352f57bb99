/** How trust stands, in words and numbers for people. */
import type { Root, Targets } from "@tufjs/models";
import type { PublicKey, TrustStanding } from "@interactor/shared/bundle/trust-api";
import { assignRole, delegatedBy, isDevelopment, signersOf } from "../../../signing/documents.ts";

const day = 24 * 3600 * 1000;
/** Time enough to bring people with offline keys together. */
const warnBefore = 60 * day;

export interface StandingContent {
  readonly online: PublicKey;
  readonly root: Root | undefined;
  readonly targets: Targets | undefined;
  /** The last word of each role that was ever delegated to. */
  readonly words: ReadonlyMap<string, Targets>;
  /** Roles of which something newer cannot be read, with its version. */
  readonly damaged: ReadonlyMap<string, number>;
  /** Roots before the last one that are missing. */
  readonly holes: readonly number[];
  readonly now: number;
}

export function standingOf({
  online,
  root,
  targets,
  words,
  damaged,
  holes,
  now,
}: StandingContent): TrustStanding {
  const publishers = (targets === undefined ? [] : delegatedBy(targets))
    .filter(({ name }) => name !== assignRole)
    .map(({ name, key }) => {
      const word = words.get(name);
      return {
        name,
        key: key.keyID,
        files: Object.keys(word?.targets ?? {}).length,
        ...(word && { expires: word.expires }),
      };
    });
  if (root === undefined) return { kind: "none", online, publishers, problems: [] };
  const { keys, threshold } = signersOf(root, "root");
  return {
    kind: isDevelopment(root) ? "development" : "real",
    online,
    root: { version: root.version, expires: root.expires, keys: keys.map(({ keyID }) => keyID), threshold },
    ...(targets && { targets: { version: targets.version, expires: targets.expires } }),
    publishers,
    problems: [
      ...problemsOf(root, targets, publishers, now),
      ...problemsOfKey(root, online),
      ...problemsOfDamage(damaged),
      ...problemsOfHoles(holes),
    ],
  };
}

const problemsOfKey = (root: Root, { keyid }: PublicKey): readonly string[] =>
  signersOf(root, "timestamp").keys.some(({ keyID }) => keyID === keyid)
    ? []
    : ["the root does not name this hub's key: interactor trust rotate online"];

const problemsOfHoles = (holes: readonly number[]): readonly string[] =>
  holes.length === 0
    ? []
    : [
        `root ${holes.join(", ")} is missing or damaged on this hub, and nodes that have an older one come no further: interactor trust restore`,
      ];

/** Nodes that saw it take nothing older, so it stays what is told to them until something newer comes. */
const problemsOfDamage = (damaged: ReadonlyMap<string, number>): readonly string[] =>
  [...damaged].flatMap(([role, version]) => {
    // Those the hub signs anew by itself.
    if (role === "snapshot" || role === assignRole) return [];
    const help =
      role === "root"
        ? "bring it again from where root.json lies: interactor trust restore"
        : role === "targets"
          ? "bring another from where its key lies: interactor trust add-publisher"
          : `what it names is not installed until ${role} publishes again: interactor module publish`;
    return [`version ${version} of ${role} is damaged on this hub: ${help}`];
  });

function problemsOf(
  root: Root,
  targets: Targets | undefined,
  publishers: TrustStanding["publishers"],
  now: number,
): string[] {
  const problems: string[] = [];
  if (isDevelopment(root))
    problems.push("the keys are for development: whoever has this hub can sign any code");
  if (targets === undefined) problems.push("nobody may publish: the targets document is missing");
  const expiring = [
    ["root", root.expires] as const,
    ...(targets === undefined ? [] : [["targets", targets.expires] as const]),
    ...publishers.flatMap(({ name, expires }) => (expires === undefined ? [] : [[name, expires] as const])),
  ];
  for (const [name, expires] of expiring) {
    const left = Date.parse(expires) - now;
    if (left < 0) problems.push(`${name} has expired: nothing that it vouches for can be installed`);
    else if (left < warnBefore) problems.push(`${name} expires on ${expires.slice(0, 10)}`);
  }
  return problems;
}
