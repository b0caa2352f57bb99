/** What instances need of the world: nobody takes what is another's, and nobody takes what is not granted. */
import { isNamedAt, isSaidAt, type Need, permissionKinds } from "../bundle/manifest.ts";
import { anything, grantWords, isAmong } from "../wire/messages/grants.ts";
import {
  type LimitName,
  limitNames,
  limitWords,
  type ModuleLimits,
  moduleLimitsDefault,
} from "../wire/messages/module-limits.ts";
import type { CheckedInstance, Instances } from "./check-instances.ts";
import type { SiteCheck } from "./site-check.ts";
import { grantKeys, type InstanceGrants } from "./site-schema.ts";
import type { Path } from "./yaml-text.ts";

/** Of these one instance has one. Hosts and files many may use. */
const ownedKinds: readonly string[] = ["pin", "bus", "serial", "universe"];

export function checkNeeds(check: SiteCheck, instances: Instances): void {
  const owners = new Map<string, CheckedInstance>();
  for (const instance of instances.values()) {
    const seen = instance.needs.filter((need) => isSeen(check, instance, need));
    const allowed = seen.filter((need) => checkAllowed(check, instance, need));
    checkGranted(check, instance, allowed);
    for (const need of instance.needs)
      if (ownedKinds.includes(need.kind)) claim(check, owners, instance, need);
  }
}

function claim(
  check: SiteCheck,
  owners: Map<string, CheckedInstance>,
  instance: CheckedInstance,
  need: Need,
): void {
  const keys = claimsOf(instance.node, need);
  const other = keys.map((key) => owners.get(key)).find((each) => each !== undefined);
  for (const key of keys) owners.set(key, other ?? instance);
  if (other === undefined) return;
  const owner = `${other.node}/${other.name}`;
  const words = `${wordsOf(need)} is already taken by ${owner}, at ${check.site.sources.placeOf(other.path)}`;
  check.tell(
    pathOf(instance, need),
    words,
    "two at once disturb each other: take another one, or remove one of the two",
  );
}

/**
 * On a node there is one of each. Beyond it there is the network: the same universe from two nodes meets at who
 * receives both, unless receivers choose by rank.
 */
function claimsOf(node: string, { kind, name, within, rank, over }: Need): readonly string[] {
  const own = JSON.stringify([kind, name, node, over]);
  const beyond = within.filter((address) => !address.startsWith("127."));
  return [own, ...beyond.map((address) => JSON.stringify([kind, name, "", over, address, rank]))];
}

/** Whoever reads the site sees what a module of others may reach: the node would know it only when it runs. */
function isSeen(check: SiteCheck, instance: CheckedInstance, need: Need): boolean {
  const path = pathOf(instance, need);
  const isSecret = check.site.secretUses.some((use) =>
    path.every((part, at) => String(use.path[at]) === part),
  );
  if (instance.bundle === undefined || need.pointer === undefined || !isSecret) return true;
  const words = `what ${instance.written.module} may reach cannot be a secret`;
  check.tell(path, words, `write the ${grantWords[need.kind]} as it is; a secret is for passwords and keys`);
  return false;
}

/** What its node does not allow is told where it stands. */
function checkAllowed(check: SiteCheck, instance: CheckedInstance, need: Need): boolean {
  const { node } = instance;
  const key = grantKeys[need.kind];
  const allowed = check.site.nodes.get(node)?.node.allow?.[key];
  if (allowed === undefined || isAmong(need.kind, need.name, allowed)) return true;
  const hint = `add it to allow.${key} of ${node}, or use ${allowed.join(", ") || "none"}`;
  check.tell(pathOf(instance, need), `${node} does not allow ${wordsOf(need)}`, hint);
  return false;
}

/** All that an instance lacks in one line, which can be written as it stands. */
function checkGranted(check: SiteCheck, instance: CheckedInstance, needs: readonly Need[]): void {
  const { name, written, limits, path, bundle } = instance;
  const { grant = {} } = written;
  const lacking = needs.filter((need) => isTaken(instance, need) && !isGranted(grant, need));
  // What the agent's own modules take, we have seen to.
  const past = bundle === undefined ? [] : limitNames.filter((limit) => isPast(limit, limits, grant));
  if (lacking.length + past.length === 0) return;
  const wants = [
    ...lacking.map(wordsOf),
    ...past.map((limit) => {
      const most = grant[limit] ?? moduleLimitsDefault[limit];
      return `${limits[limit]} ${limitWords[limit]} (it has ${most})`;
    }),
  ];
  const words = wants.length === 1 ? "which is not granted" : "which are not granted";
  const whole = wholeGrant(grant, lacking, Object.fromEntries(past.map((limit) => [limit, limits[limit]])));
  const hint = written.grant === undefined ? "add" : "write";
  check.tellKey(
    path.slice(0, -1),
    name,
    `${written.module} wants ${wants.join(", ")}, ${words}`,
    `${hint} grant: { ${whole} } to allow it`,
  );
}

const isPast = (limit: LimitName, asked: ModuleLimits, grant: InstanceGrants): boolean =>
  (asked[limit] ?? 0) > (grant[limit] ?? moduleLimitsDefault[limit]);

/** What it has already, and what it lacks. */
function wholeGrant(grant: InstanceGrants, lacking: readonly Need[], limits: ModuleLimits): string {
  const lists = permissionKinds.flatMap((kind) => {
    const key = grantKeys[kind];
    const fresh = lacking.filter((need) => need.kind === kind).map(({ name }) => name);
    const names = [...new Set([...(grant[key] ?? []), ...fresh])];
    return names.length === 0 ? [] : [`${key}: [${names.map(inYaml).join(", ")}]`];
  });
  const given = { ...grant, ...limits };
  const numbers = limitNames.flatMap((limit) =>
    given[limit] === undefined ? [] : [`${limit}: ${given[limit]}`],
  );
  return [...lists, ...numbers].join(", ");
}

/** A number is the name of a pin, and stands without quotes. */
const inYaml = (name: string): string => (/^[\w/][\w./:-]*$/.test(name) ? name : JSON.stringify(name));

/**
 * What the settings name as they are written, whoever wrote them allows; of others' modules nothing else, and never all of
 * a kind: a `*` in settings may mean anything to who wrote it.
 */
const isTaken = ({ written, bundle }: CheckedInstance, need: Need): boolean =>
  need.pointer === undefined ||
  (bundle !== undefined && (need.name === anything || !isNamedAt(written.settings, need)));

const wordsOf = ({ kind, name, over }: Need): string =>
  `${grantWords[kind]} ${name}${over === "" ? "" : ` over ${over}`}`;

const isGranted = (grants: InstanceGrants, { kind, name }: Need): boolean =>
  isAmong(kind, name, grants[grantKeys[kind]] ?? []);

function pathOf({ path, written }: CheckedInstance, need: Need): Path {
  const { pointer } = need;
  return pointer === undefined || !isSaidAt(written.settings, pointer)
    ? path
    : [...path, "settings", ...pointer.split("/").slice(1)];
}
