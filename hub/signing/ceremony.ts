/**
 * What people with offline keys do together: begin, hand on, let somebody publish, take it back. Each gives the documents
 * that the hub is then brought; nothing here knows where keys lie.
 */
import type { Key, Root, Targets } from "@tufjs/models";
import { developmentPublisher } from "@interactor/shared/bundle/signed-module";
import { Fault } from "@interactor/shared/kernel/fault";
import { isName } from "@interactor/shared/wire/names";
import {
  assignPaths,
  assignRole,
  type Delegated,
  delegatedBy,
  delegatingTargets,
  publisherPaths,
  rootOf,
  signed,
  signersOf,
  topRoles,
} from "./documents.ts";
import type { SigningKey } from "./signing-key.ts";

/** Of three keys two sign: one may be lost, and one may be stolen. */
export const rootKeys = 3;
const rootThreshold = 2;

export interface Begin {
  readonly root: readonly SigningKey[];
  readonly targets: SigningKey;
  /** The hub's. */
  readonly online: Key;
  readonly now: number;
}

export function firstDocuments({ root, targets, online, now }: Begin): { root: Buffer; targets: Buffer } {
  const hub = { keys: [online], threshold: 1 };
  const roles = {
    root: { keys: root.map(({ key }) => key), threshold: rootThreshold },
    targets: { keys: [targets.key], threshold: 1 },
    snapshot: hub,
    timestamp: hub,
  };
  const assign = { name: assignRole, key: online, paths: assignPaths };
  return {
    root: signed(rootOf({ version: 1, roles, isDevelopment: false, now }), root),
    targets: signed(delegatingTargets({ version: 1, delegated: [assign], now }), [targets]),
  };
}

/** All of it by one key that lies on the hub: good for trying things out. */
export function developmentDocuments(
  own: SigningKey,
  online: Key,
  now: number,
): { root: Buffer; targets: Buffer } {
  const [mine, hub] = [
    { keys: [own.key], threshold: 1 },
    { keys: [online], threshold: 1 },
  ];
  const roles = { root: mine, targets: mine, snapshot: hub, timestamp: hub };
  const delegated = [
    { name: developmentPublisher, key: own.key, paths: publisherPaths(developmentPublisher) },
    { name: assignRole, key: online, paths: assignPaths },
  ];
  return {
    root: signed(rootOf({ version: 1, roles, isDevelopment: true, now }), [own]),
    targets: signed(delegatingTargets({ version: 1, delegated, now }), [own]),
  };
}

export interface HandOn {
  readonly before: Root;
  /** Who signs: enough of those of before, and of those of after. */
  readonly by: readonly SigningKey[];
  /** What shall be another from now on; nothing: the same keys for two more years. */
  readonly root?: readonly Key[];
  readonly targets?: Key;
  readonly online?: Key;
  readonly now: number;
}

/** Throws a Fault `TRUST_SIGNATURE` when too few of the old or of the new keys are there. */
export function nextRoot({ before, by, root, targets, online, now }: HandOn): Buffer {
  const old = signersOf(before, "root");
  const hub = online === undefined ? signersOf(before, "timestamp") : { keys: [online], threshold: 1 };
  const roles = {
    root: root === undefined ? old : { keys: root, threshold: rootThreshold },
    targets: targets === undefined ? signersOf(before, "targets") : { keys: [targets], threshold: 1 },
    snapshot: hub,
    timestamp: hub,
  };
  for (const { keys, threshold } of [old, roles.root]) {
    const there = keys.filter(({ keyID }) => by.some(({ key }) => key.keyID === keyID)).length;
    if (there < threshold)
      throw new Fault("TRUST_SIGNATURE", `${there} of the root keys are here, and it takes ${threshold}`);
  }
  return signed(rootOf({ version: before.version + 1, roles, isDevelopment: false, now }), by);
}

export interface Handing {
  readonly before: Targets;
  readonly by: SigningKey;
  readonly now: number;
}

/** One publisher more, or one with another key. */
export function withPublisher(handing: Handing, name: string, key: Key): Buffer {
  if (!isName(name) || name === assignRole || name === developmentPublisher || topRoles.has(name))
    throw new Fault("TRUST_PATH", `"${name}" is no publisher's name`);
  return nextTargets(handing, (delegated) => [
    ...delegated.filter((each) => each.name !== name),
    { name, key, paths: publisherPaths(name) },
  ]);
}

/** What he published stays where it runs, and is not installed any more. */
export function withoutPublisher(handing: Handing, name: string): Buffer {
  if (name === assignRole || !delegatedBy(handing.before).some((each) => each.name === name))
    throw new Fault("TRUST_PUBLISHER", `there is no publisher "${name}"`);
  return nextTargets(handing, (delegated) => delegated.filter((each) => each.name !== name));
}

/** The same publishers; the hub's new key for what it assigns. */
export const withOnline = (handing: Handing, online: Key): Buffer =>
  nextTargets(handing, (delegated) => [
    ...delegated.filter((each) => each.name !== assignRole),
    { name: assignRole, key: online, paths: assignPaths },
  ]);

/** The same publishers: for another key, or another year. */
export const renewedTargets = (handing: Handing): Buffer => nextTargets(handing, (delegated) => delegated);

function nextTargets(
  { before, by, now }: Handing,
  change: (delegated: readonly Delegated[]) => readonly Delegated[],
): Buffer {
  // The first sites let the hub speak of everything in `assign/`: each document that is signed anew takes that back.
  const delegated = change(delegatedBy(before)).map((each) =>
    each.name === assignRole ? { ...each, paths: assignPaths } : each,
  );
  return signed(delegatingTargets({ version: before.version + 1, delegated, now }), [by]);
}
