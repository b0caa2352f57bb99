/**
 * Whether a node may install modules: each has to be signed by its publisher, and assigned to this node by the hub. Asked
 * when something is installed, and never when what is installed starts.
 */
import {
  type AssignedModule,
  assignmentBytesMax,
  assignmentPath,
  decodeAssignment,
} from "@interactor/shared/bundle/assignment";
import { modulePath, signedManifest, type SignedManifest } from "@interactor/shared/bundle/signed-module";
import { Fault } from "@interactor/shared/kernel/fault";
import { isName } from "@interactor/shared/wire/names";
import type { Believed, Trust } from "./ports/trust.ts";

export interface AllowedModule extends AssignedModule {
  /** As its publisher signed it. */
  readonly manifest: SignedManifest;
}

export interface Allowance {
  /** Keys that lie on the hub have signed this: said wherever it is shown. */
  readonly isDevelopment: boolean;
  readonly modules: readonly AllowedModule[];
}

export class AgentTrust {
  readonly #node: string;
  readonly #trust: Trust;

  constructor(node: string, trust: Trust) {
    this.#node = node;
    this.#trust = trust;
  }

  /**
   * What is known of bundles of these digests, all of which may be installed. Throws a Fault: those of `Trust`,
   * `TRUST_UNKNOWN_FILE` (no publisher has signed it as a module), `TRUST_NOT_ASSIGNED` (the hub has not signed that it is for this
   * node), `TRUST_OTHER_NODE` (what is in its place was meant for another).
   */
  async allow(digests: readonly string[], signal: AbortSignal): Promise<Allowance> {
    await using believed = await this.#trust.refresh(signal);
    const { isDevelopment } = believed;
    const assigned = await this.#assigned(believed, signal);
    const modules: AllowedModule[] = [];
    for (const digest of digests) {
      const module = assigned.find((each) => each.digest === digest);
      if (module === undefined)
        throw new Fault(
          "TRUST_NOT_ASSIGNED",
          `the bundle ${digest.slice(0, 12)} is not assigned to this node`,
        );
      modules.push({ ...module, manifest: await manifestOf(believed, module) });
    }
    return { isDevelopment, modules };
  }

  async #assigned(believed: Believed, signal: AbortSignal): Promise<readonly AssignedModule[]> {
    const path = assignmentPath(this.#node);
    const file = await believed.find(path);
    if (file === undefined)
      throw new Fault("TRUST_NOT_ASSIGNED", "the hub has assigned nothing to this node");
    const decoded = decodeAssignment(await believed.read(file, assignmentBytesMax, signal));
    if (!decoded.ok) throw new Fault("TRUST_MALFORMED", `the assignment of this node is ${decoded.error}`);
    const { node, modules } = decoded.value;
    if (node !== this.#node)
      throw new Fault("TRUST_OTHER_NODE", `what is assigned here was meant for ${node}`);
    return modules;
  }
}

async function manifestOf(
  believed: Believed,
  { path, digest, bytes }: AssignedModule,
): Promise<SignedManifest> {
  const file = await believed.find(path);
  if (file === undefined || file.hashes["sha256"] !== digest || file.bytes !== bytes)
    throw new Fault("TRUST_UNKNOWN_FILE", `nobody who may has signed ${path} with these bytes`);
  const manifest = signedManifest(file.custom);
  if (!manifest.ok) throw new Fault("TRUST_MALFORMED", `${path}: ${manifest.error}`);
  // The hub signs files too, its assignments: what it signs there must never be code, whatever it says of it.
  const publisher = path.split("/")[1] ?? "";
  if (!isName(publisher) || path !== modulePath(publisher, manifest.value))
    throw new Fault("TRUST_UNKNOWN_FILE", `${path} is not the place of a publisher's module`);
  return manifest.value;
}
