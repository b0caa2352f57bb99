/** What instances need of the world: nobody takes what is another's, and nobody takes what is not granted. */
import type { Need } from "../bundle/manifest.ts";
import type { CheckedInstance, Instances } from "./check-instances.ts";
import type { SiteCheck } from "./site-check.ts";
import { grantKeys, type Grants } from "./site-schema.ts";
import type { Path } from "./yaml-text.ts";

const needWords = {
  pin: "pin",
  bus: "bus",
  serial: "serial line",
  universe: "universe",
  host: "host",
  file: "file",
} as const;
/** Of these one instance has one. Hosts and files many may use. */
const ownedKinds: readonly string[] = ["pin", "bus", "serial", "universe"];
const anything = "*";

export function checkNeeds(check: SiteCheck, instances: Instances): void {
  const owners = new Map<string, CheckedInstance>();
  for (const instance of instances.values()) {
    for (const need of instance.needs) {
      checkGrant(check, instance, need);
      if (ownedKinds.includes(need.kind)) claim(check, owners, instance, need);
    }
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
  const words = `${needWords[need.kind]} ${need.name} is already taken by ${owner}, at ${check.site.sources.placeOf(other.path)}`;
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
function claimsOf(node: string, { kind, name, within, rank }: Need): readonly string[] {
  const own = JSON.stringify([kind, name, node]);
  const beyond = within.filter((address) => !address.startsWith("127."));
  return [own, ...beyond.map((address) => JSON.stringify([kind, name, "", address, rank]))];
}

function checkGrant(check: SiteCheck, instance: CheckedInstance, need: Need): void {
  const { node, written } = instance;
  const key = grantKeys[need.kind];
  const allowed = check.site.nodes.get(node)?.node.allow?.[key];
  const what = `${needWords[need.kind]} ${need.name}`;
  if (allowed !== undefined && !allows(allowed, need.name)) {
    const hint = `add it to allow.${key} of ${node}, or use ${allowed.join(", ") || "none"}`;
    check.tell(pathOf(instance, need), `${node} does not allow ${what}`, hint);
  } else if (need.pointer === undefined && !isGranted(written.grant, need)) {
    const hint = `add grant: { ${key}: [${need.name}] } to allow it`;
    check.tellKey(
      instance.path.slice(0, -1),
      instance.name,
      `${written.module} wants ${what}, which is not granted`,
      hint,
    );
  }
}

const isGranted = (grants: Grants | undefined, { kind, name }: Need): boolean =>
  allows(grants?.[grantKeys[kind]] ?? [], name);

const allows = (list: readonly string[], name: string): boolean =>
  list.includes(name) || list.includes(anything);

function pathOf({ path }: CheckedInstance, { pointer }: Need): Path {
  return pointer === undefined ? path : [...path, "settings", ...pointer.split("/").slice(1)];
}
