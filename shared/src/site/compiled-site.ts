/**
 * What a site means, without how it was written: the plan of every node and of the hub. The same site in another order,
 * in other files or with other comments has the same bytes. A secret stands in it by its name.
 */
import { canonical } from "../wire/canonical.ts";
import { encodeCbor } from "../wire/cbor.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import type { Grants as Reachable } from "../wire/messages/grants.ts";
import type { ModuleLimits } from "../wire/messages/module-limits.ts";
import type { Bundle } from "./catalogue.ts";
import type { PlacedFailsafe } from "./check-inputs.ts";
import type { Level } from "./failsafe.ts";
import type { Modes, Secret } from "./read-site.ts";
import type { Grants, InstanceGrants } from "./site-schema.ts";

/** Plain data: what JSON has. A text with secrets is `{ $secret: [text, name, text …] }`, texts and names by turns. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };

export interface PlannedBundle extends Bundle {
  readonly takesSettings: boolean;
  /** Another version of it may run beside it for a moment. */
  readonly overlaps?: boolean;
  /** What it asked for and was granted. */
  readonly grants?: Reachable;
  readonly limits?: ModuleLimits;
}

export interface InstancePlan {
  readonly module: string;
  readonly version: string;
  readonly settings: { readonly [key: string]: Plain };
  readonly exhibit?: string;
  readonly failsafes: Readonly<Record<string, PlacedFailsafe>>;
  readonly stops: Readonly<Record<string, Level>>;
  /** What inputs hold while nobody else has them. */
  readonly backgrounds?: Readonly<Record<string, Level>>;
  readonly leases?: Readonly<Record<string, number>>;
  readonly grant?: InstanceGrants;
  /** Instances of its node that start before it. */
  readonly after?: readonly string[];
  /** Of a module that was published: a revision says for good what it is, whatever becomes of the module. */
  readonly bundle?: PlannedBundle;
}

export interface NodePlan {
  /** The zones it is in, the innermost first. */
  readonly zones: readonly string[];
  readonly exhibit?: string;
  readonly title?: string;
  readonly allow?: Grants;
  readonly instances: Readonly<Record<string, InstancePlan>>;
  /** Those that run on it. */
  readonly routes: Readonly<Record<string, CompiledRoute>>;
  /** What each scene sets on it, by `instance/input`; only scenes that do. */
  readonly scenes: Readonly<Record<string, Readonly<Record<string, Level>>>>;
}

export interface ZonePlan {
  readonly title?: string;
  readonly in?: string;
  /** Of its own; those of the zone around it when there are none. */
  readonly modes?: Modes;
  readonly mode?: string;
}

export interface HubPlan {
  /** Those that run on the hub. */
  readonly routes: Readonly<Record<string, CompiledRoute>>;
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly zones: Readonly<Record<string, ZonePlan>>;
  readonly exhibits: Readonly<Record<string, { readonly zone: string; readonly title?: string | undefined }>>;
  readonly scenes: Readonly<Record<string, Readonly<Record<string, Level>>>>;
  readonly modes: Modes;
  readonly mode?: string;
  readonly secrets: Readonly<Record<string, Secret>>;
}

export interface CompiledSite {
  readonly v: 1;
  readonly site: string;
  readonly nodes: Readonly<Record<string, NodePlan>>;
  readonly hub: HubPlan;
}

/** The bytes a digest is taken over, of a whole site or of what one node has of it. */
export const siteBytes = (plan: CompiledSite | NodePlan | HubPlan): Uint8Array => encodeCbor(canonical(plan));
