/**
 * What the publisher of an installed bundle signed of it, kept beside it: when the bundle starts nobody is asked any more,
 * and what it declares is held to this.
 */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { SignedManifest } from "@interactor/shared/bundle/signed-module";
import { portsMax } from "@interactor/shared/wire/limits";
import {
  type InputSpec,
  inputSpec,
  type OutputSpec,
  outputSpec,
} from "@interactor/shared/wire/messages/port";
import { isName } from "@interactor/shared/wire/names";
import * as z from "zod/mini";
import type { Disk } from "../ports/disk.ts";

const name = z.string().check(z.refine(isName, "not a name"));
const portsOf = <Spec>(spec: z.ZodMiniType<Spec>) =>
  z.record(name, spec).check(z.refine((ports) => Object.keys(ports).length <= portsMax, "too many ports"));
/** Part of a port's declaration: the ports that are made with it are checked whole. */
const likenessOf = <Spec>() =>
  z.custom<Partial<Spec>>((given) => typeof given === "object" && given !== null, "no map");
const signedPorts = z.object({
  id: name,
  version: z.string(),
  inputs: portsOf(inputSpec),
  outputs: portsOf(outputSpec),
  inputsFrom: z.exactOptional(z.union([z.string(), z.array(z.string())])),
  inputsLike: z.exactOptional(likenessOf<InputSpec>()),
  outputsFrom: z.exactOptional(z.string()),
  outputsLike: z.exactOptional(likenessOf<OutputSpec>()),
  engines: z.exactOptional(z.object({ interactor: z.exactOptional(z.string()) })),
});

/** The end of its name, behind the bundle's. */
const manifestEnd = ".manifest";

/** On disk when it resolves, before the bundle is started for the first time. */
export async function keepSigned(disk: Disk, bundle: string, manifest: SignedManifest): Promise<void> {
  const path = `${bundle}${manifestEnd}`;
  const draft = `${path}.new`;
  await disk.write(draft, new TextEncoder().encode(JSON.stringify(manifest)), 0);
  await disk.sync(draft);
  await disk.rename(draft, path);
  await disk.syncFolder(dirname(path));
}

/** `undefined`: none was kept, by an agent of an earlier version, or it does not say what ports there are. */
export function readSigned(bundle: string): z.infer<typeof signedPorts> | undefined {
  try {
    const parsed = signedPorts.safeParse(JSON.parse(readFileSync(`${bundle}${manifestEnd}`, "utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
