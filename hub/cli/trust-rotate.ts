/** `interactor trust rotate`: hands trust on to other keys. */
import { join } from "node:path";
import { nextRoot, renewedTargets, rootKeys, withOnline } from "../signing/ceremony.ts";
import { keyFrom, type SigningKey } from "../signing/signing-key.ts";
import {
  type BaseOptions,
  bringNext,
  needHubsKey,
  type Next,
  targetsKey,
  type TrustBase,
  trustBase,
} from "./trust-base.ts";
import { keptKeyFile, passphraseOf } from "./trust-keys.ts";

export interface RotateOptions extends BaseOptions {
  readonly into?: string;
}

export async function runTrustRotate(
  role: "root" | "targets" | "online",
  options: RotateOptions,
): Promise<void> {
  const base = await trustBase(options);
  if (role !== "online") needHubsKey(base);
  const rotated = { root: rotateRoot, targets: rotateTargets, online: rotateOnline };
  await bringNext(base, await rotated[role](base, options), options);
  const version = base.root.version + 1;
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ rotated: role, root: version })}\n`
      : `root ${version} names the new keys of ${role}; nodes follow by themselves\n`,
  );
}

/** Named after the root that they belong to: who was cut off before the hub had it goes on with the same ones. */
function freshKey(name: string, base: TrustBase, options: RotateOptions): SigningKey {
  const file = `${name}-of-${base.root.version + 1}.pem`;
  return keptKeyFile(join(place(options), file), passphraseOf(options));
}

const place = ({ into, keys }: RotateOptions): string => into ?? keys[0] ?? "trust-keys";

function rotateRoot(base: TrustBase, options: RotateOptions): Next {
  const fresh = Array.from({ length: rootKeys }, (_, index) => freshKey(`root-${index + 1}`, base, options));
  const root = fresh.map(({ key }) => key);
  const by = [...base.rootKeys, ...fresh];
  return { root: nextRoot({ before: base.root, by, root, now: Date.now() }), into: place(options) };
}

function rotateTargets(base: TrustBase, options: RotateOptions): Next {
  const fresh = freshKey("targets", base, options);
  const handOn = { before: base.root, by: base.rootKeys, targets: fresh.key, now: Date.now() };
  return {
    root: nextRoot(handOn),
    targets: renewedTargets({ before: base.targets, by: fresh, now: Date.now() }),
    into: place(options),
  };
}

async function rotateOnline(base: TrustBase): Promise<Next> {
  const by = targetsKey(base);
  const online = keyFrom(await base.client.nextOnlineKey());
  return {
    root: nextRoot({ before: base.root, by: base.rootKeys, online, now: Date.now() }),
    targets: withOnline({ before: base.targets, by, now: Date.now() }, online),
  };
}
