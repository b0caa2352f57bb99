/** From what a site means for one node to the plan that is sent to it. */
import { millis } from "../kernel/units.ts";
import type { Plan, PlannedInstance } from "../wire/messages/plan.ts";
import type { Bundle, Catalogue } from "./catalogue.ts";
import type { HubPlan, InstancePlan, NodePlan, Plain } from "./compiled-site.ts";

/** The node finds the values of secrets where it is told to; they never travel. */
type Secrets = HubPlan["secrets"];

export function planOf(node: NodePlan, secrets: Secrets, catalogue: Catalogue): Plan {
  const instances = Object.entries(node.instances);
  return {
    v: 1,
    instances: Object.fromEntries(
      instances.map(([name, instance]) => [name, plannedInstance(instance, secrets, catalogue)]),
    ),
    routes: Object.values(node.routes).toSorted((left, right) => (left.name < right.name ? -1 : 1)),
    inputs: Object.fromEntries(instances.flatMap(([name, instance]) => plannedInputs(name, instance))),
    scenes: node.scenes,
    ...(node.zones.length === 0 ? {} : { zones: [...node.zones] }),
    files: bundlesOf(node).map(({ digest, bytes }) => ({ digest, bytes })),
  };
}

/** What has to be on its disk, each once, in the order of digests. */
export function bundlesOf({ instances }: NodePlan): readonly Bundle[] {
  const bundles = Object.values(instances).flatMap(({ bundle }) => bundle ?? []);
  const byDigest = new Map(bundles.map((bundle) => [bundle.digest, bundle]));
  return [...byDigest.values()].toSorted((left, right) => (left.digest < right.digest ? -1 : 1));
}

function plannedInstance(
  { module, version, settings, leases = {}, after, bundle }: InstancePlan,
  secrets: Secrets,
  catalogue: Catalogue,
): PlannedInstance {
  return {
    module,
    version,
    digest: bundle?.digest ?? "",
    settings: withSources(settings, secrets),
    leases: Object.fromEntries(Object.entries(leases).map(([input, span]) => [input, millis(span)])),
    ...(bundle?.grants === undefined ? {} : { grants: bundle.grants }),
    ...(bundle?.limits === undefined ? {} : { limits: bundle.limits }),
    ...(after === undefined ? {} : { after: [...after] }),
    takesSettings: bundle?.takesSettings ?? catalogue.takesSettings({ module, version }),
  };
}

/** A counted input stands by its name without a number, and those of it that differ stand beside it. */
function plannedInputs(
  instance: string,
  { failsafes, stops, backgrounds = {} }: InstancePlan,
): readonly (readonly [string, Plan["inputs"][string]])[] {
  const inputs = new Set([failsafes, stops, backgrounds].flatMap((each) => Object.keys(each)));
  return [...inputs].toSorted().map((input) => {
    const [failsafe, stop, background] = [failsafes[input], stops[input], backgrounds[input]];
    return [
      `${instance}/${input}`,
      {
        ...(failsafe === undefined ? {} : { failsafe }),
        ...(stop === undefined ? {} : { stop }),
        ...(background === undefined ? {} : { background }),
      },
    ];
  });
}

/** `{ $secret: [text, name, text …] }` with the place of each secret instead of its name. */
function withSources(value: Plain, secrets: Secrets): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map((each) => withSources(each, secrets));
  const parts = value["$secret"];
  if (parts !== undefined && isList(parts))
    return {
      $secret: parts.map((part, index) =>
        index % 2 === 1 && typeof part === "string" ? secrets[part] : part,
      ),
    };
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withSources(each, secrets)]));
}

const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value);
